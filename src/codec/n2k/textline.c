#include "codec/n2k/textline.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"

/* ---- pieces of text ------------------------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_number(struct sk_span s, uint32_t max, uint32_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 8)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int d = hex_value(s.p[i]);
        if (d < 0)
            return false;
        v = v << 4 | (uint64_t)d;
    }
    *ret = (uint32_t)v;
    return v <= max;
}

static bool number(struct sk_span s, uint32_t max, uint32_t *ret)
{
    int64_t v;
    if (!sk_parse_int(s, 0, max, &v))
        return false;
    *ret = (uint32_t)v;
    return true;
}

/* The piece up to the next `sep`, which is passed over; all of it when there is none. */
static struct sk_span next(struct sk_span *rest, char sep)
{
    const char *at = rest->n > 0 ? memchr(rest->p, sep, rest->n) : NULL;
    struct sk_span piece = { rest->p, at != NULL ? (size_t)(at - rest->p) : rest->n };
    rest->p += piece.n + (at != NULL);
    rest->n -= piece.n + (at != NULL);
    return piece;
}

/* The same for blanks, any number of them. */
static struct sk_span word(struct sk_span *rest)
{
    while (rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t'))
        rest->p++, rest->n--;
    return next(rest, ' ');
}

/* Bytes as hex digits, in a row or with `sep` between them. False: something else, or more than `max`. */
static bool hex_bytes(struct sk_span s, char sep, size_t max, uint8_t *data, size_t *ret_len)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        if (sep != '\0' && s.p[i] == sep) {
            i++;
            continue;
        }
        int high = hex_value(s.p[i]), low = i + 1 < s.n ? hex_value(s.p[i + 1]) : -1;
        if (high < 0 || low < 0 || n == max)
            return false;
        data[n++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *ret_len = n;
    return true;
}

static void set(struct sk_n2k_line *l, enum sk_n2k_line_kind kind, const uint8_t *data, size_t len)
{
    l->kind = len > 0 ? kind : SK_N2K_LINE_BAD;
    l->m.data = data;
    l->m.len = len;
}

static bool time_of_day(struct sk_span s, int64_t *ret_ms)
{
    char iso[40] = "1970-01-01T";
    if (s.n < 8 || s.n > 12)
        return false;
    memcpy(iso + 11, s.p, s.n);
    iso[11 + s.n] = 'Z';
    return sk_iso_parse(iso, 12 + s.n, ret_ms);
}

static bool is_at(struct sk_span s, size_t at, char c)
{
    return at < s.n && s.p[at] == c;
}

/* ---- the formats: each is recognised by a few places, then read ---------------------------------------------------------- */

/* 2014-08-15T19:00:00.042Z,prio,pgn,src,dst,len,hex,hex,... ; older ones have - for T and no Z */
static bool is_plain(struct sk_span s)
{
    return (is_at(s, 10, 'T') && is_at(s, 23, 'Z')) || (is_at(s, 10, '-') && is_at(s, 23, ','));
}

static void read_plain(struct sk_span s, uint8_t *data, struct sk_n2k_line *l)
{
    char iso[24];
    struct sk_span time = next(&s, ',');
    uint32_t v[5];
    static const uint32_t most[5] = { 7, SK_N2K_PGN_MAX, 255, 255, SK_N2K_DATA_MAX };
    for (unsigned i = 0; i < 5; i++)
        if (!number(next(&s, ','), most[i], &v[i]))
            return;
    size_t len;
    if (!hex_bytes(s, ',', SK_N2K_DATA_MAX, data, &len) || len < v[4])
        return;
    if (time.n >= 23) {
        memcpy(iso, time.p, 23);
        iso[10] = 'T';
        iso[23] = 'Z';
        l->has_date = sk_iso_parse(iso, 24, &l->m.time_ms);
    }
    l->m.priority = (uint8_t)v[0];
    l->m.pgn = v[1];
    l->m.src = (uint8_t)v[2];
    l->m.dst = (uint8_t)v[3];
    set(l, v[4] > 8 ? SK_N2K_LINE_MESSAGE : SK_N2K_LINE_EITHER, data, v[4]);
}

/* CAN identifier and up to 8 bytes behind it. */
static void read_can(struct sk_span id, struct sk_span bytes, char sep, uint8_t *data, struct sk_n2k_line *l)
{
    uint32_t can_id;
    size_t len;
    if (!hex_number(id, UINT32_MAX, &can_id) || !hex_bytes(bytes, sep, 8, data, &len))
        return;
    int64_t time_ms = l->m.time_ms;
    l->m = sk_n2k_from_can_id(can_id & 0x1fffffff);
    l->m.time_ms = time_ms;
    set(l, SK_N2K_LINE_FRAME, data, len);
}

/* 16:29:27.082 R 19F51323 01 02 */
static bool is_ydraw(struct sk_span s)
{
    return is_at(s, 2, ':') && is_at(s, 12, ' ') && (is_at(s, 13, 'R') || is_at(s, 13, 'T')) && is_at(s, 14, ' ');
}

static void read_ydraw(struct sk_span s, uint8_t *data, struct sk_n2k_line *l)
{
    l->has_time_of_day = time_of_day(word(&s), &l->m.time_ms);
    (void)word(&s);
    struct sk_span id = word(&s);
    read_can(id, s, ' ', data, l);
}

/* 19F51323 01 02 */
static bool is_ydraw_out(struct sk_span s)
{
    uint32_t id;
    return is_at(s, 8, ' ') && hex_number((struct sk_span){ s.p, 8 }, UINT32_MAX, &id);
}

static void read_ydraw_out(struct sk_span s, uint8_t *data, struct sk_n2k_line *l)
{
    struct sk_span id = word(&s);
    read_can(id, s, ' ', data, l);
}

/* <0x18eeff01> [8] 05 a0 be 1c 00 a0 a0 c0 */
static void read_candump1(struct sk_span s, uint8_t *data, struct sk_n2k_line *l)
{
    struct sk_span id = word(&s);
    (void)word(&s); /* [8] */
    if (id.n > 4 && id.p[id.n - 1] == '>')
        read_can((struct sk_span){ id.p + 3, id.n - 4 }, s, ' ', data, l);
}

/* (1502979132.106111): the seconds since 1970, with any number of decimals */
static bool epoch(struct sk_span s, int64_t *ret_ms)
{
    double seconds;
    if (s.n < 3 || s.p[0] != '(' || s.p[s.n - 1] != ')' || !sk_parse_double((struct sk_span){ s.p + 1, s.n - 2 }, &seconds) ||
        seconds < 1e8 || seconds > 1e11)
        return false;
    *ret_ms = (int64_t)(seconds * 1000.0);
    return true;
}

/* [(time)] can0  09F8027F   [8]  00 FC FF ... and (time) can0 09F8027F#00FCFF... */
static bool is_candump23(struct sk_span s)
{
    if (is_at(s, 0, '('))
        (void)word(&s);
    struct sk_span interface = word(&s), id = word(&s);
    uint32_t v;
    const char *hash = id.n > 0 ? memchr(id.p, '#', id.n) : NULL;
    if (interface.n == 0 || interface.n > 15)
        return false;
    return hash != NULL || (hex_number(id, UINT32_MAX, &v) && word(&s).n > 0 && memchr(interface.p, ',', interface.n) == NULL);
}

static void read_candump23(struct sk_span s, uint8_t *data, struct sk_n2k_line *l)
{
    if (is_at(s, 0, '('))
        l->has_date = epoch(word(&s), &l->m.time_ms);
    (void)word(&s); /* interface */
    struct sk_span id = word(&s);
    const char *hash = memchr(id.p, '#', id.n);
    if (hash != NULL) {
        size_t n = (size_t)(hash - id.p);
        read_can((struct sk_span){ id.p, n }, (struct sk_span){ hash + 1, id.n - n - 1 }, '\0', data, l);
        return;
    }
    struct sk_span count = word(&s);
    if (count.n >= 3 && count.p[0] == '[')
        read_can(id, s, ' ', data, l);
}

/* A173321.107 23FF7 1F513 012F3070002F30709F */
static bool is_n2k_ascii(struct sk_span s)
{
    return is_at(s, 0, 'A') && is_at(s, 7, '.') && is_at(s, 11, ' ');
}

static void read_n2k_ascii(struct sk_span s, uint8_t *data, struct sk_n2k_line *l)
{
    (void)word(&s); /* a clock of the gateway's own */
    struct sk_span head = word(&s), pgn = word(&s);
    uint32_t address;
    size_t len;
    if (head.n != 5 || !hex_number(head, 0xfffff, &address) || !hex_number(pgn, SK_N2K_PGN_MAX, &l->m.pgn) ||
        !hex_bytes(word(&s), '\0', SK_N2K_DATA_MAX, data, &len))
        return;
    l->m.src = (uint8_t)(address >> 12);
    l->m.dst = (uint8_t)(address >> 4);
    l->m.priority = address & 7;
    set(l, SK_N2K_LINE_MESSAGE, data, len);
}

/* !PDGY,pgn,prio,src,dst,timer,base64 or !PDGY,pgn,dst,base64 */
static void read_pdgy(struct sk_span s, uint8_t *data, struct sk_n2k_line *l)
{
    struct sk_span part[7];
    unsigned n = 0;
    while (n < 7 && (s.n > 0 || n == 0))
        part[n++] = next(&s, ',');
    uint32_t v[4] = { 0, 0, 0, SK_N2K_ALL };
    bool ok = s.n == 0 && (n == 7 || n == 4) && number(part[1], SK_N2K_PGN_MAX, &v[0]);
    if (ok && n == 7)
        ok = number(part[2], 7, &v[1]) && number(part[3], 255, &v[2]) && number(part[4], 255, &v[3]);
    else if (ok)
        ok = number(part[2], 255, &v[3]);
    size_t len;
    if (!ok || !sk_base64_decode(part[n - 1], data, SK_N2K_DATA_MAX, &len))
        return;
    l->m.pgn = v[0];
    l->m.priority = (uint8_t)v[1];
    l->m.src = (uint8_t)v[2];
    l->m.dst = (uint8_t)v[3];
    set(l, SK_N2K_LINE_MESSAGE, data, len);
}

/* Cuts *hh off; false when it does not match. Without one the sentence passes: who sent it does not use them. */
static bool checksum_ok(struct sk_span *s)
{
    const char *star = memchr(s->p, '*', s->n);
    if (star == NULL)
        return true;
    size_t n = (size_t)(star - s->p);
    uint32_t want;
    uint8_t sum = 0;
    for (size_t i = 1; i < n; i++)
        sum ^= (uint8_t)s->p[i];
    bool ok = s->n >= n + 3 && hex_number((struct sk_span){ star + 1, 2 }, 255, &want) && want == sum;
    s->n = n;
    return ok;
}

/* In base 32; 1/1024 s since 2010. Clocks that begin with the gateway's start are not times. */
static bool pcdin_time(struct sk_span s, int64_t *ret_ms)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 9)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        int d = c >= '0' && c <= '9' ? c - '0' : (c |= 0x20, c >= 'a' && c <= 'v') ? c - 'a' + 10 : -1;
        if (d < 0)
            return false;
        v = v * 32 + (uint64_t)d;
    }
    *ret_ms = INT64_C(1262304000000) + (int64_t)(v * 1000 / 1024);
    return v > UINT64_C(1024) * 86400 * 365;
}

