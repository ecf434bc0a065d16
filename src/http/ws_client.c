#include "http/ws_client.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "http/conn.h"

#include <stdlib.h>
#include <strings.h>
#include <wslay/wslay.h>

struct sk_ws_client {
    const struct sk_ws_client_ops *ops;
    void *arg;
    struct sk_buf head; /* of the answer, until it is whole */
    bool open;
    char proof[SK_WS_KEY_SIZE];
    struct sk_span in; /* bytes wslay has not taken yet */
    wslay_event_context_ptr ctx;
    bool closed;
};

/* ---- frames ------------------------------------------------------------------------------------------------------------- */

static ssize_t give(wslay_event_context_ptr ctx, uint8_t *buf, size_t n, int flags, void *arg)
{
    struct sk_ws_client *c = arg;
    (void)flags;
    if (c->in.n == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    n = n < c->in.n ? n : c->in.n;
    memcpy(buf, c->in.p, n);
    c->in.p += n;
    c->in.n -= n;
    return (ssize_t)n;
}

static ssize_t take(wslay_event_context_ptr ctx, const uint8_t *bytes, size_t n, int flags, void *arg)
{
    struct sk_ws_client *c = arg;
    (void)flags;
    if (c->ops->send(c->arg, (struct sk_span){ (const char *)bytes, n }) == 0)
        return (ssize_t)n;
    wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static int make_mask(wslay_event_context_ptr ctx, uint8_t *buf, size_t n, void *arg)
{
    (void)ctx;
    (void)arg;
    sk_random_bytes(buf, n);
    return 0;
}

static void on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
    struct sk_ws_client *c = arg;
    (void)ctx;
    if (m->opcode == WSLAY_TEXT_FRAME)
        c->ops->text(c->arg, (struct sk_span){ (const char *)m->msg, m->msg_length });
    c->closed |= m->opcode == WSLAY_CONNECTION_CLOSE;
}

static const struct wslay_event_callbacks callbacks = {
    .recv_callback = give, .send_callback = take, .genmask_callback = make_mask, .on_msg_recv_callback = on_message
};

static int read_frames(struct sk_ws_client *c, struct sk_span bytes, struct sk_errmsg *em)
{
    c->in = bytes;
    int r = wslay_event_recv(c->ctx);
    if (wslay_event_want_write(c->ctx)) /* pongs, and the answer to a close */
        (void)wslay_event_send(c->ctx);
    if (c->closed)
        return sk_errmsg_set(em, SK_ERR_CLOSED, "the other side closed the stream (code %u)",
                             (unsigned)wslay_event_get_status_code_received(c->ctx));
    if (r != 0 || !wslay_event_get_read_enabled(c->ctx))
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "the other side broke the WebSocket protocol, or sent a message over %zu bytes",
                             SK_WS_CLIENT_TEXT_MAX);
    return 0;
}

/* ---- handshake ---------------------------------------------------------------------------------------------------------- */

static void make_key(char key[SK_BASE64_SIZE(16)])
{
    uint8_t random[16];
    sk_random_bytes(random, sizeof random);
    sk_base64_encode(random, sizeof random, key);
}

/* Value of a header of the answer; {NULL,0} when there is none. `head` ends with an empty line. */
static struct sk_span header(struct sk_span head, const char *name)
{
    size_t n = strlen(name);
    const char *at = head.p, *stop = head.p + head.n, *end;
    while ((end = memmem(at, (size_t)(stop - at), "\r\n", 2)) != NULL) {
        if ((size_t)(end - at) > n && at[n] == ':' && strncasecmp(at, name, n) == 0) {
            at += n + 1;
            while (at < end && *at == ' ')
                at++;
            return (struct sk_span){ at, (size_t)(end - at) };
        }
        at = end + 2;
    }
    return (struct sk_span){ 0 };
}

static int read_answer(const struct sk_ws_client *c, struct sk_span head, struct sk_errmsg *em)
{
    int64_t status;
    if (head.n < 12 || memcmp(head.p, "HTTP/1.1 ", 9) != 0 || !sk_parse_int((struct sk_span){ head.p + 9, 3 }, 100, 599, &status))
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "the other side does not speak HTTP");
    if (status == 401 || status == 403)
        return sk_errmsg_set(em, SK_ERR_DENIED, "refused with %d", (int)status);
    if (status != 101)
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "no Signal K stream there: the answer was %d", (int)status);
    if (!sk_span_eq(header(head, "Sec-WebSocket-Accept"), c->proof))
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "the other side's WebSocket handshake is wrong");
    return 0;
}

