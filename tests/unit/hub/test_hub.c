/* The hub without sockets: what goes in as text, what a feed gets, what the tree then says. */
#include "base/clock.h"
#include "hub/feed.h"
#include "hub/put.h"
#include "model/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SELF "urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"

struct world {
    struct sk_loop *loop;
    struct sk_model *model;
    struct sk_hub *hub;
    struct sk_feed *feed;
    struct sk_buf heard; /* one message a line */
    int count;
};

static int take_frame(void *arg, struct sk_frame *f, bool live)
{
    struct world *w = arg;
    sk_buf_span_append(&w->heard, sk_frame_text(f));
    sk_buf_char(&w->heard, '\n');
    w->count++;
    return 0;
}

static void take_remark(void *arg, struct sk_span text)
{
    struct world *w = arg;
    sk_buf_span_append(&w->heard, text);
    sk_buf_char(&w->heard, '\n');
}

static const struct sk_feed_ops feed_ops = { take_frame, take_remark };

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->loop = sk_loop_create();
    w->model = sk_model_create(SELF);
    w->hub = sk_hub_create(w->loop, w->model);
    w->feed = sk_feed_create(w->hub, &feed_ops, w);
    sk_buf_init(&w->heard, 16 * 1024 * 1024);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    sk_feed_destroy(w->feed);
    sk_hub_destroy(w->hub);
    sk_loop_destroy(w->loop);
    sk_model_destroy(w->model);
    sk_buf_finish(&w->heard);
    free(w);
    return 0;
}

static int feed_in(struct world *w, const char *json)
{
    return sk_hub_ingest(w->hub, &(struct sk_origin){ .provider = "ws" }, sk_span_of(json), NULL);
}

static const char *heard(struct world *w)
{
    return sk_buf_cstr(&w->heard);
}

static void forget(struct world *w)
{
    sk_buf_clear(&w->heard);
    w->count = 0;
}

static char *asked(struct world *w, const char *dotted)
{
    struct sk_buf b;
    sk_buf_init(&b, 1024 * 1024);
    int r = sk_model_query(w->model, sk_span_of(dotted), false, &b);
    char *text = r == 0 ? sk_buf_steal(&b, NULL) : strdup("(not found)");
    sk_buf_finish(&b);
    return text;
}

#define ASSERT_TREE(w, path, expected)                                                                                           \
    do {                                                                                                                         \
        char *text_ = asked(w, path);                                                                                            \
        assert_string_equal(text_, expected);                                                                                    \
        free(text_);                                                                                                             \
    } while (0)

