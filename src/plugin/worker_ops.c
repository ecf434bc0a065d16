/* What host calls of the guest do, on the worker's thread: mostly a note to the loop. */
#include "plugin/worker_impl.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "plugin/config.h"

#include <stdlib.h>

#define NS "signalk:wasm:bindings"
#define ROOM_WAIT_MS 50u
#define PROVIDERS_MAX 32u /* of the registrations, for one life */
#define BURST_S 4.0       /* what a plugin did not use of its log, it may use later, for so many seconds */
#define STATUSES_PER_S 20.0
#define SAY_AGAIN_MS 10000u

static const struct sk_span none = { NULL, 0 };

static void run_notify(struct sk_loop_task *task)
{
    struct sk_outbox *out = SK_CONTAINER(task, struct sk_outbox, task);
    struct sk_worker *w = SK_CONTAINER(out, struct sk_worker, out);
    pthread_mutex_lock(&out->lock);
    out->posted = false;
    bool abandoned = out->abandoned;
    pthread_mutex_unlock(&out->lock);
    if (!sk_worker_release_late(w) && !abandoned)
        w->o.notify(w->o.owner);
}

void sk_worker_notify_again(struct sk_worker *w)
{
    pthread_mutex_lock(&w->out.lock);
    if (!w->out.posted) {
        w->out.posted = true;
        w->out.task.run = run_notify;
        sk_loop_post(w->o.loop, &w->out.task);
    }
    pthread_mutex_unlock(&w->out.lock);
}

static bool full(struct sk_worker *w, size_t size)
{
    return w->out.count >= w->limits.outbox_messages || w->out.bytes + size > w->limits.outbox_bytes;
}

bool sk_worker_note(struct sk_worker *w, struct sk_note *n, bool sure)
{
    struct sk_outbox *out = &w->out;
    if (n == NULL)
        return false;
    pthread_mutex_lock(&out->lock);
    if (!sure && full(w, n->size) && !out->abandoned) { /* a burst may outrun the loop for a moment */
        struct timespec until = sk_cond_deadline(ROOM_WAIT_MS);
        while (full(w, n->size) && !out->abandoned && pthread_cond_timedwait(&out->room, &out->lock, &until) == 0)
            continue;
    }
    if (out->abandoned || (!sure && full(w, n->size))) {
        pthread_mutex_unlock(&out->lock);
        sk_figures_add(w->o.figures, SK_COUNT_OUT_DROPPED, 1);
        sk_note_destroy(n);
        return false;
    }
    *out->last_next = n;
    out->last_next = &n->next;
    out->count++;
    out->bytes += n->size;
    if (!out->posted) {
        out->posted = true;
        out->task.run = run_notify;
        sk_loop_post(w->o.loop, &out->task);
    }
    pthread_mutex_unlock(&out->lock);
    return true;
}

/* ---- what a plugin may do only so often ---- */

void sk_worker_init_meters(struct sk_worker *w)
{
    uint64_t now = sk_simtime_mono_ms(w->o.time);
    sk_rate_init(&w->deltas.rate, (double)w->limits.deltas_per_s, now);
    sk_rate_init(&w->logs.rate, (double)w->limits.log_per_s * BURST_S, now);
    sk_rate_init(&w->statuses.rate, STATUSES_PER_S, now);
}

/* True: it may. Otherwise it is counted, and said, but not each time. */
static bool admit(struct sk_worker *w, struct sk_meter *m, double n, double per_s, double burst, enum sk_counter counter,
                  const char *what)
{
    uint64_t now = sk_simtime_mono_ms(w->o.time);
    if (sk_rate_take(&m->rate, n, per_s, burst, now))
        return true;
    sk_figures_add(w->o.figures, counter, 1);
    m->dropped++;
    if (m->said_at_ms == 0 || now - m->said_at_ms >= SAY_AGAIN_MS) {
        m->said_at_ms = now;
        sk_log_warn("[%s] %s; %llu left out so far", w->o.package->name, what, (unsigned long long)m->dropped);
    }
    return false;
}

static bool may_log(struct sk_worker *w, size_t n)
{
    double per_s = (double)w->limits.log_per_s;
    return admit(w, &w->logs, (double)n, per_s, per_s * BURST_S, SK_COUNT_LOG_DROPPED, "logs more than it may");
}

