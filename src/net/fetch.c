#include "net/fetch.h"

#include "base/clock.h"
#include "base/cond.h"
#include "net/fetch_impl.h"
#include "sandbox/sandbox.h"

#include <stdlib.h>
#include <strings.h>

#define NS "signalk:wasm:fetch"
#define SLOT_WAIT_MS 50u
#define SHUT_WAIT_MS 1000u
#define STACK ((size_t)512 * 1024)

struct job {
    struct job *next;
    struct sk_fetch_request req;
    int32_t id;
};

struct sk_fetcher {
    atomic_int refs; /* owner, threads */
    char *name;
    struct sk_hosts *hosts[2];
    bool (*refuse)(const struct sk_address *a);
    struct sk_fetch_limits limits;
    struct sk_net_figures *figures;
    const struct sk_stand_in *stand_in;
    bool quiet;
    atomic_bool shut;
    atomic_size_t done_count;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    size_t active, threads, waiting;
    struct job *jobs, **jobs_end;
    struct sk_fetch_done *done, **done_end;
    void (*wake)(void *arg);
    void *arg;
};

/* ---- responses ---- */

void sk_fetch_response_finish(struct sk_fetch_response *r)
{
    free(r->url);
    sk_buf_finish(&r->headers);
    sk_buf_finish(&r->body);
    *r = (struct sk_fetch_response){ 0 };
}

static struct sk_span name_of(const char *line)
{
    return (struct sk_span){ line, (size_t)(strchr(line, ':') - line) };
}

static struct sk_span value_of(const char *line)
{
    const char *v = strchr(line, ':') + 1;
    while (*v == ' ' || *v == '\t')
        v++;
    return sk_span_of(v);
}

static bool same_name(struct sk_span a, struct sk_span b)
{
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static void write_name(struct sk_span name, struct sk_buf *out)
{
    char lower[256];
    size_t n = name.n < sizeof lower ? name.n : sizeof lower;
    for (size_t i = 0; i < n; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + ('a' - 'A')) : name.p[i];
    sk_json_write_str(out, (struct sk_span){ lower, n });
}

void sk_fetch_response_write_headers(const struct sk_fetch_response *r, struct sk_buf *out)
{
    const char *p = r->headers.p, *end = p + r->headers.n, *first, *other;
    bool any = false;
    sk_buf_char(out, '{');
    for (first = p; first != NULL && first < end; first += strlen(first) + 1) {
        struct sk_span name = name_of(first);
        size_t count = 0;
        bool told = false;
        for (other = p; other < end; other += strlen(other) + 1) {
            bool same = same_name(name, name_of(other));
            told |= same && other < first;
            count += same;
        }
        if (told)
            continue;
        if (any)
            sk_buf_char(out, ',');
        any = true;
        write_name(name, out);
        sk_buf_text(out, count > 1 ? ":[" : ":");
        for (other = first; other < end; other += strlen(other) + 1) {
            if (!same_name(name, name_of(other)))
                continue;
            if (other != first)
                sk_buf_char(out, ',');
            sk_json_write_str(out, value_of(other));
        }
        if (count > 1)
            sk_buf_char(out, ']');
    }
    sk_buf_char(out, '}');
}

/* ---- life ---- */

struct sk_fetcher *sk_fetcher_create(const struct sk_fetcher_options *o)
{
    struct sk_fetcher *f = sk_xcalloc(1, sizeof *f);
    f->refs = 1;
    f->name = sk_xstrdup(o->name);
    f->hosts[0] = o->hosts[0];
    f->hosts[1] = o->hosts[1];
    f->refuse = o->refuse;
    f->limits = o->limits;
    f->stand_in = o->stand_in;
    f->quiet = o->quiet;
    f->figures = sk_net_figures_ref(o->figures);
    f->jobs_end = &f->jobs;
    f->done_end = &f->done;
    f->wake = o->wake;
    f->arg = o->arg;
    pthread_mutex_init(&f->lock, NULL);
    sk_cond_init(&f->changed);
    return f;
}

static void job_destroy(struct job *j)
{
    sk_fetch_request_finish(&j->req);
    free(j);
}

static void unref(struct sk_fetcher *f)
{
    if (atomic_fetch_sub(&f->refs, 1) != 1)
        return;
    struct job *j;
    struct sk_fetch_done *d;
    while ((j = f->jobs) != NULL) {
        f->jobs = j->next;
        job_destroy(j);
    }
    while ((d = f->done) != NULL) {
        f->done = d->next;
        sk_fetch_done_destroy(d);
    }
    sk_hosts_destroy(f->hosts[0]);
    sk_hosts_destroy(f->hosts[1]);
    sk_net_figures_unref(f->figures);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->changed);
    free(f->name);
    free(f);
}

