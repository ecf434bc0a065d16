#include "base/clock.h"
#include "base/json.h"
#include "codec/n2k/device.h"
#include "codec/n2k/reading.h"

#define EXACT_MAX INT64_C(1000000000000000) /* under 16 digits the decimal text is the shortest one of its double */
#define PLAIN_EXP10 6u                      /* JSON.stringify writes smaller fractions with an exponent */

static int64_t ten_to(unsigned exp10)
{
    int64_t p = 1;
    while (exp10-- > 0)
        p *= 10;
    return p;
}

void sk_n2k_write_decimal(struct sk_buf *out, int64_t n, unsigned exp10)
{
    while (exp10 > 0 && n % 10 == 0) {
        n /= 10;
        exp10--;
    }
    if (exp10 == 0) {
        sk_json_write_int(out, n);
        return;
    }
    int64_t unit = ten_to(exp10), whole = n / unit, part = n % unit;
    if (n >= EXACT_MAX || n <= -EXACT_MAX || (exp10 > PLAIN_EXP10 && whole == 0)) {
        sk_json_write_double(out, (double)n / (double)unit);
        return;
    }
    char *to = sk_buf_reserve(out, 40);
    if (to == NULL)
        return;
    char digits[24];
    size_t count = 0, at = 0;
    if (n < 0)
        to[at++] = '-';
    for (uint64_t w = (uint64_t)(whole < 0 ? -whole : whole); w > 0 || count == 0; w /= 10)
        digits[count++] = (char)('0' + w % 10);
    while (count > 0)
        to[at++] = digits[--count];
    to[at++] = '.';
    uint64_t p = (uint64_t)(part < 0 ? -part : part);
    for (unsigned i = exp10; i-- > 0; p /= 10)
        to[at + i] = (char)('0' + p % 10);
    out->n += at + exp10;
}

bool sk_n2k_write_field(struct sk_n2k_reading *r, unsigned field)
{
    const struct sk_n2k_field *f = sk_n2k_field(r, field);
    int64_t raw, scaled;
    if (!sk_n2k_raw(r, field, &raw))
        return false;
    if (__builtin_mul_overflow(raw + f->offset, (int64_t)f->mult, &scaled))
        return false;
    sk_n2k_write_decimal(r->out, scaled, f->exp10);
    return true;
}

static void write_engine(struct sk_n2k_reading *r, unsigned field)
{
    int64_t n = 0;
    if (!sk_n2k_raw(r, field, &n) || n == 0)
        SK_BUF_LIT(r->out, "port");
    else if (n == 1)
        SK_BUF_LIT(r->out, "starboard");
    else
        sk_json_write_int(r->out, n);
}

/* Text of a lookup as a path's segment: blanks and dots would make another path of it. */
static void write_lookup(struct sk_n2k_reading *r, unsigned field)
{
    int64_t raw = 0;
    (void)sk_n2k_raw(r, field, &raw);
    const char *text = sk_n2k_lookup_text(sk_n2k_field(r, field)->lookup, raw);
    if (text == NULL) {
        sk_json_write_int(r->out, raw);
        return;
    }
    for (; *text != '\0'; text++)
        sk_buf_char(r->out, *text == ' ' || *text == '.' || *text == '"' || *text == '\\' ? '_' : *text);
}

/* Fills one place of a path; false when there is nothing to fill it with. An instance that is not available is 0. */
static bool fill(struct sk_n2k_reading *r, char what, unsigned field)
{
    int64_t n = 0;
    switch (what) {
    case SK_N2K_PATH_ENGINE:
        write_engine(r, field);
        return true;
    case SK_N2K_PATH_NUMBER:
        (void)sk_n2k_raw(r, field, &n);
        sk_json_write_int(r->out, n > 0 && n <= 65535 ? n : 0);
        return true;
    case SK_N2K_PATH_LOOKUP:
        write_lookup(r, field);
        return true;
    case SK_N2K_PATH_SRC:
        sk_json_write_int(r->out, r->m->src);
        return true;
    case SK_N2K_PATH_LINE:
        sk_buf_char(r->out, sk_n2k_raw(r, field, &n) && n > 0 && n < 3 ? (char)('A' + n) : 'A');
        return true;
    default:
        if (r->device->course == NULL)
            return false;
        sk_buf_text(r->out, r->device->course);
        return true;
    }
}

static void begin(struct sk_n2k_reading *r)
{
    if (r->values > 0)
        sk_buf_char(r->out, ',');
    SK_BUF_LIT(r->out, "{\"path\":\"");
}

bool sk_n2k_value_begin(struct sk_n2k_reading *r, const struct sk_n2k_row *row)
{
    size_t before = r->out->n;
    begin(r);
    for (const char *p = sk_n2k_text + row->path; *p != '\0'; p++) {
        if (*p >= 0x20) {
            const char *from = p;
            while (p[1] >= 0x20)
                p++;
            sk_buf_append(r->out, from, (size_t)(p - from) + 1);
            continue;
        }
        char what = *p;
        unsigned field = what <= SK_N2K_PATH_LOOKUP || what == SK_N2K_PATH_LINE ? (unsigned char)*++p - 1u : SK_N2K_NONE;
        if (!fill(r, what, field)) {
            r->out->n = before;
            return false;
        }
    }
    SK_BUF_LIT(r->out, "\",\"value\":");
    return true;
}

void sk_n2k_value_begin_path(struct sk_n2k_reading *r, const char *path)
{
    begin(r);
    sk_buf_text(r->out, path);
    SK_BUF_LIT(r->out, "\",\"value\":");
}

void sk_n2k_value_end(struct sk_n2k_reading *r)
{
    sk_buf_char(r->out, '}');
    r->values++;
}

void sk_n2k_write_time(struct sk_buf *out, int64_t days, int64_t ticks)
{
    char iso[SK_ISO_TIME_SIZE];
    sk_iso_time(iso, days * 86400000 + ticks / 10000 * 1000);
    sk_buf_char(out, '"');
    sk_buf_append(out, iso, 19);
    if (ticks % 10000 != 0)
        sk_buf_printf(out, ".%04d0", (int)(ticks % 10000));
    SK_BUF_LIT(out, "Z\"");
}
