/* A client that does not read: what it gets afterwards, and that it ends up knowing what the tree says. */
#include "hub/hub_private.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SELF "urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"

struct world {
    struct sk_loop *loop;
    struct sk_model *model;
    struct sk_hub *hub;
    struct sk_feed *feed;
    struct sk_buf heard; /* one message a line */
    size_t unsent, room;
    unsigned messages;
    void (*message)(struct world *w, struct sk_span text);
};

static int take(void *arg, struct sk_frame *f, bool live)
{
    struct world *w = arg;
    struct sk_span text = sk_frame_text(f);
    if (live && w->unsent + text.n > w->room)
        return SK_ERR_LIMIT;
    w->unsent += text.n;
    w->messages++;
    if (w->message != NULL) {
        w->message(w, text);
        return 0;
    }
    sk_buf_span_append(&w->heard, text);
    sk_buf_char(&w->heard, '\n');
    return 0;
}

static void ignore(void *arg, struct sk_span text)
{
    (void)arg;
    (void)text;
}

static size_t unsent(void *arg)
{
    return ((struct world *)arg)->unsent;
}

static const struct sk_feed_ops ops = { take, ignore, unsent };

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->loop = sk_loop_create();
    w->model = sk_model_create(SELF);
    w->hub = sk_hub_create(w->loop, w->model);
    w->feed = sk_feed_create(w->hub, &ops, w);
    w->room = SIZE_MAX / 2;
    sk_feed_set_unsent_max(w->feed, 100000);
    sk_buf_init(&w->heard, (size_t)16 * 1024 * 1024);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    sk_feed_destroy(w->feed);
    assert_int_equal(w->hub->pressed, 0);
    assert_null(w->hub->loose);
    sk_hub_destroy(w->hub);
    sk_loop_destroy(w->loop);
    sk_model_destroy(w->model);
    sk_buf_finish(&w->heard);
    free(w);
    return 0;
}

static void feed_in(struct world *w, int version, const char *fmt, ...)
{
    char text[500];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const struct sk_origin o = { .provider = "t", .version = version };
    assert_int_equal(sk_hub_ingest(w->hub, &o, (struct sk_span){ text, (size_t)n }, NULL), 0);
}

static void value(struct world *w, const char *context, const char *path, const char *source, int v)
{
    feed_in(w, 1,
            "{\"context\":\"%s\",\"updates\":[{\"$source\":\"%s\",\"timestamp\":\"t%d\",\"values\":[{\"path\":\"%s\",\"value\":%"
            "d}]}]}",
            context, source, v, path, v);
}

static void stall(struct world *w)
{
    w->room = w->unsent;
}

/* The client reads all that is queued; its silence ends. */
static void drain(struct world *w)
{
    w->room = SIZE_MAX / 2;
    do {
        w->unsent = 0;
        sk_feed_eased(w->feed);
    } while (w->feed->pressed);
    w->unsent = 0;
}

static void forget(struct world *w)
{
    sk_buf_clear(&w->heard);
    w->messages = 0;
}

