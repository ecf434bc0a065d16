/* WebSocket endpoint. Frames are read by wslay (the usual ones here) and put together; what goes out are ready frames in the
 * connection's queue. */
#include "http/ws.h"

#include "base/utf8.h"
#include "http/conn.h"
#include "http/ws_deflate.h"

#include <stdlib.h>
#include <wslay/wslay.h>

#define WS_TAG 0x57454253u
#define READERS_KEPT 4
#define CONTROL_MAX 125

enum ws_state {
    WS_OPEN,
    WS_CLOSING, /* our close frame is queued, the other side's is awaited */
    WS_DONE,    /* both are through, or the link is given up */
};

/* A wslay context holds 4 KiB: a connection borrows one while it is within a frame, and gives it back between frames. */
struct sk_ws_reader {
    struct sk_ws_reader *next;
    wslay_frame_context_ptr ctx;
    const char *p; /* bytes wslay has not taken yet */
    size_t n;
};

struct sk_ws {
    uint32_t tag;
    uint8_t state;
    uint8_t opcode; /* of the message that is being put together, 0: none */
    uint8_t frame_opcode;
    bool in_frame, frame_fin;
    bool deflate;    /* agreed on */
    bool packed;     /* the message that is being put together is compressed */
    bool ping_out;   /* a ping is unanswered */
    bool was_queued; /* something was queued since the last `drained` */
    uint8_t control_n;
    uint16_t code; /* for `closed` */
    uint64_t frame_left;
    uint64_t unparsed;   /* bytes given to wslay that belong to no finished part yet */
    uint64_t close_mark; /* out.written when the close deadline was set */
    struct sk_http_conn *conn;
    const struct sk_ws_ops *ops;
    void *arg;
    struct sk_ws_limits limits;
    struct sk_ws_reader *reader;
    struct sk_buf message;
    size_t checked; /* of message, when it is a text: so much is UTF-8 */
    char control[CONTROL_MAX];
};

const struct sk_ws_limits sk_ws_default_limits = {
    .message_max = (size_t)1024 * 1024,
    .queue_max = (size_t)2 * 1024 * 1024,
    .offer_max = (size_t)512 * 1024,
    .ease_max = 1024,
    .ping_ms = 30000,
    .close_ms = 2000,
};

/* ---- opening ---- */

static struct sk_ws_limits with_defaults(const struct sk_ws_limits *given)
{
    const struct sk_ws_limits *d = &sk_ws_default_limits;
    if (given == NULL)
        return *d;
    return (struct sk_ws_limits){
        .message_max = given->message_max != 0 ? given->message_max : d->message_max,
        .queue_max = given->queue_max != 0 ? given->queue_max : d->queue_max,
        .offer_max = given->offer_max != 0 ? given->offer_max : d->offer_max,
        .ease_max = given->ease_max != 0 ? given->ease_max : d->ease_max,
        .deflate = given->deflate,
        .ping_ms = given->ping_ms,
        .close_ms = given->close_ms != 0 ? given->close_ms : d->close_ms,
    };
}

struct sk_ws *sk_ws_accept(struct sk_http_req *r, const struct sk_ws_ops *ops, void *arg, const struct sk_ws_limits *limits)
{
    char key[SK_WS_KEY_SIZE];
    struct sk_http_conn *c = r->conn;
    if (!sk_ws_accept_check(r, key))
        return NULL;
    struct sk_ws *ws = sk_xcalloc(1, sizeof *ws);
    ws->tag = WS_TAG;
    ws->conn = c;
    ws->ops = ops;
    ws->arg = arg;
    ws->code = 1006;
    ws->limits = with_defaults(limits);
    sk_buf_init(&ws->message, ws->limits.message_max);
    ws->deflate = ws->limits.deflate && sk_ws_deflate_offered(sk_http_header(r, "sec-websocket-extensions"));
    sk_ws_accept_answer(c, key, ws->deflate);
    if (sk_http_remote_ip(r) != c->ip) /* a proxy's connection is one client's from now on */
        snprintf(c->ip, sizeof c->ip, "%s", sk_http_remote_ip(r));
    sk_req_free(r);
    sk_conn_upgrade(c, ws);
    c->out.ease_mark = ws->limits.ease_max;
    sk_outq_bound_kernel(&c->out);
    c->server->stats.websockets++;
    sk_conn_deadline(c, ws->limits.ping_ms);
    return ws;
}

