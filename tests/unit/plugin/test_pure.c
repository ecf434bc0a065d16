/* Supervisor, endpoints, packages, configurations, inbox, HTTP texts, UTF-16: no engine, no threads, no clock. */
#include "base/json.h"
#include "plugin/allowance.h"
#include "plugin/config.h"
#include "plugin/endpoint.h"
#include "plugin/figures.h"
#include "plugin/guest_impl.h"
#include "plugin/inbox.h"
#include "plugin/package.h"
#include "plugin/supervisor.h"
#include "plugin/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- supervisor ---- */

static struct sk_super supervisor(void)
{
    struct sk_super s;
    sk_super_init(&s,
                  (struct sk_super_limits){
                      .restarts = 3, .first_delay_ms = 1000, .max_delay_ms = 300000, .quick_ms = 60000, .healthy_ms = 600000 });
    return s;
}

struct row {
    enum sk_super_event ev;
    uint64_t at_ms;
    enum sk_super_do what;
    enum sk_super_state state;
    uint64_t wake_at_ms;
};

#define DO(x) SK_SUPER_DO_##x
#define EV(x) SK_SUPER_EV_##x
#define ST(x) SK_SUPER_##x

static void follow(const struct row *rows, size_t n)
{
    struct sk_super s = supervisor();
    for (size_t i = 0; i < n; i++) {
        struct sk_super_action a = sk_super_step(&s, rows[i].ev, rows[i].at_ms);
        if (a.what != rows[i].what || s.state != rows[i].state || a.wake_at_ms != rows[i].wake_at_ms)
            fail_msg("row %zu: did %d, state %s, wake %lu", i, a.what, sk_super_state_text(s.state), (unsigned long)a.wake_at_ms);
    }
}

static void a_crash_loop_ends_in_error(void **state)
{
    static const struct row rows[] = {
        { EV(WANTED), 0, DO(START), ST(STARTING), 0 },
        { EV(STARTED), 10, DO(NOTHING), ST(RUNNING), 0 },
        { EV(CRASHED), 100, DO(NOTHING), ST(CRASHED), 1100 },
        { EV(ENDED), 101, DO(NOTHING), ST(CRASHED), 1100 },
        { EV(TIME), 900, DO(NOTHING), ST(CRASHED), 1100 },
        { EV(TIME), 1100, DO(START), ST(STARTING), 0 },
        { EV(CRASHED), 1200, DO(NOTHING), ST(CRASHED), 3200 },
        { EV(ENDED), 1201, DO(NOTHING), ST(CRASHED), 3200 },
        { EV(TIME), 3200, DO(START), ST(STARTING), 0 },
        { EV(STARTED), 3210, DO(NOTHING), ST(RUNNING), 0 },
        { EV(CRASHED), 4000, DO(NOTHING), ST(CRASHED), 8000 },
        { EV(TIME), 8000, DO(START), ST(STARTING), 0 },
        { EV(STARTED), 8010, DO(NOTHING), ST(RUNNING), 0 },
        { EV(CRASHED), 9000, DO(NOTHING), ST(ERROR), 0 },
        { EV(TIME), 99000, DO(NOTHING), ST(ERROR), 0 },
        { EV(WANTED), 100000, DO(START), ST(STARTING), 0 },
        { EV(CRASHED), 100001, DO(NOTHING), ST(CRASHED), 101001 },
    };
    follow(rows, SK_COUNT(rows));
    (void)state;
}

/* Runs, crashes after `ran_ms`, and starts again at the time that it was told. Returns the delay. */
static uint64_t run_and_crash(struct sk_super *s, uint64_t *now, uint64_t ran_ms)
{
    sk_super_step(s, EV(STARTED), *now);
    *now += ran_ms;
    struct sk_super_action a = sk_super_step(s, EV(CRASHED), *now);
    assert_int_equal(s->state, ST(CRASHED));
    uint64_t delay = a.wake_at_ms - *now;
    *now = a.wake_at_ms;
    assert_int_equal(sk_super_step(s, EV(TIME), *now).what, DO(START));
    return delay;
}

