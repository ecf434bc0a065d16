#include "http/outq.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#define IOV_MAX_PER_CALL 256
#define FLUSH_MAX ((size_t)1024 * 1024) /* bytes a turn: one fast client must not hold up the others */
#define WAIT_MAX ((size_t)64 * 1024)    /* bytes handed to uv_write: small, so that `written` shows a slow client's progress */
#define WAIT_BUFS 4                     /* as many as libuv keeps without allocating */
#define BLOCK_SIZE ((size_t)4096)
#define RING_KEPT 16

enum owner { OWNER_FRAME, OWNER_MEMORY };

struct sk_outq_item {
    const char *p;
    size_t n;
    void *owner;
    enum owner kind;
};

static void run_hook(struct sk_loop_hook *hook);

void sk_outq_init(struct sk_outq *q, struct sk_loop *loop, uv_stream_t *stream)
{
    *q = (struct sk_outq){ .loop = loop, .stream = stream };
    q->hook.run = run_hook;
    q->req.data = q;
}

static struct sk_outq_item *item_at(const struct sk_outq *q, uint32_t i)
{
    return &q->items[(q->head + i) & (q->cap - 1)];
}

static void drop_head(struct sk_outq *q)
{
    struct sk_outq_item *it = item_at(q, 0);
    if (it->kind == OWNER_FRAME)
        sk_frame_unref(it->owner);
    else
        free(it->owner);
    q->head = (q->head + 1) & (q->cap - 1);
    q->count--;
    q->offset = 0;
    if (q->count == 0)
        q->room = 0;
}

static void drop_all(struct sk_outq *q)
{
    while (q->count > 0)
        drop_head(q);
    q->bytes = 0;
    free(q->items);
    q->items = NULL;
    q->head = q->cap = 0;
}

void sk_outq_finish(struct sk_outq *q)
{
    if (q == NULL || q->loop == NULL)
        return;
    sk_loop_disarm(q->loop, &q->hook);
    q->failed = true; /* a write callback may still come */
    drop_all(q);
}

/* The owner hears of it in the flush, never in the middle of its own call. */
static void fail_later(struct sk_outq *q, int uv_error)
{
    if (q->error == 0)
        q->error = uv_error;
    sk_loop_at_turn_end(q->loop, &q->hook);
}

static bool ring_room(struct sk_outq *q)
{
    if (q->count < q->cap)
        return true;
    uint32_t cap = q->cap == 0 ? 4 : q->cap * 2;
    struct sk_outq_item *items = malloc(cap * sizeof *items);
    if (items == NULL)
        return false;
    for (uint32_t i = 0; i < q->count; i++)
        items[i] = *item_at(q, i);
    free(q->items);
    q->items = items;
    q->head = 0;
    q->cap = cap;
    return true;
}

static bool push(struct sk_outq *q, struct sk_outq_item it)
{
    if (!ring_room(q)) {
        fail_later(q, UV_ENOMEM);
        return false;
    }
    *item_at(q, q->count++) = it;
    q->bytes += it.n;
    q->room = 0;
    sk_loop_at_turn_end(q->loop, &q->hook);
    return true;
}

