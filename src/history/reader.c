/* The reader thread: one question after the other, on a connection that cannot write. */
#include "history/history_private.h"

#include "base/clock.h"
#include "sandbox/sandbox.h"
#include "store/fs.h"

#include <stdlib.h>
#include <sys/resource.h>

#define CHECK_EVERY 4000 /* instructions of SQLite's machine between two looks at the clock */
#define BUSY_MS 2000

struct reader {
    struct sk_history *h;
    struct sk_history_db d;
    unsigned generation; /* of the file that is open; 0: none */
};

bool sk_history_late(const struct sk_history_db *d)
{
    return sk_clock_mono_ms() > d->deadline_ms;
}

static int check(void *arg)
{
    return sk_history_late(arg);
}

int sk_history_timed_out(struct sk_errmsg *em)
{
    return sk_errmsg_set(em, SK_ERR_TIMEOUT, "the question took longer than %u s; ask about less at once",
                         SK_HISTORY_READ_MS / 1000);
}

int sk_history_failed(const struct sk_history_db *d, struct sk_errmsg *em)
{
    int code = d->q->extended_errcode(d->db) & 0xff;
    if (code == SQLITE_INTERRUPT)
        return sk_history_timed_out(em);
    return sk_errmsg_set(em, code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? SK_ERR_PROTOCOL : SK_ERR_IO,
                         "the history cannot be read: %s", d->q->errmsg(d->db));
}

sqlite3_stmt *sk_history_prepare(const struct sk_history_db *d, const char *text, struct sk_errmsg *em)
{
    sqlite3_stmt *s = NULL;
    if (d->q->prepare_v3(d->db, text, -1, 0, &s, NULL) == SQLITE_OK)
        return s;
    (void)sk_history_failed(d, em);
    return NULL;
}

static void close_file(struct reader *r)
{
    if (r->d.db != NULL)
        r->d.q->close_v2(r->d.db);
    r->d.db = NULL;
    r->generation = 0;
}

static int not_open(struct sk_history *h, struct sk_errmsg *em)
{
    char trouble[sizeof h->trouble];
    pthread_mutex_lock(&h->lock);
    memcpy(trouble, h->trouble, sizeof trouble);
    pthread_mutex_unlock(&h->lock);
    return sk_errmsg_set(em, SK_ERR_CLOSED, "the history is not open%s%s", trouble[0] != '\0' ? ": " : " yet", trouble);
}

static int open_file(struct reader *r, unsigned generation, struct sk_errmsg *em)
{
    if (r->generation == generation && generation != 0)
        return 0;
    close_file(r);
    if (generation == 0)
        return not_open(r->h, em);
    r->d.q = sk_sqlite_load(em);
    if (r->d.q == NULL)
        return SK_ERR_UNSUPPORTED;
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(r->h->folder, SK_HSTORE_NAME);
    if (r->d.q->open_v2(file, &r->d.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        (void)sk_history_failed(&r->d, em);
        close_file(r);
        return SK_ERR_IO;
    }
    r->d.q->busy_timeout(r->d.db, BUSY_MS);
    r->d.q->progress_handler(r->d.db, CHECK_EVERY, check, &r->d);
    r->generation = generation;
    return 0;
}

/* In one transaction, so that rows that move meanwhile are neither missed nor met twice. */
static int run(struct reader *r, struct sk_history_job *j)
{
    if (r->d.q->exec(r->d.db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return sk_history_failed(&r->d, &j->em);
    int result = j->run(j, &r->d, &j->em);
    if (!r->d.q->get_autocommit(r->d.db))
        (void)r->d.q->exec(r->d.db, "COMMIT", NULL, NULL, NULL);
    return result;
}

static void answer(struct reader *r, struct sk_history_job *j, unsigned generation)
{
    struct sk_history *h = r->h;
    j->result = open_file(r, generation, &j->em);
    r->d.deadline_ms = sk_clock_mono_ms() + SK_HISTORY_READ_MS;
    if (j->result == 0)
        j->result = run(r, j);
    if (j->result == SK_ERR_PROTOCOL) {
        close_file(r);
        pthread_mutex_lock(&h->lock);
        h->suspect = h->generation == generation;
        pthread_cond_signal(&h->write_soon);
        pthread_mutex_unlock(&h->lock);
    }
    sk_loop_post(h->loop, &j->task);
}

void *sk_history_reader(void *history)
{
    struct sk_history *h = history;
    struct reader r = { .h = h, .d = { .self_context = h->o.self_context } };
    (void)setpriority(PRIO_PROCESS, 0, 5); /* of this thread */
    pthread_setname_np(pthread_self(), "history-reader");
    sk_sandbox_enter(SK_THREAD_HISTORY);
    pthread_mutex_lock(&h->lock);
    for (;;) {
        while ((h->jobs == NULL || h->state == SK_HISTORY_STARTING) && !h->stop)
            pthread_cond_wait(&h->read_soon, &h->lock);
        struct sk_history_job *j = h->jobs;
        if (j == NULL)
            break;
        h->jobs = j->next;
        if (h->jobs == NULL)
            h->jobs_end = &h->jobs;
        h->job_count--;
        unsigned generation = h->generation;
        pthread_mutex_unlock(&h->lock);
        answer(&r, j, generation);
        pthread_mutex_lock(&h->lock);
    }
    pthread_mutex_unlock(&h->lock);
    close_file(&r);
    pthread_mutex_lock(&h->lock);
    h->reader_ended = true;
    sk_history_tell(h);
    pthread_mutex_unlock(&h->lock);
    return NULL;
}