static void ten_minutes_of_health_forget_crashes(void **state)
{
    struct sk_super s = supervisor();
    uint64_t now = 0;
    sk_super_step(&s, EV(WANTED), now);
    assert_int_equal(run_and_crash(&s, &now, 100), 1000);
    assert_int_equal(run_and_crash(&s, &now, 599999), 2000);
    for (int i = 0; i < 50; i++)
        assert_int_equal(run_and_crash(&s, &now, 600000), 1000);
    (void)state;
}

static void crashes_now_and_then_are_never_given_up_but_wait_longer(void **state)
{
    static const unsigned delays_s[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300 };
    struct sk_super s = supervisor();
    uint64_t now = 0;
    sk_super_step(&s, EV(WANTED), now);
    for (size_t i = 0; i < SK_COUNT(delays_s); i++)
        assert_int_equal(run_and_crash(&s, &now, 60000), delays_s[i] * 1000);
    for (size_t i = 0; i < 2; i++) /* the last of the long runs was the first in the row of crashes */
        assert_int_equal(run_and_crash(&s, &now, 59999), 300000);
    sk_super_step(&s, EV(STARTED), now);
    sk_super_step(&s, EV(CRASHED), now + 1);
    assert_int_equal(s.state, ST(ERROR));
    (void)state;
}

static void a_lost_worker_is_not_replaced(void **state)
{
    static const struct row rows[] = {
        { EV(WANTED), 0, DO(START), ST(STARTING), 0 },  { EV(STARTED), 10, DO(NOTHING), ST(RUNNING), 0 },
        { EV(LOST), 20, DO(NOTHING), ST(ERROR), 0 },    { EV(ENDED), 20, DO(NOTHING), ST(ERROR), 0 },
        { EV(WANTED), 30, DO(START), ST(STARTING), 0 }, { EV(UNWANTED), 31, DO(STOP), ST(STOPPING), 0 },
        { EV(LOST), 32, DO(NOTHING), ST(STOPPING), 0 }, { EV(ENDED), 32, DO(NOTHING), ST(STOPPED), 0 },
    };
    follow(rows, SK_COUNT(rows));
    (void)state;
}

static void switching_on_and_off(void **state)
{
    static const struct row rows[] = {
        { EV(UNWANTED), 0, DO(NOTHING), ST(STOPPED), 0 },  { EV(WANTED), 1, DO(START), ST(STARTING), 0 },
        { EV(WANTED), 2, DO(STOP), ST(STOPPING), 0 }, /* saved again while it starts */
        { EV(STARTED), 3, DO(NOTHING), ST(STOPPING), 0 },  { EV(CRASHED), 3, DO(NOTHING), ST(STOPPING), 0 },
        { EV(UNWANTED), 4, DO(NOTHING), ST(STOPPING), 0 }, { EV(WANTED), 5, DO(NOTHING), ST(STOPPING), 0 },
        { EV(ENDED), 6, DO(START), ST(STARTING), 0 },      { EV(START_FAILED), 7, DO(NOTHING), ST(ERROR), 0 },
        { EV(ENDED), 8, DO(NOTHING), ST(ERROR), 0 },       { EV(UNWANTED), 9, DO(NOTHING), ST(STOPPED), 0 },
        { EV(WANTED), 10, DO(START), ST(STARTING), 0 },    { EV(STARTED), 11, DO(NOTHING), ST(RUNNING), 0 },
        { EV(UNWANTED), 12, DO(STOP), ST(STOPPING), 0 },   { EV(ENDED), 13, DO(NOTHING), ST(STOPPED), 0 },
        { EV(WANTED), 14, DO(START), ST(STARTING), 0 },    { EV(CRASHED), 15, DO(NOTHING), ST(CRASHED), 1015 },
        { EV(UNWANTED), 16, DO(NOTHING), ST(STOPPED), 0 }, { EV(TIME), 2000, DO(NOTHING), ST(STOPPED), 0 },
    };
    follow(rows, SK_COUNT(rows));
    (void)state;
}

