#include "solo/play.h"

#include "base/json.h"
#include "solo/expect.h"
#include "solo/record.h"
#include "solo/solo.h"
#include "solo/stand_in.h"

#include <stdio.h>

#define TEXT_MAX ((size_t)32 * 1024 * 1024)

struct play {
    struct sk_solo *solo;
    struct sk_record record;
    struct sk_canned canned;
    struct sk_simtime time;
    struct sk_failure *f;
};

/* ---- what the plugin does ---------------------------------------------------------------------------------------------------
 */

static void on_delta(void *arg, struct sk_span json)
{
    sk_record_add(&((struct play *)arg)->record.deltas, json);
}

static void on_log(void *arg, struct sk_span line)
{
    sk_record_add_text(&((struct play *)arg)->record.logs, line);
}

static void on_status(void *arg, const char *text, bool error)
{
    struct sk_record *r = &((struct play *)arg)->record;
    snprintf(r->status, sizeof r->status, "%s", text);
    r->error = error;
}

static void on_state(void *arg, const char *state)
{
    ((struct play *)arg)->record.state = state;
}

static const struct sk_solo_ops ops = { .delta = on_delta, .status = on_status, .state = on_state, .log = on_log };

/* ---- what is done to it -----------------------------------------------------------------------------------------------------
 */

/* A member as JSON text; p NULL when it is not there. The buffer owns it. */
static struct sk_span text_of(const yyjson_val *v, struct sk_buf *b)
{
    sk_buf_init(b, TEXT_MAX);
    if (v == NULL)
        return (struct sk_span){ NULL, 0 };
    sk_json_write(b, v);
    return sk_buf_span(b);
}

static int do_put(struct play *p, const yyjson_val *what, struct sk_buf *answer, struct sk_errmsg *em)
{
    const char *context = sk_json_get_str(what, "context");
    struct sk_buf b;
    struct sk_span value = text_of(sk_json_get(what, "value"), &b);
    int r = sk_solo_put(p->solo, sk_span_of(context != NULL ? context : SK_SOLO_CONTEXT),
                        sk_span_of(sk_json_get_str(what, "path")), value, answer, em);
    sk_buf_finish(&b);
    return r;
}

static int do_request(struct play *p, const yyjson_val *what, struct sk_buf *answer, struct sk_errmsg *em)
{
    struct sk_buf headers, body;
    const char *method = sk_json_get_str(what, "method");
    struct sk_solo_request q = { .method = sk_span_of(method != NULL ? method : "GET"),
                                 .path = sk_span_of(sk_json_get_str(what, "path")),
                                 .headers = text_of(sk_json_get(what, "headers"), &headers),
                                 .body = text_of(sk_json_get(what, "body"), &body) };
    int r = sk_solo_http(p->solo, &q, answer, em);
    sk_buf_finish(&headers);
    sk_buf_finish(&body);
    return r;
}

static int do_call(struct play *p, const yyjson_val *what, struct sk_buf *answer, struct sk_errmsg *em)
{
    struct sk_buf b;
    struct sk_span request = text_of(sk_json_get(what, "request"), &b);
    int r = sk_solo_call(p->solo, sk_json_get_str(what, "export"), request, answer, em);
    sk_buf_finish(&b);
    return r;
}

static int act(struct play *p, const struct sk_step *step, struct sk_buf *answer, struct sk_errmsg *em)
{
    struct sk_solo_request get = { .method = SK_SPAN("GET"), .path = sk_json_str(step->what) };
    struct sk_buf b = { 0 };
    double seconds = 0;
    int r = 0;
    switch (step->kind) {
    case SK_STEP_NOTHING:
        break;
    case SK_STEP_DELTA:
        r = sk_solo_publish(p->solo, text_of(step->what, &b), em);
        break;
    case SK_STEP_ADVANCE:
        sk_json_number(step->what, &seconds);
        r = sk_solo_advance(p->solo, seconds, em);
        break;
    case SK_STEP_PUT:
        r = do_put(p, step->what, answer, em);
        break;
    case SK_STEP_GET:
        r = sk_solo_http(p->solo, &get, answer, em);
        break;
    case SK_STEP_REQUEST:
        r = do_request(p, step->what, answer, em);
        break;
    case SK_STEP_CALL:
        r = do_call(p, step->what, answer, em);
        break;
    case SK_STEP_CONFIGURE:
        r = sk_solo_configure(p->solo, text_of(step->what, &b), em);
        break;
    }
    sk_buf_finish(&b);
    return r < 0 ? r : sk_solo_settle(p->solo, em);
}

