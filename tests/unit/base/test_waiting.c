#include "base/waiting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define CROWD 40

/* An address of a counter of its own: two may share one. */
static void init_elsewhere(struct sk_waiter *w, const struct sk_waiter *other)
{
    char ip[16];
    unsigned i = 2;
    do {
        snprintf(ip, sizeof ip, "192.168.1.%u", i++);
        sk_waiter_init(w, ip);
    } while (w->address == other->address);
}

static struct sk_waiter *most(const struct sk_waiting *list)
{
    const struct sk_waiting *const lists[] = { list };
    return sk_waiting_of_most(lists, 1);
}

static void who_holds_most_gives_way_first(void **state)
{
    struct sk_waiting list = { 0 };
    struct sk_waiter crowd[CROWD], first, last;
    (void)state;
    for (int i = 0; i < CROWD; i++)
        sk_waiter_init(&crowd[i], "10.0.0.1");
    assert_null(most(&list));
    assert_null(sk_waiting_of_fewest(&list));
    init_elsewhere(&first, &crowd[0]);
    sk_waiter_join(&first, &list);
    for (int i = 0; i < CROWD; i++)
        sk_waiter_join(&crowd[i], &list);
    init_elsewhere(&last, &crowd[0]);
    sk_waiter_join(&last, &list);
    for (int i = 0; i < CROWD - 2; i++) {
        assert_ptr_equal(most(&list), &crowd[i]);
        assert_ptr_not_equal(sk_waiting_of_fewest(&list), &crowd[i]);
        sk_waiter_leave(&crowd[i]);
    }
    assert_int_equal(list.count, 4);
}

static void lists_count_together(void **state)
{
    struct sk_waiting silent = { 0 }, idle = { 0 }, partial = { 0 };
    const struct sk_waiting *const lists[] = { &silent, &idle, &partial };
    struct sk_waiter one, three[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        sk_waiter_init(&three[i], "10.0.0.2");
        sk_waiter_join(&three[i], &partial);
    }
    init_elsewhere(&one, &three[0]);
    sk_waiter_join(&one, &idle);
    assert_ptr_equal(sk_waiting_of_most(lists, 3), &three[0]);
    sk_waiter_join(&three[2], &idle);
    assert_ptr_equal(sk_waiting_of_most(lists, 3), &three[2]);
    sk_waiter_leave(&three[2]);
    sk_waiter_leave(&three[1]);
    sk_waiter_leave(&three[0]);
    assert_ptr_equal(sk_waiting_of_most(lists, 3), &one);
}

static void an_address_of_six_is_its_first_half(void **state)
{
    struct sk_waiter a, b;
    (void)state;
    sk_waiter_init(&a, "2001:db8::1");
    sk_waiter_init(&b, "2001:db8:0:0:ffff:1:2:3");
    assert_int_equal(a.address, b.address);
}

static void from_list_to_list(void **state)
{
    struct sk_waiting one = { 0 }, other = { 0 };
    struct sk_waiter w[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        sk_waiter_init(&w[i], "10.0.0.1");
        sk_waiter_join(&w[i], &one);
    }
    sk_waiter_join(&w[0], &one); /* keeps its place */
    assert_ptr_equal(one.first, &w[0]);
    sk_waiter_join(&w[1], &other);
    assert_ptr_equal(w[0].next, &w[2]);
    assert_ptr_equal(other.last, &w[1]);
    assert_int_equal(one.count + other.count, 3);
    for (int i = 0; i < 3; i++) {
        sk_waiter_leave(&w[i]);
        sk_waiter_leave(&w[i]);
    }
    assert_null(one.first);
    assert_null(one.last);
    assert_null(other.first);
    for (size_t i = 0; i < SK_WAITING_ADDRESSES; i++)
        assert_int_equal(one.by_address[i] + other.by_address[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_holds_most_gives_way_first),
        cmocka_unit_test(lists_count_together),
        cmocka_unit_test(an_address_of_six_is_its_first_half),
        cmocka_unit_test(from_list_to_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