/* ---- sending ---- */

static void send_control(struct sk_ws *ws, uint8_t opcode, const void *p, size_t n)
{
    char frame[2 + CONTROL_MAX] = { (char)(0x80 | opcode), (char)n };
    if (n != 0)
        memcpy(frame + 2, p, n);
    sk_outq_copy(&ws->conn->out, frame, n + 2);
    sk_conn_wrote(ws->conn);
}

static void send_close(struct sk_ws *ws, unsigned code, const char *reason)
{
    char payload[CONTROL_MAX];
    size_t n = reason != NULL ? strnlen(reason, CONTROL_MAX - 2) : 0;
    payload[0] = (char)(code >> 8);
    payload[1] = (char)code;
    if (n != 0)
        memcpy(payload + 2, reason, n);
    send_control(ws, WSLAY_CONNECTION_CLOSE, payload, code != 0 ? n + 2 : 0);
}

static void queue_frame(struct sk_ws *ws, struct sk_frame *frame)
{
    ws->was_queued = true;
    if (ws->deflate)
        sk_ws_deflate_frame(ws->conn->server, frame);
    sk_outq_frame(&ws->conn->out, frame, ws->deflate ? SK_OUTQ_WS_PACKED : SK_OUTQ_WS);
    sk_conn_wrote(ws->conn);
}

int sk_ws_send(struct sk_ws *ws, struct sk_frame *frame)
{
    SK_ASSERT(ws->tag == WS_TAG);
    struct sk_outq *q = &ws->conn->out;
    if (ws->state != WS_OPEN || q->failed)
        return SK_ERR_CLOSED;
    size_t n = sk_frame_ws(frame).n;
    if (q->bytes != 0 && (q->bytes > ws->limits.queue_max || n > ws->limits.queue_max - q->bytes))
        return SK_ERR_LIMIT;
    queue_frame(ws, frame);
    return 0;
}

int sk_ws_offer(struct sk_ws *ws, struct sk_frame *frame)
{
    SK_ASSERT(ws->tag == WS_TAG);
    struct sk_outq *q = &ws->conn->out;
    if (ws->state != WS_OPEN || q->failed)
        return SK_ERR_CLOSED;
    if (!sk_outq_fits(q, sk_frame_ws(frame).n, ws->limits.offer_max)) {
        q->ease_wanted = ws->ops->eased != NULL;
        return SK_ERR_LIMIT;
    }
    queue_frame(ws, frame);
    return 0;
}

void sk_ws_eased(struct sk_ws *ws)
{
    if (ws->state == WS_OPEN)
        ws->ops->eased(ws, ws->arg);
}

int sk_ws_send_text(struct sk_ws *ws, struct sk_span text)
{
    struct sk_frame *f = sk_frame_create(text.p, text.n);
    if (f == NULL)
        return SK_ERR_NOMEM;
    int r = sk_ws_send(ws, f);
    sk_frame_unref(f);
    return r;
}

void sk_ws_try_flush(struct sk_ws *ws)
{
    sk_outq_try(&ws->conn->out);
}

size_t sk_ws_queued(const struct sk_ws *ws)
{
    return ws->conn->out.bytes;
}

uint64_t sk_ws_written(const struct sk_ws *ws)
{
    return ws->conn->out.written;
}

const char *sk_ws_remote_ip(const struct sk_ws *ws)
{
    return ws->conn->ip;
}

void sk_ws_drained(struct sk_ws *ws)
{
    if (!ws->was_queued || ws->state != WS_OPEN)
        return;
    ws->was_queued = false;
    if (ws->ops->drained != NULL)
        ws->ops->drained(ws, ws->arg);
}

/* ---- closing ---- */

static void done(struct sk_ws *ws)
{
    ws->state = WS_DONE;
    sk_buf_finish(&ws->message);
    sk_conn_linger(ws->conn);
}

/* The other side broke the protocol or a limit: our close frame says how, theirs is not awaited. */
static void fail(struct sk_ws *ws, unsigned code)
{
    if (ws->state == WS_OPEN)
        send_close(ws, code, NULL);
    ws->code = (uint16_t)code;
    done(ws);
}

void sk_ws_close(struct sk_ws *ws, unsigned code, const char *reason)
{
    SK_ASSERT(ws->tag == WS_TAG);
    if (ws->state != WS_OPEN)
        return;
    ws->state = WS_CLOSING;
    send_close(ws, code, reason);
    ws->close_mark = ws->conn->out.written;
    sk_conn_deadline(ws->conn, ws->limits.close_ms);
}