static void any_events_in_any_order_are_survived(void **state)
{
    struct sk_super s = supervisor();
    uint32_t r = 1;
    for (uint64_t t = 0; t < 200000; t++) {
        r = r * 1664525u + 1013904223u;
        sk_super_step(&s, (enum sk_super_event)((r >> 16) % 8), t * 50);
        assert_true(s.state < SK_SUPER_STATE_COUNT);
    }
    (void)state;
}

/* ---- endpoints ---- */

static void patterns_match_as_in_express(void **state)
{
    static const struct {
        const char *pattern, *path;
        bool matches;
        const char *name, *value;
    } rows[] = {
        { "/api/status", "/api/status", true, NULL, NULL },
        { "/api/status", "/API/Status/", true, NULL, NULL },
        { "/api/status/", "/api/status", true, NULL, NULL },
        { "/api/status", "/api/statusx", false, NULL, NULL },
        { "/api/status", "/api", false, NULL, NULL },
        { "/api/charts/:id", "/api/charts/77", true, "id", "77" },
        { "/api/charts/:id", "/api/charts/a%20b/", true, "id", "a%20b" },
        { "/api/charts/:id", "/api/charts/", false, NULL, NULL },
        { "/api/charts/:id", "/api/charts/a/b", false, NULL, NULL },
        { "/:a-:b", "/x-y-z", true, "a", "x-y" },
        { "/:id.json", "/77.json", true, "id", "77" },
        { "/list/:page?", "/list", true, "page", NULL },
        { "/list/:page?", "/list/3", true, "page", "3" },
        { "/colou?r", "/color", true, NULL, NULL },
        { "/colou?r", "/colour", true, NULL, NULL },
        { "*", "/anything/at/all", true, "0", "/anything/at/all" },
        { "/files/*", "/files/a/b", true, "0", "a/b" },
        { "/files/*", "/file", false, NULL, NULL },
        { "/", "/", true, NULL, NULL },
        { "/tiles/:z/:x/:y", "/tiles/1/2/3", true, "z", "1" },
    };
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_endpoint_params p;
        if (sk_endpoint_path_matches(rows[i].pattern, sk_span_of(rows[i].path), &p) != rows[i].matches)
            fail_msg("%s against %s", rows[i].pattern, rows[i].path);
        if (rows[i].name == NULL)
            continue;
        assert_true(p.count >= 1 && sk_span_eq(p.name[0], rows[i].name));
        if (rows[i].value == NULL)
            assert_null(p.value[0].p);
        else
            assert_true(sk_span_eq(p.value[0], rows[i].value));
    }
    (void)state;
}

static void a_costly_pattern_is_given_up(void **state)
{
    struct sk_endpoint_params p;
    char path[2001];
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[2000] = 0;
    assert_false(sk_endpoint_path_matches("/*a*a*a*a*a*a*a*a*b", sk_span_of(path), &p));
    assert_false(sk_endpoint_path_matches("/a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b", sk_span_of(path), &p));
    assert_true(p.count <= SK_ENDPOINT_PARAMS_MAX);
    (void)state;
}

static void endpoints_are_read_up_to_the_first_broken_one(void **state)
{
    struct sk_endpoints *e = NULL;
    struct sk_endpoint_params p;
    struct sk_errmsg em = { 0 };
    const char *json =
        "[{\"method\":\"get\",\"path\":\"/a\",\"handler\":\"h1\"},{\"method\":\"PATCH\",\"path\":\"/p\",\"handler\":\"h\"},"
        "{\"method\":\"Post\",\"path\":\"b\",\"handler\":\"h2\"},{\"path\":\"/c\",\"handler\":\"h3\"},"
        "{\"method\":\"GET\",\"path\":\"/d\",\"handler\":\"h4\"}]";
    assert_true(sk_endpoints_parse(sk_span_of(json), &e, &em) < 0);
    assert_int_equal(e->count, 2);
    assert_string_equal(sk_endpoints_match(e, SK_SPAN("HEAD"), SK_SPAN("/A/"), &p)->handler, "h1");
    assert_string_equal(sk_endpoints_match(e, SK_SPAN("POST"), SK_SPAN("/b"), &p)->handler, "h2");
    assert_null(sk_endpoints_match(e, SK_SPAN("POST"), SK_SPAN("/a"), &p));
    assert_null(sk_endpoints_match(e, SK_SPAN("GET"), SK_SPAN("/d"), &p));
    sk_endpoints_destroy(e);
    static const char *const odd[] = {
        "", "{}", "null", "[1,2]", "[[]]", "nonsense", "[{\"method\":1,\"path\":2,\"handler\":3}]"
    };
    for (size_t i = 0; i < SK_COUNT(odd); i++) {
        assert_true(sk_endpoints_parse(sk_span_of(odd[i]), &e, &em) < 0);
        assert_int_equal(e->count, 0);
        sk_endpoints_destroy(e);
    }
    (void)state;
}

