#include "oidc/id_token.h"
#include "oidc/person.h"
#include "oidc/provider.h"
#include "oidc/state.h"
#include "oidc/url.h"

#include "http/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW 1800000000
static struct sk_errmsg em;

static void addresses_that_may_be_used(void **state)
{
    static const char *const good[] = { "https://a",
                                        "https://a.example:8443/x?y=z",
                                        "http://localhost:3000/cb",
                                        "http://127.0.0.1/",
                                        "http://[::1]:3000/cb",
                                        "HTTPS://A.EXAMPLE/",
                                        "https://[2001:db8::1]/x" };
    static const char *const bad[] = { "",
                                       "/x",
                                       "ftp://a/",
                                       "https://",
                                       "https:///x",
                                       "http://a.example/",
                                       "http://localhost.evil.example/",
                                       "http://127.0.0.1.evil.example/",
                                       "http://localhost@evil.example/",
                                       "https://u:p@a/",
                                       "https://a/#x",
                                       "https://a b/",
                                       "https://a\\b/",
                                       "https://a:port/",
                                       "https://a:123456/",
                                       "https://[::1",
                                       "https://[]/",
                                       "https://a/\n",
                                       "https://\xc3\xa9.example/",
                                       "https://a%2eb/",
                                       "javascript:x" };
    for (size_t i = 0; i < SK_COUNT(good); i++)
        assert_int_equal(sk_oidc_url_check(sk_span_of(good[i]), &em), 0);
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_int_equal(sk_oidc_url_check(sk_span_of(bad[i]), &em), SK_ERR_INVALID);
    assert_true(sk_span_eq(sk_oidc_url_origin(SK_SPAN("https://a.example:1/b/c?d")), "https://a.example:1"));
    assert_true(sk_span_eq(sk_oidc_url_origin(SK_SPAN("http://[::1]?d")), "http://[::1]"));
    (void)state;
}

/* RFC 7636, appendix B */
static void the_challenge_of_the_standard(void **state)
{
    char challenge[SK_OIDC_RANDOM_SIZE];
    assert_int_equal(sk_oidc_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge, &em), 0);
    assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    (void)state;
}

static int open_at(const struct sk_buf *cookie, const char *secret, const char *client, int64_t now, struct sk_oidc_state *s)
{
    return sk_oidc_state_open(sk_span_of(secret), sk_buf_span(cookie), "https://a", client, now, s, &em);
}

static void a_state_comes_back_as_it_was(void **state)
{
    struct sk_oidc_state in, out, other;
    struct sk_buf cookie;
    sk_buf_init(&cookie, 4000);
    assert_int_equal(sk_oidc_state_make(SK_SPAN("/kip/#/\"x\""), "https://a", "me", NOW, &in, &em), 0);
    assert_int_equal(sk_oidc_state_make(SK_SPAN("//x"), "https://a", "me", NOW, &other, &em), 0);
    assert_string_equal(other.target, "/");
    assert_string_not_equal(in.state, other.state);
    assert_string_not_equal(in.verifier, other.verifier);
    assert_int_equal(strlen(in.verifier), 43);
    assert_int_equal(sk_oidc_state_seal(SK_SPAN("key"), &in, &cookie, &em), 0);
    assert_int_equal(open_at(&cookie, "key", "me", NOW + SK_OIDC_STATE_LIFE_S, &out), 0);
    assert_string_equal(out.state, in.state);
    assert_string_equal(out.nonce, in.nonce);
    assert_string_equal(out.verifier, in.verifier);
    assert_string_equal(out.target, "/kip/#/\"x\"");
    assert_int_equal(open_at(&cookie, "key", "me", NOW + SK_OIDC_STATE_LIFE_S + 1, &out), SK_ERR_DENIED);
    assert_int_equal(open_at(&cookie, "key", "me", NOW - 100, &out), SK_ERR_DENIED);
    assert_int_equal(open_at(&cookie, "yek", "me", NOW, &out), SK_ERR_DENIED);
    assert_int_equal(open_at(&cookie, "key", "you", NOW, &out), SK_ERR_DENIED);
    cookie.n--;
    assert_int_equal(open_at(&cookie, "key", "me", NOW, &out), SK_ERR_DENIED);
    sk_buf_finish(&cookie);
    (void)state;
}

