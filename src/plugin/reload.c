/*
 * What happens when a plugin's files change: a new version is loaded on trial, beside the running one; only when it loads does it
 * take over, with the deltas that came meanwhile. A version that does not load leaves the old one running, and says so.
 */
#include "plugin/plugin.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define NS "signalk:wasm:loader"

static void forget_error(struct sk_plugin *p)
{
    free(p->reload_error);
    p->reload_error = NULL;
}

static void say_error(struct sk_plugin *p, const char *why)
{
    char text[800];
    snprintf(text, sizeof text, "The new version does not load, the old one runs on: %s", why);
    forget_error(p);
    p->reload_error = sk_xstrdup(text);
    sk_log_warn("[%s] %s", p->package->name, text);
    sk_host_changed(p->host);
}

static void drop(struct sk_package **at)
{
    sk_package_unref(*at);
    *at = NULL;
}

/* ---- the gap between two lives ---- */

static void begin_gap(struct sk_plugin *p)
{
    if (p->gap_open)
        return;
    p->gap_open = true;
    sk_inbox_init(&p->gap, p->limits.inbox_deltas, p->limits.inbox_bytes);
}

static void keep(struct sk_plugin *p, struct sk_frame *f)
{
    size_t dropped = sk_inbox_push(&p->gap, f);
    if (dropped > 0)
        sk_figures_add(p->figures, SK_COUNT_DELTAS_DROPPED, dropped);
}

void sk_plugin_keep_in_gap(struct sk_plugin *p, struct sk_frame *f)
{
    keep(p, f);
}

/* What the old life had not come to goes first. */
void sk_plugin_carry_over(struct sk_plugin *p)
{
    struct sk_inbox later = p->gap;
    struct sk_frame *f;
    if (!p->gap_open)
        return;
    sk_inbox_init(&p->gap, later.max_count, later.max_bytes);
    while ((f = sk_worker_undelivered(p->worker)) != NULL) {
        keep(p, f);
        sk_frame_unref(f);
    }
    while ((f = sk_inbox_pop(&later)) != NULL) {
        keep(p, f);
        sk_frame_unref(f);
    }
    sk_inbox_finish(&later);
}

void sk_plugin_end_gap(struct sk_plugin *p, bool deliver)
{
    struct sk_frame *f;
    if (!p->gap_open)
        return;
    p->gap_open = false;
    while (deliver && (f = sk_inbox_pop(&p->gap)) != NULL) {
        sk_worker_deliver(p->worker, f);
        sk_frame_unref(f);
    }
    if (deliver)
        sk_worker_wake(p->worker);
    sk_inbox_finish(&p->gap);
}

/* ---- the trial ---- */

static void take_over(struct sk_plugin *p)
{
    sk_log_info("[%s] its files have changed: version %s takes over from %s", p->package->name, p->incoming->version,
                p->package->version);
    sk_package_unref(p->package);
    p->package = p->incoming;
    p->incoming = NULL;
    drop(&p->refused);
    forget_error(p);
    if (p->worker == NULL)
        sk_plugin_unsay(p);
    sk_figures_add(p->figures, SK_COUNT_RELOADS, 1);
}

static void trial_over(struct sk_plugin *p, bool good)
{
    struct sk_package *tried = p->trial_package;
    bool latest = tried == p->incoming;
    p->trial_package = NULL;
    if (latest && good) {
        take_over(p);
        if (p->tapped)
            begin_gap(p);
        if (p->config.enabled && p->super.state != SK_SUPER_STOPPING && !p->host->closing)
            sk_plugin_event(p, SK_SUPER_EV_WANTED); /* stops the old life, if there is one; the new one follows */
        else if (p->worker == NULL && !p->host->closing)
            sk_plugin_boot(p);
    } else if (latest) {
        drop(&p->refused);
        p->refused = p->incoming;
        p->incoming = NULL;
    }
    sk_package_unref(tried);
    sk_plugin_reload_step(p);
}

/* Only that it loads is of interest; it publishes nothing. */
static void on_trial_note(void *owner)
{
    struct sk_plugin *p = owner;
    struct sk_note *n;
    while (p->trial != NULL && (n = sk_worker_take(p->trial)) != NULL) {
        if (n->kind == SK_NOTE_LOADED)
            p->trial_good = true;
        else if (n->kind == SK_NOTE_LOAD_FAILED && p->trial_package == p->incoming && !p->host->closing)
            say_error(p, n->text.p);
        bool ended = n->kind == SK_NOTE_ENDED;
        sk_note_destroy(n);
        if (ended) {
            sk_worker_destroy(p->trial);
            p->trial = NULL;
            trial_over(p, p->trial_good);
            sk_host_check_stopped(p->host);
            return;
        }
    }
}

static void on_trial_lost(void *owner)
{
    struct sk_plugin *p = owner;
    if (p->trial == NULL)
        return;
    sk_worker_abandon(p->trial);
    p->trial = NULL;
    if (p->trial_package == p->incoming)
        say_error(p, "it does not come back from a call");
    trial_over(p, false);
    sk_host_check_stopped(p->host);
}

static void start_trial(struct sk_plugin *p)
{
    p->trial_good = false;
    p->trial = sk_plugin_make_worker(p, p->incoming, false, on_trial_note, on_trial_lost);
    if (p->trial != NULL)
        p->trial_package = sk_package_ref(p->incoming);
    else
        sk_log_warn("[%s] no thread can be created to load its new version", p->package->name);
}

/* ---- from outside ---- */

void sk_plugin_reload_step(struct sk_plugin *p)
{
    if (p->incoming == NULL || p->trial != NULL || p->host->closing || p->removing)
        return;
    if (p->super.state == SK_SUPER_RUNNING || (p->super.state == SK_SUPER_STARTING && p->worker_starts && p->worker != NULL)) {
        start_trial(p);
        return;
    }
    if (p->worker != NULL || p->lost != NULL || p->super.state == SK_SUPER_STOPPING || p->super.state == SK_SUPER_STARTING)
        return; /* asked again when that has ended */
    take_over(p);
    sk_plugin_boot(p);
}

void sk_plugin_reload(struct sk_plugin *p, struct sk_package *package)
{
    const struct sk_package *latest = p->incoming != NULL ? p->incoming : p->package;
    if (sk_package_same(latest, package) || (p->refused != NULL && sk_package_same(p->refused, package))) {
        if (p->refused != NULL && p->incoming == NULL && sk_package_same(p->package, package)) { /* the old files are back */
            drop(&p->refused);
            forget_error(p);
            sk_host_changed(p->host);
        }
        return;
    }
    sk_log_debug(NS, "[%s] its files have changed", p->package->name);
    drop(&p->incoming);
    p->incoming = sk_package_ref(package);
    sk_plugin_reload_step(p);
}

void sk_plugin_drop_reload(struct sk_plugin *p)
{
    if (p->trial != NULL)
        sk_worker_abandon(p->trial);
    p->trial = NULL;
    drop(&p->incoming);
    drop(&p->refused);
    drop(&p->trial_package);
    forget_error(p);
    sk_plugin_end_gap(p, false);
}
