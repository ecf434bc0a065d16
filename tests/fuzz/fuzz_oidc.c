/* links: oidc_dep */
#include "base/env.h"
#include "jose/jws.h"
#include "oidc/id_token.h"
#include "oidc/person.h"
#include "oidc/provider.h"
#include "oidc/state.h"
#include "oidc/url.h"

static void as_keys(struct sk_span text)
{
    struct sk_jwks k;
    if (sk_jwks_read(text, &k, NULL) < 0)
        return;
    SK_ASSERT(k.count > 0 && k.count <= SK_JWKS_MAX);
    for (size_t i = 0; i < k.count; i++)
        (void)sk_signature_check(k.keys[i].kind == SK_JWK_RSA ? SK_JOSE_PS256 : SK_JOSE_ES256, sk_buf_span(&k.keys[i].der), text,
                                 text, NULL);
    sk_jwks_finish(&k);
}

static void as_token(struct sk_span text)
{
    static const char keys[] =
        "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";
    struct sk_jwks k;
    struct sk_jws j;
    if (sk_jws_read(text, &j, NULL) < 0)
        return;
    SK_ASSERT(j.alg != SK_JOSE_NO_ALG && sk_jwks_read(sk_span_of(keys), &k, NULL) == 0);
    (void)sk_jws_verify(&j, &k, NULL);
    sk_jwks_finish(&k);
    sk_jws_finish(&j);
}

static void as_claims(struct sk_span text)
{
    const struct sk_oidc_expected e = {
        .issuer = "i", .client_id = "c", .nonce = "n", .access_token = SK_SPAN("t"), .alg = SK_JOSE_ES384, .now_s = 1800000000
    };
    struct sk_oidc_config c = { .issuer = (char[]){ "i" },
                                .groups_attribute = (char[]){ "groups" },
                                .default_role = SK_ROLE_READONLY };
    struct sk_oidc_person p;
    yyjson_doc *doc = NULL;
    if (sk_json_read(text, &doc, NULL) < 0)
        return;
    const yyjson_val *v = yyjson_doc_get_root(doc);
    struct sk_span sub = sk_json_str(sk_json_get(v, "sub"));
    (void)sk_oidc_id_token_check(v, &e, NULL);
    if (sub.n > 0 && sub.n <= SK_OIDC_SUBJECT_MAX && sk_oidc_person_read(&c, v, v, &p, NULL) == 0) {
        SK_ASSERT(p.role == SK_ROLE_READONLY && strlen(p.name) <= SK_SUBJECT_MAX);
        sk_oidc_person_finish(&p);
    }
    yyjson_doc_free(doc);
}

static void as_settings(struct sk_span text)
{
    struct sk_oidc_merged m;
    struct sk_oidc_config c = { 0 };
    struct sk_buf b;
    yyjson_doc *doc = NULL;
    if (sk_json_read(text, &doc, NULL) < 0)
        return;
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    sk_oidc_config_merge(yyjson_mut_doc_get_root(copy), sk_env, &m);
    if (sk_oidc_config_read(&m, &c, NULL) == 0)
        sk_oidc_config_finish(&c);
    sk_buf_init(&b, (size_t)1 << 20);
    sk_oidc_merged_write(&m, &b);
    sk_buf_finish(&b);
    sk_oidc_merged_finish(&m);
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(doc);
}

/* What a provider, a browser and an administrator send: keys, tokens, claims, the discovery document, a state, settings. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    struct sk_oidc_provider p;
    struct sk_oidc_state s;
    char clean[16];
    as_keys(text);
    as_token(text);
    as_claims(text);
    as_settings(text);
    if (sk_oidc_provider_read("https://a", text, &p, NULL) == 0) {
        SK_ASSERT(sk_oidc_url_check(sk_span_of(p.token), NULL) == 0);
        sk_oidc_provider_finish(&p);
    }
    (void)sk_oidc_state_open(SK_SPAN("key"), text, "https://a", "me", 1800000000, &s, NULL);
    if (sk_oidc_url_check(text, NULL) == 0)
        SK_ASSERT(sk_oidc_url_origin(text).n > 7);
    sk_oidc_clean(text, clean, sizeof clean);
    SK_ASSERT(strlen(clean) < sizeof clean);
    return 0;
}
