/* What can be done to a plugin that is alone. */
#include "base/clock.h"
#include "base/json.h"
#include "plugin/web.h"
#include "solo/solo_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define REST_WAIT_MS 60000u /* longer than any deadline of a call, also of an HTTP request */
#define ROUNDS_MAX 2000u
#define SOURCE "test"

int sk_solo_alive(struct sk_solo *s, struct sk_errmsg *em)
{
    struct sk_plugin *p = sk_solo_plugin(s);
    const char *state = p != NULL ? sk_plugin_state(p) : "gone";
    if (strcmp(state, "running") == 0)
        return 0;
    if (p != NULL && sk_plugin_last_trap(p)[0] != '\0')
        return sk_errmsg_set(em, SK_ERR_TRAP, "the plugin crashed: %.400s", sk_plugin_last_trap(p));
    const char *why = p != NULL ? sk_plugin_message(p) : "";
    return sk_errmsg_set(em, SK_ERR_INVALID, "the plugin is not running (%s)%s%.300s", state, why[0] != '\0' ? ": " : "", why);
}

/* ---- rest -------------------------------------------------------------------------------------------------------------------
 */

struct rest {
    struct sk_solo *s;
    bool idle;
};

static void on_idle(void *arg)
{
    ((struct rest *)arg)->idle = true;
}

static bool idle_or_dead(void *arg)
{
    struct rest *r = arg;
    return r->idle || sk_solo_alive(r->s, NULL) < 0;
}

/* A delta of its own may have come back to it meanwhile: it is at rest when a whole round brought none. */
int sk_solo_settle(struct sk_solo *s, struct sk_errmsg *em)
{
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        struct rest r = { .s = s };
        uint64_t before = s->rounds_deltas;
        int e = sk_solo_alive(s, em);
        if (e < 0)
            return e;
        sk_plugin_when_idle(sk_solo_plugin(s), on_idle, &r);
        bool came = sk_loop_run_until(s->loop, idle_or_dead, &r, sk_clock_mono_ms() + REST_WAIT_MS);
        if (sk_solo_plugin(s) != NULL)
            sk_plugin_when_idle(sk_solo_plugin(s), NULL, NULL);
        if (!came)
            return sk_errmsg_set(em, SK_ERR_TIMEOUT, "the plugin does not come to rest");
        if (r.idle && before == s->rounds_deltas)
            return 0;
    }
    return sk_errmsg_set(em, SK_ERR_LIMIT, "the plugin answers its own deltas without end");
}

static uint64_t calls_of(struct sk_solo *s, const char *name)
{
    const struct sk_figures *f = sk_plugin_figures(sk_solo_plugin(s));
    size_t n = atomic_load(&f->export_count);
    for (size_t i = 0; i < n; i++)
        if (strcmp(f->exports[i]->name, name) == 0)
            return sk_histogram_count(&f->exports[i]->took);
    return 0;
}

int sk_solo_advance(struct sk_solo *s, double seconds, struct sk_errmsg *em)
{
    const uint64_t period = sk_host_default_limits.poll_ms;
    uint64_t end = sk_simtime_mono_ns(s->o.time) + (uint64_t)llround(seconds * 1e9);
    bool polls = true;
    SK_ASSERT(s->o.time != NULL && s->o.time->speed == 0);
    for (;;) {
        int r = sk_solo_settle(s, em);
        uint64_t now = sk_simtime_mono_ns(s->o.time), to = end;
        if (r < 0 || now >= end)
            return r;
        uint64_t since_ms = now / 1000000 - s->began_ms, before = calls_of(s, "poll");
        uint64_t next = (s->began_ms + (since_ms / period + 1) * period) * 1000000; /* the next poll, whole milliseconds */
        bool whole = polls && next <= end;
        if (whole)
            to = next;
        sk_simtime_advance(s->o.time, to - now);
        sk_plugin_time_moved(sk_solo_plugin(s));
        r = sk_solo_settle(s, em);
        if (r < 0)
            return r;
        polls = !whole || calls_of(s, "poll") > before; /* one that does not poll can take the rest in one go */
    }
}

/* ---- in and out -------------------------------------------------------------------------------------------------------------
 */

