/*
 * Another Signal K server's stream, over WebSocket (ws) or over WebSocket in TLS (wss). With `subscription` (a subscribe message,
 * or an array of them, as text) these are sent; otherwise everything is asked for. A ping every half silence shows whether the
 * other side is still there.
 */
#include "base/tls.h"
#include "http/ws_client.h"
#include "input/input.h"
#include "input/link.h"

#include <stdio.h>
#include <stdlib.h>

#define SILENCE_S 60u
#define PING_MS (SILENCE_S * 1000u / 2)

struct ws_input {
    struct sk_input *in; /* NULL once closing */
    struct sk_link *link;
    struct sk_tls *tls;      /* wss only; NULL while not connected */
    struct sk_ws_client *ws; /* NULL while not connected */
    uv_timer_t ping;
    char *host, *token; /* token NULL: none */
    unsigned port;
    bool secure, any_certificate;
    bool ready;               /* the TLS handshake is done */
    struct sk_errmsg error;   /* of the stream within TLS; code 0: none */
    yyjson_doc *subscription; /* NULL: everything */
};

/* ---- the stream --------------------------------------------------------------------------------------------------------- */

static int on_send(void *arg, struct sk_span bytes)
{
    struct ws_input *w = arg;
    return w->tls != NULL ? sk_tls_write(w->tls, bytes) : sk_link_write(w->link, bytes);
}

static void send_message(struct ws_input *w, const yyjson_val *message)
{
    struct sk_buf b;
    sk_buf_init(&b, 65536);
    sk_json_write(&b, message);
    if (sk_buf_ok(&b))
        (void)sk_ws_client_text(w->ws, sk_buf_span(&b));
    sk_buf_finish(&b);
}

static void on_opened(void *arg)
{
    struct ws_input *w = arg;
    yyjson_val *message, *root = yyjson_doc_get_root(w->subscription);
    size_t i, n;
    sk_link_healthy(w->link);
    sk_input_opened(w->in, "Connected to %s %u", w->host, w->port);
    if (yyjson_is_obj(root))
        send_message(w, root);
    yyjson_arr_foreach(root, i, n, message)
        send_message(w, message);
}

static void on_text(void *arg, struct sk_span text)
{
    struct ws_input *w = arg;
    struct sk_buf flat = { 0 };
    if (memchr(text.p, '\n', text.n) != NULL) { /* a message is one line to the codec */
        sk_buf_init(&flat, text.n + 1);
        sk_buf_span_append(&flat, text);
        for (size_t i = 0; i < flat.n; i++)
            flat.p[i] = flat.p[i] == '\n' ? ' ' : flat.p[i];
        text = sk_buf_span(&flat);
    }
    sk_input_packet(w->in, text);
    sk_buf_finish(&flat);
}

static const struct sk_ws_client_ops ws_ops = { on_send, on_opened, on_text };

/* ---- the link below ----------------------------------------------------------------------------------------------------- */

static void fail(struct ws_input *w, const struct sk_errmsg *em)
{
    char text[600];
    (void)snprintf(text, sizeof text,
                   em->code == SK_ERR_DENIED && w->ws != NULL
                       ? "Authentication failed for %s:%u (%s); the token may be wrong or expired"
                       : "%s:%u: %s",
                   w->host, w->port, em->text);
    sk_link_fail(w->link, text);
}

static int open_stream(struct ws_input *w, struct sk_errmsg *em)
{
    char host[300];
    (void)snprintf(host, sizeof host, strchr(w->host, ':') != NULL ? "[%.250s]:%u" : "%.250s:%u", w->host, w->port);
    struct sk_ws_client_request q = { .host = host, .token = w->token };
    q.path = w->subscription != NULL ? "/signalk/v1/stream?subscribe=none&sendMeta=all"
                                     : "/signalk/v1/stream?subscribe=all&sendMeta=all";
    return sk_ws_client_create(&q, &ws_ops, w, &w->ws, em);
}

/* With TLS: what goes out encrypted, when the stream can begin, what comes in clear. Errors are kept for on_bytes to tell. */
static int on_cipher(void *arg, struct sk_span bytes)
{
    return sk_link_write(((struct ws_input *)arg)->link, bytes);
}

static void on_secure(void *arg)
{
    struct ws_input *w = arg;
    w->ready = true;
}

static void on_clear(void *arg, struct sk_span bytes)
{
    struct ws_input *w = arg;
    if (w->ws != NULL && w->error.code == 0)
        (void)sk_ws_client_bytes(w->ws, bytes, &w->error);
}

static const struct sk_tls_ops tls_ops = { on_cipher, on_secure, on_clear };

