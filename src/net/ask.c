#include "net/ask.h"

#include "net/fetch.h"

#include <stdatomic.h>
#include <stdlib.h>

struct ask {
    struct ask *next;
    int32_t id;
    sk_asked done;
    void *arg;
};

struct sk_asks {
    struct sk_loop *loop;
    struct sk_fetcher *fetcher;
    struct ask *open;
    int32_t last_id;
    bool stopped;
    struct sk_loop_task task;
    atomic_bool posted;
};

/* Thread: a fetching one. */
static void wake(void *arg)
{
    struct sk_asks *a = arg;
    if (!atomic_exchange(&a->posted, true))
        sk_loop_post(a->loop, &a->task);
}

static void answer(struct ask *k, int status, struct sk_span body, const struct sk_errmsg *em)
{
    k->done(k->arg, status, body, em);
    free(k);
}

static struct ask *take(struct sk_asks *a, int32_t id)
{
    for (struct ask **at = &a->open; *at != NULL; at = &(*at)->next)
        if ((*at)->id == id) {
            struct ask *k = *at;
            *at = k->next;
            return k;
        }
    return NULL;
}

static void deliver(struct sk_loop_task *task)
{
    struct sk_asks *a = SK_CONTAINER(task, struct sk_asks, task);
    struct sk_fetch_done *d;
    atomic_store(&a->posted, false);
    while ((d = sk_fetcher_take(a->fetcher)) != NULL) {
        struct ask *k = take(a, d->id); /* none: given up meanwhile */
        if (k != NULL)
            answer(k, d->response.status, sk_buf_span(&d->response.body), d->response.status == 0 ? &d->em : NULL);
        if (d->response.body.p != NULL)
            explicit_bzero(d->response.body.p, d->response.body.cap);
        sk_fetch_done_destroy(d);
    }
}

struct sk_asks *sk_asks_create(const struct sk_asks_options *o)
{
    struct sk_asks *a = sk_xcalloc(1, sizeof *a);
    struct sk_net_figures *figures = sk_net_figures_create();
    a->loop = o->loop;
    a->task.run = deliver;
    a->fetcher = sk_fetcher_create(
        &(struct sk_fetcher_options){ .name = o->name,
                                      .limits = { .parallel = o->at_once, .body_max = o->body_max, .total_ms = o->total_ms },
                                      .refuse = o->refuse,
                                      .figures = figures,
                                      .wake = wake,
                                      .arg = a,
                                      .quiet = o->quiet });
    sk_net_figures_unref(figures);
    return a;
}

void sk_ask(struct sk_asks *a, struct sk_fetch_request *req, sk_asked done, void *arg)
{
    struct ask *k = sk_xcalloc(1, sizeof *k);
    struct sk_errmsg em;
    SK_ASSERT(sk_loop_is_current(a->loop));
    a->last_id = a->last_id < INT32_MAX ? a->last_id + 1 : 1;
    *k = (struct ask){ .id = a->last_id, .done = done, .arg = arg };
    req->manual = true;
    req->secret = true;
    if (a->stopped) {
        sk_errmsg_set(&em, SK_ERR_CLOSED, "the server stops");
        sk_fetch_request_finish(req);
        answer(k, 0, (struct sk_span){ NULL, 0 }, &em);
    } else if (sk_fetcher_begin(a->fetcher, req, k->id, &em) == SK_ERR_LIMIT) {
        sk_errmsg_set(&em, SK_ERR_LIMIT, "too many requests at once, please try again");
        answer(k, 0, (struct sk_span){ NULL, 0 }, &em);
    } else {
        k->next = a->open;
        a->open = k;
    }
}

void sk_asks_stop(struct sk_asks *a)
{
    struct sk_errmsg em;
    if (a->stopped)
        return;
    a->stopped = true;
    sk_fetcher_shut(a->fetcher);
    sk_errmsg_set(&em, SK_ERR_CLOSED, "the server stops");
    while (a->open != NULL)
        answer(take(a, a->open->id), 0, (struct sk_span){ NULL, 0 }, &em);
}

bool sk_asks_idle(const struct sk_asks *a)
{
    return a->open == NULL && !atomic_load(&a->posted);
}

void sk_asks_destroy(struct sk_asks *a)
{
    if (a == NULL)
        return;
    SK_ASSERT(a->stopped && sk_asks_idle(a));
    sk_fetcher_destroy(a->fetcher);
    free(a);
}
