/* What workers say, taken on the loop: each note has its effect before the next is looked at. */
#include "plugin/plugin.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define NS "signalk:wasm:loader"
#define NOTES_PER_TURN 256u /* then the others get their turn */

static void replace(char **at, struct sk_span text)
{
    free(*at);
    *at = sk_xstrndup(text.p, text.n);
}

static void loaded(struct sk_plugin *p, const struct sk_note *n)
{
    replace(&p->name, n->text);
    replace(&p->schema, n->more);
    p->load_failed = false;
    if (n->third.p != NULL) {
        struct sk_errmsg em = { 0 };
        sk_endpoints_destroy(p->endpoints);
        p->endpoints = NULL;
        sk_endpoints_parse(n->third, &p->endpoints, &em);
        if (em.code != 0)
            sk_log_warn("[%s] %s", p->package->name, em.text);
    }
    if (!p->worker_starts)
        p->settled = true;
    sk_host_changed(p->host);
}

/* The first attempt, and a save that waits for one, know now how it went. */
static void attempt_over(struct sk_plugin *p, const char *error)
{
    p->settled = true;
    sk_plugin_save_outcome(p, error);
}

static void load_failed(struct sk_plugin *p, const struct sk_note *n)
{
    if (p->super.state == SK_SUPER_STOPPING)
        return; /* given up on purpose */
    p->load_failed = true;
    sk_plugin_say(p, "%s", n->text.p);
    if (p->worker_starts)
        sk_plugin_event(p, SK_SUPER_EV_START_FAILED);
    else
        sk_host_changed(p->host);
    attempt_over(p, n->text.p);
}

static void started(struct sk_plugin *p, const struct sk_note *n)
{
    if (n->code != 0) {
        char text[80];
        if (n->code == INT32_MIN)
            snprintf(text, sizeof text, "Plugin start() returned error code: undefined");
        else
            snprintf(text, sizeof text, "Plugin start() returned error code: %d", (int)n->code);
        if (!p->said) /* the plugin's own words say more */
            sk_plugin_say(p, "%s", text);
        else
            sk_log_error("[%s] %s", p->package->name, text);
        sk_plugin_event(p, SK_SUPER_EV_START_FAILED);
        attempt_over(p, text);
        return;
    }
    if (n->flag && p->super.state == SK_SUPER_STARTING && sk_package_can(p->package, SK_CAP_DATA_READ)) {
        if (!p->tapped)
            sk_hub_add_tap(p->host->o.hub, &p->tap);
        p->tapped = true;
        sk_plugin_end_gap(p, true);
    } else if (p->gap_open) { /* the new version does not listen */
        sk_plugin_end_gap(p, false);
        sk_hub_remove_tap(p->host->o.hub, &p->tap);
        p->tapped = false;
    }
    sk_plugin_event(p, SK_SUPER_EV_STARTED);
    if (p->super.state == SK_SUPER_RUNNING) {
        sk_plugin_providers_live(p);
        attempt_over(p, NULL);
    }
}

static void crashed(struct sk_plugin *p, const struct sk_note *n)
{
    bool starting = p->super.state == SK_SUPER_STARTING;
    sk_figures_add(p->figures, SK_COUNT_CRASHES, 1);
    sk_figures_add(p->figures, SK_COUNT_DEADLINE_MISSES, n->flag);
    sk_plugin_note_trap(p, n->more);
    sk_log_error("[%s] crashed: %s", p->package->name, n->more.p);
    if (p->super.state == SK_SUPER_STOPPING)
        return;
    sk_plugin_event(p, SK_SUPER_EV_CRASHED);
    if (p->super.state == SK_SUPER_ERROR)
        sk_plugin_say(p, "Crashed repeatedly, not restarted until its configuration is saved or its module replaced: %s",
                      n->text.p);
    else
        sk_plugin_say(p, "Crashed, restarts in %u s: %s", (unsigned)((p->restart_at_ms - sk_clock_mono_ms() + 999) / 1000),
                      n->text.p);
    if (starting)
        attempt_over(p, n->text.p);
}

static void ended(struct sk_plugin *p)
{
    p->past_cpu_ns += sk_worker_cpu_ns(p->worker);
    sk_plugin_carry_over(p);
    sk_worker_destroy(p->worker);
    p->worker = NULL;
    p->settled |= !p->worker_starts;
    if (p->start_waits && p->super.state == SK_SUPER_STARTING) {
        sk_plugin_start_life(p);
    } else {
        p->start_waits = false;
        sk_plugin_event(p, SK_SUPER_EV_ENDED);
    }
    if (p->super.state == SK_SUPER_STOPPED)
        sk_plugin_save_outcome(p, NULL);
    sk_plugin_reload_step(p);
    sk_host_collect_later(p->host);
    sk_host_check_stopped(p->host);
}

static void tell_refused(struct sk_plugin *p, const struct sk_errmsg *em)
{
    char line[sizeof em->text + 40];
    int n = snprintf(line, sizeof line, "(the server) delta refused: %s", em->text);
    p->host->o.logged(p->host->o.logged_arg, p->package, (struct sk_span){ line, (size_t)n });
}

