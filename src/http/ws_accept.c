/* The proof in the WebSocket handshake (RFC 6455 §4.2.2). */
#include "base/digest.h"
#include "base/log.h"
#include "http/conn.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64(const unsigned char *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0u);
        *out++ = alphabet[v >> 18];
        *out++ = alphabet[v >> 12 & 63];
        *out++ = i + 1 < n ? alphabet[v >> 6 & 63] : '=';
        *out++ = i + 2 < n ? alphabet[v & 63] : '=';
    }
    *out = '\0';
}

static bool well_formed(struct sk_span key) /* 16 bytes make 22 characters and "==" */
{
    if (key.n != 24 || key.p[22] != '=' || key.p[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++)
        if (key.p[i] == '\0' || strchr(alphabet, key.p[i]) == NULL)
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
    base64(digest, sizeof digest, out);
    return true;
}
