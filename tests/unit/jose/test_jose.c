#include "base/base64.h"
#include "jose/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct sk_errmsg em;

/* RFC 7515, appendices A.1 to A.4: one payload, a key of each kind */
#define PAYLOAD "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RSA_N                                                                                                                    \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs"       \
    "D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV"       \
    "MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RSA "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\""
#define EC                                                                                                                       \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                   \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define ED "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"" /* RFC 8037, A.2 */
#define SET(keys) "{\"keys\":[" keys "]}"

static const char rs256[] = "eyJhbGciOiJSUzI1NiJ9." PAYLOAD
                            ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGb"
                            "ds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0Gar"
                            "ZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9F"
                            "s98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char es256[] =
    "eyJhbGciOiJFUzI1NiJ9." PAYLOAD ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char eddsa[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQ"
                            "R6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"; /* RFC 8037, A.4 */
static const char hs256[] =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"; /* A.1 */

static int verify(const char *token, const char *keys)
{
    struct sk_jwks k = { 0 };
    struct sk_jws j = { 0 };
    int r = sk_jwks_read(sk_span_of(keys), &k, &em);
    if (r == 0)
        r = sk_jws_read(sk_span_of(token), &j, &em);
    if (r == 0)
        r = sk_jws_verify(&j, &k, &em);
    sk_jws_finish(&j);
    sk_jwks_finish(&k);
    return r;
}

static void examples_of_the_standards_are_right(void **state)
{
    struct sk_jws j;
    assert_int_equal(verify(rs256, SET(RSA "}")), 0);
    assert_int_equal(verify(es256, SET(EC "}")), 0);
    assert_int_equal(verify(eddsa, SET(ED "}")), 0);
    assert_int_equal(verify(es256, SET(RSA "}," EC "}," ED "}")), 0);
    assert_int_equal(sk_jws_read(sk_span_of(eddsa), &j, &em), 0);
    assert_true(sk_span_eq(sk_buf_span(&j.payload), "Example of Ed25519 signing"));
    sk_jws_finish(&j);
    (void)state;
}

/* Each character of each, changed: none of them is taken. */
static void nothing_else_is(void **state)
{
    const struct {
        const char *token, *keys;
    } all[] = { { es256, SET(EC "}") }, { eddsa, SET(ED "}") } };
    char text[1024];
    for (size_t i = 0; i < SK_COUNT(all); i++)
        for (size_t at = 0; all[i].token[at] != '\0'; at++) {
            snprintf(text, sizeof text, "%s", all[i].token);
            text[at] = text[at] == 'A' ? 'B' : 'A';
            assert_true(verify(text, all[i].keys) < 0);
            text[at] = '\0';
            assert_true(verify(text, all[i].keys) < 0);
        }
    (void)state;
}

static void a_shared_secret_and_no_signature_are_refused_unread(void **state)
{
    static const char *const keys = SET(
        "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}," RSA
        "}");
    assert_int_equal(verify(hs256, keys), SK_ERR_DENIED);
    assert_non_null(strstr(em.text, "HS256"));
    assert_int_equal(verify("eyJhbGciOiJub25lIn0." PAYLOAD ".", SET(RSA "}")), SK_ERR_DENIED); /* RFC 7519, 6.1 */
    assert_non_null(strstr(em.text, "none"));
    assert_int_equal(verify("e30." PAYLOAD ".", SET(RSA "}")), SK_ERR_DENIED);
    (void)state;
}

static void what_is_no_token_is_named(void **state)
{
    const struct {
        const char *token, *why;
    } all[] = { { "", "no token" },
                { "a.b", "no token" },
                { "a.b.c.d.e", "encrypted" },
                { "e30=.e30.", "header" },
                { "W10.e30.", "header" },
                { "eyJhbGciOiJSUzI1NiJ9.e.AA", "cannot be read" },
                { "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.e30.AA", "critical" },
                { "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AA", "type" },
                { "eyJhbGciOiJSUzI1NiIsImtpZCI6N30.e30.AA", "key id" } };
    for (size_t i = 0; i < SK_COUNT(all); i++) {
        assert_true(verify(all[i].token, SET(RSA "}")) < 0);
        assert_non_null(strstr(em.text, all[i].why));
    }
    (void)state;
}

static void keys_are_chosen_by_id_kind_and_use(void **state)
{
    struct sk_jwks k;
    const struct sk_jwk *found;
    assert_int_equal(sk_jwks_read(SK_SPAN(SET(RSA ",\"kid\":\"a\"}," RSA ",\"kid\":\"b\",\"alg\":\"PS256\"}," EC
                                                  ",\"kid\":\"c\"}," ED ","
                                                  "\"use\":\"enc\"}," ED ",\"key_ops\":[\"sign\"]}," ED
                                                  ",\"alg\":\"RS256\"},7,{\"kty\":\"RSA\"}")),
                                  &k, &em),
                     0);
    assert_int_equal(k.count, 3);
    assert_int_equal(sk_jwks_choose(&k, SK_JOSE_RS256, "a", &found, &em), 0);
    assert_string_equal(found->id, "a");
    assert_int_equal(sk_jwks_choose(&k, SK_JOSE_RS512, NULL, &found, &em), 0); /* b is for PS256 only */
    assert_int_equal(sk_jwks_choose(&k, SK_JOSE_PS256, NULL, &found, &em), SK_ERR_INVALID);
    assert_int_equal(sk_jwks_choose(&k, SK_JOSE_RS256, "b", &found, &em), SK_ERR_NOTFOUND);
    assert_int_equal(sk_jwks_choose(&k, SK_JOSE_ES256, "a", &found, &em), SK_ERR_NOTFOUND);
    assert_int_equal(sk_jwks_choose(&k, SK_JOSE_ES384, NULL, &found, &em), SK_ERR_NOTFOUND);
    assert_int_equal(sk_jwks_choose(&k, SK_JOSE_EdDSA, NULL, &found, &em), SK_ERR_NOTFOUND);
    sk_jwks_finish(&k);
    (void)state;
}

static void keys_that_are_none_are_passed_over(void **state)
{
    static const char *const sets[] = {
        "{}",
        "[]",
        SET(""),
        SET("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"), /* 17 bits */
        SET("{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQ\"}"),
        SET("{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"Ag\"}"),
        SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"),
        SET("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}"),
    };
    struct sk_jwks k;
    for (size_t i = 0; i < SK_COUNT(sets); i++)
        assert_int_equal(sk_jwks_read(sk_span_of(sets[i]), &k, &em), SK_ERR_INVALID);
    /* a point that is not on its curve: the size is right, and OpenSSL says no when it is used */
    assert_int_equal(verify(es256, SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                                       "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}")),
                     SK_ERR_INVALID);
    (void)state;
}

