/* The writer thread: frames come, a batch goes to disk now and then. It alone changes the database. */
#include "history/history_private.h"
#include "history/steady.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define BATCH_MAX 500000u /* rows: then it is written early */
#define RETRY_MIN_MS 1000u
#define RETRY_MAX_MS 60000u

struct writer {
    struct sk_history *h;
    struct sk_hstore *store;
    struct sk_hstore_figures figures;
    struct sk_frames frames;
    struct sk_steady steady; /* begun with the first store */
    bool has_clock;
    uint64_t due_ms, retry_ms; /* monotonic: the next commit; retry_ms: the wait after the last failure, 0: none */
};

static void set_state(struct sk_history *h, enum sk_history_state state, const char *trouble)
{
    pthread_mutex_lock(&h->lock);
    bool news = h->state != state || strcmp(h->trouble, trouble) != 0;
    h->state = state;
    snprintf(h->trouble, sizeof h->trouble, "%s", trouble);
    if (news)
        sk_history_tell(h);
    pthread_cond_signal(&h->read_soon); /* it waits for the first state */
    pthread_mutex_unlock(&h->lock);
    if (news && state == SK_HISTORY_RECORDING)
        sk_log_info("history: recording in %s", h->folder);
    else if (news)
        sk_log_error("history: %s", trouble);
}

static void note_file(struct sk_history *h, bool damaged)
{
    pthread_mutex_lock(&h->lock);
    h->generation++;
    h->suspect = false;
    h->set_aside += damaged;
    pthread_mutex_unlock(&h->lock);
}

/* The file is damaged: a new one takes its place. False: not even that worked. */
static bool replace(struct writer *w, const char *why)
{
    char name[256];
    struct sk_errmsg em;
    sk_hstore_close(w->store);
    w->store = NULL;
    if (sk_hstore_set_aside(w->h->folder, name, &em) < 0)
        return false;
    note_file(w->h, true);
    sk_log_error("history: the database is damaged (%s); it is kept as %s, and a new one begins", why, name);
    return true;
}

/* Something went wrong: the store is closed, and tried again later. */
static void fail(struct writer *w, int r, const struct sk_errmsg *em)
{
    uint64_t now = sk_clock_mono_ms();
    if (r == SK_ERR_PROTOCOL && replace(w, em->text)) {
        w->due_ms = now;
        return;
    }
    sk_hstore_close(w->store);
    w->store = NULL;
    w->retry_ms = w->retry_ms == 0 ? RETRY_MIN_MS : w->retry_ms * 2 < RETRY_MAX_MS ? w->retry_ms * 2 : RETRY_MAX_MS;
    w->due_ms = now + w->retry_ms;
    set_state(w->h, r == SK_ERR_UNSUPPORTED ? SK_HISTORY_OFF : SK_HISTORY_FAILING, em->text);
}

static void begin_clock(struct writer *w)
{
    if (!w->has_clock)
        sk_steady_begin(&w->steady, sk_clock_wall_ms(), sk_clock_mono_ms(), sk_hstore_newest(w->store));
    w->has_clock = true;
}

/* False, and the state is "off": it never will be, and it is not tried again. */
static bool ensure_open(struct writer *w, bool *ret_off)
{
    struct sk_errmsg em;
    for (int i = 0; w->store == NULL && i < 2; i++) { /* the second time when the first found a damaged file */
        int r = sk_hstore_open(&w->h->o, &w->figures, &w->store, &em);
        if (r == 0) {
            note_file(w->h, false);
            begin_clock(w);
        } else {
            fail(w, r, &em);
        }
        *ret_off = r == SK_ERR_UNSUPPORTED;
        if (r < 0 && r != SK_ERR_PROTOCOL)
            break;
    }
    return w->store != NULL;
}

static void note_lost(struct sk_history *h, uint64_t values)
{
    pthread_mutex_lock(&h->lock);
    h->lost += values;
    pthread_mutex_unlock(&h->lock);
}