/* $PCDIN,01F119,00000000,0F,2AAF00D1067414FF*59 */
static void read_pcdin(struct sk_span s, uint8_t *data, struct sk_n2k_line *l)
{
    if (!checksum_ok(&s)) {
        l->kind = SK_N2K_LINE_CHECKSUM;
        return;
    }
    (void)next(&s, ',');
    struct sk_span pgn = next(&s, ','), time = next(&s, ','), src = next(&s, ',');
    uint32_t address;
    size_t len;
    if (!hex_number(pgn, SK_N2K_PGN_MAX, &l->m.pgn) || !hex_number(src, 255, &address) ||
        !hex_bytes(s, '\0', SK_N2K_DATA_MAX, data, &len))
        return;
    l->has_date = pcdin_time(time, &l->m.time_ms);
    l->m.src = (uint8_t)address;
    l->m.dst = SK_N2K_ALL;
    set(l, SK_N2K_LINE_MESSAGE, data, len);
}

/* $MXPGN,01F801,2801,C1308AC40C5DE343*19: one frame, or a whole message when it is no frame's length */
static void read_mxpgn(struct sk_span s, bool reverse, uint8_t *data, struct sk_n2k_line *l)
{
    if (!checksum_ok(&s)) {
        l->kind = SK_N2K_LINE_CHECKSUM;
        return;
    }
    (void)next(&s, ',');
    struct sk_span pgn = next(&s, ','), attributes = next(&s, ',');
    uint32_t word16;
    size_t len;
    if (!hex_number(pgn, SK_N2K_PGN_MAX, &l->m.pgn) || attributes.n != 4 || !hex_number(attributes, 0xffff, &word16) ||
        !hex_bytes(s, '\0', SK_N2K_DATA_MAX, data, &len))
        return;
    for (size_t i = 0; reverse && i < len / 2; i++) {
        uint8_t keep = data[i];
        data[i] = data[len - 1 - i];
        data[len - 1 - i] = keep;
    }
    bool sent = (word16 & 0x8000) != 0;
    l->m.src = sent ? 0 : (uint8_t)word16;
    l->m.dst = sent ? (uint8_t)word16 : SK_N2K_ALL;
    l->m.priority = word16 >> 12 & 7;
    set(l, len == 8 ? SK_N2K_LINE_FRAME : SK_N2K_LINE_MESSAGE, data, len);
}