int sk_solo_publish(struct sk_solo *s, struct sk_span json, struct sk_errmsg *em)
{
    struct sk_origin origin = { .provider = SOURCE, .version = 1 };
    return sk_hub_ingest(s->hub, &origin, json, em);
}

struct outcome {
    bool done;
    char *error; /* NULL: none */
};

static void on_saved(void *arg, const char *error)
{
    struct outcome *o = arg;
    o->done = true;
    o->error = error != NULL ? sk_xstrdup(error) : NULL;
}

static bool outcome_done(void *arg)
{
    return ((struct outcome *)arg)->done;
}

int sk_solo_configure(struct sk_solo *s, struct sk_span config, struct sk_errmsg *em)
{
    struct outcome *o = sk_xcalloc(1, sizeof *o);
    struct sk_buf body;
    sk_buf_init(&body, SK_SOLO_TEXT_MAX);
    SK_BUF_LIT(&body, "{\"enabled\":true,\"configuration\":");
    sk_buf_span_append(&body, config);
    sk_buf_char(&body, '}');
    sk_plugin_save_config(sk_solo_plugin(s), sk_buf_span(&body), on_saved, o);
    sk_buf_finish(&body);
    if (!sk_loop_run_until(s->loop, outcome_done, o, sk_clock_mono_ms() + REST_WAIT_MS))
        return sk_errmsg_set(em, SK_ERR_TIMEOUT, "the plugin does not restart"); /* `o` still belongs to the save */
    int r = o->error != NULL ? sk_errmsg_set(em, SK_ERR_INVALID, "the plugin does not start: %.400s", o->error) : 0;
    s->began_ms = sk_simtime_mono_ms(s->o.time);
    free(o->error);
    free(o);
    return r;
}

static void on_request(struct sk_request *r, void *arg)
{
}

static bool is_completed(void *request)
{
    return sk_request_state_of(request) == SK_REQUEST_COMPLETED;
}

int sk_solo_put(struct sk_solo *s, struct sk_span context, struct sk_span path, struct sk_span value, struct sk_buf *out,
                struct sk_errmsg *em)
{
    struct sk_put_input in = { .context = context, .path = path, .value = value, .listener = on_request };
    struct sk_request *r = sk_puts_submit(s->puts, &in);
    int e = 0;
    if (sk_loop_run_until(s->loop, is_completed, r, sk_clock_mono_ms() + REST_WAIT_MS))
        sk_request_write(r, false, out);
    else
        e = sk_errmsg_set(em, SK_ERR_TIMEOUT, "the plugin left the PUT pending");
    sk_request_forget_listener(r);
    sk_request_unref(r);
    return e;
}

struct answer {
    bool done;
    enum sk_call_result result;
    struct sk_buf text;
};

static void on_answer(void *arg, enum sk_call_result result, struct sk_span text)
{
    struct answer *a = arg;
    a->done = true;
    a->result = result;
    sk_buf_span_append(&a->text, text);
}

static bool answer_done(void *arg)
{
    return ((struct answer *)arg)->done;
}

/* The answer's text is in `a` when this returns 0. */
static int call(struct sk_solo *s, enum sk_call_shape shape, const char *name, struct sk_span request, struct answer *a,
                struct sk_errmsg *em)
{
    *a = (struct answer){ 0 };
    sk_buf_init(&a->text, SK_SOLO_TEXT_MAX);
    sk_plugin_call(sk_solo_plugin(s), shape, name, request, 0, on_answer, a);
    bool came = sk_loop_run_until(s->loop, answer_done, a, sk_clock_mono_ms() + REST_WAIT_MS);
    SK_ASSERT(came); /* the host answers after the call's deadline */
    const char *text = sk_buf_cstr(&a->text);
    switch (a->result) {
    case SK_CALL_OK:
        return 0;
    case SK_CALL_MISSING:
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "there is no export %s", name);
    case SK_CALL_TIMEOUT:
        return sk_errmsg_set(em, SK_ERR_TIMEOUT, "%s did not answer in time", name);
    default:
        return sk_errmsg_set(em, SK_ERR_TRAP, "%s failed: %.400s", name, text != NULL ? text : "");
    }
}

