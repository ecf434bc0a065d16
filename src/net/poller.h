/*
 * The thread that watches the sockets of all plugins, so that neither the loop nor a plugin's own thread has to: what arrives is
 * queued for the plugin at once, however long its calls take. It starts with the first socket and ends with the poller.
 *
 * Thread: any, unless a line says otherwise. No lock of the poller is held while an item's function runs.
 */
#ifndef SK_NET_POLLER_H
#define SK_NET_POLLER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SK_POLLER_SCRATCH ((size_t)64 * 1024)

struct sk_poller;
struct sk_poller_item;

/* What an item's owner brings. hold/drop count references: the poller holds one while ready() runs. */
struct sk_poller_ops {
    void (*hold)(struct sk_poller_item *item);
    /* Thread: poller. `scratch` has SK_POLLER_SCRATCH bytes, for this call. `fd` may be of an earlier watch: the owner looks. */
    void (*ready)(struct sk_poller_item *item, uint32_t events, char *scratch);
    void (*drop)(struct sk_poller_item *item);
};

struct sk_poller_item { /* embedded in its owner */
    const struct sk_poller_ops *ops;
    uint64_t key; /* the poller's, 0: not watched */
};

struct sk_poller *sk_poller_create(void); /* costs nothing but its memory until something is watched */
/* All items must be unwatched. */
void sk_poller_destroy(struct sk_poller *p);

/* Watches a socket for `events` (EPOLLIN, EPOLLOUT; until they no longer hold they are told again). */
int sk_poller_watch(struct sk_poller *p, struct sk_poller_item *item, int fd, uint32_t events, struct sk_errmsg *em);
void sk_poller_change(struct sk_poller *p, struct sk_poller_item *item, int fd, uint32_t events);
/* Before the socket is closed. ready() may be running still, and is not begun any more. */
void sk_poller_unwatch(struct sk_poller *p, struct sk_poller_item *item, int fd);

/* All plugins together may have half of the process's descriptors: the server's own clients need the rest. */
bool sk_poller_reserve(struct sk_poller *p);
void sk_poller_release(struct sk_poller *p);

#endif