static void subscribe(struct world *w, const char *json)
{
    yyjson_doc *doc;
    assert_int_equal(sk_json_read(sk_span_of(json), &doc, NULL), 0);
    if (sk_json_get(yyjson_doc_get_root(doc), "subscribe") != NULL)
        sk_feed_subscribe(w->feed, yyjson_doc_get_root(doc));
    else
        sk_feed_unsubscribe(w->feed, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void default_feed_keeps_order_and_appends(void **state)
{
    struct world *w = *state;
    sk_feed_set_mode(w->feed, SK_FEED_SELF);
    assert_int_equal(
        feed_in(w, "{\"updates\":[{\"$source\":\"m\",\"values\":[{\"path\":\"a.c\",\"value\":7.0}],\"timestamp\":\"t\"}]}"), 0);
    assert_string_equal(heard(w),
                        "{\"updates\":[{\"$source\":\"m\",\"values\":[{\"path\":\"a.c\",\"value\":7}],\"timestamp\":\"t\"}],"
                        "\"context\":\"vessels." SELF "\"}\n");
    ASSERT_TREE(w, "a.c", "{\"value\":7,\"$source\":\"m\",\"timestamp\":\"t\"}");
}

static void second_source_shows_values(void **state)
{
    struct world *w = *state;
    feed_in(w, "{\"updates\":[{\"source\":{\"label\":\"t1\",\"type\":\"NMEA0183\",\"sentence\":\"RMC\",\"talker\":\"GP\"},"
               "\"timestamp\":\"1\","
               "\"values\":[{\"path\":\"x.y\",\"value\":3.1}]}]}");
    feed_in(w, "{\"updates\":[{\"$source\":\"n2k.43\",\"timestamp\":\"2\",\"values\":[{\"path\":\"x.y\",\"value\":3.2}]}]}");
    ASSERT_TREE(w, "x.y",
                "{\"value\":3.2,\"$source\":\"n2k.43\",\"timestamp\":\"2\",\"values\":{"
                "\"t1.GP\":{\"value\":3.1,\"timestamp\":\"1\",\"sentence\":\"RMC\"},\"n2k.43\":{\"value\":3.2,\"timestamp\":"
                "\"2\"}}}");
}

static void bad_updates_go_good_ones_stay(void **state)
{
    struct world *w = *state;
    assert_int_equal(feed_in(w, "{\"updates\":[null,{\"values\":5},{\"values\":[{\"path\":1,\"value\":1}]},{},"
                                "{\"values\":[{\"path\":\"ok\",\"value\":true}]}]}"),
                     0);
    ASSERT_TREE(w, "ok.value", "true");
    assert_true(feed_in(w, "{\"updates\":5}") < 0);
    assert_true(feed_in(w, "nonsense") < 0);
    assert_true(feed_in(w, "") < 0);
    assert_true(feed_in(w, "[]") < 0);
    assert_true(feed_in(w, "{\"context\":\"vessels.__proto__\",\"updates\":[{\"values\":[{\"path\":\"a\",\"value\":1}]}]}") < 0);
}

static void identity_is_the_configurations(void **state)
{
    struct world *w = *state;
    sk_feed_set_mode(w->feed, SK_FEED_SELF);
    feed_in(w, "{\"updates\":[{\"$source\":\"defaults\",\"values\":[{\"path\":\"\",\"value\":{\"name\":\"Thief\",\"port\":"
               "\"Kotka\"}},"
               "{\"path\":\"design.beam\",\"value\":9}]}]}");
    assert_null(strstr(heard(w), "Thief"));
    assert_null(strstr(heard(w), "design.beam"));
    ASSERT_TREE(w, "port", "\"Kotka\"");
    ASSERT_TREE(w, "name", "(not found)");
    sk_hub_ingest(w->hub, &(struct sk_origin){ .provider = "defaults", .defaults = true },
                  SK_SPAN("{\"updates\":[{\"values\":[{\"path\":\"\",\"value\":{\"name\":\"Skiff\"}}]}]}"), NULL);
    ASSERT_TREE(w, "name", "\"Skiff\"");
}

static void subscription_gets_one_value_per_message(void **state)
{
    struct world *w = *state;
    feed_in(w, "{\"updates\":[{\"$source\":\"s\",\"timestamp\":\"1\",\"values\":[{\"path\":\"navigation.a\",\"value\":1}]}]}");
    subscribe(w, "{\"context\":\"vessels.self\",\"subscribe\":[{\"path\":\"navigation.*\"}]}");
    assert_int_equal(w->count, 1);
    forget(w);
    feed_in(w, "{\"updates\":[{\"$source\":\"s\",\"timestamp\":\"2\",\"values\":[{\"path\":\"navigation.a\",\"value\":2},"
               "{\"path\":\"navigation.new\",\"value\":3},{\"path\":\"other\",\"value\":4}]}]}");
    assert_string_equal(
        heard(w),
        "{\"context\":\"vessels." SELF
        "\",\"updates\":[{\"$source\":\"s\",\"timestamp\":\"2\",\"values\":[{\"path\":\"navigation.a\",\"value\":2}]}]}\n"
        "{\"context\":\"vessels." SELF
        "\",\"updates\":[{\"$source\":\"s\",\"timestamp\":\"2\",\"values\":[{\"path\":\"navigation.new\",\"value\":3}]}]}\n");
    forget(w);
    subscribe(w, "{\"context\":\"*\",\"unsubscribe\":[{\"path\":\"*\"}]}");
    feed_in(w, "{\"updates\":[{\"values\":[{\"path\":\"navigation.a\",\"value\":5}]}]}");
    assert_int_equal(w->count, 0);
}

static void min_period_is_per_source(void **state)
{
    struct world *w = *state;
    subscribe(w, "{\"context\":\"vessels.self\",\"subscribe\":[{\"path\":\"a\",\"minPeriod\":1000000}]}");
    feed_in(w, "{\"updates\":[{\"$source\":\"s1\",\"values\":[{\"path\":\"a\",\"value\":1}]}]}");
    feed_in(w, "{\"updates\":[{\"$source\":\"s2\",\"values\":[{\"path\":\"a\",\"value\":2}]}]}");
    feed_in(w, "{\"updates\":[{\"$source\":\"s1\",\"values\":[{\"path\":\"a\",\"value\":3}]}]}");
    assert_int_equal(w->count, 2);
}

static bool something_heard(void *arg)
{
    return ((struct world *)arg)->count > 0;
}

static void fixed_period_sends_the_last_value(void **state)
{
    struct world *w = *state;
    subscribe(w, "{\"context\":\"vessels.self\",\"subscribe\":[{\"path\":\"a\",\"period\":20}]}");
    for (int i = 0; i < 5; i++)
        feed_in(w, "{\"updates\":[{\"$source\":\"s1\",\"values\":[{\"path\":\"a\",\"value\":1}]}]}");
    feed_in(w, "{\"updates\":[{\"$source\":\"s1\",\"values\":[{\"path\":\"a\",\"value\":9}]}]}");
    assert_int_equal(w->count, 0);
    assert_true(sk_loop_run_until(w->loop, something_heard, w, sk_clock_mono_ms() + 10000));
    assert_int_equal(w->count, 1);
    assert_non_null(strstr(heard(w), "\"value\":9"));
}

static void contradictions_are_remarked(void **state)
{
    struct world *w = *state;
    subscribe(w, "{\"subscribe\":[{\"path\":\"zz\",\"minPeriod\":100,\"policy\":\"ideal\"}]}");
    assert_string_equal(heard(w), "\"minPeriod assumes policy 'instant', ignoring policy ideal\"\n"
                                  "\"Only 'instant' and 'fixed' policies supported, ignoring policy ideal\"\n");
}

static void versions_two_is_streamed_not_stored(void **state)
{
    struct world *w = *state;
    subscribe(w, "{\"subscribe\":[{\"path\":\"resources.*\"}]}");
    sk_hub_ingest(w->hub, &(struct sk_origin){ .provider = "p", .version = 2 },
                  SK_SPAN("{\"updates\":[{\"values\":[{\"path\":\"resources.x\",\"value\":1}]}]}"), NULL);
    assert_int_equal(w->count, 1);
    ASSERT_TREE(w, "resources", "(not found)");
}

static void replay_is_sorted_by_timestamp(void **state)
{
    struct world *w = *state;
    feed_in(w, "{\"updates\":[{\"timestamp\":\"2\",\"values\":[{\"path\":\"b\",\"value\":2}]},{\"timestamp\":\"1\",\"values\":[{"
               "\"path\":\"a\",\"value\":1}]}]}");
    sk_feed_replay(w->feed, SK_FEED_SELF);
    const char *a = strstr(heard(w), "\"path\":\"a\""), *b = strstr(heard(w), "\"path\":\"b\"");
    assert_true(a != NULL && b != NULL && a < b);
}

static void answer_200(struct sk_request *r, void *arg)
{
    (void)arg;
    sk_request_update(r, SK_REQUEST_COMPLETED, 200, NULL);
}

static void put_chooses_its_handler(void **state)
{
    struct world *w = *state;
    struct sk_puts *p = sk_puts_create(w->loop);
    struct sk_put_input in = { .context = SK_SPAN("vessels.self"), .path = SK_SPAN("a.b"), .value = SK_SPAN("1") };
    struct sk_request *r = sk_puts_submit(p, &in);
    assert_int_equal(sk_request_status_code(r), 405);
    sk_request_unref(r);
    assert_int_equal(sk_puts_register(p, in.context, in.path, "one", answer_200, NULL, NULL), 0);
    r = sk_puts_submit(p, &in);
    assert_int_equal(sk_request_status_code(r), 200);
    sk_request_unref(r);
    sk_puts_register(p, in.context, in.path, "two", answer_200, NULL, NULL);
    r = sk_puts_submit(p, &in);
    assert_int_equal(sk_request_status_code(r), 400);
    sk_request_unref(r);
    in.source = SK_SPAN("three");
    r = sk_puts_submit(p, &in);
    assert_int_equal(sk_request_status_code(r), 405);
    sk_request_unref(r);
    sk_puts_unregister_source(p, "one");
    in.source = SK_SPAN("");
    r = sk_puts_submit(p, &in);
    assert_int_equal(sk_request_status_code(r), 200);
    sk_request_unref(r);
    sk_puts_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(default_feed_keeps_order_and_appends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(second_source_shows_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_updates_go_good_ones_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(identity_is_the_configurations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(subscription_gets_one_value_per_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(min_period_is_per_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fixed_period_sends_the_last_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(contradictions_are_remarked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_two_is_streamed_not_stored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replay_is_sorted_by_timestamp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(put_chooses_its_handler, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("hub", tests, NULL, NULL);
}
