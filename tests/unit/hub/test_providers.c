/* Who provides what, and binary streams: registration, defaults, limits, listeners that come and go. */
#include "hub/bstreams.h"
#include "hub/providers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct sk_span none = { NULL, 0 };

static void call(void *arg, const char *method, struct sk_span request, sk_provider_done done, void *done_arg)
{
    (void)arg, (void)method, (void)request;
    done(done_arg, 0, SK_SPAN("1"));
}

static int add(struct sk_providers *p, enum sk_provider_kind kind, const char *id, const char *name)
{
    return sk_providers_add(p, kind, id, sk_span_of(name), call, NULL, NULL);
}

static const char *default_of(const struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type)
{
    const struct sk_provider *v = sk_providers_default(p, kind, type);
    return v != NULL ? v->id : "";
}

static void the_first_is_the_default_until_another_is_chosen(void **state)
{
    (void)state;
    struct sk_providers *p = sk_providers_create();
    assert_string_equal(default_of(p, SK_PROVIDES_WEATHER, none), "");
    add(p, SK_PROVIDES_WEATHER, "a", "A");
    add(p, SK_PROVIDES_WEATHER, "b", "B");
    add(p, SK_PROVIDES_RADARS, "b", "B");
    assert_string_equal(default_of(p, SK_PROVIDES_WEATHER, none), "a");
    assert_string_equal(default_of(p, SK_PROVIDES_RADARS, none), "b");
    sk_providers_choose(p, SK_PROVIDES_WEATHER, none, SK_SPAN("b"));
    assert_string_equal(default_of(p, SK_PROVIDES_WEATHER, none), "b");
    sk_providers_remove(p, "b");
    assert_string_equal(default_of(p, SK_PROVIDES_WEATHER, none), "a"); /* the choice waits */
    assert_string_equal(default_of(p, SK_PROVIDES_RADARS, none), "");
    add(p, SK_PROVIDES_WEATHER, "b", "B");
    assert_string_equal(default_of(p, SK_PROVIDES_WEATHER, none), "b");
    sk_providers_destroy(p);
}

static void resources_are_told_apart_by_type(void **state)
{
    const struct sk_provider *list[8];
    (void)state;
    struct sk_providers *p = sk_providers_create();
    add(p, SK_PROVIDES_RESOURCES, "store", "routes");
    add(p, SK_PROVIDES_RESOURCES, "store", "notes");
    add(p, SK_PROVIDES_RESOURCES, "plugin", "notes");
    sk_providers_choose(p, SK_PROVIDES_RESOURCES, SK_SPAN("notes"), SK_SPAN("plugin"));
    assert_string_equal(default_of(p, SK_PROVIDES_RESOURCES, SK_SPAN("routes")), "store");
    assert_string_equal(default_of(p, SK_PROVIDES_RESOURCES, SK_SPAN("notes")), "plugin");
    assert_int_equal(sk_providers_list(p, SK_PROVIDES_RESOURCES, SK_SPAN("notes"), list, 8), 2);
    assert_string_equal(list[0]->id, "plugin"); /* the default is asked first */
    assert_string_equal(list[1]->id, "store");
    assert_int_equal(sk_providers_list(p, SK_PROVIDES_RESOURCES, none, list, 8), 3);
    assert_int_equal(sk_providers_list(p, SK_PROVIDES_RESOURCES, SK_SPAN("charts"), list, 8), 0);
    assert_null(sk_providers_find(p, SK_PROVIDES_RESOURCES, SK_SPAN("routes"), SK_SPAN("plugin")));
    sk_providers_remove(p, "store");
    assert_int_equal(sk_providers_list(p, SK_PROVIDES_RESOURCES, none, list, 8), 1);
    sk_providers_destroy(p);
}

static void registering_again_replaces_and_full_is_refused(void **state)
{
    const struct sk_provider *list[4];
    char name[16];
    (void)state;
    struct sk_providers *p = sk_providers_create();
    assert_int_equal(add(p, SK_PROVIDES_WEATHER, "a", ""), SK_ERR_INVALID);
    assert_int_equal(add(p, SK_PROVIDES_WEATHER, "a", "old"), 0);
    assert_int_equal(add(p, SK_PROVIDES_WEATHER, "a", "new"), 0);
    assert_int_equal(sk_providers_list(p, SK_PROVIDES_WEATHER, none, list, 4), 1);
    assert_string_equal(list[0]->name, "new");
    for (unsigned i = 1; i < SK_PROVIDERS_MAX; i++) {
        snprintf(name, sizeof name, "t%u", i);
        assert_int_equal(add(p, SK_PROVIDES_RESOURCES, "a", name), 0);
    }
    assert_int_equal(add(p, SK_PROVIDES_RESOURCES, "a", "more"), SK_ERR_LIMIT);
    assert_int_equal(add(p, SK_PROVIDES_RESOURCES, "a", "t1"), 0);
    assert_int_equal(sk_providers_list(p, SK_PROVIDES_RESOURCES, none, list, 4), 4);
    sk_providers_destroy(p);
}

struct ear {
    struct sk_bstream_tap tap;
    unsigned heard;
    char last[16];
};

static void hear(struct sk_bstream_tap *tap, struct sk_frame *frame)
{
    struct ear *e = SK_CONTAINER(tap, struct ear, tap);
    struct sk_span s = sk_frame_text(frame);
    e->heard++;
    snprintf(e->last, sizeof e->last, "%.*s", (int)s.n, s.p);
}

static void emit(struct sk_bstreams *s, const char *id, const char *text)
{
    struct sk_frame *f = sk_frame_create_binary(text, strlen(text));
    sk_bstreams_emit(s, sk_span_of(id), f);
    sk_frame_unref(f);
}

static void streams_reach_who_listens_now(void **state)
{
    struct ear one = { .tap.deliver = hear }, two = { .tap.deliver = hear }, other = { .tap.deliver = hear };
    (void)state;
    struct sk_bstreams *s = sk_bstreams_create();
    emit(s, "a", "lost");
    sk_bstreams_listen(s, SK_SPAN("a"), &one.tap);
    sk_bstreams_listen(s, SK_SPAN("a"), &two.tap);
    sk_bstreams_listen(s, SK_SPAN("b"), &other.tap);
    emit(s, "a", "1");
    sk_bstreams_leave(s, &one.tap);
    emit(s, "a", "2");
    emit(s, "ab", "3");
    assert_int_equal(one.heard, 1);
    assert_string_equal(one.last, "1");
    assert_int_equal(two.heard, 2);
    assert_string_equal(two.last, "2");
    assert_int_equal(other.heard, 0);
    sk_bstreams_leave(s, &two.tap);
    emit(s, "a", "4");
    sk_bstreams_listen(s, SK_SPAN("a"), &one.tap);
    emit(s, "a", "5");
    assert_string_equal(one.last, "5");
    sk_bstreams_leave(s, &one.tap);
    sk_bstreams_leave(s, &other.tap);
    sk_bstreams_destroy(s);
}

static void a_binary_frame_says_so(void **state)
{
    (void)state;
    struct sk_frame *f = sk_frame_create_binary("abc", 3);
    struct sk_span ws = sk_frame_ws(f);
    assert_int_equal(ws.n, 5);
    assert_memory_equal(ws.p,
                        "\x82\x03"
                        "abc",
                        5);
    sk_frame_unref(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_the_default_until_another_is_chosen),
        cmocka_unit_test(resources_are_told_apart_by_type),
        cmocka_unit_test(registering_again_replaces_and_full_is_refused),
        cmocka_unit_test(streams_reach_who_listens_now),
        cmocka_unit_test(a_binary_frame_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
