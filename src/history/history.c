#include "history/history_private.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"

#include <stdlib.h>

#define STATUS_ID "history"
#define FRAME_COST 64u /* beyond its text */

static void append(struct sk_frames *f, struct sk_frame *frame)
{
    if (f->count == f->cap) {
        f->cap = f->cap == 0 ? 64 : f->cap * 2;
        f->list = sk_xrealloc(f->list, f->cap * sizeof(struct sk_frame *));
    }
    f->list[f->count++] = frame;
    f->bytes += frame->len + FRAME_COST;
}

void sk_history_unref_frames(struct sk_frames *f)
{
    for (size_t i = 0; i < f->count; i++)
        sk_frame_unref(f->list[i]);
    f->count = f->bytes = 0;
}

/* ---- what the hub gives ------------------------------------------------------------------------------------------------- */

/* Once a turn of the loop: a lock, a few pointers. */
static void hand_over(struct sk_loop_hook *hook)
{
    struct sk_history *h = SK_CONTAINER(hook, struct sk_history, hook);
    size_t i = 0;
    pthread_mutex_lock(&h->lock);
    bool off = h->state == SK_HISTORY_OFF;
    for (; i < h->gathered.count && h->queue.bytes < SK_HISTORY_QUEUE_MAX && !off; i++)
        append(&h->queue, h->gathered.list[i]);
    h->dropped += off ? 0 : h->gathered.count - i;
    if (h->queue.bytes >= SK_HISTORY_DRAIN_BYTES)
        pthread_cond_signal(&h->write_soon);
    pthread_mutex_unlock(&h->lock);
    for (; i < h->gathered.count; i++)
        sk_frame_unref(h->gathered.list[i]);
    h->gathered.count = h->gathered.bytes = 0;
}

static void deliver(struct sk_hub_tap *tap, struct sk_frame *frame, bool self)
{
    struct sk_history *h = SK_CONTAINER(tap, struct sk_history, tap);
    (void)self;
    append(&h->gathered, sk_frame_ref(frame));
    h->frames++;
    sk_loop_at_turn_end(h->loop, &h->hook);
}

/* ---- news of the threads ------------------------------------------------------------------------------------------------ */

void sk_history_tell(struct sk_history *h)
{
    if (h->news_posted)
        return;
    h->news_posted = true;
    sk_loop_post(h->loop, &h->news);
}

/* Trouble is shown where the boat's other troubles are. */
static void heard(struct sk_loop_task *task)
{
    struct sk_history *h = SK_CONTAINER(task, struct sk_history, news);
    char trouble[sizeof h->trouble];
    pthread_mutex_lock(&h->lock);
    h->news_posted = false;
    memcpy(trouble, h->trouble, sizeof trouble);
    bool off = h->state == SK_HISTORY_OFF;
    pthread_mutex_unlock(&h->lock);
    if (off && h->tapped) {
        sk_hub_remove_tap(h->hub, &h->tap);
        h->tapped = false;
    }
    struct sk_status *board = sk_hub_status(h->hub);
    if (trouble[0] != '\0')
        sk_status_error(board, SK_STATUS_PROVIDER, STATUS_ID, sk_span_of(trouble));
    else
        sk_status_set(board, SK_STATUS_PROVIDER, STATUS_ID, SK_SPAN("Recording"));
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static bool self_only(char **contexts)
{
    return contexts[0] != NULL && contexts[1] == NULL && strcmp(contexts[0], "vessels.self") == 0;
}

struct sk_history *sk_history_create(struct sk_hub *hub, const yyjson_val *setting, const char *config_dir)
{
    if (!yyjson_is_true((yyjson_val *)(uintptr_t)setting) && !sk_json_get_bool(setting, "enabled", false))
        return NULL;
    struct sk_history *h = sk_xcalloc(1, sizeof *h);
    h->loop = sk_hub_loop(hub);
    h->hub = hub;
    h->news.run = heard;
    h->hook.run = hand_over;
    h->jobs_end = &h->jobs;
    sk_history_read_options(h, setting, config_dir);
    pthread_mutex_init(&h->lock, NULL);
    sk_cond_init(&h->write_soon);
    sk_cond_init(&h->read_soon);
    if (pthread_create(&h->writer, NULL, sk_history_writer, h) != 0) {
        sk_log_error("history: off, no thread can be started");
        h->writer_ended = h->stop = true;
        h->writer = 0;
        sk_history_destroy(h);
        return NULL;
    }
    h->tap = (struct sk_hub_tap){ .deliver = deliver, .self_only = self_only(h->o.contexts) };
    sk_hub_add_tap(hub, &h->tap);
    h->tapped = true;
    return h;
}

void sk_history_stop(struct sk_history *h)
{
    if (h == NULL || h->stop)
        return;
    if (h->tapped)
        sk_hub_remove_tap(h->hub, &h->tap);
    h->tapped = false;
    sk_loop_disarm(h->loop, &h->hook);
    hand_over(&h->hook);
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->write_soon);
    pthread_cond_signal(&h->read_soon);
    pthread_mutex_unlock(&h->lock);
}