int sk_solo_call(struct sk_solo *s, const char *name, struct sk_span request, struct sk_buf *out, struct sk_errmsg *em)
{
    struct answer a;
    yyjson_doc *doc = NULL;
    enum sk_call_shape shape = strcmp(name, "radar_get_radars") == 0 ? SK_CALL_ANSWER : SK_CALL_REQUEST;
    int r = call(s, shape, name, request.p != NULL ? request : SK_SPAN("{}"), &a, em);
    if (r == 0 && a.text.n == 0)
        SK_BUF_LIT(out, "null");
    else if (r == 0 && (r = sk_json_read(sk_buf_span(&a.text), &doc, em)) == 0)
        sk_json_write(out, yyjson_doc_get_root(doc));
    else if (r < 0 && doc == NULL && a.result == SK_CALL_OK)
        sk_errmsg_wrap(em, r, "the answer of %s", name);
    yyjson_doc_free(doc);
    sk_buf_finish(&a.text);
    return r;
}

static void write_reply(const struct sk_web_reply *reply, struct sk_buf *out)
{
    yyjson_doc *doc = NULL;
    sk_buf_printf(out, "{\"status\":%d,\"headers\":{", reply->status);
    if (reply->type != NULL) {
        SK_BUF_LIT(out, "\"content-type\":");
        sk_json_write_str(out, sk_span_of(reply->type));
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        sk_buf_append(out, ",", i > 0 || reply->type != NULL);
        sk_json_write_str(out, reply->headers[i].name);
        sk_buf_char(out, ':');
        sk_json_write_str(out, reply->headers[i].value);
    }
    SK_BUF_LIT(out, "},\"body\":");
    if (sk_json_read(reply->body, &doc, NULL) == 0)
        sk_json_write(out, yyjson_doc_get_root(doc));
    else
        sk_json_write_str(out, reply->body);
    sk_buf_char(out, '}');
    yyjson_doc_free(doc);
}

static void write_request(const struct sk_solo_request *r, struct sk_span path, struct sk_span query,
                          const struct sk_endpoint_params *params, struct sk_buf *out)
{
    sk_web_begin_request(r->method, path, query, params, out);
    sk_buf_span_append(out, r->body.p != NULL ? r->body : SK_SPAN("{}"));
    SK_BUF_LIT(out, ",\"headers\":");
    sk_buf_span_append(out, r->headers.p != NULL ? r->headers : SK_SPAN("{}"));
    sk_buf_char(out, '}');
}

int sk_solo_http(struct sk_solo *s, const struct sk_solo_request *r, struct sk_buf *out, struct sk_errmsg *em)
{
    const char *mark = memchr(r->path.p, '?', r->path.n);
    struct sk_span path = { r->path.p, mark != NULL ? (size_t)(mark - r->path.p) : r->path.n };
    struct sk_span query = { mark != NULL ? mark + 1 : "", mark != NULL ? r->path.n - path.n - 1 : 0 };
    struct sk_endpoint_params params;
    const struct sk_endpoint *e = sk_plugin_endpoint(sk_solo_plugin(s), r->method, path, &params);
    if (e == NULL) {
        SK_BUF_LIT(out, "{\"status\":404,\"headers\":{},\"body\":null}");
        return 0;
    }
    struct sk_buf request;
    struct sk_arena arena;
    struct sk_web_reply reply;
    struct answer a;
    sk_buf_init(&request, SK_SOLO_TEXT_MAX);
    write_request(r, path, query, &params, &request);
    SK_CLEANUP(sk_freep) char *handler = sk_xstrdup(e->handler); /* a reload would take it away */
    int result = call(s, SK_CALL_HTTP, handler, sk_buf_span(&request), &a, em);
    sk_buf_finish(&request);
    if (result == 0) {
        sk_arena_init(&arena, SK_SOLO_TEXT_MAX);
        sk_web_answer(&arena, sk_buf_span(&a.text), &reply);
        write_reply(&reply, out);
        sk_arena_finish(&arena);
    }
    sk_buf_finish(&a.text);
    return result;
}