/* ---- packages ---- */

static struct sk_package *package(const char *json)
{
    struct sk_package *p = NULL;
    struct sk_errmsg em = { 0 };
    if (sk_package_parse(sk_span_of(json), &p, &em) < 0)
        fail_msg("%s", em.text);
    return p;
}

static void a_package_and_its_defaults(void **state)
{
    struct sk_package *p =
        package("{\"name\":\"@signalk/example\",\"keywords\":[\"signalk-wasm-plugin\"],\"wasmManifest\":\"./p.wasm\"}");
    assert_string_equal(p->id, "_signalk_example");
    assert_string_equal(p->version, "");
    assert_string_equal(p->display_name, "@signalk/example");
    assert_string_equal(p->manifest, "./p.wasm");
    assert_true(p->is_plugin && !p->is_webapp && !p->no_storage && p->json == NULL);
    assert_true(sk_package_can(p, SK_CAP_DATA_READ) && sk_package_can(p, SK_CAP_DATA_WRITE) && sk_package_can(p, SK_CAP_NONE));
    assert_false(sk_package_can(p, SK_CAP_NETWORK) || sk_package_can(p, SK_CAP_PUT_HANDLERS));
    sk_package_unref(p);

    p = package("\xef\xbb\xbf{\"name\":\"a\",\"version\":\"1.2.3\",\"keywords\":[\"signalk-node-server-plugin\",\"signalk-"
                "webapp\"],\"wasmManifest\":"
                "\"b/"
                "p.wasm\",\"signalk\":{\"displayName\":\"A\"},\"wasmCapabilities\":{\"network\":\"yes\",\"dataWrite\":false,"
                "\"dataRead\":0,"
                "\"putHandlers\":true,\"storage\":\"none\"}}");
    assert_true(p->is_plugin && p->is_webapp && p->no_storage && p->json != NULL);
    assert_string_equal(p->display_name, "A");
    assert_true(sk_package_can(p, SK_CAP_NETWORK) && sk_package_can(p, SK_CAP_PUT_HANDLERS) &&
                sk_package_can(p, SK_CAP_DATA_READ));
    assert_false(sk_package_can(p, SK_CAP_DATA_WRITE));
    sk_package_unref(p);
    sk_package_unref(NULL);
    (void)state;
}

static void names_that_could_climb_are_refused(void **state)
{
    static const char *const names[] = { "",    ".",     "..",        "../x", ".hidden", "a/../b", "a/.b", "a\\\\b",
                                         "a b", "a\\nb", "a\\u0000b", "/a",   "a/",      "a%2e",   "a?b" };
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        char json[100];
        struct sk_package *p = NULL;
        struct sk_errmsg em = { 0 };
        snprintf(json, sizeof json, "{\"name\":\"%s\",\"keywords\":[]}", names[i]);
        if (sk_package_parse(sk_span_of(json), &p, &em) == 0)
            fail_msg("accepted: %s", names[i]);
    }
    static const char *const odd[] = { "", "[]", "null", "1", "{}", "{\"name\":1}", "{\"name\":null}", "{" };
    for (size_t i = 0; i < SK_COUNT(odd); i++) {
        struct sk_package *p = NULL;
        assert_true(sk_package_parse(sk_span_of(odd[i]), &p, NULL) < 0);
        assert_null(p);
    }
    (void)state;
}