int sk_ws_client_bytes(struct sk_ws_client *c, struct sk_span bytes, struct sk_errmsg *em)
{
    if (c->open)
        return read_frames(c, bytes, em);
    sk_buf_span_append(&c->head, bytes);
    const char *end = c->head.n > 0 ? memmem(c->head.p, c->head.n, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return sk_buf_ok(&c->head) ? 0
                                   : sk_errmsg_set(em, SK_ERR_LIMIT, "the answer's head is over %u bytes", SK_WS_CLIENT_HEAD_MAX);
    size_t n = (size_t)(end + 4 - c->head.p);
    int r = read_answer(c, (struct sk_span){ c->head.p, n }, em);
    if (r < 0)
        return r;
    c->open = true;
    c->ops->opened(c->arg);
    r = read_frames(c, (struct sk_span){ c->head.p + n, c->head.n - n }, em);
    sk_buf_clear(&c->head);
    return r;
}

static int queue(struct sk_ws_client *c, uint8_t opcode, struct sk_span text)
{
    struct wslay_event_msg m = { opcode, (const uint8_t *)text.p, text.n };
    if (!c->open || c->closed)
        return SK_ERR_CLOSED;
    return wslay_event_queue_msg(c->ctx, &m) == 0 && wslay_event_send(c->ctx) == 0 ? 0 : SK_ERR_LIMIT;
}

int sk_ws_client_text(struct sk_ws_client *c, struct sk_span text)
{
    return queue(c, WSLAY_TEXT_FRAME, text);
}

int sk_ws_client_ping(struct sk_ws_client *c)
{
    return queue(c, WSLAY_PING, (struct sk_span){ "", 0 });
}

/* Nothing from the settings may end the line. */
static bool is_clean(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 127)
            return false;
    return true;
}

static int send_request(struct sk_ws_client *c, const struct sk_ws_client_request *q, struct sk_errmsg *em)
{
    char key[SK_BASE64_SIZE(16)];
    struct sk_buf b;
    if (!is_clean(q->host) || !is_clean(q->path) || (q->token != NULL && !is_clean(q->token)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "host, path or token has a blank or a control character in it");
    make_key(key);
    if (!sk_ws_accept_key((struct sk_span){ key, 24 }, c->proof))
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "no WebSocket can be opened: libcrypto is missing");
    sk_buf_init(&b, 16384);
    sk_buf_printf(&b,
                  "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                  "Sec-WebSocket-Version: 13\r\n",
                  q->path, q->host, key);
    if (q->token != NULL)
        sk_buf_printf(&b, "Authorization: JWT %s\r\n", q->token);
    SK_BUF_LIT(&b, "\r\n");
    int r = sk_buf_ok(&b) ? c->ops->send(c->arg, sk_buf_span(&b)) : SK_ERR_LIMIT;
    sk_buf_finish(&b);
    return r < 0 ? sk_errmsg_set(em, r, "the request could not be sent") : 0;
}

int sk_ws_client_create(const struct sk_ws_client_request *q, const struct sk_ws_client_ops *ops, void *arg,
                        struct sk_ws_client **ret_client, struct sk_errmsg *em)
{
    struct sk_ws_client *c = sk_xcalloc(1, sizeof *c);
    c->ops = ops;
    c->arg = arg;
    sk_buf_init(&c->head, SK_WS_CLIENT_HEAD_MAX);
    int r = wslay_event_context_client_init(&c->ctx, &callbacks, c) == 0 ? 0 : SK_ERR_NOMEM;
    if (r == 0) {
        wslay_event_config_set_max_recv_msg_length(c->ctx, SK_WS_CLIENT_TEXT_MAX);
        r = send_request(c, q, em);
    }
    if (r < 0) {
        sk_ws_client_destroy(c);
        return r;
    }
    *ret_client = c;
    return 0;
}

void sk_ws_client_destroy(struct sk_ws_client *c)
{
    if (c == NULL)
        return;
    if (c->ctx != NULL)
        wslay_event_context_free(c->ctx);
    sk_buf_finish(&c->head);
    free(c);
}
