/* libuv's pool has no hook for the start of a thread: as many jobs as threads, each of which waits for all others, reach them
 * all. */
#include "base/log.h"
#include "sandbox/sandbox.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS_DEFAULT 4 /* libuv's */
#define THREADS_MAX 1024

struct gathering {
    pthread_mutex_t lock;
    pthread_cond_t all_there;
    unsigned wanted, there, left; /* left: jobs whose end the loop has not seen; loop thread */
    uv_work_t jobs[];
};

static void enter(uv_work_t *w)
{
    struct gathering *g = w->data;
    sk_sandbox_enter(SK_THREAD_POOL);
    pthread_mutex_lock(&g->lock);
    if (++g->there == g->wanted)
        pthread_cond_broadcast(&g->all_there);
    while (g->there < g->wanted)
        pthread_cond_wait(&g->all_there, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void entered(uv_work_t *w, int status)
{
    struct gathering *g = w->data;
    (void)status;
    if (--g->left > 0)
        return;
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->all_there);
    free(g);
}

/* As libuv counts them. */
static unsigned thread_count(void)
{
    const char *text = getenv("UV_THREADPOOL_SIZE");
    long n = text != NULL ? strtol(text, NULL, 10) : THREADS_DEFAULT;
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

void sk_sandbox_enter_pool(struct sk_loop *loop)
{
    unsigned n = thread_count();
    struct gathering *g = sk_xcalloc(1, sizeof *g + n * sizeof g->jobs[0]);
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->all_there, NULL);
    g->wanted = g->left = n;
    for (unsigned i = 0; i < n; i++) {
        g->jobs[i].data = g;
        SK_ASSERT(uv_queue_work(sk_loop_uv(loop), &g->jobs[i], enter, entered) == 0);
    }
}
