#include "codec/n2k/encode.h"

#include "base/clock.h"
#include "codec/n2k/reading.h"
#include "codec/n2k/textline.h"

#include <math.h>
#include <stdio.h>

#define PRIORITY 6 /* of messages that say none */

struct encoding {
    const struct sk_n2k_pgn *def;
    uint8_t data[SK_N2K_DATA_MAX + 8]; /* bits are or-ed into zeros */
    size_t at;                         /* bits so far */
    struct sk_errmsg *em;
};

static const char *name_of(const struct sk_n2k_field *f)
{
    return sk_n2k_text + f->id;
}

/* ---- bits --------------------------------------------------------------------------------------------------------------- */

static int put_bits(struct encoding *e, unsigned count, uint64_t bits)
{
    if (e->at + count > (size_t)SK_N2K_DATA_MAX * 8)
        return sk_errmsg_set(e->em, SK_ERR_LIMIT, "the message is longer than %u bytes", SK_N2K_DATA_MAX);
    for (unsigned i = 0; i < count; i++, e->at++)
        e->data[e->at / 8] |= (uint8_t)((i < 64 ? bits >> i & 1 : 1) << e->at % 8);
    return 0;
}

/* Not available: all ones, of signed numbers the highest one. */
static int put_absent(struct encoding *e, const struct sk_n2k_field *f)
{
    if (f->type == SK_N2K_LAU_TEXT)
        return put_bits(e, 16, 0x0102);
    if (f->type == SK_N2K_SPARE && f->bits <= 64)
        return put_bits(e, f->bits, 0);
    return put_bits(e, f->bits, f->is_signed && f->bits <= 64 ? UINT64_MAX >> 1 >> (64 - f->bits) : UINT64_MAX);
}

/* ---- numbers ------------------------------------------------------------------------------------------------------------ */

/* A decimal with all its digits; a long double holds more of them than the 64 bits of a position. */
static bool read_exact(struct sk_span t, long double *ret)
{
    long double v = 0, unit = 1;
    bool point = false, negative = t.n > 0 && t.p[0] == '-';
    for (size_t i = negative; i < t.n; i++) {
        if (t.p[i] == '.' && !point)
            point = true;
        else if (t.p[i] >= '0' && t.p[i] <= '9' && t.n <= 24) {
            v = v * 10 + (t.p[i] - '0');
            unit = point ? unit * 10 : unit;
        } else
            return false;
    }
    *ret = (negative ? -v : v) / unit;
    return true;
}

static bool number_of(yyjson_val *v, long double *ret)
{
    struct sk_span text = sk_json_str(v);
    double d;
    if (yyjson_is_raw(v) && read_exact((struct sk_span){ yyjson_get_raw(v), yyjson_get_len(v) }, ret))
        return true;
    bool ok = text.p != NULL ? sk_parse_double(text, &d) : sk_json_number(v, &d);
    if (ok)
        *ret = (long double)d;
    return ok;
}

/* "YYYY.MM.DD" or with '-'. */
static bool date_of(struct sk_span t, long double *ret)
{
    char iso[] = "0000-00-00T00:00:00Z";
    int64_t ms;
    if (t.n != 10)
        return false;
    for (size_t i = 0; i < 10; i++)
        iso[i] = t.p[i] == '.' ? '-' : t.p[i];
    if (!sk_iso_parse(iso, sizeof iso - 1, &ms))
        return false;
    *ret = (long double)(ms / 86400000);
    return true;
}

/* "HH:MM:SS[.fffff]" */
static bool time_of(struct sk_span t, long double *ret)
{
    int64_t h, m;
    double s;
    if (t.n < 8 || t.p[2] != ':' || t.p[5] != ':' || !sk_parse_int((struct sk_span){ t.p, 2 }, 0, 23, &h) ||
        !sk_parse_int((struct sk_span){ t.p + 3, 2 }, 0, 59, &m))
        return false;
    size_t zero = t.p[6] == '0' && t.p[7] != '.'; /* "08" is no number in JSON */
    if (!sk_parse_double((struct sk_span){ t.p + 6 + zero, t.n - 6 - zero }, &s) || s < 0 || s >= 61)
        return false;
    *ret = (long double)(h * 3600 + m * 60) + (long double)s;
    return true;
}