void sk_ws_abort(struct sk_ws *ws)
{
    SK_ASSERT(ws->tag == WS_TAG);
    ws->state = WS_DONE;
    sk_conn_close(ws->conn);
}

void sk_ws_time(struct sk_ws *ws)
{
    struct sk_http_conn *c = ws->conn;
    if (ws->state == WS_CLOSING && c->out.bytes != 0 && c->out.written != ws->close_mark) {
        ws->close_mark = c->out.written; /* a long queue before the close frame, and the client takes it */
        sk_conn_deadline(c, ws->limits.close_ms);
    } else if (ws->state != WS_OPEN || ws->ping_out) {
        sk_ws_abort(ws);
    } else {
        ws->ping_out = true;
        send_control(ws, WSLAY_PING, NULL, 0);
        sk_conn_deadline(c, ws->limits.ping_ms);
    }
}

/* ---- reading ---- */

static ssize_t give_bytes(uint8_t *buf, size_t len, int flags, void *user)
{
    (void)flags;
    struct sk_ws_reader *r = user;
    size_t n = len < r->n ? len : r->n;
    if (n == 0)
        return -1;
    memcpy(buf, r->p, n);
    r->p += n;
    r->n -= n;
    return (ssize_t)n;
}

static struct sk_ws_reader *take_reader(struct sk_http_server *s)
{
    static const struct wslay_frame_callbacks callbacks = { .recv_callback = give_bytes };
    struct sk_ws_reader *r = s->readers;
    if (r != NULL) {
        s->readers = r->next;
        s->readers_kept--;
        return r;
    }
    r = sk_xcalloc(1, sizeof *r);
    if (wslay_frame_context_init(&r->ctx, &callbacks, r) < 0) {
        free(r);
        return NULL;
    }
    return r;
}

static void free_reader(struct sk_ws_reader *r)
{
    wslay_frame_context_free(r->ctx);
    free(r);
}

/* Only a context that stands between two frames can serve another connection. */
static void return_reader(struct sk_ws *ws, bool clean)
{
    struct sk_http_server *s = ws->conn->server;
    struct sk_ws_reader *r = ws->reader;
    ws->reader = NULL;
    if (r == NULL)
        return;
    if (!clean || s->readers_kept == READERS_KEPT) {
        free_reader(r);
        return;
    }
    r->next = s->readers;
    s->readers = r;
    s->readers_kept++;
}

void sk_ws_free_readers(struct sk_http_server *s)
{
    sk_ws_deflate_free(s);
    while (s->readers != NULL) {
        struct sk_ws_reader *r = s->readers;
        s->readers = r->next;
        free_reader(r);
    }
    free(s->unmasked);
    s->unmasked = NULL;
}

static bool code_allowed(unsigned code) /* RFC 6455 §7.4 and the IANA registry */
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static void on_close_frame(struct sk_ws *ws)
{
    unsigned code = 1005;
    if (ws->control_n == 1) {
        fail(ws, 1002);
        return;
    }
    if (ws->control_n >= 2) {
        code = (unsigned)(unsigned char)ws->control[0] << 8 | (unsigned char)ws->control[1];
        if (!code_allowed(code)) {
            fail(ws, 1002);
            return;
        }
        if (!sk_utf8_valid(ws->control + 2, ws->control_n - 2u)) {
            fail(ws, 1007);
            return;
        }
    }
    if (ws->state == WS_OPEN)
        send_close(ws, code == 1005 ? 0 : code, NULL);
    ws->code = (uint16_t)code;
    done(ws);
}

static void on_control(struct sk_ws *ws)
{
    if (ws->frame_opcode == WSLAY_CONNECTION_CLOSE)
        on_close_frame(ws);
    else if (ws->frame_opcode == WSLAY_PONG)
        ws->ping_out = false;
    else if (ws->state == WS_OPEN && ws->conn->out.bytes < ws->limits.queue_max) /* a flood of pings must not fill memory */
        send_control(ws, WSLAY_PONG, ws->control, ws->control_n);
}

