#include "oidc/state.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "http/server.h"
#include "jose/crypto.h"
#include "oidc/url.h"

#define SEALED_MAX 3000u /* a cookie has 4096 bytes */
#define PURPOSE "signalk-oidc"
#define CLOCK_SLACK_S 60

static void put_text(char out[SK_OIDC_RANDOM_SIZE], const unsigned char bytes[32])
{
    struct sk_buf b;
    sk_buf_init(&b, SK_OIDC_RANDOM_SIZE);
    sk_base64url_append(&b, bytes, 32);
    memcpy(out, sk_buf_cstr(&b), SK_OIDC_RANDOM_SIZE);
    sk_buf_finish(&b);
}

static void put_random(char out[SK_OIDC_RANDOM_SIZE])
{
    unsigned char bytes[32];
    sk_random_bytes(bytes, sizeof bytes);
    put_text(out, bytes);
    explicit_bzero(bytes, sizeof bytes);
}

int sk_oidc_challenge(const char *verifier, char ret[SK_OIDC_RANDOM_SIZE], struct sk_errmsg *em)
{
    unsigned char digest[SK_SHA256_SIZE];
    int r = sk_sha256(sk_span_of(verifier), digest, em);
    if (r == 0)
        put_text(ret, digest);
    return r;
}

static int put_provider(const char *issuer, const char *client_id, char ret[SK_OIDC_RANDOM_SIZE], struct sk_errmsg *em)
{
    struct sk_buf both;
    unsigned char digest[SK_SHA256_SIZE];
    sk_buf_init(&both, 2 * SK_OIDC_URL_MAX + 1);
    sk_buf_text(&both, issuer);
    sk_buf_char(&both, 0);
    sk_buf_text(&both, client_id);
    int r = sk_sha256(sk_buf_span(&both), digest, em);
    sk_buf_finish(&both);
    if (r == 0)
        put_text(ret, digest);
    return r;
}

int sk_oidc_state_make(struct sk_span target, const char *issuer, const char *client_id, int64_t now_s, struct sk_oidc_state *ret,
                       struct sk_errmsg *em)
{
    *ret = (struct sk_oidc_state){ .target = "/", .made_s = now_s };
    put_random(ret->state);
    put_random(ret->nonce);
    put_random(ret->verifier);
    if (target.n <= SK_OIDC_TARGET_MAX && sk_http_is_own_path(target)) {
        memcpy(ret->target, target.p, target.n);
        ret->target[target.n] = '\0';
    }
    return put_provider(issuer, client_id, ret->provider, em);
}

static int key_of(struct sk_span secret, unsigned char ret[SK_SEAL_KEY_SIZE], struct sk_errmsg *em)
{
    struct sk_digest d;
    unsigned char digest[SK_DIGEST_SIZE_MAX];
    int r = sk_digest_begin(SK_DIGEST_SHA256, &d, em);
    if (r < 0)
        return r;
    sk_digest_add(&d, secret);
    sk_digest_add(&d, SK_SPAN(PURPOSE));
    (void)sk_digest_end(&d, digest);
    memcpy(ret, digest, SK_SEAL_KEY_SIZE);
    explicit_bzero(digest, sizeof digest);
    return 0;
}

static void write_state(const struct sk_oidc_state *s, struct sk_buf *out)
{
    sk_buf_printf(out, "{\"s\":\"%s\",\"n\":\"%s\",\"v\":\"%s\",\"p\":\"%s\",\"m\":%lld,\"t\":", s->state, s->nonce, s->verifier,
                  s->provider, (long long)s->made_s);
    sk_json_write_str(out, sk_span_of(s->target));
    sk_buf_char(out, '}');
}

static void wipe(struct sk_buf *b)
{
    if (b->p != NULL)
        explicit_bzero(b->p, b->cap);
    sk_buf_finish(b);
}