static int check_token(const char *json)
{
    const struct sk_oidc_expected e = { .issuer = "https://a",
                                        .client_id = "me",
                                        .nonce = "n",
                                        .access_token = SK_SPAN("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
                                        .alg = SK_JOSE_RS256,
                                        .now_s = NOW };
    yyjson_doc *doc = NULL;
    assert_int_equal(sk_json_read(sk_span_of(json), &doc, &em), 0);
    int r = sk_oidc_id_token_check(yyjson_doc_get_root(doc), &e, &em);
    yyjson_doc_free(doc);
    return r;
}

#define CLAIMS(more) "{\"iss\":\"https://a\",\"sub\":\"s\",\"nonce\":\"n\"," more "}"
#define TIMES ",\"iat\":1800000000,\"exp\":1800000060"

static void claims_at_their_edges(void **state)
{
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\"" TIMES)), 0);
    assert_int_equal(check_token(CLAIMS("\"aud\":[\"me\"]" TIMES)), 0);
    assert_int_equal(check_token(CLAIMS("\"aud\":[\"x\",\"me\"],\"azp\":\"me\"" TIMES)), 0);
    assert_int_equal(check_token(CLAIMS("\"aud\":[\"x\",\"me\"]" TIMES)), SK_ERR_DENIED);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"azp\":\"x\"" TIMES)), SK_ERR_DENIED);
    assert_int_equal(check_token(CLAIMS("\"aud\":[]" TIMES)), SK_ERR_DENIED);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"iat\":1800000060,\"exp\":1799999941")), 0);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"iat\":1800000060,\"exp\":1799999940")), SK_ERR_DENIED);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"iat\":1800000061,\"exp\":1800000060")), SK_ERR_DENIED);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"iat\":1799999339,\"exp\":1800000060")), SK_ERR_DENIED);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"nbf\":1800000061" TIMES)), SK_ERR_DENIED);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"iat\":1800000000,\"exp\":1e99")), SK_ERR_DENIED);
    assert_int_equal(check_token("7"), SK_ERR_DENIED);
    /* OpenID Connect Core, appendix A.3: an access token and its hash */
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RQ\"" TIMES)), 0);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RA\"" TIMES)), SK_ERR_DENIED);
    assert_int_equal(check_token(CLAIMS("\"aud\":\"me\",\"at_hash\":7" TIMES)), SK_ERR_DENIED);
    (void)state;
}

static void a_providers_document(void **state)
{
    static const char good[] = "{\"issuer\":\"https://a/\",\"authorization_endpoint\":\"https://a/"
                               "auth\",\"token_endpoint\":\"https://a/t\",\"jwks_uri\":\"https://a/k\"}";
    struct sk_oidc_provider p;
    struct sk_buf address;
    sk_buf_init(&address, 1000);
    sk_oidc_provider_address("https://a/b/", &address);
    assert_string_equal(sk_buf_cstr(&address), "https://a/b/.well-known/openid-configuration");
    sk_buf_finish(&address);
    assert_int_equal(sk_oidc_provider_read("https://a/", sk_span_of(good), &p, &em), 0);
    assert_true(p.basic && !p.post && p.userinfo == NULL && !p.says_issuer); /* basic: the standard's default */
    sk_oidc_provider_finish(&p);
    assert_int_equal(sk_oidc_provider_read("https://a", sk_span_of(good), &p, &em), SK_ERR_INVALID);
    assert_int_equal(sk_oidc_provider_read("https://a", SK_SPAN("7"), &p, &em), SK_ERR_INVALID);
    (void)state;
}

static const char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

