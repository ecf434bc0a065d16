/* The proof in the WebSocket handshake (RFC 6455 §4.2.2). */
#include "base/base64.h"
#include "base/digest.h"
#include "base/log.h"
#include "http/conn.h"

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
