#include "net/poller.h"

#include "base/base.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define EVENTS 64

struct slot {
    struct sk_poller_item *item; /* NULL: free */
    uint32_t generation;
};

struct sk_poller {
    pthread_mutex_t lock;
    struct slot *slots;
    size_t slot_count;
    int epoll, wake; /* -1 until the thread starts */
    bool running;
    pthread_t thread;
    atomic_int reserved;
    int most;
    char scratch[SK_POLLER_SCRATCH];
};

struct sk_poller *sk_poller_create(void)
{
    struct sk_poller *p = sk_xcalloc(1, sizeof *p);
    struct rlimit files = { .rlim_cur = 1024 };
    getrlimit(RLIMIT_NOFILE, &files);
    pthread_mutex_init(&p->lock, NULL);
    p->epoll = p->wake = -1;
    p->most = files.rlim_cur < 65536 ? (int)(files.rlim_cur / 2) : 32768;
    return p;
}

void sk_poller_destroy(struct sk_poller *p)
{
    if (p == NULL)
        return;
    if (p->running) {
        eventfd_write(p->wake, 1);
        pthread_join(p->thread, NULL);
    }
    for (size_t i = 0; i < p->slot_count; i++)
        SK_ASSERT(p->slots[i].item == NULL);
    if (p->epoll >= 0)
        close(p->epoll);
    if (p->wake >= 0)
        close(p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->slots);
    free(p);
}

/* The item that an event is about, with a reference; NULL when it was unwatched meanwhile. */
static struct sk_poller_item *find(struct sk_poller *p, uint64_t key)
{
    size_t at = (size_t)(key & UINT32_MAX) - 1;
    struct sk_poller_item *item = NULL;
    pthread_mutex_lock(&p->lock);
    if (at < p->slot_count && p->slots[at].generation == key >> 32)
        item = p->slots[at].item;
    if (item != NULL)
        item->ops->hold(item);
    pthread_mutex_unlock(&p->lock);
    return item;
}

static void *run(void *arg)
{
    struct sk_poller *p = arg;
    struct epoll_event events[EVENTS];
    pthread_setname_np(pthread_self(), "sk-sockets");
    sk_sandbox_enter(SK_THREAD_SOCKETS);
    for (;;) {
        int n = epoll_wait(p->epoll, events, EVENTS, -1);
        SK_ASSERT(n >= 0 || errno == EINTR);
        for (int i = 0; i < n; i++) {
            if (events[i].data.u64 == 0)
                return NULL; /* woken to end */
            struct sk_poller_item *item = find(p, events[i].data.u64);
            if (item == NULL)
                continue;
            item->ops->ready(item, events[i].events, p->scratch);
            item->ops->drop(item);
        }
    }
}

/* Under the lock. */
static int start(struct sk_poller *p, struct sk_errmsg *em)
{
    struct epoll_event ev = { .events = EPOLLIN };
    pthread_attr_t a;
    if (p->running)
        return 0;
    if (p->epoll < 0)
        p->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (p->wake < 0)
        p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->epoll < 0 || p->wake < 0 || (epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->wake, &ev) < 0 && errno != EEXIST))
        return sk_errmsg_errno(em, errno, "sockets cannot be watched");
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, (size_t)128 * 1024);
    int r = pthread_create(&p->thread, &a, run, p);
    pthread_attr_destroy(&a);
    if (r != 0)
        return sk_errmsg_errno(em, r, "no thread for sockets");
    p->running = true;
    return 0;
}

/* Under the lock. */
static size_t free_slot(struct sk_poller *p)
{
    size_t i = 0;
    while (i < p->slot_count && p->slots[i].item != NULL)
        i++;
    if (i == p->slot_count) {
        p->slot_count = p->slot_count == 0 ? 8 : 2 * p->slot_count;
        p->slots = sk_xrealloc(p->slots, p->slot_count * sizeof *p->slots);
        memset(p->slots + i, 0, (p->slot_count - i) * sizeof *p->slots);
    }
    return i;
}

int sk_poller_watch(struct sk_poller *p, struct sk_poller_item *item, int fd, uint32_t events, struct sk_errmsg *em)
{
    SK_ASSERT(item->key == 0);
    pthread_mutex_lock(&p->lock);
    int r = start(p, em);
    if (r == 0) {
        size_t at = free_slot(p);
        uint64_t key = (uint64_t)++p->slots[at].generation << 32 | (at + 1);
        struct epoll_event ev = { .events = events, .data.u64 = key };
        if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) {
            r = sk_errmsg_errno(em, errno, "a socket cannot be watched");
        } else {
            p->slots[at].item = item;
            item->key = key;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return r;
}

void sk_poller_change(struct sk_poller *p, struct sk_poller_item *item, int fd, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.u64 = item->key };
    if (item->key != 0)
        epoll_ctl(p->epoll, EPOLL_CTL_MOD, fd, &ev);
}

void sk_poller_unwatch(struct sk_poller *p, struct sk_poller_item *item, int fd)
{
    if (item->key == 0)
        return;
    epoll_ctl(p->epoll, EPOLL_CTL_DEL, fd, NULL);
    pthread_mutex_lock(&p->lock);
    p->slots[(item->key & UINT32_MAX) - 1].item = NULL;
    pthread_mutex_unlock(&p->lock);
    item->key = 0;
}

bool sk_poller_reserve(struct sk_poller *p)
{
    if (atomic_fetch_add(&p->reserved, 1) < p->most)
        return true;
    atomic_fetch_sub(&p->reserved, 1);
    return false;
}

void sk_poller_release(struct sk_poller *p)
{
    atomic_fetch_sub(&p->reserved, 1);
}
