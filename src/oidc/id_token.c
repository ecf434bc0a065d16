#include "oidc/id_token.h"

#include "base/base64.h"
#include "base/digest.h"

#define SECONDS_MAX 1e12

static int refuse(struct sk_errmsg *em, const char *why)
{
    return sk_errmsg_set(em, SK_ERR_DENIED, "%s", why);
}

/* Compares without telling how much of it is right. */
static bool same(struct sk_span a, const char *b)
{
    return a.n == strlen(b) && sk_same_secret(a.p, b, a.n);
}

static int check_audience(const yyjson_val *claims, const char *client_id, struct sk_errmsg *em)
{
    yyjson_val *aud = sk_json_get(claims, "aud"), *azp = sk_json_get(claims, "azp");
    if (!yyjson_equals_str(aud, client_id) && !sk_json_lists(aud, sk_span_of(client_id)))
        return refuse(em, "it was made for another application (aud)");
    if (azp != NULL && !yyjson_equals_str(azp, client_id))
        return refuse(em, "it was given to another application (azp)");
    if (azp == NULL && yyjson_arr_size(aud) > 1)
        return refuse(em, "it is for several applications and does not say which one got it (azp)");
    return 0;
}

static bool seconds(const yyjson_val *claims, const char *name, double *ret)
{
    return sk_json_number(sk_json_get(claims, name), ret) && *ret >= 0 && *ret <= SECONDS_MAX;
}

static int check_times(const yyjson_val *claims, int64_t now_s, struct sk_errmsg *em)
{
    double now = (double)now_s, exp, iat, nbf;
    if (!seconds(claims, "exp", &exp) || !seconds(claims, "iat", &iat))
        return refuse(em, "it does not say when it was made and how long it holds (iat, exp)");
    if (now >= exp + SK_OIDC_LEEWAY_S)
        return refuse(em, "it has expired (exp); is the clock of this server right?");
    if (iat > now + SK_OIDC_LEEWAY_S)
        return refuse(em, "it was made in the future (iat); is the clock of this server right?");
    if (iat < now - SK_OIDC_ISSUED_MAX_S - SK_OIDC_LEEWAY_S)
        return refuse(em, "it was made too long ago (iat); is the clock of this server right?");
    if (sk_json_get(claims, "nbf") != NULL && (!seconds(claims, "nbf", &nbf) || nbf > now + SK_OIDC_LEEWAY_S))
        return refuse(em, "it does not hold yet (nbf); is the clock of this server right?");
    return 0;
}

static enum sk_digest_kind digest_of(enum sk_jose_alg alg)
{
    if (alg == SK_JOSE_RS256 || alg == SK_JOSE_PS256 || alg == SK_JOSE_ES256)
        return SK_DIGEST_SHA256;
    return alg == SK_JOSE_RS384 || alg == SK_JOSE_PS384 || alg == SK_JOSE_ES384 ? SK_DIGEST_SHA384 : SK_DIGEST_SHA512;
}

/* The access token belongs to the ID token when the latter holds half of its digest (section 3.1.3.6). */
static int check_access_token(const yyjson_val *claims, const struct sk_oidc_expected *e, struct sk_errmsg *em)
{
    yyjson_val *hash = sk_json_get(claims, "at_hash");
    struct sk_digest d;
    unsigned char digest[SK_DIGEST_SIZE_MAX];
    struct sk_buf text;
    if (hash == NULL || e->access_token.n == 0)
        return 0;
    int r = sk_digest_begin(digest_of(e->alg), &d, em);
    if (r < 0)
        return r;
    sk_digest_add(&d, e->access_token);
    sk_buf_init(&text, 2 * sizeof digest);
    size_t n = sk_digest_end(&d, digest);
    sk_base64url_append(&text, digest, n / 2);
    bool ok = same(sk_json_str(hash), sk_buf_cstr(&text));
    sk_buf_finish(&text);
    return ok ? 0 : refuse(em, "the access token does not belong to it (at_hash)");
}

int sk_oidc_id_token_check(const yyjson_val *claims, const struct sk_oidc_expected *e, struct sk_errmsg *em)
{
    struct sk_span sub = sk_json_str(sk_json_get(claims, "sub"));
    if (!yyjson_equals_str(sk_json_get(claims, "iss"), e->issuer))
        return refuse(em, "it comes from another issuer (iss)");
    if (sub.n == 0 || sub.n > SK_OIDC_SUBJECT_MAX || memchr(sub.p, '\0', sub.n) != NULL)
        return refuse(em, "it does not say whom it is about (sub)");
    int r = check_audience(claims, e->client_id, em);
    if (r == 0)
        r = check_times(claims, e->now_s, em);
    if (r == 0 && !same(sk_json_str(sk_json_get(claims, "nonce")), e->nonce))
        r = refuse(em, "it belongs to another login (nonce)");
    return r < 0 ? r : check_access_token(claims, e, em);
}