static void a_manifest_stays_in_its_package(void **state)
{
    static const char *const good[] = { "plugin.wasm", "build/plugin.wasm", "./p.wasm", "a..b.wasm" };
    static const char *const bad[] = { "../p.wasm", "a/../../p.wasm", "/etc/p.wasm", "..", "a/.." };
    for (size_t i = 0; i < SK_COUNT(good) + SK_COUNT(bad); i++) {
        bool usable = i < SK_COUNT(good);
        char json[200];
        snprintf(json, sizeof json, "{\"name\":\"a\",\"wasmManifest\":\"%s\"}", usable ? good[i] : bad[i - SK_COUNT(good)]);
        struct sk_package *p = package(json);
        assert_int_equal(p->manifest_usable, usable);
        sk_package_unref(p);
    }
    (void)state;
}

/* ---- configurations ---- */

static void expect_text(void (*write)(const struct sk_plugin_config *, struct sk_buf *), const struct sk_plugin_config *c,
                        const char *want)
{
    struct sk_buf b;
    sk_buf_init(&b, 1 << 20);
    write(c, &b);
    assert_string_equal(sk_buf_cstr(&b), want);
    sk_buf_finish(&b);
}

static void the_start_argument(void **state)
{
    static const struct {
        const char *file, *start;
    } rows[] = {
        { "{}", "{\"enableDebug\":false}" },
        { "{\"configuration\":{\"a\":1}}", "{\"a\":1,\"enableDebug\":false}" },
        { "{\"configuration\":{\"b\":5000.0,\"enableDebug\":\"x\",\"a\":1e21},\"enableDebug\":true}",
          "{\"b\":5000,\"enableDebug\":true,\"a\":1e+21}" },
        { "{\"configuration\":[1]}", "{\"enableDebug\":false}" },
        { "{\"configuration\":null,\"enabled\":true}", "{\"enableDebug\":false}" },
    };
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_plugin_config c;
        assert_int_equal(sk_plugin_config_parse(&c, sk_span_of(rows[i].file), NULL), 0);
        expect_text(sk_plugin_config_write_start, &c, rows[i].start);
        sk_plugin_config_finish(&c);
    }
    (void)state;
}

static void a_save_keeps_what_it_does_not_know(void **state)
{
    struct sk_plugin_config c;
    assert_int_equal(sk_plugin_config_parse(
                         &c, SK_SPAN("{\"enabled\":true,\"enableLogging\":true,\"configuration\":{\"a\":1},\"x\":[1]}"), NULL),
                     0);
    assert_true(c.enabled);
    assert_int_equal(sk_plugin_config_apply(&c,
                                            SK_SPAN(
                                                "{\"enabled\":\"no\",\"enableLogging\":false,\"configuration\":{\"b\":0.10}}"),
                                            NULL),
                     0);
    expect_text(sk_plugin_config_write_file, &c,
                "{\n  \"configuration\": {\n    \"b\": 0.1\n  },\n  \"enabled\": true,\n  \"enableDebug\": false,\n  "
                "\"enableLogging\": true,\n  \"x\": [\n    1\n  ]\n}");
    assert_int_equal(sk_plugin_config_apply(&c, (struct sk_span){ 0 }, NULL), 0);
    assert_string_equal(c.configuration, "{}");
    assert_true(sk_plugin_config_apply(&c, SK_SPAN("[1]"), NULL) < 0);
    sk_plugin_config_finish(&c);

    assert_true(sk_plugin_config_parse(&c, SK_SPAN("not json"), NULL) < 0);
    expect_text(sk_plugin_config_write, &c, "{\"enabled\":false,\"enableDebug\":false}");
    assert_int_equal(sk_plugin_config_replace(&c, SK_SPAN("{\"own\":1}"), NULL), 0);
    expect_text(sk_plugin_config_write_file, &c, "{\n  \"configuration\": {\n    \"own\": 1\n  },\n  \"enabled\": true\n}");
    expect_text(sk_plugin_config_write, &c, "{\"enabled\":true,\"enableDebug\":false,\"configuration\":{\"own\":1}}");
    sk_plugin_config_finish(&c);
    (void)state;
}

/* ---- limits and figures ---- */

