/* Which proxies are believed, and whom they name. */
#include "http/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void client_is(const char *trusted, const char *peer, const char *forwarded, const char *expected)
{
    struct sk_trust t;
    struct sk_errmsg em;
    char out[SK_ADDRESS_TEXT];
    assert_int_equal(sk_trust_parse(sk_span_of(trusted), &t, &em), 0);
    sk_trust_client(&t, peer, sk_span_of(forwarded), out);
    assert_string_equal(out, expected);
}

static void nobody_is_believed_unasked(void **state)
{
    (void)state;
    client_is("false", "127.0.0.1", "1.2.3.4", "127.0.0.1");
    client_is("", "127.0.0.1", "1.2.3.4", "127.0.0.1");
    client_is("0", "127.0.0.1", "1.2.3.4", "127.0.0.1");
}

static void all_are_believed_with_true(void **state)
{
    (void)state;
    client_is("true", "10.0.0.1", "1.2.3.4, 5.6.7.8", "1.2.3.4");
    client_is("true", "10.0.0.1", "", "10.0.0.1");
}

static void a_number_counts_proxies_from_here(void **state)
{
    (void)state;
    client_is("1", "10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4");
    client_is("2", "10.0.0.1", "6.6.6.6, 1.2.3.4", "6.6.6.6");
    client_is("5", "10.0.0.1", "1.2.3.4", "1.2.3.4");
}

static void a_list_believes_only_those_on_it(void **state)
{
    (void)state;
    client_is("loopback", "127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4");
    client_is("loopback", "192.168.1.9", "1.2.3.4", "192.168.1.9");
    client_is("loopback, 10.0.0.0/8", "127.0.0.1", "6.6.6.6, 1.2.3.4, 10.1.1.1", "1.2.3.4");
    client_is("uniquelocal,linklocal", "fe80::1", "2001:db8::5, fd00::7", "2001:db8::5");
    client_is("127.0.0.1", "127.0.0.1", "::1", "::1");
    client_is("loopback", "::1", "::ffff:9.9.9.9", "::ffff:9.9.9.9");
}

static void what_is_no_address_ends_the_way(void **state)
{
    (void)state;
    client_is("true", "10.0.0.1", "1.2.3.4, <script>, 5.6.7.8", "5.6.7.8");
    client_is("true", "10.0.0.1", ",,,", "10.0.0.1");
    client_is("true", "10.0.0.1", "unknown", "10.0.0.1");
    client_is("true", "10.0.0.1", "1.2.3.4:80", "10.0.0.1");
}

static void a_mistake_trusts_nobody_and_is_named(void **state)
{
    static const char *const wrong[] = { "yes", "-1", "33", "loopback,,x", "10.0.0.0/33", "10.0.0.0/8 127.0.0.1", "localhost" };
    struct sk_errmsg em;
    struct sk_trust t;
    (void)state;
    for (size_t i = 0; i < SK_COUNT(wrong); i++) {
        assert_int_equal(sk_trust_parse(sk_span_of(wrong[i]), &t, &em), SK_ERR_INVALID);
        assert_true(sk_trust_nobody(&t));
        assert_non_null(strstr(em.text, "trustProxy"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_believed_unasked),        cmocka_unit_test(all_are_believed_with_true),
        cmocka_unit_test(a_number_counts_proxies_from_here), cmocka_unit_test(a_list_believes_only_those_on_it),
        cmocka_unit_test(what_is_no_address_ends_the_way),   cmocka_unit_test(a_mistake_trusts_nobody_and_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