static int wrong(struct encoding *e, const struct sk_n2k_field *f, const char *what)
{
    return sk_errmsg_set(e->em, SK_ERR_INVALID, "field %s: %s", name_of(f), what);
}

static int put_number(struct encoding *e, const struct sk_n2k_field *f, yyjson_val *v)
{
    long double value;
    struct sk_span text = sk_json_str(v);
    bool ok = f->type == SK_N2K_DATE && text.n == 10 ? date_of(text, &value)
              : f->type == SK_N2K_TIME && text.n > 0 ? time_of(text, &value)
                                                     : number_of(v, &value);
    if (!ok)
        return wrong(e, f, f->type == SK_N2K_DATE ? "is no date" : f->type == SK_N2K_TIME ? "is no time" : "is no number");
    for (unsigned i = 0; i < f->exp10; i++)
        value *= 10;
    value = roundl(value / f->mult) - f->offset;
    if (!(value >= (long double)f->min && value <= (long double)f->max))
        return wrong(e, f, "is out of its range");
    return put_bits(e, f->bits, (uint64_t)(int64_t)value);
}

/* Two values of a lookup may have the same text: then the one by which the definition is known is meant. */
static bool is_match(const struct encoding *e, const struct sk_n2k_field *f, struct sk_span text, int64_t *ret_raw)
{
    for (unsigned i = 0; i < e->def->match_count; i++) {
        const struct sk_n2k_match *m = &sk_n2k_matches[e->def->first_match + i];
        const char *own = m->bit == f->bit && !f->repeated ? sk_n2k_lookup_text(f->lookup, m->value) : NULL;
        if (own != NULL && sk_span_eq(text, own)) {
            *ret_raw = m->value;
            return true;
        }
    }
    return false;
}

static int put_lookup(struct encoding *e, const struct sk_n2k_field *f, yyjson_val *v)
{
    int64_t raw;
    struct sk_span text = sk_json_str(v);
    if (text.p != NULL && is_match(e, f, text, &raw))
        return put_bits(e, f->bits, (uint64_t)raw);
    if (text.p == NULL || !sk_n2k_lookup_value(f->lookup, text, f->type == SK_N2K_INDIRECT, &raw))
        return text.p != NULL && text.n > 0 && (text.p[0] < '0' || text.p[0] > '9') ? wrong(e, f, "has no such value")
                                                                                    : put_number(e, f, v);
    return put_bits(e, f->bits, (uint64_t)raw);
}

/* ---- texts -------------------------------------------------------------------------------------------------------------- */

static int put_bytes(struct encoding *e, struct sk_span bytes)
{
    int r = 0;
    for (size_t i = 0; i < bytes.n && r == 0; i++)
        r = put_bits(e, 8, (unsigned char)bytes.p[i]);
    return r;
}

static int put_text(struct encoding *e, const struct sk_n2k_field *f, yyjson_val *v)
{
    struct sk_span text = sk_json_str(v);
    if (text.p == NULL)
        return wrong(e, f, "is no text");
    if (f->type == SK_N2K_LAU_TEXT) {
        if (text.n > 200)
            return wrong(e, f, "is too long");
        int r = put_bits(e, 16, (text.n + 2) | 0x0100);
        return r < 0 ? r : put_bytes(e, text);
    }
    if (text.n > f->bits / 8u)
        return wrong(e, f, "is too long");
    int r = put_bytes(e, text);
    for (size_t i = text.n; i < f->bits / 8u && r == 0; i++)
        r = put_bits(e, 8, 0xff);
    return r;
}

/* ---- fields ------------------------------------------------------------------------------------------------------------- */