static void on_log(void *owner, struct sk_span text)
{
    struct sk_worker *w = owner;
    if ((!w->o.tell_log && !sk_log_debug_on(NS)) || !may_log(w, text.n + 1))
        return;
    if (w->o.tell_log)
        sk_worker_note(w, sk_note_create(SK_NOTE_LOG, text, none, none, NULL), false);
    else
        sk_log_debug(NS, "[%s] %.*s", w->o.package->name, (int)text.n, text.p != NULL ? text.p : "");
}

static void on_output(void *owner, struct sk_span line)
{
    struct sk_worker *w = owner;
    if (!may_log(w, line.n + 1))
        return;
    struct sk_buf b;
    sk_buf_init(&b, 16384);
    sk_utf8_append_lossy(&b, line.p, line.n);
    if (w->o.tell_log)
        sk_worker_note(w, sk_note_create(SK_NOTE_LOG, sk_buf_span(&b), none, none, NULL), false);
    else
        sk_log_info("[%s] %.*s", w->o.package->name, (int)b.n, b.p != NULL ? b.p : "");
    sk_buf_finish(&b);
}

void sk_worker_flush_status(struct sk_worker *w)
{
    struct sk_note *n = w->status;
    w->status = NULL;
    if (n != NULL)
        sk_worker_note(w, n, false);
}

/* The last status counts: one that comes too soon after others waits for the end of the call, and its successor replaces it. */
static void on_status(void *owner, struct sk_span text, bool error)
{
    struct sk_worker *w = owner;
    struct sk_note *n = sk_note_create(SK_NOTE_STATUS, text, none, none, NULL);
    if (n == NULL)
        return;
    n->flag = error;
    sk_note_destroy(w->status);
    w->status = n;
    if (sk_rate_take(&w->statuses.rate, 1, STATUSES_PER_S, STATUSES_PER_S, sk_simtime_mono_ms(w->o.time)))
        sk_worker_flush_status(w);
}

static bool on_delta(void *owner, struct sk_span json, int version)
{
    struct sk_worker *w = owner;
    double per_s = (double)w->limits.deltas_per_s;
    if (!admit(w, &w->deltas, 1, per_s, per_s, SK_COUNT_DELTAS_REFUSED, "publishes more deltas a second than it may"))
        return false;
    struct sk_note *n = sk_note_create(SK_NOTE_DELTA, json, none, none, NULL);
    if (n != NULL)
        n->code = version;
    return sk_worker_note(w, n, false);
}

static bool may_register(struct sk_worker *w, bool more)
{
    if (more && w->registrations < w->limits.registrations) {
        w->registrations++;
        return true;
    }
    sk_figures_add(w->o.figures, SK_COUNT_REGISTRATIONS, 1);
    return false;
}

static bool on_register_put(void *owner, struct sk_span context, struct sk_span path)
{
    struct sk_worker *w = owner;
    if (!may_register(w, true))
        return false;
    return sk_worker_note(w, sk_note_create(SK_NOTE_REGISTER_PUT, context, path, none, NULL), false);
}

static bool on_register_provider(void *owner, enum sk_provider_kind kind, struct sk_span name)
{
    struct sk_worker *w = owner;
    struct sk_note *n =
        may_register(w, w->providers < PROVIDERS_MAX) ? sk_note_create(SK_NOTE_PROVIDE, name, none, none, NULL) : NULL;
    if (n == NULL)
        return false;
    n->code = (int32_t)kind;
    if (!sk_worker_note(w, n, false))
        return false;
    w->providers++;
    w->has_radar |= kind == SK_PROVIDES_RADARS;
    return true;
}

/* The frame is made here, straight from guest memory, and then only handed on. */
static bool on_emit(void *owner, struct sk_span id, bool spokes, struct sk_span bytes)
{
    struct sk_worker *w = owner;
    if (spokes && (!w->started || !w->has_radar))
        return false;
    struct sk_note *n = sk_note_create(SK_NOTE_EMIT, id, none, none, NULL);
    if (n == NULL)
        return false;
    n->frame = sk_frame_create_binary(bytes.p, bytes.n);
    n->size += bytes.n;
    if (n->frame == NULL) {
        sk_note_destroy(n);
        return false;
    }
    return sk_worker_note(w, n, false);
}