bool sk_history_idle(const struct sk_history *ch)
{
    struct sk_history *h = (struct sk_history *)(uintptr_t)ch;
    if (h == NULL)
        return true;
    pthread_mutex_lock(&h->lock);
    bool idle = h->writer_ended && (!h->reading || h->reader_ended) && !h->news_posted;
    pthread_mutex_unlock(&h->lock);
    return idle;
}

void sk_history_destroy(struct sk_history *h)
{
    if (h == NULL)
        return;
    SK_ASSERT(h->stop && sk_history_idle(h));
    if (h->writer != 0)
        pthread_join(h->writer, NULL);
    if (h->reading)
        pthread_join(h->reader, NULL);
    sk_history_unref_frames(&h->gathered);
    sk_history_unref_frames(&h->queue);
    free(h->gathered.list);
    free(h->queue.list);
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->write_soon);
    pthread_cond_destroy(&h->read_soon);
    sk_history_free_options(h);
    free(h);
}

/* ---- questions ---------------------------------------------------------------------------------------------------------- */

static void answered(struct sk_loop_task *task)
{
    struct sk_history_job *j = SK_CONTAINER(task, struct sk_history_job, task);
    j->done(j);
}

int sk_history_submit(struct sk_history *h, struct sk_history_job *j, struct sk_errmsg *em)
{
    if (h->stop)
        return sk_errmsg_set(em, SK_ERR_CLOSED, "the server is stopping");
    if (!h->reading && pthread_create(&h->reader, NULL, sk_history_reader, h) != 0)
        return sk_errmsg_set(em, SK_ERR_BUSY, "no thread can be started");
    h->reading = true;
    j->task.run = answered;
    j->next = NULL;
    pthread_mutex_lock(&h->lock);
    bool room = h->job_count < SK_HISTORY_JOBS_MAX;
    if (room) {
        *h->jobs_end = j;
        h->jobs_end = &j->next;
        h->job_count++;
        pthread_cond_signal(&h->read_soon);
    }
    pthread_mutex_unlock(&h->lock);
    return room ? 0 : sk_errmsg_set(em, SK_ERR_BUSY, "%u questions about the past wait already", SK_HISTORY_JOBS_MAX);
}

int64_t sk_history_delay_ms(const struct sk_history *h)
{
    return (int64_t)h->write_ms + h->write_ms / 2 + 1000;
}

/* ---- figures ------------------------------------------------------------------------------------------------------------ */

static void write_count(struct sk_buf *out, const char *name, uint64_t n)
{
    sk_buf_printf(out, ",\"%s\":%llu", name, (unsigned long long)n);
}

void sk_history_write_info(struct sk_history *h, struct sk_buf *out)
{
    static const char *const states[] = { "starting", "recording", "failing", "off" };
    char when[SK_ISO_TIME_SIZE];
    pthread_mutex_lock(&h->lock);
    sk_buf_printf(out, "{\"state\":\"%s\"", states[h->state]);
    if (h->trouble[0] != '\0') {
        SK_BUF_LIT(out, ",\"trouble\":");
        sk_json_write_str(out, sk_span_of(h->trouble));
    }
    SK_BUF_LIT(out, ",\"folder\":");
    sk_json_write_str(out, sk_span_of(h->folder));
    write_count(out, "bytes", h->figures.bytes);
    write_count(out, "bytesMax", h->o.bytes_max);
    write_count(out, "deltas", h->frames);
    write_count(out, "values", h->figures.values);
    write_count(out, "commits", h->commits);
    if (h->committed_ms != 0) {
        sk_iso_time(when, h->committed_ms);
        sk_buf_printf(out, ",\"lastCommit\":\"%s\"", when);
    }
    write_count(out, "waitingBytes", h->queue.bytes);
    write_count(out, "deltasDropped", h->dropped);
    write_count(out, "valuesLost", h->lost);
    write_count(out, "valuesTooLarge", h->figures.too_large);
    write_count(out, "valuesWithoutTime", h->figures.unusable);
    write_count(out, "valuesLeftOut", h->figures.left_out);
    write_count(out, "valuesPurged", h->figures.purged);
    write_count(out, "filesSetAside", h->set_aside);
    write_count(out, "questionsWaiting", h->job_count);
    sk_buf_char(out, '}');
    pthread_mutex_unlock(&h->lock);
}
