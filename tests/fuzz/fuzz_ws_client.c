/* links: http_dep */
/* What a server answers to our WebSocket request: a head, then frames. Inputs that begin with '+' get a sound handshake put in
   front, so that the frames are reached. */
#include "base/buf.h"
#include "http/conn.h"
#include "http/ws_client.h"

static struct sk_buf sent;

static int on_send(void *arg, struct sk_span bytes)
{
    (void)arg;
    if (sent.n < 4096)
        sk_buf_span_append(&sent, bytes);
    return 0;
}

static void on_opened(void *arg)
{
    (void)arg;
}

static void on_text(void *arg, struct sk_span text)
{
    (void)arg;
    SK_ASSERT(text.n <= SK_WS_CLIENT_TEXT_MAX);
}

/* The answer to the key that was just sent. */
static int shake_hands(struct sk_ws_client *c, struct sk_errmsg *em)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    char proof[SK_WS_KEY_SIZE];
    const char *key = memmem(sent.p, sent.n, name, sizeof name - 1);
    struct sk_buf b;
    SK_ASSERT(key != NULL && sk_ws_accept_key((struct sk_span){ key + sizeof name - 1, 24 }, proof));
    sk_buf_init(&b, 4096);
    sk_buf_printf(&b, "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: %s\r\n\r\n", proof);
    int r = sk_ws_client_bytes(c, sk_buf_span(&b), em);
    sk_buf_finish(&b);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct sk_ws_client_ops ops = { on_send, on_opened, on_text };
    struct sk_ws_client *c;
    struct sk_errmsg em;
    struct sk_span in = { (const char *)data, n };
    sk_buf_init(&sent, 8192);
    SK_ASSERT(sk_ws_client_create(&(struct sk_ws_client_request){ "h:1", "/x", "t" }, &ops, NULL, &c, &em) == 0);
    int r = 0;
    if (n > 0 && data[0] == '+') {
        r = shake_hands(c, &em);
        SK_ASSERT(r == 0);
        in.p++;
        in.n--;
    }
    size_t half = in.n / 2;
    r = sk_ws_client_bytes(c, (struct sk_span){ in.p, half }, &em);
    if (r == 0)
        r = sk_ws_client_bytes(c, (struct sk_span){ in.p + half, in.n - half }, &em);
    if (r == 0)
        (void)sk_ws_client_text(c, SK_SPAN("{}"));
    sk_ws_client_destroy(c);
    sk_buf_finish(&sent);
    return 0;
}
