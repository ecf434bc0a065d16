#include "api/pool.h"

#include <stdlib.h>

struct job {
    uv_work_t work;
    struct sk_api *api;
    void (*run)(void *arg);
    void (*done)(void *arg);
    void *arg;
};

static void run(uv_work_t *work)
{
    struct job *j = SK_CONTAINER(work, struct job, work);
    j->run(j->arg);
}

static void done(uv_work_t *work, int status)
{
    struct job j = *SK_CONTAINER(work, struct job, work);
    SK_ASSERT(status == 0); /* nobody cancels it */
    free(SK_CONTAINER(work, struct job, work));
    j.api->pool_jobs--;
    j.done(j.arg);
}

void sk_pool_run(struct sk_api *api, void (*work)(void *arg), void (*after)(void *arg), void *arg)
{
    struct job *j = sk_xcalloc(1, sizeof *j);
    *j = (struct job){ .api = api, .run = work, .done = after, .arg = arg };
    api->pool_jobs++;
    SK_ASSERT(uv_queue_work(sk_loop_uv(api->loop), &j->work, run, done) == 0);
}