/* Texts must be UTF-8. Binary messages are taken as text when they are (clients of other servers send such), else ignored. */
static void on_plain_message(struct sk_ws *ws, unsigned opcode, struct sk_span text)
{
    bool valid = sk_utf8_valid(text.p, text.n);
    if (valid && ws->state == WS_OPEN)
        ws->ops->text(ws, ws->arg, text);
    else if (!valid && opcode == WSLAY_TEXT_FRAME)
        fail(ws, 1007);
}

static void on_message(struct sk_ws *ws, unsigned opcode, struct sk_span text)
{
    if (!ws->packed) {
        on_plain_message(ws, opcode, text);
        return;
    }
    struct sk_http_server *s = ws->conn->server;
    struct sk_buf plain;
    sk_buf_init(&plain, ws->limits.message_max);
    ws->packed = false;
    int r = sk_ws_inflate(ws->conn->server, text, &plain);
    if (r == 0)
        on_plain_message(ws, opcode, plain.n != 0 ? sk_buf_span(&plain) : SK_SPAN(""));
    else
        fail(ws, r == SK_ERR_LIMIT ? 1009 : r == SK_ERR_INVALID ? 1007 : 1011);
    if (s->secret)
        sk_buf_wipe(&plain);
    sk_buf_finish(&plain);
}

void sk_ws_secret(struct sk_ws *ws)
{
    ws->conn->server->secret = true;
}

static unsigned check_frame_start(const struct sk_ws *ws, const struct wslay_frame_iocb *f)
{
    bool control = (f->opcode & 8) != 0;
    bool may_be_packed = ws->deflate && !control && f->opcode != WSLAY_CONTINUATION_FRAME;
    if (!f->mask || (f->rsv & (may_be_packed ? 3 : 7)) != 0 || f->opcode > WSLAY_PONG ||
        (!control && f->opcode > WSLAY_BINARY_FRAME))
        return 1002;
    if (control)
        return f->fin && f->payload_length <= CONTROL_MAX ? 0 : 1002;
    if ((f->opcode == WSLAY_CONTINUATION_FRAME) != (ws->opcode != 0))
        return 1002;
    return f->payload_length > ws->limits.message_max - ws->message.n ? 1009 : 0;
}

static unsigned frame_start(struct sk_ws *ws, const struct wslay_frame_iocb *f)
{
    unsigned code = check_frame_start(ws, f);
    if (code != 0)
        return code;
    ws->unparsed -= 6u + (f->payload_length > 65535 ? 8 : f->payload_length > CONTROL_MAX ? 2 : 0);
    ws->in_frame = true;
    ws->frame_fin = f->fin != 0;
    ws->frame_opcode = f->opcode;
    ws->frame_left = f->payload_length;
    if (f->opcode & 8) {
        ws->control_n = 0;
    } else if (f->opcode != WSLAY_CONTINUATION_FRAME) {
        ws->opcode = f->opcode;
        ws->packed = f->rsv != 0;
        ws->checked = 0;
    }
    return 0;
}

/* A text that can no longer become UTF-8 is refused at once, not with its last fragment (RFC 6455 §8.1). */
static bool text_is_broken(struct sk_ws *ws)
{
    bool broken = false;
    if (ws->opcode == WSLAY_TEXT_FRAME && !ws->packed && ws->message.n > ws->checked)
        ws->checked += sk_utf8_head(ws->message.p + ws->checked, ws->message.n - ws->checked, &broken);
    return broken;
}

static void data_end(struct sk_ws *ws)
{
    unsigned opcode = ws->opcode;
    if (!ws->frame_fin)
        return;
    ws->opcode = 0;
    struct sk_http_server *s = ws->conn->server;
    struct sk_buf m = ws->message; /* the callback may end this endpoint */
    sk_buf_init(&ws->message, m.max);
    on_message(ws, opcode, sk_buf_span(&m));
    if (s->secret)
        sk_buf_wipe(&m);
    sk_buf_finish(&m);
}