static void limits_come_from_the_settings(void **state)
{
    static const char text[] =
        "{\"memoryMiB\":32,\"files\":7,\"speed\":1,\"callSeconds\":0.5,\"logKiBPerSecond\":1e9,\"plugins\":"
        "{\"@a/b\":{\"memoryMiB\":128,\"filesMiB\":0.5},\"c\":{\"openFiles\":\"many\"},\"d\":7}}";
    struct sk_errmsg em = { 0 };
    yyjson_doc *doc = NULL;
    assert_int_equal(sk_json_read(sk_span_of(text), &doc, &em), 0);
    const yyjson_val *root = yyjson_doc_get_root(doc);
    struct sk_host_limits general = sk_host_default_limits, l;
    assert_int_equal(sk_allowance_apply(&general, root, &em), SK_ERR_INVALID);
    assert_non_null(strstr(em.text, "no limit \"speed\"")); /* the first mistake; the others are left out too */
    assert_int_equal(general.memory_max, 32u << 20);
    assert_int_equal(general.files_count, 7);
    assert_int_equal(general.call_ms, 5000);
    assert_int_equal(general.log_per_s, 16384);

    l = general;
    assert_int_equal(sk_allowance_for(&l, root, "@a/b", "_a_b", &em), 0);
    assert_int_equal(l.memory_max, 128u << 20);
    assert_int_equal(l.files_bytes, 1u << 19);
    assert_int_equal(l.files_count, 7);
    l = general;
    assert_int_equal(sk_allowance_for(&l, root, "c", "c", &em), SK_ERR_INVALID);
    assert_non_null(strstr(em.text, "\"openFiles\" must be a number from 1 to 1024"));
    assert_int_equal(l.files_open, 128);
    assert_int_equal(sk_allowance_for(&l, root, "d", "d", &em), SK_ERR_INVALID);
    assert_int_equal(sk_allowance_for(&l, root, "e", "e", &em), 0);
    assert_int_equal(sk_allowance_for(&l, NULL, "e", "e", &em), 0);
    yyjson_doc_free(doc);
    (void)state;
}

static void a_rate_fills_with_time(void **state)
{
    struct sk_rate r;
    sk_rate_init(&r, 10, 1000);
    for (int i = 0; i < 10; i++)
        assert_true(sk_rate_take(&r, 1, 5, 10, 1000));
    assert_false(sk_rate_take(&r, 1, 5, 10, 1100));
    assert_true(sk_rate_take(&r, 1, 5, 10, 1200));
    assert_false(sk_rate_take(&r, 1, 5, 10, 1200));
    assert_false(sk_rate_take(&r, 1, 5, 10, 900)); /* a clock that goes back gives nothing */
    for (int i = 0; i < 10; i++)
        assert_true(sk_rate_take(&r, 1, 5, 10, 1000000)); /* never more than the burst */
    assert_false(sk_rate_take(&r, 1, 5, 10, 1000000));
    (void)state;
}

static void calls_are_counted_by_export(void **state)
{
    struct sk_figures *f = sk_figures_create();
    char name[100];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "handler_%d_with_a_name_that_is_much_longer_than_anybody_would_write_by_hand_%d", i, i);
        sk_histogram_add(&sk_figures_export(f, i % 2 == 0 ? name : "poll")->took, 1000);
    }
    assert_int_equal(f->export_count, SK_FIGURES_EXPORTS_MAX);
    assert_int_equal(sk_figures_calls(f), 100);
    assert_int_equal(sk_histogram_count(&sk_figures_export(f, "poll")->took), 50);
    sk_figures_add(f, SK_COUNT_DELTAS_REFUSED, 3);
    struct sk_buf b;
    sk_buf_init(&b, 100000);
    sk_buf_char(&b, '{');
    sk_figures_write(f, &b);
    sk_buf_char(&b, '}');
    yyjson_doc *doc = NULL;
    assert_int_equal(sk_json_read(sk_buf_span(&b), &doc, NULL), 0);
    assert_int_equal((int)sk_json_get_number(yyjson_doc_get_root(doc), "deltasRefused", -1), 3);
    assert_int_equal((int)yyjson_arr_size(sk_json_get(yyjson_doc_get_root(doc), "exports")), SK_FIGURES_EXPORTS_MAX);
    yyjson_doc_free(doc);
    sk_buf_finish(&b);
    sk_figures_unref(sk_figures_ref(f));
    sk_figures_unref(f);
    (void)state;
}