/* A step that asks for the state wants to see a plugin that does not run. */
static bool bears_failure(const struct sk_step *step)
{
    return step->kind != SK_STEP_PUT && sk_json_get(step->expect, "state") != NULL;
}

static bool fail(struct play *p, const struct sk_step *step, size_t number, const char *message)
{
    p->f->step = number;
    p->f->line = step != NULL ? step->line : 0;
    p->f->note = step != NULL ? step->note : NULL;
    if (message != NULL)
        snprintf(p->f->message, sizeof p->f->message, "%s", message);
    return false;
}

static bool play_step(struct play *p, const struct sk_step *step, size_t number)
{
    struct sk_errmsg em = { 0 };
    struct sk_buf answer;
    yyjson_doc *doc = NULL;
    if (step->kind != SK_STEP_NOTHING)
        sk_record_forget(&p->record);
    sk_buf_init(&answer, TEXT_MAX);
    int r = act(p, step, &answer, &em);
    bool right = (r == 0 || bears_failure(step)) || fail(p, step, number, em.text);
    if (right && answer.n > 0 && sk_json_read(sk_buf_span(&answer), &doc, &em) < 0)
        right = fail(p, step, number, em.text);
    if (right && !sk_expect(step, &p->record, yyjson_doc_get_root(doc), p->f))
        right = fail(p, step, number, NULL);
    yyjson_doc_free(doc);
    sk_buf_finish(&answer);
    return right;
}

static bool play_steps(struct play *p, const struct sk_scenario *s)
{
    struct sk_errmsg em = { 0 };
    int r = sk_solo_start(p->solo, &em);
    if (r == 0)
        r = sk_solo_settle(p->solo, &em);
    if (r < 0 && !(s->step_count > 0 && s->steps[0].kind == SK_STEP_NOTHING && bears_failure(&s->steps[0])))
        return fail(p, NULL, 0, em.text);
    for (size_t i = 0; i < s->step_count; i++)
        if (!play_step(p, &s->steps[i], i + 1))
            return false;
    return true;
}

bool sk_play(const char *dir, const struct sk_scenario *scenario, struct sk_failure *ret_failure)
{
    struct play p = { .f = ret_failure };
    struct sk_errmsg em = { 0 };
    struct sk_buf config;
    *ret_failure = (struct sk_failure){ 0 };
    sk_buf_init(&ret_failure->seen, 64 * 1024);
    sk_record_init(&p.record);
    sk_canned_init(&p.canned, scenario->http, &p.record);
    sk_simtime_init(&p.time, 0, scenario->wall_ms);
    struct sk_solo_options o = { .dir = dir,
                                 .config = text_of(scenario->config, &config),
                                 .limits = scenario->limits,
                                 .time = &p.time,
                                 .web = &p.canned.stand_in,
                                 .ops = &ops,
                                 .arg = &p };
    bool right = sk_solo_create(&o, &p.solo, &em) == 0 || fail(&p, NULL, 0, em.text);
    sk_buf_finish(&config);
    if (right)
        right = play_steps(&p, scenario);
    sk_solo_destroy(p.solo);
    sk_record_finish(&p.record);
    return right;
}

void sk_failure_finish(struct sk_failure *f)
{
    sk_buf_finish(&f->seen);
}
