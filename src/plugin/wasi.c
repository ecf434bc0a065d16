/*
 * WASI preview1 as plugins are promised it: no arguments, one variable PLUGIN_ID, one preopened folder "/", output into the log.
 * Wasmtime implements it, but for poll_oneoff: its sleep could not be ended by a deadline.
 */
#include "plugin/guest_impl.h"
#include "plugin/imports.h"

static uint64_t clock_ns(const struct sk_guest *g, uint32_t id)
{
    return id == 0 ? (uint64_t)sk_simtime_wall_ns(g->o.time) : sk_simtime_mono_ns(g->o.time);
}

/* The guest's monotonic clock, Wasmtime's too, starts with its store. One that stands still must not show 0: Go takes that for a
   broken clock. */
static uint64_t guest_clock_ns(const struct sk_guest *g, uint32_t id)
{
    return clock_ns(g, id) - (id != 0 ? g->clock_start_ns : 0) + (id != 0 && g->o.time != NULL ? 1 : 0);
}

static void line_done(struct sk_guest_lines *l)
{
    l->guest->o.ops->output(l->guest->o.owner, (struct sk_span){ l->text, l->n });
    l->n = 0;
}

static ptrdiff_t on_output(void *arg, const unsigned char *p, size_t n)
{
    struct sk_guest_lines *l = arg;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\n' || l->n == SK_LINE_MAX)
            line_done(l);
        if (p[i] != '\n' && p[i] != '\r')
            l->text[l->n++] = (char)p[i];
    }
    return (ptrdiff_t)n;
}

void sk_wasi_flush_lines(struct sk_guest *g)
{
    if (g->out.n > 0)
        line_done(&g->out);
    if (g->err.n > 0)
        line_done(&g->err);
}

int sk_wasi_configure(struct sk_guest *g, struct sk_errmsg *em)
{
    wasi_config_t *w = wasi_config_new();
    const char *name = "PLUGIN_ID", *value = g->o.package->name;
    bool ok = wasi_config_set_env(w, 1, &name, &value);
    wasi_config_set_stdout_custom(w, on_output, &g->out, NULL);
    wasi_config_set_stderr_custom(w, on_output, &g->err, NULL);
    if (ok && g->o.vfs != NULL)
        ok = wasi_config_preopen_dir(w, g->o.vfs, "/", true);
    if (!ok) {
        wasi_config_delete(w);
        return sk_errmsg_set(em, SK_ERR_IO, "the plugin's folder %s cannot be opened", g->o.vfs != NULL ? g->o.vfs : "");
    }
    wasmtime_error_t *e = wasmtime_context_set_wasi(g->ctx, w);
    g->clock_start_ns = clock_ns(g, 1); /* a moment too late, so that nothing ends a moment too early */
    if (e != NULL) {
        wasmtime_error_delete(e);
        return sk_errmsg_set(em, SK_ERR_INTERNAL, "WASI cannot be set up");
    }
    return 0;
}

/* ---- poll_oneoff(subscriptions, events, count, ret_count) ---- */

#define SUBSCRIPTION 48u
#define EVENT 32u
#define EVENTS_MAX 64u
#define WASI_EFAULT 21
#define WASI_EINVAL 28
#define ABSTIME 1u

static uint64_t le64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 8; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

/* Nanoseconds until a clock subscription is due. */
static uint64_t due_in(const struct sk_guest *g, const uint8_t *sub)
{
    uint32_t id = (uint32_t)le64(sub + 16);
    uint64_t timeout = le64(sub + 24);
    if ((sub[40] & ABSTIME) == 0)
        return timeout;
    uint64_t now = guest_clock_ns(g, id);
    return timeout > now ? timeout - now : 0;
}

/* clock_time_get(id, precision, ret_time), for a time that is not the machine's. */
void sk_wasi_clock_time_get(struct sk_hostcall *c)
{
    uint64_t now = guest_clock_ns(c->g, c->a[0]);
    uint8_t le[8];
    for (unsigned i = 0; i < 8; i++)
        le[i] = (uint8_t)(now >> 8 * i);
    c->result = c->a[0] > 1 ? WASI_EINVAL : sk_guest_put(c->g, c->a[2], le, sizeof le) ? 0 : WASI_EFAULT;
}

static unsigned emit(uint8_t *event, const uint8_t *sub)
{
    memset(event, 0, EVENT);
    memcpy(event, sub, 8); /* userdata */
    event[10] = sub[8];    /* type */
    return 1;
}

void sk_wasi_poll_oneoff(struct sk_hostcall *c)
{
    struct sk_guest *g = c->g;
    uint32_t n = c->a[2], emitted = 0;
    uint8_t subs[EVENTS_MAX * SUBSCRIPTION], events[EVENTS_MAX * EVENT];
    uint64_t wait = UINT64_MAX;
    c->result = WASI_EINVAL;
    if (n == 0 || n > EVENTS_MAX)
        return;
    const uint8_t *p = sk_guest_view(g, c->a[0], n * SUBSCRIPTION);
    c->result = WASI_EFAULT;
    if (p == NULL || sk_guest_view(g, c->a[1], n * EVENT) == NULL || sk_guest_view(g, c->a[3], 4) == NULL)
        return;
    memcpy(subs, p, n * SUBSCRIPTION);
    for (uint32_t i = 0; i < n; i++) { /* files and the log never keep anybody waiting */
        uint64_t due = subs[i * SUBSCRIPTION + 8] == 0 ? due_in(g, subs + i * SUBSCRIPTION) : 0;
        wait = due < wait ? due : wait;
    }
    uint64_t ms = wait / 1000000 + (wait % 1000000 != 0), left = sk_guest_ms_left(g) + SK_TICK_MS;
    if (ms > 0)
        g->o.ops->sleep(g->o.owner, (unsigned)(ms < left ? ms : left));
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *sub = subs + i * SUBSCRIPTION;
        if (sub[8] != 0 || due_in(g, sub) <= wait)
            emitted += emit(events + emitted * EVENT, sub);
    }
    const uint8_t count[4] = { (uint8_t)emitted };
    if (sk_guest_put(g, c->a[1], events, emitted * EVENT) && sk_guest_put(g, c->a[3], count, 4))
        c->result = 0;
}
