#include "auth/token.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"

#include <strings.h>

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define SIGNATURE_SIZE 43 /* 32 bytes in base64url */
#define YEARS_MAX 1000

/* ---- out ------------------------------------------------------------------------------------------------------------------ */

static void write_claims(const struct sk_claims *c, struct sk_buf *out)
{
    sk_buf_text(out, c->device ? "{\"device\":" : "{\"id\":");
    sk_json_write_str(out, sk_span_of(c->subject));
    if (c->remember_me)
        SK_BUF_LIT(out, ",\"rememberMe\":true");
    SK_BUF_LIT(out, ",\"iat\":");
    sk_json_write_int(out, c->iat_s);
    if (c->exp_s != 0) {
        SK_BUF_LIT(out, ",\"exp\":");
        sk_json_write_int(out, c->exp_s);
    }
    sk_buf_char(out, '}');
}

int sk_token_issue(struct sk_span key, const struct sk_claims *c, struct sk_buf *out, struct sk_errmsg *em)
{
    struct sk_buf claims;
    unsigned char signature[SK_SHA256_SIZE];
    size_t start = out->n;
    sk_buf_init(&claims, 2 * SK_TOKEN_MAX);
    write_claims(c, &claims);
    sk_base64url_append(out, HEADER, sizeof HEADER - 1);
    sk_buf_char(out, '.');
    sk_base64url_append(out, claims.p, claims.n);
    int r = sk_buf_ok(out) && sk_buf_ok(&claims)
                ? sk_hmac_sha256(key, (struct sk_span){ out->p + start, out->n - start }, signature, em)
                : sk_errmsg_set(em, SK_ERR_LIMIT, "token too long");
    sk_buf_finish(&claims);
    if (r < 0)
        return r;
    sk_buf_char(out, '.');
    sk_base64url_append(out, signature, sizeof signature);
    return sk_buf_ok(out) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "token too long");
}

/* ---- in ------------------------------------------------------------------------------------------------------------------- */

static int check_header(struct sk_span part, struct sk_errmsg *em)
{
    char text[SK_TOKEN_MAX];
    yyjson_doc *doc = NULL;
    size_t n;
    if (!sk_base64url_decode(part, text, sizeof text, &n) || sk_json_read((struct sk_span){ text, n }, &doc, NULL) < 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "jwt malformed");
    struct sk_span alg = sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "alg"));
    bool ok = sk_span_eq(alg, "HS256");
    yyjson_doc_free(doc);
    return ok ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "invalid algorithm");
}

static bool read_seconds(const yyjson_val *claims, const char *name, bool needed, int64_t *ret_s)
{
    double d;
    yyjson_val *v = sk_json_get(claims, name);
    *ret_s = 0;
    if (v == NULL)
        return !needed;
    if (!sk_json_number(v, &d) || d < 1 || d > 1e12)
        return false;
    *ret_s = (int64_t)d;
    return true;
}

static bool read_claims(const yyjson_val *v, struct sk_claims *c)
{
    struct sk_span user = sk_json_str(sk_json_get(v, "id")), device = sk_json_str(sk_json_get(v, "device"));
    struct sk_span subject = user.n > 0 ? user : device;
    if (subject.n == 0 || subject.n > SK_SUBJECT_MAX || memchr(subject.p, '\0', subject.n) != NULL)
        return false;
    *c = (struct sk_claims){ .device = user.n == 0, .remember_me = sk_json_get_bool(v, "rememberMe", false) };
    memcpy(c->subject, subject.p, subject.n);
    return read_seconds(v, "iat", false, &c->iat_s) && read_seconds(v, "exp", false, &c->exp_s);
}

static int take_claims(struct sk_span part, int64_t now_s, struct sk_claims *c, struct sk_errmsg *em)
{
    char text[SK_TOKEN_MAX];
    yyjson_doc *doc = NULL;
    size_t n;
    if (!sk_base64url_decode(part, text, sizeof text, &n) || sk_json_read((struct sk_span){ text, n }, &doc, NULL) < 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "jwt malformed");
    bool ok = read_claims(yyjson_doc_get_root(doc), c);
    yyjson_doc_free(doc);
    if (!ok)
        return sk_errmsg_set(em, SK_ERR_INVALID, "jwt names nobody");
    return c->exp_s != 0 && c->exp_s <= now_s ? sk_errmsg_set(em, SK_ERR_DENIED, "jwt expired") : 0;
}