void sk_fetcher_shut(struct sk_fetcher *f)
{
    struct timespec until = sk_cond_deadline(SHUT_WAIT_MS);
    atomic_store(&f->shut, true);
    pthread_mutex_lock(&f->lock);
    f->wake = NULL;
    while (f->threads > 0 && pthread_cond_timedwait(&f->changed, &f->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&f->lock);
}

void sk_fetcher_destroy(struct sk_fetcher *f)
{
    if (f == NULL)
        return;
    unref(f);
}

/* ---- requests ---- */

void sk_fetcher_failed(struct sk_fetcher *f, const struct sk_errmsg *em)
{
    bool denied = em->code == SK_ERR_DENIED;
    sk_net_count(f->figures, denied ? SK_NET_FETCH_REFUSED : SK_NET_FETCH_FAILED, 1);
    if (!f->quiet)
        sk_net_figures_error(f->figures, SK_NET_FETCH, NS, f->name, em->text);
}

static int run(struct sk_fetcher *f, struct sk_fetch_request *req, uint64_t deadline_ms, bool (*cancelled)(void *arg), void *arg,
               struct sk_fetch_response *ret, struct sk_errmsg *em)
{
    struct sk_transfer_options o = { .hosts = { f->hosts[0], f->hosts[1] },
                                     .refuse = f->refuse,
                                     .body_max = f->limits.body_max,
                                     .deadline_ms = deadline_ms,
                                     .cancelled = cancelled,
                                     .arg = arg };
    *ret = (struct sk_fetch_response){ 0 };
    sk_net_count(f->figures, SK_NET_FETCH_REQUESTS, 1);
    sk_net_count(f->figures, SK_NET_FETCH_SENT_BYTES, (int64_t)req->body.n);
    int r = f->stand_in != NULL ? f->stand_in->answer(f->stand_in->arg, req, ret, em) : sk_transfer(&o, req, ret, em);
    if (r < 0) {
        sk_fetch_response_finish(ret);
        sk_fetcher_failed(f, em);
        return r;
    }
    sk_net_count(f->figures, SK_NET_FETCH_RECEIVED_BYTES, (int64_t)ret->body.n);
    return 0;
}

static uint64_t deadline_of(const struct sk_fetcher *f, const struct sk_fetch_request *req, uint64_t ms)
{
    ms = ms < f->limits.total_ms ? ms : f->limits.total_ms;
    if (req->timeout_ms > 0 && req->timeout_ms < ms)
        ms = req->timeout_ms;
    return sk_clock_mono_ms() + ms;
}

/* Waits for one of the plugin's places. */
static int take_slot(struct sk_fetcher *f, uint64_t deadline_ms, bool (*cancelled)(void *arg), void *arg, struct sk_errmsg *em)
{
    int r = 0;
    pthread_mutex_lock(&f->lock);
    while (r == 0 && f->active >= f->limits.parallel) {
        struct timespec until = sk_cond_deadline(SLOT_WAIT_MS);
        pthread_cond_timedwait(&f->changed, &f->lock, &until);
        if (cancelled(arg))
            r = sk_errmsg_set(em, SK_ERR_CLOSED, "a fetch was given up, the plugin stops");
        else if (sk_clock_mono_ms() >= deadline_ms)
            r = sk_errmsg_set(em, SK_ERR_TIMEOUT, "a fetch waited too long: %zu go on already", f->active);
    }
    f->active += r == 0;
    pthread_mutex_unlock(&f->lock);
    return r;
}

static void give_slot(struct sk_fetcher *f)
{
    pthread_mutex_lock(&f->lock);
    f->active--;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

int sk_fetcher_run(struct sk_fetcher *f, struct sk_fetch_request *req, unsigned ms, bool (*cancelled)(void *arg), void *arg,
                   struct sk_fetch_response *ret_response, struct sk_errmsg *em)
{
    uint64_t deadline = deadline_of(f, req, ms);
    *ret_response = (struct sk_fetch_response){ 0 };
    int r = take_slot(f, deadline, cancelled, arg, em);
    if (r < 0) {
        sk_fetcher_failed(f, em);
        return r;
    }
    r = run(f, req, deadline, cancelled, arg, ret_response, em);
    give_slot(f);
    return r;
}

/* ---- requests that nobody waits for ---- */

static bool is_shut(void *arg)
{
    return atomic_load(&((struct sk_fetcher *)arg)->shut);
}

/* Under the lock. Answers that were not taken yet count: they hold as much memory. */
static struct job *next_job(struct sk_fetcher *f)
{
    struct job *j = f->jobs;
    if (j == NULL || is_shut(f) || f->active + atomic_load(&f->done_count) >= f->limits.parallel)
        return NULL;
    f->jobs = j->next;
    if (f->jobs == NULL)
        f->jobs_end = &f->jobs;
    f->waiting--;
    f->active++;
    return j;
}

static void *serve(void *arg)
{
    struct sk_fetcher *f = arg;
    struct job *j;
    pthread_setname_np(pthread_self(), "sk-fetch");
    sk_sandbox_enter(SK_THREAD_FETCH);
    pthread_mutex_lock(&f->lock);
    while ((j = next_job(f)) != NULL) {
        pthread_mutex_unlock(&f->lock);
        struct sk_fetch_done *d = sk_xcalloc(1, sizeof *d);
        d->id = j->id;
        run(f, &j->req, deadline_of(f, &j->req, f->limits.total_ms), is_shut, f, &d->response, &d->em);
        job_destroy(j);
        pthread_mutex_lock(&f->lock);
        *f->done_end = d;
        f->done_end = &d->next;
        f->active--;
        atomic_fetch_add(&f->done_count, 1);
        pthread_cond_broadcast(&f->changed);
        if (f->wake != NULL)
            f->wake(f->arg);
    }
    f->threads--;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    unref(f);
    return NULL;
}

/* Under the lock. */
static bool start_thread(struct sk_fetcher *f)
{
    pthread_t thread;
    pthread_attr_t a;
    if (f->threads >= f->limits.parallel || f->active + atomic_load(&f->done_count) >= f->limits.parallel)
        return true;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, STACK);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    atomic_fetch_add(&f->refs, 1);
    f->threads++;
    bool ok = pthread_create(&thread, &a, serve, f) == 0;
    pthread_attr_destroy(&a);
    if (!ok) {
        f->threads--;
        atomic_fetch_sub(&f->refs, 1);
    }
    return ok || f->threads > 0;
}

int sk_fetcher_begin(struct sk_fetcher *f, struct sk_fetch_request *req, int32_t id, struct sk_errmsg *em)
{
    int r = 0;
    pthread_mutex_lock(&f->lock);
    if (f->waiting >= SK_FETCH_WAITING || f->limits.parallel == 0) {
        r = sk_errmsg_set(em, SK_ERR_LIMIT, "too many fetches wait already");
    } else {
        struct job *j = sk_xcalloc(1, sizeof *j);
        j->req = *req;
        j->id = id;
        *f->jobs_end = j;
        f->jobs_end = &j->next;
        f->waiting++;
        if (!start_thread(f))
            r = sk_errmsg_set(em, SK_ERR_NOMEM, "no thread for a fetch; it waits for the next");
    }
    pthread_mutex_unlock(&f->lock);
    if (r == SK_ERR_LIMIT)
        sk_fetch_request_finish(req);
    *req = (struct sk_fetch_request){ 0 };
    return r;
}

bool sk_fetcher_has_done(struct sk_fetcher *f)
{
    return atomic_load(&f->done_count) > 0;
}

bool sk_fetcher_busy(struct sk_fetcher *f)
{
    pthread_mutex_lock(&f->lock);
    bool busy = f->jobs != NULL || f->active > 0 || f->done != NULL;
    pthread_mutex_unlock(&f->lock);
    return busy;
}

struct sk_fetch_done *sk_fetcher_take(struct sk_fetcher *f)
{
    pthread_mutex_lock(&f->lock);
    struct sk_fetch_done *d = f->done;
    if (d != NULL) {
        f->done = d->next;
        if (f->done == NULL)
            f->done_end = &f->done;
        d->next = NULL;
        atomic_fetch_sub(&f->done_count, 1);
        if (f->jobs != NULL)
            start_thread(f);
    }
    pthread_mutex_unlock(&f->lock);
    return d;
}

void sk_fetch_done_destroy(struct sk_fetch_done *d)
{
    sk_fetch_response_finish(&d->response);
    free(d);
}
