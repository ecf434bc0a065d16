/*
 * A TCP connection to a host that is always wanted: looked up, connected, and connected again after each loss, with a pause that
 * grows from one second to five; given up and connected anew when nothing came for too long. Owner: loop thread.
 * Unsent bytes over SK_LINK_QUEUE_MAX: a write is refused whole.
 */
#ifndef SK_INPUT_LINK_H
#define SK_INPUT_LINK_H

#include "base/err.h"
#include "base/loop.h"

#define SK_LINK_QUEUE_MAX ((size_t)512 * 1024)

struct sk_link;

struct sk_link_ops {
    void (*connected)(void *arg);
    void (*bytes)(void *arg, struct sk_span bytes); /* may fail the link, must not destroy it */
    /* `text` says why, and when the next attempt is. `was_connected`: or could not be connected. */
    void (*lost)(void *arg, const char *text, bool was_connected);
};

struct sk_link_options {
    struct sk_loop *loop;
    const char *host; /* copied */
    unsigned port;
    unsigned silence_max_s; /* 0: may stay silent */
    const struct sk_link_ops *ops;
    void *arg;
};

/* The first attempt begins at once; its end is told in a later turn. */
struct sk_link *sk_link_create(const struct sk_link_options *o);
/* No callback comes after this. The memory goes in a later turn. NULL is fine. */
void sk_link_destroy(struct sk_link *l);
/* SK_ERR_CLOSED while not connected, SK_ERR_LIMIT when the queue is full. */
int sk_link_write(struct sk_link *l, struct sk_span bytes);
/* Ends the connection as if it were lost, in words of the caller. */
void sk_link_fail(struct sk_link *l, const char *why);
/* What comes makes sense: the next pause is a short one again. */
void sk_link_healthy(struct sk_link *l);

#endif