/* Never longer than the call has left: the loop may be busy, or gone. */
static int ask(struct sk_worker *w, enum sk_note_kind kind, struct sk_span text, bool flag, struct sk_buf *out)
{
    struct sk_question *q = sk_question_create();
    struct sk_note *n = sk_note_create(kind, text, none, none, q);
    if (n != NULL)
        n->flag = flag;
    int r = SK_ERR_BUSY;
    uint64_t left = w->guest != NULL ? sk_guest_ms_left(w->guest) + SK_TICK_MS : w->limits.question_ms;
    if (sk_worker_note(w, n, false))
        r = sk_question_wait(q, left < w->limits.question_ms ? (unsigned)left : w->limits.question_ms, out);
    sk_question_unref(q);
    return r;
}

static int on_query(void *owner, struct sk_span path, bool from_root, struct sk_buf *out)
{
    return ask(owner, SK_NOTE_QUERY, path, from_root, out);
}

static void on_read_config(void *owner, struct sk_buf *out)
{
    struct sk_worker *w = owner;
    sk_buf_text(out, w->configuration);
}

static int on_save_config(void *owner, struct sk_span json)
{
    struct sk_worker *w = owner;
    yyjson_doc *doc = NULL;
    struct sk_buf b;
    if (sk_json_read(json, &doc, NULL) < 0)
        return SK_ERR_INVALID;
    sk_buf_init(&b, SK_PLUGIN_CONFIG_MAX);
    sk_json_write(&b, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    char *text = sk_buf_steal(&b, NULL);
    sk_buf_finish(&b);
    if (text == NULL)
        return SK_ERR_LIMIT;
    int r = ask(w, SK_NOTE_SAVE_CONFIG, sk_span_of(text), false, NULL);
    if (r < 0) {
        free(text);
        return r;
    }
    free(w->configuration);
    w->configuration = text;
    return 0;
}

static void on_sleep(void *owner, unsigned ms)
{
    struct sk_worker *w = owner;
    uint64_t real_ms = sk_simtime_real_ms(w->o.time, ms);
    if (real_ms == UINT64_MAX) { /* time that stands still passes by itself only for who sleeps */
        sk_simtime_advance(w->o.time, (uint64_t)ms * 1000000u);
        return;
    }
    uint64_t end = sk_clock_mono_ms() + real_ms;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        uint64_t now = sk_clock_mono_ms(), cut = atomic_load(&w->cut_at), ticks = sk_engine_ticks(w->o.engine);
        if (now >= end || (cut != 0 && ticks >= cut))
            break;
        uint64_t left = end - now, until_cut = cut != 0 ? (cut - ticks) * SK_TICK_MS : left;
        struct timespec until = sk_cond_deadline((unsigned)(left < until_cut ? left : until_cut));
        pthread_cond_timedwait(&w->wake, &w->lock, &until); /* a stop wakes it and shortens what is left */
    }
    pthread_mutex_unlock(&w->lock);
}

static void on_file_refused(void *owner)
{
    struct sk_worker *w = owner;
    sk_figures_add(w->o.figures, SK_COUNT_FILES_REFUSED, 1);
    uint64_t now = sk_clock_mono_ms();
    if (w->file_said_at_ms != 0 && now - w->file_said_at_ms < SAY_AGAIN_MS)
        return;
    w->file_said_at_ms = now;
    sk_log_warn("[%s] its files are at their limit (%llu bytes in %llu files, at most %zu open); it can write no more",
                w->o.package->name, (unsigned long long)w->quota.bytes, (unsigned long long)w->quota.files, w->limits.files_open);
}

static void on_busy(void *owner, unsigned ms)
{
    sk_worker_begin_call(owner, ms);
}

const struct sk_guest_ops sk_worker_ops = {
    .log = on_log,
    .output = on_output,
    .status = on_status,
    .delta = on_delta,
    .register_put = on_register_put,
    .register_provider = on_register_provider,
    .emit = on_emit,
    .query = on_query,
    .read_config = on_read_config,
    .save_config = on_save_config,
    .sleep = on_sleep,
    .busy = on_busy,
    .file_refused = on_file_refused,
};
