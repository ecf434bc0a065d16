#include "base/utf8.h"
#include "codec/n2k/reading.h"

/* `count` bits (1..64) from bit `at`, lowest first, as the standard packs them. False: the message ends before. */
static bool bits_at(const struct sk_n2k_message *m, size_t at, unsigned count, uint64_t *ret_bits)
{
    if (at + count > m->len * 8)
        return false;
    const uint8_t *p = m->data + at / 8;
    unsigned shift = at % 8, bytes = (shift + count + 7) / 8;
    uint64_t low = 0;
    for (unsigned i = 0; i < bytes && i < 8; i++)
        low |= (uint64_t)p[i] << 8 * i;
    low >>= shift;
    if (bytes == 9)
        low |= (uint64_t)p[8] << (64 - shift);
    *ret_bits = count == 64 ? low : low & ((UINT64_C(1) << count) - 1);
    return true;
}

/* Length in bits of the string at bit `at`: its first byte counts itself, a control byte and the text. */
static size_t lau_bits(const struct sk_n2k_message *m, size_t at)
{
    uint64_t len;
    return !bits_at(m, at, 8, &len) ? SIZE_MAX / 4 : (len < 2 ? 2 : (size_t)len) * 8;
}

static size_t width(const struct sk_n2k_reading *r, unsigned field, size_t at)
{
    const struct sk_n2k_field *f = sk_n2k_field(r, field);
    return f->bits != 0 ? f->bits : lau_bits(r->m, at);
}

/* Where a field begins. Strings tell their length themselves, so what is behind one is found by walking. */
static size_t place_of(const struct sk_n2k_reading *r, unsigned field)
{
    const struct sk_n2k_field *f = sk_n2k_field(r, field);
    if (f->bit != SK_N2K_MOVING && !f->repeated)
        return f->bit;
    if (f->bit != SK_N2K_MOVING && r->def->group_bits != 0)
        return f->bit + (size_t)r->group * r->def->group_bits;
    size_t at = 0, end = r->m->len * 8;
    unsigned before = f->repeated ? r->def->group_first : field;
    for (unsigned i = 0; i < before && at < end; i++)
        at += width(r, i, at);
    if (!f->repeated)
        return at;
    for (unsigned g = 0; g < r->group && at < end; g++)
        for (unsigned i = r->def->group_first; i < r->def->field_count && at < end; i++)
            at += width(r, i, at);
    for (unsigned i = r->def->group_first; i < field && at < end; i++)
        at += width(r, i, at);
    return at;
}

bool sk_n2k_raw(const struct sk_n2k_reading *r, unsigned field, int64_t *ret_raw)
{
    const struct sk_n2k_field *f = sk_n2k_field(r, field);
    uint64_t bits;
    if (f->bits == 0 || f->bits > 64 || !bits_at(r->m, place_of(r, field), f->bits, &bits))
        return false;
    if (f->is_signed && f->bits < 64 && bits >> (f->bits - 1) != 0)
        bits |= UINT64_MAX << f->bits;
    if (!f->is_signed && bits > INT64_MAX)
        return false;
    int64_t raw = (int64_t)bits;
    if (raw < f->min || raw > f->max)
        return false;
    *ret_raw = raw;
    return true;
}

const char *sk_n2k_lookup(const struct sk_n2k_reading *r, unsigned field)
{
    int64_t raw;
    return sk_n2k_raw(r, field, &raw) ? sk_n2k_lookup_text(sk_n2k_field(r, field)->lookup, raw) : NULL;
}

unsigned sk_n2k_groups(const struct sk_n2k_reading *r)
{
    int64_t said = INT64_MAX;
    if (r->def->group_first == SK_N2K_NONE || (r->def->group_count != SK_N2K_NONE && !sk_n2k_raw(r, r->def->group_count, &said)))
        return 0;
    struct sk_n2k_reading at = *r;
    for (at.group = 0; at.group < said; at.group++)
        if (place_of(&at, r->def->group_first) >= r->m->len * 8)
            break;
    return at.group;
}

/* ---- strings ---- */

static struct sk_span trimmed(const uint8_t *p, size_t n)
{
    while (n > 0 && (p[0] == ' '))
        p++, n--;
    while (n > 0 && (p[n - 1] == 0xff || p[n - 1] == ' ' || p[n - 1] == 0 || p[n - 1] == '@'))
        n--;
    const uint8_t *nul = memchr(p, 0, n);
    return (struct sk_span){ (const char *)p, nul != NULL ? (size_t)(nul - p) : n };
}

/* Control byte 0 announces UTF-16, but there are devices that send UTF-8 with it. */
static bool is_utf16(const uint8_t *p, size_t n)
{
    if (n % 2 != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (p[i] < 0x20)
            return true;
    return !sk_utf8_valid(p, n);
}

/* Little endian; half characters become U+FFFD. Each two bytes become at most three. */
static size_t from_utf16(const uint8_t *p, size_t n, char *out, size_t room)
{
    struct sk_buf b = { .p = out, .cap = room, .max = room };
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t c = (uint32_t)p[i] | (uint32_t)p[i + 1] << 8;
        bool pair = c >= 0xd800 && c < 0xdc00 && i + 3 < n && (p[i + 3] & 0xfc) == 0xdc;
        if (pair) {
            c = 0x10000 + ((c & 0x3ff) << 10) + ((uint32_t)p[i + 2] | (uint32_t)(p[i + 3] & 3) << 8);
            i += 2;
        }
        sk_utf8_append_code(&b, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
    return b.n;
}

static struct sk_span lau_string(const struct sk_n2k_message *m, size_t at, char out[SK_N2K_STRING_MAX])
{
    size_t from = at / 8;
    if (at % 8 != 0 || from + 2 > m->len || m->data[from] <= 2)
        return (struct sk_span){ out, 0 };
    size_t n = m->data[from] - 2u, left = m->len - from - 2;
    n = n < left ? n : left;
    struct sk_span text = { (const char *)m->data + from + 2, n };
    if (m->data[from + 1] == 0 && is_utf16(m->data + from + 2, n)) {
        text.p = out;
        text.n = from_utf16(m->data + from + 2, n, out, SK_N2K_STRING_MAX);
        return trimmed((const uint8_t *)text.p, text.n);
    }
    return trimmed(m->data + from + 2, n);
}

struct sk_span sk_n2k_string(const struct sk_n2k_reading *r, unsigned field, char out[SK_N2K_STRING_MAX])
{
    const struct sk_n2k_field *f = sk_n2k_field(r, field);
    size_t at = place_of(r, field);
    if (f->type == SK_N2K_LAU_TEXT)
        return lau_string(r->m, at, out);
    size_t from = at / 8, n = f->bits / 8;
    if (f->type != SK_N2K_FIXED_TEXT || from >= r->m->len)
        return (struct sk_span){ out, 0 };
    n = n < r->m->len - from ? n : r->m->len - from;
    return trimmed(r->m->data + from, n);
}