static const char *some_env(const char *name)
{
    static const char flag[] = "True", groups[] = " a ,, b,";
    return strcmp(name, "SIGNALK_OIDC_ENABLED") == 0 ? flag : strcmp(name, "SIGNALK_OIDC_ADMIN_GROUPS") == 0 ? groups : NULL;
}

static int read_config(const char *json, const char *(*env)(const char *name), struct sk_oidc_config *c)
{
    struct sk_oidc_merged m;
    yyjson_doc *doc = NULL;
    assert_int_equal(sk_json_read(sk_span_of(json), &doc, &em), 0);
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    sk_oidc_config_merge(yyjson_mut_doc_get_root(copy), env, &m);
    int r = sk_oidc_config_read(&m, c, &em);
    sk_oidc_merged_finish(&m);
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(doc);
    return r;
}

#define WHOLE "\"issuer\":\"https://a\",\"clientId\":\"me\",\"clientSecret\":\"s\",\"redirectUri\":\"https://b/cb\""

static void settings_have_defaults_and_the_environment_goes_first(void **state)
{
    struct sk_oidc_config c;
    assert_int_equal(read_config("{}", no_env, &c), 0);
    assert_false(c.enabled);
    sk_oidc_config_finish(&c);
    assert_int_equal(read_config("{\"adminGroups\":[\"c\"],\"scope\":null," WHOLE "}", some_env, &c), 0);
    assert_true(c.enabled && c.auto_create_users && !c.auto_login);
    assert_int_equal(c.default_role, SK_ROLE_READONLY);
    assert_string_equal(c.scope, "openid email profile");
    assert_int_equal(c.admin_groups.n, 4);
    assert_memory_equal(c.admin_groups.p, "a\0b", 4);
    sk_oidc_config_finish(&c);
    assert_int_equal(read_config("{}", some_env, &c), SK_ERR_INVALID);
    assert_string_equal(em.text, "oidc.issuer is missing");
    assert_int_equal(read_config("{\"enabled\":\"yes\"}", no_env, &c), SK_ERR_INVALID);
    assert_int_equal(read_config("{\"adminGroups\":[\"a\\u0000\"]}", no_env, &c), SK_ERR_INVALID);
    (void)state;
}

static void what_people_call_themselves(void **state)
{
    char out[9];
    const struct {
        const char *in, *out;
    } all[] = { { "  a b  ", "a b" },
                { "a\r\nb\x1b", "ab" },
                { "abcdefghij", "abcdefgh" },
                { "abcdefg\xc3\xa9", "abcdefg" },
                { "\xff"
                  "a",
                  "a" },
                { "a\xc2\x9b"
                  "b",
                  "ab" },
                { "\xe2\x80\xae"
                  "a",
                  "a" },
                { "\xe2\x82\xac", "\xe2\x82\xac" },
                { "", "" } };
    for (size_t i = 0; i < SK_COUNT(all); i++) {
        sk_oidc_clean(sk_span_of(all[i].in), out, sizeof out);
        assert_string_equal(out, all[i].out);
    }
    (void)state;
}

static void own_paths(void **state)
{
    static const char *const good[] = { "/", "/a//b", "/?x=https://y", "/a#b" };
    static const char *const bad[] = { "", "a", "//a", "/\\a", "/a\\b", "/\t/a", "/ ", "/\x7f", "https://a/" };
    for (size_t i = 0; i < SK_COUNT(good); i++)
        assert_true(sk_http_is_own_path(sk_span_of(good[i])));
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_false(sk_http_is_own_path(sk_span_of(bad[i])));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_may_be_used),   cmocka_unit_test(the_challenge_of_the_standard),
        cmocka_unit_test(a_state_comes_back_as_it_was), cmocka_unit_test(claims_at_their_edges),
        cmocka_unit_test(a_providers_document),         cmocka_unit_test(settings_have_defaults_and_the_environment_goes_first),
        cmocka_unit_test(what_people_call_themselves),  cmocka_unit_test(own_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