int sk_token_verify(struct sk_span key, struct sk_span token, int64_t now_s, struct sk_claims *ret_claims, struct sk_errmsg *em)
{
    unsigned char wanted[SK_SHA256_SIZE];
    char given[SK_SHA256_SIZE];
    size_t n;
    const char *dot = token.n != 0 && token.n <= SK_TOKEN_MAX ? memchr(token.p, '.', token.n) : NULL;
    if (dot == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "jwt malformed");
    struct sk_span header = { token.p, (size_t)(dot - token.p) }, claims = { dot + 1, token.n - header.n - 1 };
    dot = memchr(claims.p, '.', claims.n);
    if (dot == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "jwt malformed");
    struct sk_span signature = { dot + 1, claims.n - (size_t)(dot - claims.p) - 1 };
    claims.n = (size_t)(dot - claims.p);
    int r = check_header(header, em);
    if (r == 0)
        r = sk_hmac_sha256(key, (struct sk_span){ token.p, header.n + 1 + claims.n }, wanted, em);
    if (r < 0)
        return r;
    if (signature.n != SIGNATURE_SIZE || !sk_base64url_decode(signature, given, sizeof given, &n) ||
        !sk_same_secret(given, wanted, sizeof wanted))
        return sk_errmsg_set(em, SK_ERR_DENIED, "invalid signature");
    struct sk_claims c;
    r = take_claims(claims, now_s, &c, em);
    if (r == 0)
        *ret_claims = c;
    return r;
}

/* ---- life time ------------------------------------------------------------------------------------------------------------ */

static bool unit_is(struct sk_span unit, const char *names)
{
    for (const char *at = names; *at != '\0'; at += strlen(at) + 1)
        if (unit.n == strlen(at) && strncasecmp(unit.p, at, unit.n) == 0)
            return true;
    return false;
}

/* Milliseconds of a unit; 0 when unknown. */
static double unit_ms(struct sk_span unit)
{
    static const struct {
        const char *names; /* each ends with NUL, the list with another */
        double ms;
    } units[] = {
        { "\0", 1 },
        { "ms\0msec\0msecs\0millisecond\0milliseconds\0", 1 },
        { "s\0sec\0secs\0second\0seconds\0", 1e3 },
        { "m\0min\0mins\0minute\0minutes\0", 60e3 },
        { "h\0hr\0hrs\0hour\0hours\0", 3600e3 },
        { "d\0day\0days\0", 86400e3 },
        { "w\0week\0weeks\0", 7 * 86400e3 },
        { "y\0yr\0yrs\0year\0years\0", 365.25 * 86400e3 },
    };
    if (unit.n == 0)
        return units[0].ms;
    for (size_t i = 1; i < SK_COUNT(units); i++)
        if (unit_is(unit, units[i].names))
            return units[i].ms;
    return 0;
}

int sk_timespan_parse(struct sk_span text, int64_t *ret_s, struct sk_errmsg *em)
{
    size_t digits = 0;
    double number;
    if (text.n == 5 && strncasecmp(text.p, "NEVER", 5) == 0) {
        *ret_s = 0;
        return 0;
    }
    while (digits < text.n && ((text.p[digits] >= '0' && text.p[digits] <= '9') || text.p[digits] == '.'))
        digits++;
    struct sk_span unit = { text.p + digits, text.n - digits };
    while (unit.n > 0 && unit.p[0] == ' ')
        unit = (struct sk_span){ unit.p + 1, unit.n - 1 };
    double ms = sk_parse_double((struct sk_span){ text.p, digits }, &number) ? number * unit_ms(unit) : 0;
    if (ms <= 0 || ms > YEARS_MAX * 366 * 86400e3)
        return sk_errmsg_set(em, SK_ERR_INVALID,
                             "'%.*s' is no life time: write NEVER, or a number with a unit, such as 60s, 10m, 1h, 1d or 1y",
                             (int)(text.n < 40 ? text.n : 40), text.n != 0 ? text.p : "");
    *ret_s = (int64_t)((ms + 999) / 1000);
    return 0;
}