/* ---- inbox ---- */

static void the_oldest_deltas_go_first(void **state)
{
    struct sk_inbox q, other;
    size_t dropped = 0;
    sk_inbox_init(&q, 10, 1000);
    sk_inbox_init(&other, 10, 1000);
    for (int i = 0; i < 25; i++) {
        char text[8];
        struct sk_frame *f = sk_frame_create(text, (size_t)snprintf(text, sizeof text, "%d", i));
        dropped += sk_inbox_push(&q, f);
        sk_frame_unref(f);
    }
    assert_int_equal(q.count, 10);
    assert_int_equal(dropped, 15);
    sk_inbox_swap(&q, &other);
    assert_int_equal(q.count, 0);
    struct sk_frame *f = sk_inbox_pop(&other);
    assert_true(sk_span_eq(sk_frame_text(f), "15"));
    sk_frame_unref(f);

    char big[600] = { 0 };
    for (int i = 0; i < 3; i++) { /* bytes count too; a single one always fits */
        f = sk_frame_create(big, i == 2 ? 600 : 400);
        sk_inbox_push(&q, f);
        sk_frame_unref(f);
    }
    assert_int_equal(q.count, 2);
    assert_int_equal(q.bytes, 1000);
    sk_inbox_finish(&q);
    sk_inbox_finish(&other);
    (void)state;
}

/* ---- HTTP texts ---- */

static void queries_by_the_rules_of_qs(void **state)
{
    static const struct {
        const char *query, *json;
    } rows[] = {
        { "", "{}" },
        { "x=1&x=2&y=z", "{\"x\":[\"1\",\"2\"],\"y\":\"z\"}" },
        { "x=1&x=2&x=3", "{\"x\":[\"1\",\"2\",\"3\"]}" },
        { "a[b]=1&a[c]=2", "{\"a\":{\"b\":\"1\",\"c\":\"2\"}}" },
        { "a%5Bb%5D=1", "{\"a\":{\"b\":\"1\"}}" },
        { "a[]=1&a[]=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a[0]=x", "{\"a\":[\"x\"]}" },
        { "a[b][c]=1", "{\"a\":{\"b\":{\"c\":\"1\"}}}" },
        { "flag&empty=", "{\"flag\":\"\",\"empty\":\"\"}" },
        { "q=%C3%85bo+x%2By&bad=%zz%", "{\"q\":\"Åbo x+y\",\"bad\":\"%zz%\"}" },
        { "=1&&b=2", "{\"b\":\"2\"}" },
        { "a=1&a[b]=2", "{\"a\":\"1\"}" },
        { "a[=1", "{\"a[\":\"1\"}" },
    };
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_buf b;
        sk_buf_init(&b, 10000);
        sk_web_query(sk_span_of(rows[i].query), &b);
        assert_string_equal(sk_buf_cstr(&b), rows[i].json);
        sk_buf_finish(&b);
    }
    (void)state;
}