static void on_part(struct sk_ws *ws, const struct wslay_frame_iocb *f)
{
    bool start = !ws->in_frame;
    unsigned code = start ? frame_start(ws, f) : 0;
    if (code != 0) {
        fail(ws, code);
        return;
    }
    struct sk_span part = { (const char *)f->data, f->data_length };
    bool control = (ws->frame_opcode & 8) != 0;
    ws->unparsed -= part.n;
    ws->frame_left -= part.n;
    ws->in_frame = ws->frame_left != 0;
    if (start && !ws->in_frame && !control && ws->frame_fin && ws->message.n == 0) { /* the usual case: whole, no copy */
        unsigned opcode = ws->opcode;
        ws->opcode = 0;
        on_message(ws, opcode, part);
        return;
    }
    if (control) {
        memcpy(ws->control + ws->control_n, part.p, part.n);
        ws->control_n = (uint8_t)(ws->control_n + part.n);
    } else if (part.n != 0) { /* an empty fragment adds nothing, and the buffer may have no memory yet */
        sk_buf_append(&ws->message, part.p, part.n);
    }
    if (!sk_buf_ok(&ws->message))
        fail(ws, 1009);
    else if (!control && text_is_broken(ws))
        fail(ws, 1007);
    else if (!ws->in_frame && control)
        on_control(ws);
    else if (!ws->in_frame)
        data_end(ws);
}

static void unmask(char *to, const unsigned char *from, size_t n, const unsigned char key[4])
{
    uint32_t four;
    memcpy(&four, key, 4);
    const uint64_t mask = (uint64_t)four << 32 | four;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t eight;
        memcpy(&eight, from + i, 8);
        eight ^= mask;
        memcpy(to + i, &eight, 8);
    }
    for (; i < n; i++)
        to[i] = (char)(from[i] ^ key[i & 3]);
}

/* The usual case, a message in one frame that is all there: eight bytes at a time, where wslay goes byte by byte. Everything
   else, be it rare or wrong, is left to wslay. Returns how many bytes the frame took, 0: not such a frame. */
static size_t whole_message(struct sk_ws *ws, const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    struct sk_http_server *s = ws->conn->server;
    if (n < 8 || (p[0] != (0x80 | WSLAY_TEXT_FRAME) && p[0] != (0x80 | WSLAY_BINARY_FRAME)) || p[1] < 0x80 || p[1] == 0xff)
        return 0;
    size_t len = p[1] & 127u, head = 6;
    if (len == 126) {
        len = (size_t)p[2] << 8 | p[3];
        head = 8;
        if (len < 126)
            return 0;
    }
    if (len > n - head || len > SK_READ_SIZE || len > ws->limits.message_max)
        return 0;
    if (s->unmasked == NULL && (s->unmasked = malloc(SK_READ_SIZE)) == NULL)
        return 0;
    unmask(s->unmasked, p + head, len, p + head - 4);
    on_message(ws, p[0] & 15u, (struct sk_span){ s->unmasked, len });
    return head + len;
}

static void feed_reader(struct sk_ws *ws, const char *p, size_t n)
{
    if (ws->reader == NULL)
        ws->reader = take_reader(ws->conn->server);
    if (ws->reader == NULL) {
        fail(ws, 1011);
        return;
    }
    ws->reader->p = p;
    ws->reader->n = n;
    ws->unparsed += n;
    while (ws->state != WS_DONE) {
        struct wslay_frame_iocb f = { 0 };
        ssize_t r = wslay_frame_recv(ws->reader->ctx, &f);
        if (r == WSLAY_ERR_WANT_READ)
            return;
        if (r < 0)
            fail(ws, 1002);
        else
            on_part(ws, &f);
    }
}

void sk_ws_feed(struct sk_ws *ws, const char *p, size_t n)
{
    SK_ASSERT(ws->tag == WS_TAG);
    if (ws->state == WS_DONE)
        return;
    while (n > 0 && ws->state != WS_DONE) {
        bool between = ws->unparsed == 0 && !ws->in_frame;
        size_t k = between && ws->opcode == 0 ? whole_message(ws, p, n) : 0;
        if (k == 0) { /* wslay gets no byte behind its frame, so that the next one can be a usual case again */
            k = !ws->in_frame ? 1 : ws->frame_left < n ? (size_t)ws->frame_left : n;
            feed_reader(ws, p, k);
        }
        p += k;
        n -= k;
    }
    bool clean = ws->unparsed == 0 && !ws->in_frame && ws->state != WS_DONE;
    if (clean || ws->state == WS_DONE)
        return_reader(ws, clean);
}

void sk_ws_gone(struct sk_ws *ws)
{
    SK_ASSERT(ws->tag == WS_TAG);
    struct sk_http_server *s = ws->conn->server;
    return_reader(ws, false);
    s->stats.websockets--;
    ws->state = WS_DONE;
    ws->ops->closed(ws, ws->arg, ws->code);
    ws->tag = 0;
    sk_buf_finish(&ws->message);
    free(ws);
}
