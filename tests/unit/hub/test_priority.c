/* Source priority as a function of source, path and time. */
#include "base/json.h"
#include "hub/priority.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct world {
    struct sk_paths paths;
    struct sk_sources sources;
    struct sk_priority_rules *rules;
    struct sk_priority_engine *engine;
    yyjson_doc *doc;
};

static void start(struct world *w, const char *config)
{
    *w = (struct world){ 0 };
    sk_sources_init(&w->sources);
    assert_int_equal(sk_json_read(sk_span_of(config), &w->doc, NULL), 0);
    yyjson_val *root = yyjson_doc_get_root(w->doc);
    w->rules = sk_priority_rules_create(&w->sources, sk_json_get(root, "groups"), sk_json_get(root, "overrides"),
                                        sk_json_get(root, "defaults"));
    w->engine = w->rules != NULL ? sk_priority_engine_create(w->rules) : NULL;
}

static void end(struct world *w)
{
    sk_priority_engine_destroy(w->engine);
    sk_priority_rules_destroy(w->rules);
    yyjson_doc_free(w->doc);
    sk_sources_finish(&w->sources);
    sk_paths_finish(&w->paths);
}

static struct sk_source *source(struct world *w, const char *ref)
{
    struct sk_source *s;
    assert_int_equal(sk_source_intern(&w->sources, sk_span_of(ref), &s, NULL), 0);
    return s;
}

static bool passes(struct world *w, const char *path, const char *ref, uint64_t now)
{
    struct sk_path *p;
    assert_int_equal(sk_path_intern(&w->paths, sk_span_of(path), &p, NULL), 0);
    return sk_priority_decide(w->engine, p, source(w, ref), now);
}

static void nothing_ranked_is_nothing(void **state)
{
    (void)state;
    struct world w;
    start(&w, "{\"groups\":[],\"overrides\":{},\"defaults\":{\"fallbackMs\":5}}");
    assert_null(w.rules);
    end(&w);
}

static void a_group_falls_back_after_its_time(void **state)
{
    (void)state;
    struct world w;
    start(&w, "{\"groups\":[{\"id\":\"g\",\"sources\":[\"gps.A\",\"gps.B\"]}],\"defaults\":{\"fallbackMs\":1000}}");
    assert_true(passes(&w, "a.b", "x.y", 10)); /* nobody has claimed the path yet */
    assert_true(passes(&w, "a.b", "gps.B", 50));
    assert_true(passes(&w, "a.b", "gps.A", 150));
    assert_false(passes(&w, "a.b", "gps.B", 250));
    assert_false(passes(&w, "a.b", "x.y", 350)); /* the unlisted rank last */
    assert_true(passes(&w, "a.b", "gps.B", 1600));
    assert_true(passes(&w, "a.b", "gps.A", 1601));
    assert_true(passes(&w, "other", "x.y", 1602));
    assert_true(passes(&w, "notifications.a", "gps.A", 2000));
    assert_true(passes(&w, "notifications.a", "gps.B", 2001));
    end(&w);
}

static void an_override_wins_over_the_group(void **state)
{
    (void)state;
    struct world w;
    start(&w, "{\"groups\":[{\"id\":\"g\",\"sources\":[\"w.2\",\"w.1\"]}],\"overrides\":{\"env.w\":[{\"sourceRef\":\"w.1\","
              "\"timeout\":0},"
              "{\"sourceRef\":\"w.2\",\"timeout\":\"500\"},{\"sourceRef\":\"w.3\",\"timeout\":-1}],"
              "\"env.all\":[{\"sourceRef\":\"*\",\"timeout\":0}]}}");
    assert_false(passes(&w, "env.w", "w.3", 0));
    assert_true(passes(&w, "env.w", "w.2", 1));
    assert_true(passes(&w, "env.w", "w.1", 2));
    assert_false(passes(&w, "env.w", "w.2", 102));
    assert_true(passes(&w, "env.w", "w.2", 702));
    assert_false(passes(&w, "env.w", "w.3", 99999));
    assert_true(passes(&w, "env.all", "w.1", 1));
    assert_true(passes(&w, "env.all", "w.2", 2));
    assert_false(passes(&w, "env.x", "w.1", 3) && !passes(&w, "env.x", "w.2", 4)); /* the group's order is the other way */
    end(&w);
}

static void an_unlisted_source_waits_for_the_longer_time(void **state)
{
    (void)state;
    struct world w;
    start(&w, "{\"overrides\":{\"p\":[{\"sourceRef\":\"a\",\"timeout\":0},{\"sourceRef\":\"b\",\"timeout\":20000}]}}");
    assert_true(passes(&w, "p", "z", 0));
    assert_true(passes(&w, "p", "b", 1)); /* listed beats unlisted */
    assert_false(passes(&w, "p", "z", 15000));
    assert_true(passes(&w, "p", "z", 20002));
    assert_true(passes(&w, "p", "y", 20003)); /* the unlisted are all alike */
    end(&w);
}

