#include "codec/n2k/table.h"

const struct sk_n2k_pgn *sk_n2k_pgn_find(uint32_t pgn)
{
    uint32_t lo = 0, hi = sk_n2k_pgn_count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (sk_n2k_pgns[mid].pgn < pgn)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < sk_n2k_pgn_count && sk_n2k_pgns[lo].pgn == pgn ? &sk_n2k_pgns[lo] : NULL;
}

bool sk_n2k_is_fast(uint32_t pgn)
{
    uint32_t lo = 0, hi = sk_n2k_fast_count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (sk_n2k_fast_pgns[mid] < pgn)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < sk_n2k_fast_count && sk_n2k_fast_pgns[lo] == pgn)
        return true;
    /* addressed 1ED00..1EF00, and the makers' own 1FF00..1FFFF */
    return (pgn >= 0x1ed00 && pgn <= 0x1efff) || (pgn >= 0x1ff00 && pgn <= 0x1ffff);
}

bool sk_n2k_lookup_value(uint8_t lookup, struct sk_span text, bool low, int64_t *ret_value)
{
    const struct sk_n2k_lookup *l = &sk_n2k_lookups[lookup];
    for (uint32_t i = l->first; i < (uint32_t)l->first + l->count && text.n > 0; i++) {
        const struct sk_n2k_lookup_value *v = &sk_n2k_lookup_values[i];
        if (!sk_span_eq(text, sk_n2k_text + v->text) && !sk_span_eq(text, sk_n2k_text + v->name))
            continue;
        *ret_value = low ? v->value & 0xff : v->value;
        return true;
    }
    return false;
}

const char *sk_n2k_lookup_text(uint8_t lookup, int64_t value)
{
    const struct sk_n2k_lookup *l = &sk_n2k_lookups[lookup];
    uint32_t lo = l->first, hi = lo + l->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (sk_n2k_lookup_values[mid].value < value)
            lo = mid + 1;
        else
            hi = mid;
    }
    bool found = lo < (uint32_t)l->first + l->count && sk_n2k_lookup_values[lo].value == value;
    return found ? sk_n2k_text + sk_n2k_lookup_values[lo].text : NULL;
}
