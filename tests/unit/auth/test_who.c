/* Budgets, access requests, passwords, access lists: what decides without a server. */
#include "auth/access_request.h"
#include "auth/acl.h"
#include "auth/budget.h"
#include "auth/password.h"
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct sk_errmsg em;

/* ---- digests ---- */

/* Test case 2 of RFC 4231, and a key longer than a block (case 6). */
static void hmac_of_the_rfc(void **state)
{
    static const unsigned char want2[4] = { 0x5b, 0xdc, 0xc1, 0x46 }, want6[4] = { 0x60, 0xe4, 0x31, 0x59 };
    unsigned char out[SK_SHA256_SIZE];
    char key[131];
    memset(key, 0xaa, sizeof key);
    assert_int_equal(sk_hmac_sha256(SK_SPAN("Jefe"), SK_SPAN("what do ya want for nothing?"), out, &em), 0);
    assert_memory_equal(out, want2, sizeof want2);
    assert_int_equal(sk_hmac_sha256((struct sk_span){ key, sizeof key },
                                    SK_SPAN("Test Using Larger Than Block-Size Key - Hash Key First"), out, &em),
                     0);
    assert_memory_equal(out, want6, sizeof want6);
    (void)state;
}

/* ---- budgets ---- */

static void a_budget_is_per_address_and_window(void **state)
{
    struct sk_budget b;
    unsigned retry = 0;
    sk_budget_init(&b, 2, 10000);
    assert_true(sk_budget_take(&b, "1.2.3.4", 0, &retry));
    assert_true(sk_budget_take(&b, "1.2.3.4", 4000, &retry));
    assert_false(sk_budget_take(&b, "1.2.3.4", 4001, &retry));
    assert_int_equal(retry, 6);
    assert_true(sk_budget_take(&b, "1.2.3.5", 4001, &retry));
    assert_true(sk_budget_take(&b, "1.2.3.4", 10000, &retry));
    sk_budget_finish(&b);
    (void)state;
}

static void neighbours_of_a_v6_network_share_a_budget(void **state)
{
    struct sk_budget b;
    unsigned retry;
    sk_budget_init(&b, 1, 10000);
    assert_true(sk_budget_take(&b, "2001:db8:1:2::1", 0, &retry));
    assert_false(sk_budget_take(&b, "2001:db8:1:2:ffff::9", 0, &retry));
    assert_true(sk_budget_take(&b, "2001:db8:1:3::1", 0, &retry));
    assert_true(sk_budget_take(&b, "::ffff:1.2.3.4", 0, &retry));
    assert_true(sk_budget_take(&b, "::ffff:1.2.3.5", 0, &retry));
    sk_budget_finish(&b);
    (void)state;
}

static void a_flood_from_many_addresses_is_bounded(void **state)
{
    struct sk_budget b;
    unsigned retry;
    char address[32];
    sk_budget_init(&b, 1, 10000);
    for (unsigned i = 0; i < SK_BUDGET_ADDRESSES; i++) {
        snprintf(address, sizeof address, "10.%u.%u.1", i / 256, i % 256);
        assert_true(sk_budget_take(&b, address, 100, &retry));
    }
    assert_true(sk_budget_take(&b, "11.0.0.1", 200, &retry)); /* the shared one */
    assert_false(sk_budget_take(&b, "11.0.0.2", 200, &retry));
    assert_int_equal(b.counts.count, SK_BUDGET_ADDRESSES);
    assert_true(sk_budget_take(&b, "11.0.0.3", 10101, &retry)); /* the old ones are forgotten */
    assert_int_equal(b.counts.count, 1);
    sk_budget_finish(&b);
    (void)state;
}

/* ---- access requests ---- */

static int ask(struct sk_access_requests *q, const char *id, uint64_t now, struct sk_access_request **r)
{
    struct sk_access_input in = { .identifier = sk_span_of(id), .description = SK_SPAN("x"), .ip = "1.2.3.4" };
    return sk_access_requests_add(q, &in, now, r, &em);
}

static void requests_are_forgotten_after_an_hour(void **state)
{
    struct sk_access_requests *q = sk_access_requests_create();
    struct sk_access_request *r;
    char id[SK_UUID_SIZE];
    assert_int_equal(ask(q, "a", 1000, &r), 0);
    memcpy(id, r->id, sizeof id);
    assert_int_equal(ask(q, "a", 2000, &r), SK_ERR_EXISTS);
    assert_non_null(sk_access_requests_find(q, sk_span_of(id), 3600999));
    assert_null(sk_access_requests_find(q, sk_span_of(id), 3601000));
    assert_int_equal(ask(q, "a", 3601000, &r), 0);
    sk_access_requests_destroy(q);
    (void)state;
}

