/* The matcher against a slow one that is obviously right, and the index against trying every pattern. */
#include "hub/hub_private.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static bool slow_glob(const char *p, size_t pn, const char *s, size_t n)
{
    if (pn == 0)
        return n == 0;
    if (p[0] == '*')
        return slow_glob(p + 1, pn - 1, s, n) || (n > 0 && slow_glob(p, pn, s + 1, n - 1));
    return n > 0 && p[0] == s[0] && slow_glob(p + 1, pn - 1, s + 1, n - 1);
}

static size_t random_text(uint64_t *seed, char *to, size_t max, const char *letters, unsigned count)
{
    size_t n = random_below(seed, (unsigned)max + 1);
    for (size_t i = 0; i < n; i++)
        to[i] = letters[random_below(seed, count)];
    to[n] = '\0';
    return n;
}

static void glob_agrees_with_the_definition(void **state)
{
    uint64_t seed = 7;
    unsigned matched = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char p[9], s[12];
        size_t pn = random_text(&seed, p, 8, "ab.*", 4), n = random_text(&seed, s, 11, "ab.", 3);
        bool want = slow_glob(p, pn, s, n);
        matched += want;
        if (sk_glob((struct sk_span){ p, pn }, (struct sk_span){ s, n }) != want)
            fail_msg("'%s' and '%s': %d", p, s, want);
    }
    assert_true(matched > 10000);
}

static void kinds_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(sk_glob_kind(SK_SPAN("a.b")), SK_GLOB_LITERAL);
    assert_int_equal(sk_glob_kind(SK_SPAN("")), SK_GLOB_LITERAL);
    assert_int_equal(sk_glob_kind(SK_SPAN("a.*")), SK_GLOB_BRANCH);
    assert_int_equal(sk_glob_kind(SK_SPAN("*")), SK_GLOB_GENERAL);
    assert_int_equal(sk_glob_kind(SK_SPAN(".*")), SK_GLOB_GENERAL);
    assert_int_equal(sk_glob_kind(SK_SPAN("a*")), SK_GLOB_GENERAL);
    assert_int_equal(sk_glob_kind(SK_SPAN("a.*.*")), SK_GLOB_GENERAL);
    assert_int_equal(sk_glob_kind(SK_SPAN("a.*.b")), SK_GLOB_GENERAL);
}

/* ---- the index ---------------------------------------------------------------------------------------------------------- */

#define FEEDS 4
#define ROWS 60

struct client {
    struct sk_feed *feed;
    unsigned heard;
};

static int count_frame(void *arg, struct sk_frame *f, bool live)
{
    ((struct client *)arg)->heard += f->len != 0;
    return 0;
}

static void ignore(void *arg, struct sk_span text)
{
    (void)arg;
    (void)text;
}

static const struct sk_feed_ops ops = { count_frame, ignore };