/* False: the store is closed. */
static bool commit(struct writer *w)
{
    struct sk_errmsg em;
    size_t rows = sk_hstore_pending(w->store);
    int r = sk_hstore_commit(w->store, sk_steady_now(&w->steady, sk_clock_wall_ms(), sk_clock_mono_ms()), &em);
    if (r < 0) {
        note_lost(w->h, rows);
        fail(w, r, &em);
        return false;
    }
    w->retry_ms = 0;
    set_state(w->h, SK_HISTORY_RECORDING, "");
    pthread_mutex_lock(&w->h->lock);
    w->h->figures = w->figures;
    if (rows > 0) {
        w->h->commits++;
        w->h->committed_ms = sk_clock_wall_ms();
    }
    pthread_mutex_unlock(&w->h->lock);
    return true;
}

/* Takes what waits into the batch. */
static void drain(struct writer *w)
{
    struct sk_errmsg em;
    pthread_mutex_lock(&w->h->lock);
    struct sk_frames taken = w->h->queue;
    w->h->queue = w->frames;
    pthread_mutex_unlock(&w->h->lock);
    w->frames = taken;
    size_t i = 0;
    for (; i < taken.count && w->store != NULL; i++) {
        size_t rows = sk_hstore_pending(w->store);
        int r = sk_hstore_add(w->store, sk_frame_text(taken.list[i]), &em);
        if (r < 0) {
            note_lost(w->h, rows + 1);
            fail(w, r, &em);
        } else if (rows > BATCH_MAX) {
            (void)commit(w);
        }
    }
    if (i < taken.count)
        note_lost(w->h, taken.count - i); /* at least one value in each delta */
    sk_history_unref_frames(&w->frames);
}

/* True: the time of the batch has come, or the server stops. */
static bool wait_for_work(struct writer *w, bool *ret_stop)
{
    struct sk_history *h = w->h;
    uint64_t now = sk_clock_mono_ms();
    struct timespec until = sk_cond_deadline(w->due_ms > now ? (unsigned)(w->due_ms - now) : 0);
    bool due = false;
    pthread_mutex_lock(&h->lock);
    while (!h->stop && !h->suspect && !due && (w->store == NULL || h->queue.bytes < SK_HISTORY_DRAIN_BYTES))
        due = pthread_cond_timedwait(&h->write_soon, &h->lock, &until) == ETIMEDOUT;
    *ret_stop = h->stop;
    due |= h->stop || h->suspect;
    pthread_mutex_unlock(&h->lock);
    return due;
}

static void check_suspect(struct writer *w)
{
    struct sk_errmsg em;
    pthread_mutex_lock(&w->h->lock);
    bool suspect = w->h->suspect;
    w->h->suspect = false;
    pthread_mutex_unlock(&w->h->lock);
    if (!suspect || w->store == NULL)
        return;
    (void)sk_errmsg_set(&em, SK_ERR_PROTOCOL, "a reader found it malformed");
    note_lost(w->h, sk_hstore_pending(w->store));
    fail(w, SK_ERR_PROTOCOL, &em);
}

static void work(struct writer *w)
{
    bool stop = false, off = false;
    while (!stop && !off) {
        bool due = wait_for_work(w, &stop);
        check_suspect(w);
        if (due && !ensure_open(w, &off))
            continue;
        drain(w);
        if (due && w->store != NULL && commit(w))
            w->due_ms = sk_clock_mono_ms() + w->h->write_ms;
    }
    sk_hstore_close(w->store);
}

void *sk_history_writer(void *history)
{
    struct sk_history *h = history;
    struct writer w = { .h = h, .due_ms = sk_clock_mono_ms() };
    (void)setpriority(PRIO_PROCESS, 0, 5); /* of this thread: the boat's data goes first, but history is not starved */
    pthread_setname_np(pthread_self(), "history-writer");
    sk_sandbox_enter(SK_THREAD_HISTORY);
    work(&w);
    sk_history_unref_frames(&w.frames);
    free(w.frames.list);
    pthread_mutex_lock(&h->lock);
    h->writer_ended = true;
    sk_history_tell(h);
    pthread_mutex_unlock(&h->lock);
    return NULL;
}