static void answers_become_http(void **state)
{
    static const struct {
        const char *answer;
        int status;
        const char *type, *body;
    } rows[] = {
        { "{\"statusCode\":\"418\",\"body\":\"x\"}", 418, "text/html; charset=utf-8", "x" },
        { "{\"body\":{\"a\":[1, 2]}}", 200, "application/json; charset=utf-8", "{\"a\":[1,2]}" },
        { "{\"headers\":{\"Content-Type\":\"application/json\"},\"body\":\"{ \\\"a\\\" : 1 }\"}", 200,
          "application/json; charset=utf-8", "{\"a\":1}" },
        { "{\"headers\":{\"content-type\":\"application/json\"},\"body\":\"no json\"}", 200, "application/json; charset=utf-8",
          "no json" },
        { "{\"headers\":{\"content-type\":\"text/css\"},\"body\":\"a{}\"}", 200, "text/css; charset=utf-8", "a{}" },
        { "{\"statusCode\":204}", 204, NULL, "" },
        { "{\"body\":5}", 200, "application/json; charset=utf-8", "5" },
        { "{\"statusCode\":99}", 500, "application/json; charset=utf-8", "{\"error\":\"Invalid status code: 99\"}" },
        { "{\"statusCode\":\"x\"}", 500, "application/json; charset=utf-8", "{\"error\":\"Invalid status code: x\"}" },
        { "{\"statusCode\":{}}", 500, "application/json; charset=utf-8", "{\"error\":\"Invalid status code: {}\"}" },
        { "{\"statusCode\":0}", 200, NULL, "" },
    };
    struct sk_arena a;
    sk_arena_init(&a, 1 << 20);
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_web_reply r;
        sk_web_answer(&a, sk_span_of(rows[i].answer), &r);
        assert_int_equal(r.status, rows[i].status);
        if (rows[i].type == NULL)
            assert_null(r.type);
        else
            assert_string_equal(r.type, rows[i].type);
        assert_true(sk_span_eq(r.body, rows[i].body));
    }
    struct sk_web_reply r;
    sk_web_answer(&a,
                  SK_SPAN("{\"headers\":{\"Set-Cookie\":[\"a=1\",\"b=2\"],\"X-N\":5,\"Content-Length\":\"9\",\"Connection\":"
                          "\"close\"}}"),
                  &r);
    assert_int_equal(r.header_count, 3);
    assert_true(sk_span_eq(r.headers[1].value, "b=2") && sk_span_eq(r.headers[2].value, "5"));
    static const char *const broken[] = { "", "nonsense", "[]", "null", "\"x\"" };
    for (size_t i = 0; i < SK_COUNT(broken); i++) {
        sk_web_answer(&a, sk_span_of(broken[i]), &r);
        assert_int_equal(r.status, 500);
    }
    sk_arena_finish(&a);
    (void)state;
}

/* ---- UTF-16 ---- */

static void texts_cross_to_utf16_and_back(void **state)
{
    static const char text[] = "Åbo ⚓ 𝄞 x";
    uint8_t le[64];
    size_t units = sk_utf16_units(SK_SPAN(text), NULL);
    assert_int_equal(units, 10);
    assert_int_equal(sk_utf16_units(SK_SPAN(text), le), units);
    struct sk_buf b;
    sk_buf_init(&b, 100);
    sk_utf16_append(&b, le, units);
    assert_string_equal(sk_buf_cstr(&b), text);
    sk_buf_clear(&b);
    sk_utf16_append(&b, (const uint8_t *)"\x3d\xd8x\0\0\xdc\x3d\xd8", 4); /* lone: high, then low, then high at the end */
    assert_string_equal(sk_buf_cstr(&b), "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd");
    sk_buf_finish(&b);
    assert_int_equal(sk_utf16_units(SK_SPAN("a\xff\xc3"), le), 3);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_loop_ends_in_error),
        cmocka_unit_test(ten_minutes_of_health_forget_crashes),
        cmocka_unit_test(crashes_now_and_then_are_never_given_up_but_wait_longer),
        cmocka_unit_test(a_lost_worker_is_not_replaced),
        cmocka_unit_test(switching_on_and_off),
        cmocka_unit_test(any_events_in_any_order_are_survived),
        cmocka_unit_test(patterns_match_as_in_express),
        cmocka_unit_test(a_costly_pattern_is_given_up),
        cmocka_unit_test(endpoints_are_read_up_to_the_first_broken_one),
        cmocka_unit_test(a_package_and_its_defaults),
        cmocka_unit_test(names_that_could_climb_are_refused),
        cmocka_unit_test(a_manifest_stays_in_its_package),
        cmocka_unit_test(the_start_argument),
        cmocka_unit_test(a_save_keeps_what_it_does_not_know),
        cmocka_unit_test(limits_come_from_the_settings),
        cmocka_unit_test(a_rate_fills_with_time),
        cmocka_unit_test(calls_are_counted_by_export),
        cmocka_unit_test(the_oldest_deltas_go_first),
        cmocka_unit_test(queries_by_the_rules_of_qs),
        cmocka_unit_test(answers_become_http),
        cmocka_unit_test(texts_cross_to_utf16_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
