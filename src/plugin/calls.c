/* Calls that wait for a plugin's answer. Each gets exactly one: the plugin's, a refusal, or "too late". */
#include "plugin/plugin.h"

#include "base/clock.h"

#include <stdlib.h>

#define LATE_MS 100u /* behind the deadline: the worker cuts the call itself and tells the better story */

static void finish(struct sk_plugin *p, struct sk_call **at, enum sk_call_result result, struct sk_span text)
{
    struct sk_call *c = *at;
    *at = c->next;
    if (p->calls_end == &c->next)
        p->calls_end = at;
    p->call_count--;
    sk_call_done done = c->done;
    void *arg = c->arg;
    free(c);
    done(arg, result, text); /* last: it may start another call */
}

void sk_plugin_call(struct sk_plugin *p, enum sk_call_shape shape, const char *name, struct sk_span request, size_t out_max,
                    sk_call_done done, void *arg)
{
    if (p->super.state != SK_SUPER_RUNNING || p->worker == NULL) {
        done(arg, SK_CALL_DOWN, SK_SPAN("Plugin is not running"));
        return;
    }
    struct sk_order *o = p->call_count < p->limits.calls_max ? sk_order_create(name, request) : NULL;
    if (o == NULL) {
        sk_figures_add(p->figures, SK_COUNT_CALLS_REFUSED, 1);
        done(arg, SK_CALL_DOWN, SK_SPAN("Plugin is busy"));
        return;
    }
    struct sk_call *c = sk_xcalloc(1, sizeof *c);
    uint64_t deadline = sk_clock_mono_ms() + p->limits.request_ms;
    *c = (struct sk_call){ .id = ++p->next_call, .deadline_ms = deadline + LATE_MS, .done = done, .arg = arg };
    *p->calls_end = c;
    p->calls_end = &c->next;
    p->call_count++;
    o->id = c->id;
    o->deadline_ms = deadline;
    o->shape = shape;
    o->out_max = out_max;
    sk_worker_call(p->worker, o);
    if (p->call_count == 1)
        sk_plugin_reschedule(p);
}

void sk_plugin_when_idle(struct sk_plugin *p, void (*idle)(void *arg), void *arg)
{
    p->idle = idle;
    p->idle_arg = arg;
    if (idle != NULL && p->worker != NULL)
        sk_worker_ask_idle(p->worker);
}

void sk_plugin_time_moved(struct sk_plugin *p)
{
    if (p->worker != NULL)
        sk_worker_wake(p->worker);
}

void sk_plugin_reply(struct sk_plugin *p, uint64_t id, enum sk_call_result result, struct sk_span text)
{
    for (struct sk_call **at = &p->calls; *at != NULL; at = &(*at)->next)
        if ((*at)->id == id) {
            finish(p, at, result, text);
            return;
        }
}

void sk_plugin_drop_calls(struct sk_plugin *p, const char *why)
{
    while (p->calls != NULL)
        finish(p, &p->calls, SK_CALL_DOWN, sk_span_of(why));
}

void sk_plugin_expire_calls(struct sk_plugin *p, uint64_t now_ms)
{
    while (p->calls != NULL && now_ms >= p->calls->deadline_ms) /* all have the same time: the oldest is due first */
        finish(p, &p->calls, SK_CALL_TIMEOUT, SK_SPAN("the plugin did not answer in time"));
}
