#include "jose/jwk.h"

#include "base/base64.h"

#include <stdlib.h>

#define RSA_BYTES_MIN 256u
#define RSA_BYTES_MAX 1024u
#define EXPONENT_BYTES_MAX 8u
#define DER_MAX ((size_t)4096)

/* AlgorithmIdentifiers, RFC 3279, RFC 5480, RFC 8410 */
#define OID_EC "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
static const struct curve {
    const char *name;
    enum sk_jwk_kind kind;
    size_t bytes; /* of a coordinate */
    struct sk_span identifier;
} curves[] = {
    { "P-256", SK_JWK_P256, 32, { "\x30\x13" OID_EC "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 21 } },
    { "P-384", SK_JWK_P384, 48, { "\x30\x10" OID_EC "\x06\x05\x2b\x81\x04\x00\x22", 18 } },
    { "P-521", SK_JWK_P521, 66, { "\x30\x10" OID_EC "\x06\x05\x2b\x81\x04\x00\x23", 18 } },
};
static const struct sk_span rsa_identifier = { "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15 };
static const struct sk_span ed25519_identifier = { "\x30\x05\x06\x03\x2b\x65\x70", 7 };

/* ---- one key -------------------------------------------------------------------------------------------------------------- */

static bool bytes_of(const yyjson_val *key, const char *member, void *out, size_t max, size_t *ret_n)
{
    struct sk_span text = sk_json_str(sk_json_get(key, member));
    return text.n > 0 && sk_base64url_decode(text, out, max, ret_n);
}

/* SubjectPublicKeyInfo: who made the key, and the key as a string of bits. */
static bool wrap(struct sk_span identifier, struct sk_span bits, struct sk_buf *out)
{
    struct sk_buf string, both;
    sk_buf_init(&string, DER_MAX);
    sk_buf_init(&both, DER_MAX);
    sk_buf_init(out, DER_MAX);
    sk_buf_char(&string, 0); /* unused bits at its end */
    sk_buf_span_append(&string, bits);
    sk_buf_span_append(&both, identifier);
    sk_der_append(&both, SK_DER_BIT_STRING, sk_buf_span(&string));
    sk_der_append(out, SK_DER_SEQUENCE, sk_buf_span(&both));
    bool ok = sk_buf_ok(&string) && sk_buf_ok(&both) && sk_buf_ok(out);
    sk_buf_finish(&string);
    sk_buf_finish(&both);
    return ok;
}

static bool read_rsa(const yyjson_val *v, struct sk_jwk *k)
{
    char n[RSA_BYTES_MAX + 1], e[EXPONENT_BYTES_MAX];
    size_t n_size, e_size, zeros = 0;
    struct sk_buf numbers, pair;
    if (!bytes_of(v, "n", n, sizeof n, &n_size) || !bytes_of(v, "e", e, sizeof e, &e_size))
        return false;
    while (zeros < n_size && n[zeros] == 0)
        zeros++;
    if (n_size - zeros < RSA_BYTES_MIN || n_size - zeros > RSA_BYTES_MAX || (e[e_size - 1] & 1) == 0 ||
        (e_size == 1 && e[0] == 1))
        return false;
    sk_buf_init(&numbers, DER_MAX);
    sk_buf_init(&pair, DER_MAX);
    sk_der_append_number(&numbers, (struct sk_span){ n, n_size });
    sk_der_append_number(&numbers, (struct sk_span){ e, e_size });
    sk_der_append(&pair, SK_DER_SEQUENCE, sk_buf_span(&numbers));
    k->kind = SK_JWK_RSA;
    bool ok = sk_buf_ok(&numbers) && sk_buf_ok(&pair) && wrap(rsa_identifier, sk_buf_span(&pair), &k->der);
    sk_buf_finish(&numbers);
    sk_buf_finish(&pair);
    return ok;
}

static bool read_curve(const yyjson_val *v, const struct curve *c, struct sk_jwk *k)
{
    char point[1 + 2 * 66 + 1] = { 4 }; /* not compressed */
    size_t x, y;
    k->kind = c->kind;
    return bytes_of(v, "x", point + 1, c->bytes, &x) && x == c->bytes && bytes_of(v, "y", point + 1 + x, c->bytes, &y) &&
           y == c->bytes && wrap(c->identifier, (struct sk_span){ point, 1 + x + y }, &k->der);
}

static bool read_ec(const yyjson_val *v, struct sk_jwk *k)
{
    struct sk_span name = sk_json_str(sk_json_get(v, "crv"));
    for (size_t i = 0; i < SK_COUNT(curves); i++)
        if (sk_span_eq(name, curves[i].name))
            return read_curve(v, &curves[i], k);
    return false;
}

static bool read_okp(const yyjson_val *v, struct sk_jwk *k)
{
    char x[32];
    size_t n;
    k->kind = SK_JWK_ED25519;
    return sk_span_eq(sk_json_str(sk_json_get(v, "crv")), "Ed25519") && bytes_of(v, "x", x, sizeof x, &n) && n == sizeof x &&
           wrap(ed25519_identifier, (struct sk_span){ x, n }, &k->der);
}

static bool may_verify(const yyjson_val *v)
{
    yyjson_val *use = sk_json_get(v, "use"), *ops = sk_json_get(v, "key_ops"), *one;
    size_t i, n;
    if (use != NULL && !yyjson_equals_str(use, "sig"))
        return false;
    if (ops == NULL)
        return true;
    yyjson_arr_foreach(ops, i, n, one)
        if (yyjson_equals_str(one, "verify"))
            return true;
    return false;
}

static bool fits(enum sk_jwk_kind kind, enum sk_jose_alg alg)
{
    switch (alg) {
    case SK_JOSE_ES256:
        return kind == SK_JWK_P256;
    case SK_JOSE_ES384:
        return kind == SK_JWK_P384;
    case SK_JOSE_ES512:
        return kind == SK_JWK_P521;
    case SK_JOSE_EdDSA:
        return kind == SK_JWK_ED25519;
    case SK_JOSE_NO_ALG:
        return false;
    case SK_JOSE_RS256:
    case SK_JOSE_RS384:
    case SK_JOSE_RS512:
    case SK_JOSE_PS256:
    case SK_JOSE_PS384:
    case SK_JOSE_PS512:
        break;
    }
    return kind == SK_JWK_RSA;
}

/* What is said beside the numbers: id and algorithm. */
static bool read_about(const yyjson_val *v, struct sk_jwk *k)
{
    yyjson_val *id = sk_json_get(v, "kid"), *alg = sk_json_get(v, "alg");
    struct sk_span text = sk_json_str(id);
    if (text.n > SK_JWK_ID_MAX || (text.n > 0 && memchr(text.p, '\0', text.n) != NULL))
        return false;
    k->has_id = text.p != NULL;
    if (text.n > 0)
        memcpy(k->id, text.p, text.n);
    k->alg = alg != NULL ? sk_jose_alg_of(sk_json_str(alg)) : SK_JOSE_NO_ALG;
    return alg == NULL || fits(k->kind, k->alg);
}

static bool read_key(const yyjson_val *v, struct sk_jwk *k)
{
    struct sk_span kty = sk_json_str(sk_json_get(v, "kty"));
    *k = (struct sk_jwk){ 0 };
    bool ok = may_verify(v) && (sk_span_eq(kty, "RSA")  ? read_rsa(v, k)
                                : sk_span_eq(kty, "EC") ? read_ec(v, k)
                                                        : sk_span_eq(kty, "OKP") && read_okp(v, k));
    if (ok && read_about(v, k))
        return true;
    sk_buf_finish(&k->der);
    return false;
}

/* ---- the set -------------------------------------------------------------------------------------------------------------- */

int sk_jwks_read(struct sk_span json, struct sk_jwks *ret_keys, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    struct sk_jwks k = { 0 };
    yyjson_val *v;
    size_t i, n;
    int r = sk_json_read(json, &doc, em);
    if (r < 0)
        return r;
    yyjson_val *keys = sk_json_get(yyjson_doc_get_root(doc), "keys");
    if (!yyjson_is_arr(keys)) {
        yyjson_doc_free(doc);
        return sk_errmsg_set(em, SK_ERR_INVALID, "it has no list \"keys\"");
    }
    k.keys = sk_xcalloc(SK_JWKS_MAX, sizeof *k.keys);
    yyjson_arr_foreach(keys, i, n, v)
        if (k.count < SK_JWKS_MAX && read_key(v, &k.keys[k.count]))
            k.count++;
    n = yyjson_arr_size(keys);
    yyjson_doc_free(doc);
    if (k.count > 0) {
        *ret_keys = k;
        return 0;
    }
    sk_jwks_finish(&k);
    return sk_errmsg_set(em, SK_ERR_INVALID, "none of its %zu keys can be used to check a signature", n);
}

void sk_jwks_finish(struct sk_jwks *k)
{
    for (size_t i = 0; i < k->count; i++)
        sk_buf_finish(&k->keys[i].der);
    free(k->keys);
    *k = (struct sk_jwks){ 0 };
}

int sk_jwks_choose(const struct sk_jwks *k, enum sk_jose_alg alg, const char *id, const struct sk_jwk **ret_key,
                   struct sk_errmsg *em)
{
    const struct sk_jwk *found = NULL;
    for (size_t i = 0; i < k->count; i++) {
        const struct sk_jwk *one = &k->keys[i];
        if (!fits(one->kind, alg) || (one->alg != SK_JOSE_NO_ALG && one->alg != alg) ||
            (id != NULL && (!one->has_id || strcmp(one->id, id) != 0)))
            continue;
        if (found != NULL)
            return sk_errmsg_set(em, SK_ERR_INVALID, "the token does not say which of several keys signed it");
        found = one;
    }
    if (found == NULL)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "it is signed with a key that is not among the published ones");
    *ret_key = found;
    return 0;
}