static void connected(void *arg)
{
    struct ws_input *w = arg;
    struct sk_errmsg em;
    w->ready = false;
    w->error.code = 0;
    int r = w->secure ? sk_tls_create(w->host, &(struct sk_tls_trust){ .any = w->any_certificate }, &tls_ops, w, &w->tls, &em)
                      : open_stream(w, &em);
    if (r < 0)
        fail(w, &em);
}

static int take_secure(struct ws_input *w, struct sk_span bytes, struct sk_errmsg *em)
{
    int r = sk_tls_bytes(w->tls, bytes, em);
    if (r == 0 && w->ready && w->ws == NULL)
        r = open_stream(w, em);
    if (w->error.code < 0) {
        *em = w->error;
        r = em->code;
    }
    return r;
}

static void on_bytes(void *arg, struct sk_span bytes)
{
    struct ws_input *w = arg;
    struct sk_errmsg em;
    int r = w->tls != NULL ? take_secure(w, bytes, &em) : w->ws != NULL ? sk_ws_client_bytes(w->ws, bytes, &em) : 0;
    if (r < 0)
        fail(w, &em);
}

static void lost(void *arg, const char *text, bool was_connected)
{
    struct ws_input *w = arg;
    sk_ws_client_destroy(w->ws);
    w->ws = NULL;
    sk_tls_destroy(w->tls);
    w->tls = NULL;
    (was_connected ? sk_input_lost : sk_input_failed)(w->in, "%s", text);
}

static const struct sk_link_ops link_ops = { connected, on_bytes, lost };

static void on_ping(uv_timer_t *t)
{
    struct ws_input *w = t->data;
    if (w->ws != NULL)
        (void)sk_ws_client_ping(w->ws);
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static void timer_closed(uv_handle_t *h)
{
    struct ws_input *w = h->data;
    yyjson_doc_free(w->subscription);
    free(w->host);
    free(w->token);
    free(w);
}

static void ws_close(struct sk_input *in)
{
    struct ws_input *w = in->state;
    w->in = NULL;
    sk_ws_client_destroy(w->ws);
    w->ws = NULL;
    sk_tls_destroy(w->tls);
    w->tls = NULL;
    sk_link_destroy(w->link);
    uv_close((uv_handle_t *)&w->ping, timer_closed);
}

static int read_subscription(const yyjson_val *options, yyjson_doc **ret_doc, struct sk_errmsg *em)
{
    struct sk_span text = sk_json_str(sk_json_get(options, "subscription"));
    int r = text.n > 0 ? sk_json_read(text, ret_doc, em) : 0;
    return r < 0 ? sk_errmsg_wrap(em, SK_ERR_INVALID, "subscription") : 0;
}

static int open_with(struct sk_input *in, const yyjson_val *options, bool secure, struct sk_errmsg *em)
{
    int64_t port;
    char *host = NULL;
    yyjson_doc *subscription = NULL;
    int r = sk_input_option_int(options, "port", 1, 65535, secure ? 443 : 3000, &port, em);
    if (r == 0)
        r = read_subscription(options, &subscription, em);
    if (r == 0)
        r = sk_input_option_text(options, "host", NULL, &host, em);
    if (r < 0) {
        yyjson_doc_free(subscription);
        return r;
    }
    struct ws_input *w = sk_xcalloc(1, sizeof *w);
    *w = (struct ws_input){ .in = in, .host = host, .port = (unsigned)port, .subscription = subscription, .secure = secure };
    w->any_certificate = sk_json_get_bool(options, "selfsignedcert", false);
    if (sk_json_str(sk_json_get(options, "token")).n > 0)
        (void)sk_input_option_text(options, "token", "", &w->token, em);
    uv_timer_init(sk_loop_uv(sk_hub_loop(in->hub)), &w->ping);
    w->ping.data = w;
    uv_timer_start(&w->ping, on_ping, PING_MS, PING_MS);
    in->state = w;
    sk_input_set_provider(in, host, w->port);
    sk_input_status(in, "Connecting to %s %u", host, w->port);
    w->link = sk_link_create(&(struct sk_link_options){
        .loop = sk_hub_loop(in->hub), .host = host, .port = w->port, .silence_max_s = SILENCE_S, .ops = &link_ops, .arg = w });
    return 0;
}

static int ws_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    return open_with(in, options, false, em);
}

static int wss_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    return open_with(in, options, true, em);
}

const struct sk_transport_ops sk_transport_signalk_wss = { "wss", wss_open, NULL, ws_close };
const struct sk_transport_ops sk_transport_signalk_ws = { "ws", ws_open, NULL, ws_close };
