#include "jose/jws.h"

#include "base/base64.h"

#include <strings.h>

static bool decode(struct sk_span part, struct sk_buf *out)
{
    size_t n;
    sk_buf_init(out, SK_JWS_MAX);
    char *to = sk_buf_reserve(out, part.n + 1);
    if (to == NULL || !sk_base64url_decode(part, to, part.n, &n))
        return false;
    out->n = n;
    return true;
}

static int read_algorithm(const yyjson_val *header, struct sk_jws *j, struct sk_errmsg *em)
{
    struct sk_span alg = sk_json_str(sk_json_get(header, "alg")), type = sk_json_str(sk_json_get(header, "typ"));
    j->alg = sk_jose_alg_of(alg);
    if (j->alg == SK_JOSE_NO_ALG)
        return sk_errmsg_set(em, SK_ERR_DENIED, "tokens signed by \"%.*s\" are not accepted", (int)(alg.n < 20 ? alg.n : 20),
                             alg.p != NULL ? alg.p : "");
    if (sk_json_get(header, "crit") != NULL)
        return sk_errmsg_set(em, SK_ERR_DENIED, "it has a critical extension, and none is known here");
    if (type.p != NULL && (type.n != 3 || strncasecmp(type.p, "JWT", 3) != 0))
        return sk_errmsg_set(em, SK_ERR_DENIED, "it is of another type than JWT");
    return 0;
}

static int read_key_id(const yyjson_val *header, struct sk_jws *j, struct sk_errmsg *em)
{
    yyjson_val *id = sk_json_get(header, "kid");
    struct sk_span text = sk_json_str(id);
    if (id == NULL)
        return 0;
    if (text.p == NULL || text.n > SK_JWK_ID_MAX || memchr(text.p, '\0', text.n) != NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "its key id is none");
    memcpy(j->id, text.p, text.n);
    j->has_id = true;
    return 0;
}

static int read_header(struct sk_span part, struct sk_jws *j, struct sk_errmsg *em)
{
    struct sk_buf text;
    yyjson_doc *doc = NULL;
    int r = decode(part, &text) && sk_json_read(sk_buf_span(&text), &doc, NULL) == 0 && yyjson_is_obj(yyjson_doc_get_root(doc))
                ? 0
                : sk_errmsg_set(em, SK_ERR_INVALID, "its header cannot be read");
    if (r == 0)
        r = read_algorithm(yyjson_doc_get_root(doc), j, em);
    if (r == 0)
        r = read_key_id(yyjson_doc_get_root(doc), j, em);
    yyjson_doc_free(doc);
    sk_buf_finish(&text);
    return r;
}

/* The parts between the dots; their number, at most 4. */
static size_t split(struct sk_span token, struct sk_span parts[4])
{
    size_t n = 0;
    for (;;) {
        const char *dot = token.n > 0 ? memchr(token.p, '.', token.n) : NULL;
        parts[n] = (struct sk_span){ token.p, dot != NULL ? (size_t)(dot - token.p) : token.n };
        n++;
        if (dot == NULL || n == 4)
            return n;
        token = (struct sk_span){ dot + 1, token.n - parts[n - 1].n - 1 };
    }
}

int sk_jws_read(struct sk_span token, struct sk_jws *ret, struct sk_errmsg *em)
{
    struct sk_span parts[4];
    struct sk_jws j = { 0 };
    if (token.n > SK_JWS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "the token is longer than %zu bytes", SK_JWS_MAX);
    size_t n = split(token, parts);
    if (n != 3)
        return sk_errmsg_set(em, SK_ERR_INVALID, n > 3 ? "the token is encrypted, or none" : "it is no token");
    int r = read_header(parts[0], &j, em);
    j.text = (struct sk_span){ token.p, parts[0].n + 1 + parts[1].n };
    if (r == 0 && (!decode(parts[1], &j.payload) || !decode(parts[2], &j.signature)))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "the token cannot be read");
    if (r < 0)
        sk_jws_finish(&j);
    else
        *ret = j;
    return r;
}

void sk_jws_finish(struct sk_jws *j)
{
    sk_buf_finish(&j->payload);
    sk_buf_finish(&j->signature);
}

int sk_jws_verify(const struct sk_jws *j, const struct sk_jwks *keys, struct sk_errmsg *em)
{
    const struct sk_jwk *key = NULL;
    int r = sk_jwks_choose(keys, j->alg, j->has_id ? j->id : NULL, &key, em);
    return r < 0 ? r : sk_signature_check(j->alg, sk_buf_span(&key->der), j->text, sk_buf_span(&j->signature), em);
}
