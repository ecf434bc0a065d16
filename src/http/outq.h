/*
 * Output queue of one byte stream: shared frames and own buffers, written with one writev per loop turn.
 * Owner: loop thread. The queue is embedded in its connection and arms a turn-end hook by itself when something is queued.
 */
#ifndef SK_HTTP_OUTQ_H
#define SK_HTTP_OUTQ_H

#include "base/frame.h"
#include "base/loop.h"

struct sk_outq_item;
struct sk_outq {
    struct sk_loop *loop;
    uv_stream_t *stream;
    struct sk_outq_item *items; /* ring, cap is a power of two */
    uint32_t head, count, cap;
    size_t offset;        /* bytes of the head item already written */
    size_t bytes;         /* unsent in all */
    uint64_t written;     /* in all, ever */
    size_t waiting_bytes; /* with uv_write */
    uint32_t room;        /* spare bytes behind the last item, if that is a block of our own */
    size_t ease_mark;     /* for `eased` */
    bool ease_wanted;     /* set by the owner: tell once when no more than ease_mark bytes are unsent */
    int error;            /* found while queueing; told in the next flush */
    bool waiting;         /* a uv_write is under way */
    bool failed;          /* the stream broke or was closed: everything queued is dropped */
    struct sk_loop_hook hook;
    uv_write_t req;
    void (*drained)(struct sk_outq *q);              /* optional: became empty (also in the flushing call) */
    void (*eased)(struct sk_outq *q);                /* optional: see ease_wanted; it may queue more */
    void (*broken)(struct sk_outq *q, int uv_error); /* called once, from the flush or write callback */
};

enum sk_outq_view { SK_OUTQ_WS, SK_OUTQ_WS_PACKED, SK_OUTQ_LINE, SK_OUTQ_TEXT }; /* which part of a frame goes out */

/* `stream` NULL: a sink, for tests and fuzzing; everything counts as written. */
void sk_outq_init(struct sk_outq *q, struct sk_loop *loop, uv_stream_t *stream);
/* Before the stream is closed: drops the queue and disarms the hook. */
void sk_outq_finish(struct sk_outq *q);
/* For long-lived streams: what the kernel holds beyond what is on its way is as stale as what is queued here, and not counted; so
   it gets little of it. */
void sk_outq_bound_kernel(const struct sk_outq *q);
/* Is there room for n more bytes below `max`? When not, what the socket takes is written first: a burst within one turn is no
   reason to call a client slow. One item always fits an empty queue. */
bool sk_outq_fits(struct sk_outq *q, size_t n, size_t max);
void sk_outq_frame(struct sk_outq *q, struct sk_frame *f, enum sk_outq_view view); /* takes a reference of its own */
void sk_outq_part(struct sk_outq *q, struct sk_frame *f, size_t skip);             /* its text; takes the caller's reference */
/* Writes now what the stream takes, without waiting for the end of the turn; errors are told then. */
void sk_outq_try(struct sk_outq *q);
void sk_outq_own(struct sk_outq *q, char *bytes, size_t n); /* takes malloc'd memory */
void sk_outq_copy(struct sk_outq *q, const void *bytes, size_t n);

#endif