static void groups_that_are_off_do_not_count(void **state)
{
    (void)state;
    struct world w;
    start(&w, "{\"groups\":[{\"id\":\"g\",\"sources\":[\"a\",\"b\"],\"inactive\":true}],"
              "\"overrides\":{\"p\":[{\"sourceRef\":\"a\",\"timeout\":0},{\"sourceRef\":\"b\",\"timeout\":9000}]}}");
    assert_true(passes(&w, "p", "a", 0));
    assert_true(passes(&w, "p", "b", 1));
    assert_true(passes(&w, "q", "a", 0));
    assert_true(passes(&w, "q", "b", 1));
    end(&w);
}

static void a_device_is_known_by_its_can_name(void **state)
{
    (void)state;
    struct world w;
    start(&w, "{\"groups\":[{\"id\":\"g\",\"sources\":[\"can0.C0788C00E7E04312\",\"can0.17\"]}]}");
    assert_true(passes(&w, "p", "can1.c0788c00e7e04312", 0)); /* over another connection, in other letters */
    assert_false(passes(&w, "p", "can0.17", 1));
    assert_true(passes(&w, "p", "can0.C0788C00E7E04312", 2));
    assert_false(passes(&w, "q", "can0.99", 3) && !passes(&w, "q", "can0.17", 4));

    /* The address 99 turns out to be that very device. */
    yyjson_doc *doc;
    const char *text = "{\"label\":\"can0\",\"type\":\"NMEA2000\",\"src\":\"99\",\"canName\":\"c0788c00e7e04312\"}";
    assert_int_equal(sk_json_read(sk_span_of(text), &doc, NULL), 0);
    struct sk_source_info info;
    sk_source_info_read(yyjson_doc_get_root(doc), SK_SPAN("can0"), &info);
    sk_sources_note(&w.sources, source(&w, "can0.c0788c00e7e04312"), &info, NULL, SK_SPAN("t"));
    yyjson_doc_free(doc);
    assert_true(passes(&w, "r", "can0.99", 10));
    assert_false(passes(&w, "r", "can0.17", 11));
    end(&w);
}

static void assert_wrong(enum sk_priority_part part, const char *json, const char *where)
{
    yyjson_doc *doc;
    struct sk_errmsg em;
    assert_int_equal(sk_json_read(sk_span_of(json), &doc, NULL), 0);
    int r = sk_priority_check(part, yyjson_doc_get_root(doc), &em);
    if (where == NULL) {
        assert_int_equal(r, 0);
    } else {
        assert_int_equal(r, SK_ERR_INVALID);
        assert_string_equal(em.text, where);
    }
    yyjson_doc_free(doc);
}

static void a_wrong_place_is_named(void **state)
{
    (void)state;
    assert_wrong(SK_PRIORITY_GROUPS, "[{\"id\":\"a\",\"sources\":[\"x\"]},{\"id\":\"b\",\"sources\":[\"x\"],\"inactive\":true}]",
                 NULL);
    assert_wrong(SK_PRIORITY_GROUPS, "{}", "");
    assert_wrong(SK_PRIORITY_GROUPS, "[{\"sources\":[]}]", "/0/id");
    assert_wrong(SK_PRIORITY_GROUPS, "[{\"id\":\"a\",\"sources\":[1]}]", "/0/sources/0");
    assert_wrong(SK_PRIORITY_GROUPS, "[{\"id\":\"a\",\"sources\":[\"x\"]},{\"id\":\"b\",\"sources\":[\"x\"]}]",
                 "/1/sources/0: x is in two active groups");
    assert_wrong(SK_PRIORITY_OVERRIDES, "{\"p\":[{\"sourceRef\":\"a\",\"timeout\":\"5\"}]}", NULL);
    assert_wrong(SK_PRIORITY_OVERRIDES, "{\"p\":[{\"sourceRef\":\"a\",\"timeout\":\"5s\"}]}", "/p/0/timeout");
    assert_wrong(SK_PRIORITY_OVERRIDES, "{\"p\":[{\"timeout\":5}]}", "/p/0/sourceRef");
    assert_wrong(SK_PRIORITY_DEFAULTS, "{\"fallbackMs\":\"5\"}", "/fallbackMs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_ranked_is_nothing),        cmocka_unit_test(a_group_falls_back_after_its_time),
        cmocka_unit_test(an_override_wins_over_the_group),  cmocka_unit_test(an_unlisted_source_waits_for_the_longer_time),
        cmocka_unit_test(groups_that_are_off_do_not_count), cmocka_unit_test(a_device_is_known_by_its_can_name),
        cmocka_unit_test(a_wrong_place_is_named),
    };
    return cmocka_run_group_tests_name("priority", tests, NULL, NULL);
}