void sk_outq_bound_kernel(const struct sk_outq *q)
{
    const int bytes = 128 * 1024;
    uv_os_fd_t fd;
    if (q->stream != NULL && uv_fileno((uv_handle_t *)q->stream, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

bool sk_outq_fits(struct sk_outq *q, size_t n, size_t max)
{
    if (q->bytes == 0 || (q->bytes <= max && n <= max - q->bytes))
        return true;
    sk_outq_try(q);
    return q->bytes == 0 || (q->bytes <= max && n <= max - q->bytes);
}

void sk_outq_frame(struct sk_outq *q, struct sk_frame *f, enum sk_outq_view view)
{
    struct sk_span s = view == SK_OUTQ_WS          ? sk_frame_ws(f)
                       : view == SK_OUTQ_WS_PACKED ? sk_frame_ws_packed(f)
                       : view == SK_OUTQ_LINE      ? sk_frame_line(f)
                                                   : sk_frame_text(f);
    if (q->failed || s.n == 0)
        return;
    if (push(q, (struct sk_outq_item){ s.p, s.n, f, OWNER_FRAME }))
        sk_frame_ref(f);
}

void sk_outq_part(struct sk_outq *q, struct sk_frame *f, size_t skip)
{
    struct sk_span s = sk_frame_text(f);
    if (q->failed || s.n <= skip || !push(q, (struct sk_outq_item){ s.p + skip, s.n - skip, f, OWNER_FRAME }))
        sk_frame_unref(f);
}

void sk_outq_own(struct sk_outq *q, char *bytes, size_t n)
{
    if (q->failed || n == 0 || !push(q, (struct sk_outq_item){ bytes, n, bytes, OWNER_MEMORY }))
        free(bytes);
}

void sk_outq_copy(struct sk_outq *q, const void *bytes, size_t n)
{
    if (q->failed || n == 0)
        return;
    if (n <= q->room) { /* several small answers share a block */
        struct sk_outq_item *last = item_at(q, q->count - 1);
        memcpy((char *)last->owner + (last->p - (char *)last->owner) + last->n, bytes, n);
        last->n += n;
        q->bytes += n;
        q->room -= (uint32_t)n;
        return;
    }
    size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
    char *block = malloc(size);
    if (block == NULL) {
        fail_later(q, UV_ENOMEM);
        return;
    }
    memcpy(block, bytes, n);
    if (push(q, (struct sk_outq_item){ block, n, block, OWNER_MEMORY }))
        q->room = (uint32_t)(size - n);
    else
        free(block);
}

static unsigned gather(const struct sk_outq *q, uv_buf_t *bufs, unsigned max, size_t bytes_max, size_t *ret_bytes)
{
    unsigned n = 0;
    size_t sum = 0, skip = q->offset;
    for (; n < max && n < q->count && sum < bytes_max; n++) {
        const struct sk_outq_item *it = item_at(q, n);
        size_t len = it->n - skip;
        if (len > bytes_max - sum)
            len = bytes_max - sum;
        bufs[n] = uv_buf_init((char *)(uintptr_t)(it->p + skip), (unsigned)len);
        sum += len;
        skip = 0;
    }
    *ret_bytes = sum;
    return n;
}

static void advance(struct sk_outq *q, size_t n)
{
    q->bytes -= n;
    q->written += n;
    while (n > 0) {
        size_t left = item_at(q, 0)->n - q->offset;
        if (n < left) {
            q->offset += n;
            return;
        }
        n -= left;
        drop_head(q);
    }
}

static void fail(struct sk_outq *q, int uv_error)
{
    if (q->failed)
        return;
    q->failed = true;
    if (!q->waiting) /* else libuv still holds pointers to the bytes */
        drop_all(q);
    if (q->broken != NULL)
        q->broken(q, uv_error);
}

static void flush(struct sk_outq *q);

static void tell_eased(struct sk_outq *q)
{
    if (!q->ease_wanted || q->failed || q->bytes > q->ease_mark)
        return;
    q->ease_wanted = false;
    q->eased(q);
}

static void on_written(uv_write_t *req, int status)
{
    struct sk_outq *q = req->data;
    q->waiting = false;
    if (q->failed) {
        drop_all(q);
        return;
    }
    if (status < 0) {
        fail(q, status);
        return;
    }
    advance(q, q->waiting_bytes);
    flush(q);
    tell_eased(q);
}

/* The stream takes nothing now, or this turn's share is used up: libuv tells when to go on.
   Together with send_now below this is the only place where bytes leave; a TLS filter goes between here and the stream. */
static void wait_writable(struct sk_outq *q)
{
    uv_buf_t bufs[WAIT_BUFS];
    unsigned n = gather(q, bufs, WAIT_BUFS, WAIT_MAX, &q->waiting_bytes);
    int r = uv_write(&q->req, q->stream, bufs, n, on_written);
    if (r < 0)
        fail(q, r);
    else
        q->waiting = true;
}

/* What uv_try_write does, without its way through the file layer: nothing of ours is waiting in libuv when this is called. */
static int send_now(struct sk_outq *q, uv_buf_t *bufs, unsigned n)
{
    uv_os_fd_t fd;
    ssize_t r = uv_fileno((uv_handle_t *)q->stream, &fd);
    if (r < 0)
        return (int)r;
    struct msghdr m = { .msg_iov = (struct iovec *)bufs, .msg_iovlen = n }; /* a uv_buf_t is laid out as an iovec */
    do
        r = n == 1 ? send(fd, bufs[0].base, bufs[0].len, MSG_NOSIGNAL | MSG_DONTWAIT)
                   : sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return errno == EAGAIN || errno == ENOBUFS ? UV_EAGAIN : uv_translate_sys_error(errno);
    return (int)r;
}

static void flush(struct sk_outq *q)
{
    uv_buf_t bufs[IOV_MAX_PER_CALL];
    size_t share = FLUSH_MAX, sum;
    while (q->count > 0) {
        unsigned n = gather(q, bufs, IOV_MAX_PER_CALL, share, &sum);
        int r = q->stream == NULL ? (int)sum : send_now(q, bufs, n);
        if (r < 0 && r != UV_EAGAIN) {
            fail(q, r);
            return;
        }
        if (r > 0)
            advance(q, (size_t)r);
        share -= r > 0 ? (size_t)r : 0;
        if (q->count > 0 && (r < 0 || (size_t)r < sum || share == 0)) {
            wait_writable(q);
            return;
        }
    }
    if (q->cap > RING_KEPT)
        drop_all(q);
    if (q->drained != NULL)
        q->drained(q);
}

/* Not flush(): that tells the owner what went wrong, who may be in the middle of something. */
void sk_outq_try(struct sk_outq *q)
{
    uv_buf_t bufs[IOV_MAX_PER_CALL];
    size_t sum = 0, sent = 0;
    while (q->count > 0 && !q->waiting && !q->failed && q->error == 0 && q->stream != NULL && sent < FLUSH_MAX) {
        unsigned n = gather(q, bufs, IOV_MAX_PER_CALL, FLUSH_MAX, &sum);
        int r = send_now(q, bufs, n);
        if (r < 0 && r != UV_EAGAIN)
            fail_later(q, r);
        if (r <= 0)
            return;
        advance(q, (size_t)r);
        sent += (size_t)r;
        if ((size_t)r < sum)
            return;
    }
}

static void run_hook(struct sk_loop_hook *hook)
{
    struct sk_outq *q = SK_CONTAINER(hook, struct sk_outq, hook);
    if (q->failed)
        return;
    if (q->error != 0)
        fail(q, q->error);
    else if (!q->waiting)
        flush(q); /* also when nothing is left: then it tells so */
    tell_eased(q);
}
