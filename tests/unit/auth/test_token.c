#include "auth/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW 1800000000
static struct sk_errmsg em;

static int verify(const char *token, int64_t now, struct sk_claims *c)
{
    return sk_token_verify(SK_SPAN("a key"), sk_span_of(token), now, c, &em);
}

static void issue(const struct sk_claims *c, struct sk_buf *out)
{
    sk_buf_init(out, SK_TOKEN_MAX);
    assert_int_equal(sk_token_issue(SK_SPAN("a key"), c, out, &em), 0);
    assert_non_null(sk_buf_cstr(out));
}

static void what_is_issued_is_accepted(void **state)
{
    struct sk_claims in[] = { { .subject = "anna", .iat_s = NOW, .exp_s = NOW + 60, .remember_me = true },
                              { .subject = "1234-\"5\"", .iat_s = NOW, .device = true },
                              { .subject = "\xc3\xa6", .iat_s = NOW } };
    for (size_t i = 0; i < SK_COUNT(in); i++) {
        struct sk_buf token;
        struct sk_claims out = { 0 };
        issue(&in[i], &token);
        assert_int_equal(verify(token.p, NOW + 59, &out), 0);
        assert_string_equal(out.subject, in[i].subject);
        assert_int_equal(out.device, in[i].device);
        assert_int_equal(out.remember_me, in[i].remember_me);
        assert_int_equal(out.iat_s, in[i].iat_s);
        assert_int_equal(out.exp_s, in[i].exp_s);
        sk_buf_finish(&token);
    }
    (void)state;
}

/* {"id":"anna","iat":1800000000} signed by another implementation */
static void a_foreign_token_of_the_same_key_is_accepted(void **state)
{
    struct sk_claims c;
    assert_int_equal(verify("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6ImFubmEiLCJpYXQiOjE4MDAwMDAwMDB9.XUY-nEsuZhlK7lN-"
                            "ep4b5vs4vvX8kvZOa_r9fTzt7YQ",
                            NOW, &c),
                     0);
    assert_string_equal(c.subject, "anna");
    (void)state;
}

static void it_ends_when_it_says(void **state)
{
    struct sk_buf token;
    struct sk_claims c;
    issue(&(struct sk_claims){ .subject = "anna", .iat_s = NOW, .exp_s = NOW + 60 }, &token);
    assert_int_equal(verify(token.p, NOW + 60, &c), SK_ERR_DENIED);
    assert_string_equal(em.text, "jwt expired");
    sk_buf_finish(&token);
    (void)state;
}

/* Every byte counts: a token with any one of them changed is refused. */
static void no_byte_can_be_changed(void **state)
{
    struct sk_buf token;
    struct sk_claims c;
    issue(&(struct sk_claims){ .subject = "anna", .iat_s = NOW }, &token);
    for (size_t i = 0; i + 1 < token.n; i++) { /* of the last digit two bits are no part of the signature */
        char kept = token.p[i];
        token.p[i] = kept == 'A' ? 'B' : 'A';
        assert_true(verify(token.p, NOW, &c) < 0);
        token.p[i] = kept;
    }
    assert_int_equal(verify(token.p, NOW, &c), 0);
    assert_int_equal(sk_token_verify(SK_SPAN("a kez"), sk_buf_span(&token), NOW, &c, &em), SK_ERR_DENIED);
    for (size_t n = 0; n < token.n; n++)
        assert_true(sk_token_verify(SK_SPAN("a key"), (struct sk_span){ token.p, n }, NOW, &c, &em) < 0);
    sk_buf_finish(&token);
    (void)state;
}

static void life_times(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = { { "NEVER", 0 },   { "never", 0 },  { "60s", 60 },         { "10m", 600 },   { "1h", 3600 },
                 { "1.5h", 5400 }, { "1d", 86400 }, { "2 days", 172800 },  { "1w", 604800 }, { "1y", 31557600 },
                 { "5000", 5 },    { "1", 1 },      { "1 Year", 31557600 } };
    static const char *const bad[] = { "",  "x",     "1x",           "-1d",    "0", "0s",  "1e3s",
                                       "d", "1 d 2", "99999999999y", "1.2.3h", ".", "NEVE" };
    int64_t seconds;
    for (size_t i = 0; i < SK_COUNT(good); i++) {
        assert_int_equal(sk_timespan_parse(sk_span_of(good[i].text), &seconds, &em), 0);
        assert_int_equal(seconds, good[i].seconds);
    }
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_int_equal(sk_timespan_parse(sk_span_of(bad[i]), &seconds, &em), SK_ERR_INVALID);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_issued_is_accepted),
        cmocka_unit_test(a_foreign_token_of_the_same_key_is_accepted),
        cmocka_unit_test(it_ends_when_it_says),
        cmocka_unit_test(no_byte_can_be_changed),
        cmocka_unit_test(life_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