/* ---- which one ------------------------------------------------------------------------------------------------------------ */

/* Behind an NMEA 0183 tag block. */
static struct sk_span without_tag_block(struct sk_span s)
{
    const char *end = is_at(s, 0, '\\') ? memchr(s.p + 1, '\\', s.n - 1) : NULL;
    return end != NULL ? (struct sk_span){ end + 1, s.n - (size_t)(end + 1 - s.p) } : s;
}

void sk_n2k_line_read(struct sk_span s, bool reverse, uint8_t data[SK_N2K_DATA_MAX], struct sk_n2k_line *l)
{
    *l = (struct sk_n2k_line){ .kind = SK_N2K_LINE_BAD, .m = { .dst = SK_N2K_ALL } };
    s = without_tag_block(s);
    if (is_plain(s))
        read_plain(s, data, l);
    else if (is_ydraw(s))
        read_ydraw(s, data, l);
    else if (is_ydraw_out(s))
        read_ydraw_out(s, data, l);
    else if (sk_span_starts(s, "$PCDIN,"))
        read_pcdin(s, data, l);
    else if (sk_span_starts(s, "$MXPGN,"))
        read_mxpgn(s, reverse, data, l);
    else if (sk_span_starts(s, "!PDGY,"))
        read_pdgy(s, data, l);
    else if (sk_span_starts(s, "$PDGY,"))
        l->kind = SK_N2K_LINE_STATUS;
    else if (sk_span_starts(s, "<0x"))
        read_candump1(s, data, l);
    else if (is_n2k_ascii(s))
        read_n2k_ascii(s, data, l);
    else if (is_candump23(s))
        read_candump23(s, data, l);
    else
        l->kind = SK_N2K_LINE_FOREIGN;
}

void sk_n2k_line_write(struct sk_buf *out, const struct sk_n2k_message *m)
{
    static const char hex[] = "0123456789abcdef";
    char iso[SK_ISO_TIME_SIZE];
    sk_iso_time(iso, m->time_ms);
    sk_buf_printf(out, "%s,%u,%u,%u,%u,%zu", iso, m->priority, m->pgn, m->src, m->dst, m->len);
    for (size_t i = 0; i < m->len; i++) {
        const char byte[3] = { ',', hex[m->data[i] >> 4], hex[m->data[i] & 15] };
        sk_buf_append(out, byte, 3);
    }
}