static int put_field(struct encoding *e, unsigned number, const yyjson_val *in)
{
    const struct sk_n2k_field *f = &sk_n2k_fields[e->def->first_field + number];
    yyjson_val *v = f->id != 0 ? sk_json_get(in, name_of(f)) : NULL;
    if (v == NULL || yyjson_is_null(v))
        return put_absent(e, f);
    switch ((enum sk_n2k_type)f->type) {
    case SK_N2K_LOOKUP:
    case SK_N2K_INDIRECT:
        return put_lookup(e, f, v);
    case SK_N2K_FIXED_TEXT:
    case SK_N2K_LAU_TEXT:
        return put_text(e, f, v);
    case SK_N2K_OTHER:
    case SK_N2K_SPARE:
        return wrong(e, f, "is of a kind that cannot be sent");
    default:
        return put_number(e, f, v);
    }
}

static bool has_field(const struct sk_n2k_pgn *def, struct sk_span name, bool repeated)
{
    for (unsigned i = 0; i < def->field_count; i++) {
        const struct sk_n2k_field *f = &sk_n2k_fields[def->first_field + i];
        if (f->id != 0 && f->repeated == repeated && sk_span_eq(name, name_of(f)))
            return true;
    }
    return false;
}

static int check_names(struct encoding *e, const yyjson_val *in, bool repeated)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)in, i, n, key, v) {
        struct sk_span name = sk_json_str(key);
        if (!has_field(e->def, name, repeated) && (repeated || !sk_span_eq(name, "list")))
            return sk_errmsg_set(e->em, SK_ERR_INVALID, "PGN %u has no field %.60s%s", e->def->pgn, name.p,
                                 repeated ? " in its list" : "");
    }
    return 0;
}

static int put_groups(struct encoding *e, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *group;
    int r = 0;
    yyjson_arr_foreach(list, i, n, group) {
        r = check_names(e, group, true);
        for (unsigned k = e->def->group_first; k < e->def->field_count && r == 0; k++)
            r = put_field(e, k, group);
        if (r < 0)
            return r;
    }
    return r;
}

static int put_all(struct encoding *e, const yyjson_val *fields)
{
    yyjson_val *list = sk_json_get(fields, "list");
    bool groups = e->def->group_first != SK_N2K_NONE;
    unsigned plain = groups ? e->def->group_first : e->def->field_count;
    int r = check_names(e, fields, false);
    for (unsigned i = 0; i < plain && r == 0; i++) {
        if (groups && i == e->def->group_count)
            r = put_bits(e, sk_n2k_fields[e->def->first_field + i].bits, yyjson_arr_size(list));
        else
            r = put_field(e, i, fields);
    }
    return r < 0 || !groups ? r : put_groups(e, list);
}

/* ---- definitions -------------------------------------------------------------------------------------------------------- */

/* Fields that tell definitions of one number apart: the definition's value stands there, unless another one was given. */
static int settle_matches(struct encoding *e)
{
    for (unsigned i = 0; i < e->def->match_count; i++) {
        const struct sk_n2k_match *m = &sk_n2k_matches[e->def->first_match + i];
        uint64_t ones = (UINT64_C(1) << m->bits) - 1, there = 0;
        for (unsigned k = 0; k < m->bits; k++)
            there |= (uint64_t)(e->data[(m->bit + k) / 8] >> (m->bit + k) % 8 & 1) << k;
        if (there != m->value && there != ones)
            return sk_errmsg_set(e->em, SK_ERR_UNSUPPORTED, "PGN %u is not known with these values", e->def->pgn);
        for (unsigned k = 0; k < m->bits; k++) {
            uint8_t bit = (uint8_t)(1u << (m->bit + k) % 8);
            uint8_t *byte = &e->data[(m->bit + k) / 8];
            *byte = (uint8_t)((m->value >> k & 1) != 0 ? *byte | bit : *byte & ~bit);
        }
    }
    return 0;
}