static void what_is_sealed_opens_with_its_key_and_purpose_only(void **state)
{
    unsigned char key[SK_SEAL_KEY_SIZE] = { 7 };
    struct sk_buf sealed, open;
    sk_buf_init(&sealed, 1000);
    sk_buf_init(&open, 1000);
    assert_int_equal(sk_seal(key, SK_SPAN("purpose"), SK_SPAN("a text"), &sealed, &em), 0);
    assert_int_equal(sealed.n, 12 + 6 + 16);
    assert_int_equal(sk_unseal(key, SK_SPAN("purpose"), sk_buf_span(&sealed), &open, &em), 0);
    assert_true(sk_span_eq(sk_buf_span(&open), "a text"));
    assert_int_equal(sk_unseal(key, SK_SPAN("another"), sk_buf_span(&sealed), &open, &em), SK_ERR_DENIED);
    for (size_t i = 0; i < sealed.n; i++) {
        sealed.p[i] ^= 1;
        assert_int_equal(sk_unseal(key, SK_SPAN("purpose"), sk_buf_span(&sealed), &open, &em), SK_ERR_DENIED);
        sealed.p[i] ^= 1;
        assert_int_equal(sk_unseal(key, SK_SPAN("purpose"), (struct sk_span){ sealed.p, i }, &open, &em), SK_ERR_DENIED);
    }
    key[0] = 8;
    assert_int_equal(sk_unseal(key, SK_SPAN("purpose"), sk_buf_span(&sealed), &open, &em), SK_ERR_DENIED);
    assert_int_equal(open.n, 6);
    sk_buf_finish(&sealed);
    sk_buf_finish(&open);
    (void)state;
}

/* NIST's AES-256-GCM with a known nonce: key and text of zeros (Test Case 14 of the GCM specification) */
static void sealing_is_the_standards(void **state)
{
    static const char sealed[] = "\0\0\0\0\0\0\0\0\0\0\0\0\xce\xa7\x40\x3d\x4d\x60\x6b\x6e\x07\x4e\xc5\xd3\xba\xf3\x9d\x18"
                                 "\xd0\xd1\xc8\xa7\x99\x99\x6b\xf0\x26\x5b\x98\xb5\xd4\x8a\xb9\x19";
    const unsigned char key[SK_SEAL_KEY_SIZE] = { 0 };
    const char zeros[16] = { 0 };
    struct sk_buf open;
    sk_buf_init(&open, 100);
    assert_int_equal(sk_unseal(key, SK_SPAN(""), (struct sk_span){ sealed, sizeof sealed - 1 }, &open, &em), 0);
    assert_int_equal(open.n, 16);
    assert_memory_equal(open.p, zeros, 16);
    sk_buf_finish(&open);
    (void)state;
}

static void numbers_in_der(void **state)
{
    struct sk_buf b;
    char big[300] = { 1 };
    sk_buf_init(&b, 1000);
    sk_der_append_number(&b, (struct sk_span){ "\0\0\x80", 3 });
    sk_der_append_number(&b, (struct sk_span){ "\0\0", 2 });
    sk_der_append(&b, SK_DER_SEQUENCE, (struct sk_span){ big, 130 });
    assert_memory_equal(b.p, "\x02\x02\0\x80\x02\x01\0\x30\x81\x82\x01", 11);
    sk_buf_clear(&b);
    sk_der_append(&b, SK_DER_SEQUENCE, (struct sk_span){ big, sizeof big });
    assert_memory_equal(b.p, "\x30\x82\x01\x2c\x01", 5);
    sk_buf_finish(&b);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_standards_are_right),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(a_shared_secret_and_no_signature_are_refused_unread),
        cmocka_unit_test(what_is_no_token_is_named),
        cmocka_unit_test(keys_are_chosen_by_id_kind_and_use),
        cmocka_unit_test(keys_that_are_none_are_passed_over),
        cmocka_unit_test(what_is_sealed_opens_with_its_key_and_purpose_only),
        cmocka_unit_test(sealing_is_the_standards),
        cmocka_unit_test(numbers_in_der),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