static void a_flood_of_decided_requests_is_bounded(void **state)
{
    struct sk_access_requests *q = sk_access_requests_create();
    struct sk_access_request *r;
    unsigned kept = 0;
    for (unsigned i = 0; i < 3 * SK_ACCESS_REQUESTS_KEPT; i++) {
        assert_int_equal(ask(q, "a", 1000, &r), 0);
        sk_access_request_decide(r, false, NULL);
    }
    for (r = sk_access_requests_first(q); r != NULL; r = r->next)
        kept++;
    assert_in_range(kept, 1, SK_ACCESS_REQUESTS_KEPT + 1);
    sk_access_requests_destroy(q);
    (void)state;
}

static void a_token_is_handed_out_once(void **state)
{
    struct sk_access_requests *q = sk_access_requests_create();
    struct sk_access_request *r;
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    assert_int_equal(ask(q, "a", 1000, &r), 0);
    sk_access_request_decide(r, true, sk_xstrdup("the-token"));
    sk_access_request_answer(r, &b);
    assert_non_null(strstr(sk_buf_cstr(&b), "the-token"));
    sk_buf_clear(&b);
    sk_access_request_answer(r, &b);
    assert_null(strstr(sk_buf_cstr(&b), "token"));
    sk_buf_finish(&b);
    sk_access_requests_destroy(q);
    (void)state;
}

/* ---- passwords ---- */

static void passwords(void **state)
{
    char hash[SK_PASSWORD_HASH_SIZE];
    assert_int_equal(sk_password_hash(SK_SPAN("secret"), hash, &em), 0);
    assert_int_equal(strncmp(hash, "$2b$10$", 7), 0);
    assert_true(sk_password_check(SK_SPAN("secret"), hash));
    assert_false(sk_password_check(SK_SPAN("Secret"), hash));
    assert_false(sk_password_check(SK_SPAN("secret\0x"), hash));
    assert_false(sk_password_check(SK_SPAN(""), hash));
    assert_false(sk_password_check(SK_SPAN("secret"), NULL));
    assert_false(sk_password_check(SK_SPAN("secret"), "$1$salt$hash"));
    assert_false(sk_password_check(SK_SPAN("secret"), ""));
    assert_int_equal(sk_password_hash(SK_SPAN(""), hash, &em), SK_ERR_INVALID);
    assert_int_equal(sk_password_hash(SK_SPAN("a\0b"), hash, &em), SK_ERR_INVALID);
    (void)state;
}

/* ---- access lists ---- */

static bool may(const yyjson_mut_val *acls, const char *user, enum sk_acl_action what, const char *context, const char *path)
{
    return sk_acl_allows(acls, sk_span_of(user), what, sk_span_of(context), sk_span_of(path), SK_SPAN("gps.1"));
}

static void access_lists(void **state)
{
    static const char text[] =
        "[{\"context\":\"vessels.self\",\"resources\":[{\"paths\":[\"a.*\",7],\"permissions\":[{\"subject\":\"any\","
        "\"permission\":\"read\"},"
        "{\"subject\":\"anna\",\"permission\":\"put\"}]},{\"sources\":[\"gps.*\"],\"permissions\":[{\"subject\":\"anna\","
        "\"permission\":\"write\"}]}]},{\"context\":\"*\",\"resources\":\"odd\"},8]";
    yyjson_doc *doc;
    assert_int_equal(sk_json_read(SK_SPAN(text), &doc, &em), 0);
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    const yyjson_mut_val *acls = yyjson_mut_doc_get_root(copy);
    assert_true(may(acls, "x", SK_ACL_READ, "vessels.self", "a.b"));
    assert_false(may(acls, "x", SK_ACL_PUT, "vessels.self", "a.b"));
    assert_true(may(acls, "anna", SK_ACL_PUT, "vessels.self", "a.b"));
    assert_false(may(acls, "anna", SK_ACL_WRITE, "vessels.self", "a.b"));
    assert_true(may(acls, "anna", SK_ACL_WRITE, "vessels.self", "b"));
    assert_true(may(acls, "anna", SK_ACL_READ, "vessels.self", "b")); /* who may write may read */
    assert_false(may(acls, "anna", SK_ACL_READ, "vessels.other", "a.b"));
    assert_false(may(acls, "", SK_ACL_WRITE, "vessels.self", "b"));
    assert_true(may(NULL, "", SK_ACL_WRITE, "x", "y"));
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(doc);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_of_the_rfc),
        cmocka_unit_test(a_budget_is_per_address_and_window),
        cmocka_unit_test(neighbours_of_a_v6_network_share_a_budget),
        cmocka_unit_test(a_flood_from_many_addresses_is_bounded),
        cmocka_unit_test(requests_are_forgotten_after_an_hour),
        cmocka_unit_test(a_flood_of_decided_requests_is_bounded),
        cmocka_unit_test(a_token_is_handed_out_once),
        cmocka_unit_test(passwords),
        cmocka_unit_test(access_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