/* Of several definitions of the number the first one that all fields fit. The error is that of the last one. */
static int encode_as_any(struct encoding *e, uint32_t pgn, const yyjson_val *fields)
{
    const struct sk_n2k_pgn *def = sk_n2k_pgn_find(pgn), *stop = sk_n2k_pgns + sk_n2k_pgn_count;
    struct sk_errmsg *em = e->em;
    int r = sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "PGN %u is not known here", pgn);
    for (; def != NULL && def < stop && def->pgn == pgn && r < 0; def++) {
        *e = (struct encoding){ .def = def, .em = em };
        r = put_all(e, fields);
        if (r == 0)
            r = settle_matches(e);
    }
    return r;
}

static int read_json(struct sk_span text, struct sk_n2k_encoded *ret, struct sk_errmsg *em)
{
    struct sk_arena arena;
    yyjson_doc *doc;
    sk_arena_init(&arena, 1024 * 1024);
    int r = sk_json_read_raw(&arena, text, &doc, em);
    if (r == 0)
        r = sk_n2k_encode(yyjson_doc_get_root(doc), ret, em);
    sk_arena_finish(&arena);
    return r;
}

int sk_n2k_message_read(struct sk_span text, struct sk_n2k_encoded *ret, struct sk_errmsg *em)
{
    struct sk_n2k_line l;
    if (text.n > 0 && text.p[0] == '{')
        return read_json(text, ret, em);
    sk_n2k_line_read(text, false, ret->data, &l);
    if (l.kind == SK_N2K_LINE_EITHER && !sk_n2k_is_fast(l.m.pgn))
        l.kind = SK_N2K_LINE_MESSAGE;
    if (l.kind == SK_N2K_LINE_FRAME && !sk_n2k_is_fast(l.m.pgn))
        l.kind = SK_N2K_LINE_MESSAGE;
    if (l.kind != SK_N2K_LINE_MESSAGE && l.kind != SK_N2K_LINE_EITHER)
        return sk_errmsg_set(em, SK_ERR_INVALID,
                             l.kind == SK_N2K_LINE_FRAME ? "is one frame of a longer message" : "is no NMEA 2000 message");
    ret->m = l.m;
    return 0;
}

static int read_head(const yyjson_val *message, const char *name, int64_t max, int64_t otherwise, int64_t *ret,
                     struct sk_errmsg *em)
{
    yyjson_val *v = sk_json_get(message, name);
    double d;
    *ret = otherwise;
    if (v == NULL)
        return otherwise >= 0 ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "the message has no %s", name);
    if (!sk_json_number(v, &d) || d < 0 || d > (double)max || floor(d) != d)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s is not a number from 0 to %lld", name, (long long)max);
    *ret = (int64_t)d;
    return 0;
}

int sk_n2k_encode(const yyjson_val *message, struct sk_n2k_encoded *ret, struct sk_errmsg *em)
{
    int64_t pgn, priority, src, dst;
    struct encoding e = { .em = em };
    yyjson_val *fields = sk_json_get(message, "fields");
    int r = read_head(message, "pgn", SK_N2K_PGN_MAX, -1, &pgn, em);
    if (r == 0)
        r = read_head(message, "prio", 7, PRIORITY, &priority, em);
    if (r == 0)
        r = read_head(message, "src", 255, 0, &src, em);
    if (r == 0)
        r = read_head(message, "dst", 255, SK_N2K_ALL, &dst, em);
    if (r == 0 && !yyjson_is_obj(fields))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "the message has no object of fields");
    if (r == 0)
        r = encode_as_any(&e, (uint32_t)pgn, fields);
    if (r < 0)
        return r;
    memcpy(ret->data, e.data, sizeof ret->data);
    ret->m =
        (struct sk_n2k_message){ .pgn = (uint32_t)pgn, .priority = (uint8_t)priority, .src = (uint8_t)src, .dst = (uint8_t)dst };
    ret->m.data = ret->data;
    ret->m.len = (e.at + 7) / 8;
    return 0;
}