static void subscribe(struct world *w, const char *json)
{
    yyjson_doc *doc;
    assert_int_equal(sk_json_read(sk_span_of(json), &doc, NULL), 0);
    sk_feed_subscribe(w->feed, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void one_delta_with_the_last_values(void **state)
{
    struct world *w = *state;
    sk_feed_set_mode(w->feed, SK_FEED_ALL);
    value(w, "vessels.self", "a.before", "s", 1);
    stall(w);
    forget(w);
    for (int i = 1; i <= 50; i++) {
        value(w, "vessels.self", "a.b", "s1", i);
        value(w, "vessels.self", "a.b", "s2", 100 + i);
    }
    value(w, "vessels.other", "c", "s1", 7);
    assert_int_equal(w->messages, 0);
    drain(w);
    assert_int_equal(w->messages, 2);
    assert_string_equal(sk_buf_cstr(&w->heard),
                        "{\"context\":\"vessels." SELF "\",\"updates\":["
                        "{\"$source\":\"s1\",\"timestamp\":\"t50\",\"values\":[{\"path\":\"a.b\",\"value\":50}]},"
                        "{\"$source\":\"s2\",\"timestamp\":\"t150\",\"values\":[{\"path\":\"a.b\",\"value\":150}]}],"
                        "\"$backpressure\":{\"accumulated\":2,\"duration\":0}}\n"
                        "{\"context\":\"vessels.other\",\"updates\":["
                        "{\"$source\":\"s1\",\"timestamp\":\"t7\",\"values\":[{\"path\":\"c\",\"value\":7}]}],"
                        "\"$backpressure\":{\"accumulated\":1,\"duration\":0}}\n");
    forget(w);
    value(w, "vessels.self", "a.b", "s1", 51);
    assert_int_equal(w->messages, 1); /* news again */
    assert_null(strstr(sk_buf_cstr(&w->heard), "$backpressure"));
    assert_int_equal(sk_feed_lost(w->feed), 0);
}

static void rows_get_what_they_asked_for(void **state)
{
    struct world *w = *state;
    subscribe(w, "{\"context\":\"vessels.self\",\"subscribe\":[{\"path\":\"a.*\"},{\"path\":\"a.b\"},{\"path\":\"name\"}]}");
    stall(w);
    forget(w);
    value(w, "vessels.self", "a.b", "s", 1);
    value(w, "vessels.self", "a.b", "s", 2);
    value(w, "vessels.self", "c", "s", 3);
    value(w, "vessels.other", "a.b", "s", 4);
    feed_in(w, 1,
            "{\"updates\":[{\"$source\":\"s\",\"timestamp\":\"t\",\"values\":[{\"path\":\"\",\"value\":{\"port\":\"Kotka\"}}]}]"
            "}");
    drain(w);
    assert_string_equal(sk_buf_cstr(&w->heard),
                        "{\"context\":\"vessels." SELF "\",\"updates\":["
                        "{\"$source\":\"s\",\"timestamp\":\"t2\",\"values\":[{\"path\":\"a.b\",\"value\":2}]}],"
                        "\"$backpressure\":{\"accumulated\":1,\"duration\":0}}\n");
}

static void values_outside_the_tree_are_kept_too(void **state)
{
    struct world *w = *state;
    sk_feed_set_mode(w->feed, SK_FEED_SELF);
    stall(w);
    forget(w);
    for (int i = 0; i < 3; i++)
        feed_in(w, 2, "{\"updates\":[{\"$source\":\"s\",\"timestamp\":\"t\",\"values\":[{\"path\":\"course.x\",\"value\":%d}]}]}",
                i);
    drain(w);
    assert_string_equal(sk_buf_cstr(&w->heard),
                        "{\"context\":\"vessels." SELF "\",\"updates\":["
                        "{\"$source\":\"s\",\"timestamp\":\"t\",\"values\":[{\"path\":\"course.x\",\"value\":2}]}]}\n");
}

static void a_large_model_is_caught_up_with_in_parts(void **state)
{
    struct world *w = *state;
    sk_feed_set_mode(w->feed, SK_FEED_ALL);
    sk_feed_set_unsent_max(w->feed, 1000);
    stall(w);
    forget(w);
    for (int i = 0; i < 500; i++) {
        char context[30];
        snprintf(context, sizeof context, "vessels.v%d", i);
        value(w, context, "navigation.speedOverGround", "ais", i);
    }
    w->room = SIZE_MAX / 2;
    w->unsent = 0;
    sk_feed_eased(w->feed);
    assert_true(w->unsent > 1000 && w->unsent < 2000);
    assert_true(w->feed->pressed);
    drain(w);
    assert_int_equal(w->messages, 500);
}

/* ---- any story ---------------------------------------------------------------------------------------------------------- */

#define PATHS 6
#define CONTEXTS 5
static int known[CONTEXTS][PATHS], truth[CONTEXTS][PATHS];

static void learn(struct world *w, struct sk_span text)
{
    (void)w;
    yyjson_doc *doc;
    assert_int_equal(sk_json_read(text, &doc, NULL), 0);
    const yyjson_val *root = yyjson_doc_get_root(doc);
    int c = sk_json_get_str(root, "context")[9] - '0';
    size_t i, n, k, m;
    yyjson_val *u, *v;
    yyjson_arr_foreach(sk_json_get(root, "updates"), i, n, u) {
        yyjson_arr_foreach(sk_json_get(u, "values"), k, m, v) {
            int p = sk_json_get_str(v, "path")[2] - '0', value = (int)sk_json_get_number(v, "value", 0);
            assert_true(value >= known[c][p]); /* never back in time */
            known[c][p] = value;
        }
    }
    yyjson_doc_free(doc);
}

/* Deltas, a client that reads or does not, a little room at a time: in the end it knows the last value of everything. */
static void in_the_end_the_client_knows_the_tree(void **state)
{
    struct world *w = *state;
    uint64_t seed = 5;
    int next = 1;
    sk_feed_set_mode(w->feed, SK_FEED_ALL);
    sk_feed_set_unsent_max(w->feed, 300);
    w->message = learn;
    w->room = 2000;
    for (int step = 0; step < 20000; step++) {
        unsigned what = random_below(&seed, 100);
        if (what < 85) {
            char context[30], path[8];
            unsigned c = random_below(&seed, CONTEXTS), p = random_below(&seed, PATHS);
            snprintf(context, sizeof context, "vessels.v%u", c);
            snprintf(path, sizeof path, "p.%u", p);
            truth[c][p] = next;
            value(w, context, path, "s", next++);
        } else if (what < 97) {
            unsigned read = random_below(&seed, step / 300 % 2 != 0 ? 1000 : 20000); /* slow for a while, then quick */
            w->unsent -= read < w->unsent ? read : w->unsent;
            if (w->unsent <= 100)
                sk_feed_eased(w->feed);
        }
    }
    assert_true(w->feed->presses > 10);
    drain(w);
    assert_memory_equal(known, truth, sizeof known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_delta_with_the_last_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_get_what_they_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_outside_the_tree_are_kept_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_model_is_caught_up_with_in_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_the_end_the_client_knows_the_tree, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("hub pressure", tests, NULL, NULL);
}