static void subscribe(struct sk_feed *f, const char *verb, const char *context, const char *path)
{
    char text[200];
    yyjson_doc *doc;
    int n = snprintf(text, sizeof text, "{\"context\":\"%s\",\"%s\":[{\"path\":\"%s\"}]}", context, verb, path);
    assert_int_equal(sk_json_read((struct sk_span){ text, (size_t)n }, &doc, NULL), 0);
    if (verb[0] == 's')
        sk_feed_subscribe(f, yyjson_doc_get_root(doc));
    else
        sk_feed_unsubscribe(f, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static bool context_wanted(const char *wanted, const char *context)
{
    return slow_glob(wanted, strlen(wanted), context, strlen(context));
}

/* Rows come and go, leaves appear; every value reaches each client as often as it has rows that match. */
static void every_row_that_matches_is_found(void **state)
{
    static const char *const contexts[] = { "vessels.a", "vessels.b", "aton.c" }, *const wishes[] = { "*", "vessels.*",
                                                                                                      "aton.c" };
    static struct {
        char path[9];
        const char *context;
    } rows[FEEDS][ROWS];
    unsigned counts[FEEDS] = { 0 };
    struct client clients[FEEDS] = { 0 };
    uint64_t seed = 11;
    (void)state;
    struct sk_loop *loop = sk_loop_create();
    struct sk_model *model = sk_model_create("urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d");
    struct sk_hub *hub = sk_hub_create(loop, model);
    for (int i = 0; i < FEEDS; i++)
        clients[i].feed = sk_feed_create(hub, &ops, &clients[i]);
    for (int step = 0; step < 6000; step++) {
        unsigned i = random_below(&seed, FEEDS), what = random_below(&seed, 10);
        if (what == 0 && counts[i] < ROWS) {
            random_text(&seed, rows[i][counts[i]].path, 6, "ab.*", 4);
            rows[i][counts[i]].context = wishes[random_below(&seed, 3)];
            if (rows[i][counts[i]].path[0] == '\0' || strcmp(rows[i][counts[i]].path, "*") == 0)
                continue; /* "": root values; "*" in all contexts ends everything when it is unsubscribed */
            subscribe(clients[i].feed, "subscribe", rows[i][counts[i]].context, rows[i][counts[i]].path);
            counts[i]++;
        } else if (what == 1 && counts[i] > 0) {
            unsigned gone = random_below(&seed, counts[i]);
            char path[9];
            const char *context = rows[i][gone].context;
            strcpy(path, rows[i][gone].path);
            subscribe(clients[i].feed, "unsubscribe", context, path);
            for (unsigned k = 0; k < counts[i];) /* all of the same wish go; "*" stands for any context */
                if (strcmp(rows[i][k].path, path) == 0 && (strcmp(context, "*") == 0 || rows[i][k].context == context))
                    rows[i][k] = rows[i][--counts[i]];
                else
                    k++;
        } else if (what > 1) {
            char path[8], text[200];
            const char *context = contexts[random_below(&seed, 3)];
            if (random_text(&seed, path, 6, "ab.", 3) == 0)
                continue;
            int n = snprintf(text, sizeof text, "{\"context\":\"%s\",\"updates\":[{\"values\":[{\"path\":\"%s\",\"value\":1}]}]}",
                             context, path);
            unsigned before[FEEDS];
            for (int k = 0; k < FEEDS; k++)
                before[k] = clients[k].heard;
            assert_int_equal(sk_hub_ingest(hub, &(struct sk_origin){ .provider = "t" }, (struct sk_span){ text, (size_t)n },
                                           NULL),
                             0);
            for (int k = 0; k < FEEDS; k++) {
                unsigned want = 0;
                for (unsigned r = 0; r < counts[k]; r++)
                    want += context_wanted(rows[k][r].context, context) &&
                            slow_glob(rows[k][r].path, strlen(rows[k][r].path), path, strlen(path));
                if (clients[k].heard - before[k] != want)
                    fail_msg("step %d: %s %s: client %d got %u, not %u", step, context, path, k, clients[k].heard - before[k],
                             want);
            }
        }
    }
    for (int i = 0; i < FEEDS; i++)
        sk_feed_destroy(clients[i].feed);
    assert_int_equal(hub->patterns.count, 0);
    assert_null(hub->patterns.general);
    sk_hub_destroy(hub);
    sk_loop_destroy(loop);
    sk_model_destroy(model);
}

static void clients_with_the_same_wish_share_it(void **state)
{
    struct client clients[20] = { 0 };
    (void)state;
    struct sk_loop *loop = sk_loop_create();
    struct sk_model *model = sk_model_create("urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d");
    struct sk_hub *hub = sk_hub_create(loop, model);
    for (size_t i = 0; i < SK_COUNT(clients); i++) {
        clients[i].feed = sk_feed_create(hub, &ops, &clients[i]);
        subscribe(clients[i].feed, "subscribe", "vessels.self", "navigation.*");
    }
    assert_int_equal(hub->patterns.count, 1);
    for (size_t i = 0; i < SK_COUNT(clients); i++)
        sk_feed_destroy(clients[i].feed);
    assert_int_equal(hub->patterns.count, 0);
    sk_hub_destroy(hub);
    sk_loop_destroy(loop);
    sk_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(glob_agrees_with_the_definition),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(every_row_that_matches_is_found),
        cmocka_unit_test(clients_with_the_same_wish_share_it),
    };
    return cmocka_run_group_tests_name("hub patterns", tests, NULL, NULL);
}