int sk_oidc_state_seal(struct sk_span secret, const struct sk_oidc_state *s, struct sk_buf *out, struct sk_errmsg *em)
{
    unsigned char key[SK_SEAL_KEY_SIZE];
    struct sk_buf text, sealed;
    int r = key_of(secret, key, em);
    if (r < 0)
        return r;
    sk_buf_init(&text, SEALED_MAX);
    sk_buf_init(&sealed, SEALED_MAX);
    write_state(s, &text);
    r = sk_buf_ok(&text) ? sk_seal(key, SK_SPAN(SK_OIDC_STATE_COOKIE), sk_buf_span(&text), &sealed, em)
                         : sk_errmsg_set(em, SK_ERR_LIMIT, "the page to go on with is too long");
    if (r == 0)
        sk_base64url_append(out, sealed.p, sealed.n);
    explicit_bzero(key, sizeof key);
    wipe(&text);
    sk_buf_finish(&sealed);
    return r;
}

static bool take(const yyjson_val *v, const char *name, char *out, size_t size)
{
    struct sk_span text = sk_json_str(sk_json_get(v, name));
    if (text.n == 0 || text.n >= size)
        return false;
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return true;
}

static bool read_state(struct sk_span text, struct sk_oidc_state *s)
{
    yyjson_doc *doc = NULL;
    double made = 0;
    if (sk_json_read(text, &doc, NULL) < 0)
        return false;
    const yyjson_val *v = yyjson_doc_get_root(doc);
    bool ok = take(v, "s", s->state, sizeof s->state) && take(v, "n", s->nonce, sizeof s->nonce) &&
              take(v, "v", s->verifier, sizeof s->verifier) && take(v, "p", s->provider, sizeof s->provider) &&
              take(v, "t", s->target, sizeof s->target) && sk_json_number(sk_json_get(v, "m"), &made) && made >= 0 && made < 1e12;
    s->made_s = (int64_t)made;
    yyjson_doc_free(doc);
    return ok && sk_http_is_own_path(sk_span_of(s->target));
}

static int unseal(struct sk_span secret, struct sk_span cookie, struct sk_oidc_state *s, struct sk_errmsg *em)
{
    unsigned char key[SK_SEAL_KEY_SIZE];
    char bytes[SEALED_MAX];
    struct sk_buf text;
    size_t n;
    if (!sk_base64url_decode(cookie, bytes, sizeof bytes, &n))
        return sk_errmsg_set(em, SK_ERR_DENIED, "the login's cookie is not one of this server");
    int r = key_of(secret, key, em);
    if (r < 0)
        return r;
    sk_buf_init(&text, SEALED_MAX);
    r = sk_unseal(key, SK_SPAN(SK_OIDC_STATE_COOKIE), (struct sk_span){ bytes, n }, &text, em);
    if (r == 0 && !read_state(sk_buf_span(&text), s))
        r = SK_ERR_DENIED;
    if (r == SK_ERR_DENIED)
        sk_errmsg_set(em, r, "the login's cookie is not one of this server");
    explicit_bzero(key, sizeof key);
    wipe(&text);
    return r;
}

int sk_oidc_state_open(struct sk_span secret, struct sk_span cookie, const char *issuer, const char *client_id, int64_t now_s,
                       struct sk_oidc_state *ret, struct sk_errmsg *em)
{
    struct sk_oidc_state s = { 0 };
    char provider[SK_OIDC_RANDOM_SIZE];
    int r = unseal(secret, cookie, &s, em);
    if (r == 0)
        r = put_provider(issuer, client_id, provider, em);
    if (r < 0)
        return r;
    if (strcmp(provider, s.provider) != 0)
        return sk_errmsg_set(em, SK_ERR_DENIED, "the login began before its settings were changed, please try again");
    if (now_s > s.made_s + SK_OIDC_STATE_LIFE_S || now_s < s.made_s - CLOCK_SLACK_S)
        return sk_errmsg_set(em, SK_ERR_DENIED, "the login took longer than ten minutes, please try again");
    *ret = s;
    return 0;
}
