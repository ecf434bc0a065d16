/* The server's side of the WebSocket handshake (RFC 6455 §4.2). */
#include "base/base64.h"
#include "base/digest.h"
#include "base/log.h"
#include "http/conn.h"
#include "http/ws.h"
#include "http/ws_deflate.h"

static bool well_formed(struct sk_span key) /* 16 bytes make 22 characters and "==" */
{
    if (key.n != 24 || key.p[22] != '=' || key.p[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++)
        if (key.p[i] == '\0' || strchr(sk_base64_digits, key.p[i]) == NULL)
            return false;
    return true;
}

bool sk_ws_accept_key(struct sk_span key, char out[SK_WS_KEY_SIZE])
{
    static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[SK_SHA1_SIZE];
    char proof[24 + sizeof magic];
    struct sk_errmsg em;
    if (!well_formed(key))
        return false;
    memcpy(proof, key.p, key.n);
    memcpy(proof + key.n, magic, sizeof magic - 1);
    if (sk_sha1((struct sk_span){ proof, key.n + sizeof magic - 1 }, digest, &em) < 0) {
        sk_log_error("no WebSocket can be opened: %s", em.text);
        return false;
    }
    sk_base64_encode(digest, sizeof digest, out);
    return true;
}

static bool is_upgrade(const struct sk_http_req *r)
{
    return sk_token_in(sk_http_header(r, "upgrade"), SK_SPAN("websocket"));
}

static void reply_426(struct sk_http_req *r, const char *header, struct sk_span wanted)
{
    sk_http_set_header(r, header, wanted);
    sk_http_reply(r, 426, "text/plain; charset=utf-8", SK_SPAN("Upgrade Required"));
}

bool sk_ws_expect_upgrade(struct sk_http_req *r)
{
    bool is = is_upgrade(r);
    if (!is)
        reply_426(r, "Upgrade", SK_SPAN("websocket"));
    return is;
}

static bool is_complete(const struct sk_http_req *r, char key[SK_WS_KEY_SIZE])
{
    return r->method == HTTP_GET && r->minor == 1 && is_upgrade(r) && r->body.n == 0 &&
           sk_token_in(sk_http_header(r, "connection"), SK_SPAN("upgrade")) &&
           sk_ws_accept_key(sk_http_header(r, "sec-websocket-key"), key);
}

bool sk_ws_accept_check(struct sk_http_req *r, char key[SK_WS_KEY_SIZE])
{
    if (r->conn == NULL || !is_complete(r, key))
        sk_http_reply_error_page(r, 400, "Bad Request");
    else if (!sk_span_eq(sk_http_header(r, "sec-websocket-version"), "13"))
        reply_426(r, "Sec-WebSocket-Version", SK_SPAN("13"));
    else if (r->conn->server->closing)
        sk_http_reply_error_page(r, 503, "Service Unavailable");
    else
        return true;
    return false;
}

void sk_ws_accept_answer(struct sk_http_conn *c, const char *key, bool deflate)
{
    struct sk_buf *b = &c->server->scratch;
    sk_buf_clear(b);
    SK_BUF_LIT(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
    sk_buf_text(b, key);
    if (deflate)
        SK_BUF_LIT(b, "\r\nSec-WebSocket-Extensions: " SK_WS_DEFLATE_ANSWER);
    SK_BUF_LIT(b, "\r\n\r\n");
    sk_outq_copy(&c->out, b->p, b->n);
}
