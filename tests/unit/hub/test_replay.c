/* Cached values for a client that asks for very many: all of them, current, but never all in one turn. */
#include "hub/hub_private.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SELF "urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"
#define VESSELS 2000u
#define PATHS 4u

struct world {
    struct sk_loop *loop;
    struct sk_model *model;
    struct sk_hub *hub;
    struct sk_feed *feed;
    unsigned messages, last[VESSELS][PATHS]; /* the value that was heard last; 0: none */
    size_t unsent;
};

static int take(void *arg, struct sk_frame *f, bool live)
{
    struct world *w = arg;
    struct sk_span text = sk_frame_text(f);
    unsigned vessel, path, v;
    (void)live;
    const char *context = memmem(text.p, text.n, "mmsi:1", 6), *at = memmem(text.p, text.n, "\"a.p", 4),
               *number = memmem(text.p, text.n, "\"value\":", 8);
    if (context == NULL || at == NULL || number == NULL)
        return 0; /* the own vessel's */
    assert_int_equal(sscanf(context, "mmsi:1%08u", &vessel), 1);
    assert_int_equal(sscanf(at, "\"a.p%u", &path), 1);
    assert_int_equal(sscanf(number, "\"value\":%u", &v), 1);
    assert_true(v >= w->last[vessel][path]); /* never back */
    w->last[vessel][path] = v;
    w->messages++;
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

static void value(struct world *w, unsigned vessel, unsigned path, unsigned v)
{
    char text[300];
    const struct sk_origin o = { .provider = "t", .version = 1 };
    int n = snprintf(text, sizeof text,
                     "{\"context\":\"vessels.urn:mrn:imo:mmsi:1%08u\",\"updates\":[{\"$source\":\"s\",\"timestamp\":\"t\","
                     "\"values\":[{\"path\":\"a.p%u\",\"value\":%u}]}]}",
                     vessel, path, v);
    assert_int_equal(sk_hub_ingest(w->hub, &o, (struct sk_span){ text, (size_t)n }, NULL), 0);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->loop = sk_loop_create();
    w->model = sk_model_create(SELF);
    w->hub = sk_hub_create(w->loop, w->model);
    for (unsigned i = 0; i < VESSELS; i++)
        for (unsigned k = 0; k < PATHS; k++)
            value(w, i, k, 1);
    w->feed = sk_feed_create(w->hub, &ops, w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    sk_feed_destroy(w->feed);
    assert_null(w->hub->replays);
    sk_hub_destroy(w->hub);
    sk_loop_destroy(w->loop);
    sk_model_destroy(w->model);
    free(w);
    return 0;
}

static void subscribe(struct world *w, const char *text)
{
    yyjson_doc *doc = NULL;
    assert_int_equal(sk_json_read(sk_span_of(text), &doc, NULL), 0);
    sk_feed_subscribe(w->feed, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static bool is_done(void *arg)
{
    return ((struct world *)arg)->hub->replays == NULL;
}

static void finish(struct world *w)
{
    uint64_t end = sk_clock_mono_ms() + 60000;
    while (!is_done(w) && sk_clock_mono_ms() < end) /* one turn may wait behind the timer that ended it */
        (void)sk_loop_run_until(w->loop, is_done, w, sk_clock_mono_ms() + 20);
    assert_true(is_done(w));
}

static void everything_comes_in_parts(struct world *w)
{
    assert_in_range(w->messages, 1, VESSELS * PATHS / 2);
    finish(w);
    assert_int_equal(w->messages, VESSELS * PATHS);
    for (unsigned i = 0; i < VESSELS; i++)
        for (unsigned k = 0; k < PATHS; k++)
            assert_int_equal(w->last[i][k], 1);
}

static void the_default_feed_comes_in_parts(void **state)
{
    struct world *w = *state;
    sk_feed_replay(w->feed, SK_FEED_ALL);
    everything_comes_in_parts(w);
}

static void a_row_comes_in_parts(void **state)
{
    subscribe(*state, "{\"context\":\"vessels.*\",\"subscribe\":[{\"path\":\"a.*\"}]}");
    everything_comes_in_parts(*state);
}

static void many_rows_come_in_their_order(void **state)
{
    struct world *w = *state;
    subscribe(w,
              "{\"context\":\"vessels.*\",\"subscribe\":[{\"path\":\"a.p0\"},{\"path\":\"a.p1\"},{\"path\":\"a.p2\"},{\"path\":"
              "\"a.p3\"}]}");
    everything_comes_in_parts(w);
}

static void what_changes_meanwhile_ends_up_current(void **state)
{
    struct world *w = *state;
    sk_feed_replay(w->feed, SK_FEED_ALL);
    sk_feed_set_mode(w->feed, SK_FEED_ALL);
    for (unsigned i = 0; i < VESSELS; i += 7)
        value(w, i, i % PATHS, 2);
    finish(w);
    for (unsigned i = 0; i < VESSELS; i++)
        for (unsigned k = 0; k < PATHS; k++)
            assert_int_equal(w->last[i][k], i % 7 == 0 && k == i % PATHS ? 2 : 1);
}

static bool passed(void *arg)
{
    (void)arg;
    return false;
}

static void a_client_that_does_not_read_is_waited_for(void **state)
{
    struct world *w = *state;
    w->unsent = SIZE_MAX / 2;
    sk_feed_replay(w->feed, SK_FEED_ALL);
    unsigned before = w->messages;
    (void)sk_loop_run_until(w->loop, passed, w, sk_clock_mono_ms() + 50);
    assert_int_equal(w->messages, before);
    w->unsent = 0;
    finish(w);
    assert_int_equal(w->messages, VESSELS * PATHS);
}

static void what_ends_meanwhile_ends(void **state)
{
    struct world *w = *state;
    yyjson_doc *doc = NULL;
    subscribe(w, "{\"context\":\"vessels.*\",\"subscribe\":[{\"path\":\"a.*\"},{\"path\":\"*\"}]}");
    sk_feed_replay(w->feed, SK_FEED_ALL);
    assert_int_equal(sk_json_read(SK_SPAN("{\"context\":\"vessels.*\",\"unsubscribe\":[{\"path\":\"a.*\"}]}"), &doc, NULL), 0);
    sk_feed_unsubscribe(w->feed, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    assert_non_null(w->hub->replays);
    assert_int_equal(sk_json_read(SK_SPAN("{\"context\":\"*\",\"unsubscribe\":[{\"path\":\"*\"}]}"), &doc, NULL), 0);
    sk_feed_unsubscribe(w->feed, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    assert_null(w->hub->replays);
    sk_feed_replay(w->feed, SK_FEED_ALL); /* tear_down ends the client in the midst of it */
    assert_non_null(w->hub->replays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_default_feed_comes_in_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_comes_in_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_rows_come_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_changes_meanwhile_ends_up_current, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_does_not_read_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_ends_meanwhile_ends, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
