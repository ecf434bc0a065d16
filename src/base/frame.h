/*
 * An immutable text, encoded once and shared by reference: the same bytes go to every WebSocket client, TCP client and plugin
 * inbox. Behind the text stands "\r\n" (TCP's line end), in front of it a server-to-client WebSocket text header (RFC 6455 §5.2).
 * Thread: any may hold and drop references; nobody writes after creation. The last unref frees.
 */
#ifndef SK_BASE_FRAME_H
#define SK_BASE_FRAME_H

#include "base/base.h"

#include <stdatomic.h>

#define SK_FRAME_HEAD 10

struct sk_frame {
    atomic_int refs;
    uint32_t len; /* of the text */
    uint8_t head; /* length of the WebSocket header, which ends where the text begins */
    /* The same text compressed, with its WebSocket header: made at most once, by the loop thread, which alone looks at it. */
    enum { SK_FRAME_PLAIN, SK_FRAME_PACKED, SK_FRAME_UNPACKABLE } packing;
    uint32_t packed_len;
    char *packed;
    char bytes[]; /* SK_FRAME_HEAD bytes, text, "\r\n" */
};

/* One reference, held by the caller. NULL only out of memory or over 2^31. */
struct sk_frame *sk_frame_create(const void *text, size_t n);
struct sk_frame *sk_frame_create_binary(const void *bytes, size_t n); /* for WebSocket only: its header says binary */
static inline struct sk_frame *sk_frame_ref(struct sk_frame *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}
void sk_frame_unref(struct sk_frame *f); /* NULL is fine */

/* Copies the compressed text (RFC 7692), for sk_frame_ws_packed. Thread: loop. */
void sk_frame_set_packed(struct sk_frame *f, const char *bytes, size_t n);

static inline struct sk_span sk_frame_text(const struct sk_frame *f)
{
    return (struct sk_span){ f->bytes + SK_FRAME_HEAD, f->len };
}
static inline struct sk_span sk_frame_line(const struct sk_frame *f) /* text + CRLF */
{
    return (struct sk_span){ f->bytes + SK_FRAME_HEAD, f->len + 2u };
}
static inline struct sk_span sk_frame_ws(const struct sk_frame *f) /* WebSocket header + text */
{
    return (struct sk_span){ f->bytes + SK_FRAME_HEAD - f->head, f->len + (size_t)f->head };
}
static inline struct sk_span sk_frame_ws_packed(const struct sk_frame *f) /* header + compressed text; plain when there is none */
{
    return f->packing == SK_FRAME_PACKED ? (struct sk_span){ f->packed, f->packed_len } : sk_frame_ws(f);
}

#endif