static void delta(struct sk_plugin *p, const struct sk_note *n)
{
    struct sk_errmsg em = { 0 };
    struct sk_origin origin = { .provider = p->package->name, .version = n->code };
    sk_figures_add(p->figures, SK_COUNT_DELTAS_OUT, 1);
    if (sk_hub_ingest(p->host->o.hub, &origin, n->text, &em) < 0)
        sk_log_debug("signalk:wasm:bindings", "[%s] delta refused: %s", p->package->name, em.text);
    if (em.code != 0 && p->host->o.logged != NULL)
        tell_refused(p, &em);
}

static void status(struct sk_plugin *p, const struct sk_note *n)
{
    struct sk_status *s = sk_hub_status(p->host->o.hub);
    p->said = true;
    p->host_said = false;
    if (n->flag)
        sk_status_error(s, SK_STATUS_PLUGIN, p->package->name, n->text);
    else
        sk_status_set(s, SK_STATUS_PLUGIN, p->package->name, n->text);
}

static void query(struct sk_plugin *p, const struct sk_note *n)
{
    struct sk_buf out;
    sk_buf_init(&out, (size_t)16 * 1024 * 1024);
    int r = n->text.n == 0 ? SK_ERR_NOTFOUND : sk_model_query(sk_hub_model(p->host->o.hub), n->text, n->flag, &out);
    sk_question_answer(n->question, r == 0 && !sk_buf_ok(&out) ? SK_ERR_LIMIT : r, &out);
    sk_buf_finish(&out);
}

static void save_config(struct sk_plugin *p, struct sk_note *n)
{
    if (p->super.state == SK_SUPER_STOPPING && p->applying != NULL)
        return; /* the user's new configuration shall not be overwritten by the old one on its way out */
    struct sk_save *s = sk_xcalloc(1, sizeof *s);
    s->text = sk_xstrndup(n->text.p, n->text.n);
    s->n = n->text.n;
    s->question = n->question; /* with its reference */
    n->question = NULL;
    sk_plugin_save(p, s);
}

static void take(struct sk_plugin *p, struct sk_note *n)
{
    switch (n->kind) {
    case SK_NOTE_LOADED:
        loaded(p, n);
        break;
    case SK_NOTE_LOAD_FAILED:
        load_failed(p, n);
        break;
    case SK_NOTE_STARTED:
        started(p, n);
        break;
    case SK_NOTE_DELTA:
        delta(p, n);
        break;
    case SK_NOTE_STATUS:
        status(p, n);
        break;
    case SK_NOTE_REGISTER_PUT:
        if (p->super.state == SK_SUPER_STARTING || p->super.state == SK_SUPER_RUNNING)
            sk_plugin_register_put(p, n->text, n->more);
        break;
    case SK_NOTE_PROVIDE:
        sk_plugin_provide(p, (enum sk_provider_kind)n->code, n->text);
        break;
    case SK_NOTE_EMIT:
        if (p->host->o.streams != NULL)
            sk_bstreams_emit(p->host->o.streams, n->text, n->frame);
        break;
    case SK_NOTE_QUERY:
        query(p, n);
        break;
    case SK_NOTE_SAVE_CONFIG:
        save_config(p, n);
        break;
    case SK_NOTE_REPLY:
        sk_plugin_reply(p, n->id, (enum sk_call_result)n->code, n->text);
        break;
    case SK_NOTE_LOG:
        p->host->o.logged(p->host->o.logged_arg, p->package, n->text);
        break;
    case SK_NOTE_IDLE:
        if (p->idle != NULL)
            p->idle(p->idle_arg);
        break;
    case SK_NOTE_CRASHED:
        crashed(p, n);
        break;
    case SK_NOTE_ENDED:
        ended(p);
        break;
    }
}

/* A lost worker that did return: nothing it says has an effect any more, but the plugin may be started again. */
static void drain_lost(struct sk_plugin *p)
{
    struct sk_note *n;
    while (p->lost != NULL && (n = sk_worker_take(p->lost)) != NULL) {
        if (n->kind == SK_NOTE_ENDED) {
            sk_worker_destroy(p->lost);
            p->lost = NULL;
            sk_plugin_reload_step(p);
            sk_host_collect_later(p->host);
            sk_plugin_say(p, "came back too late; save its configuration to start it again");
        }
        sk_note_destroy(n);
    }
}

void sk_plugin_notes(struct sk_plugin *p)
{
    struct sk_note *n;
    drain_lost(p);
    for (unsigned i = 0; i < NOTES_PER_TURN; i++) {
        struct sk_worker *w = p->worker;
        if (w == NULL || (n = sk_worker_take(w)) == NULL)
            return;
        bool last = n->kind == SK_NOTE_ENDED;
        take(p, n);
        sk_note_destroy(n);
        if (last) /* a new worker announces its notes itself */
            return;
    }
    sk_worker_notify_again(p->worker);
}
