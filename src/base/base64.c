#include "base/base64.h"

const char sk_base64_digits[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void sk_base64_encode(const void *data, size_t n, char *out)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0u);
        *out++ = sk_base64_digits[v >> 18];
        *out++ = sk_base64_digits[v >> 12 & 63];
        *out++ = i + 1 < n ? sk_base64_digits[v >> 6 & 63] : '=';
        *out++ = i + 2 < n ? sk_base64_digits[v & 63] : '=';
    }
    *out = '\0';
}

bool sk_base64_decode(struct sk_span text, void *out, size_t max, size_t *ret_n)
{
    unsigned char *to = out;
    uint32_t bits = 0;
    unsigned count = 0;
    size_t n = 0;
    while (text.n > 0 && text.p[text.n - 1] == '=')
        text.n--;
    for (size_t i = 0; i < text.n; i++) {
        const char *at = text.p[i] != '\0' ? strchr(sk_base64_digits, text.p[i]) : NULL;
        if (at == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(at - sk_base64_digits);
        count += 6;
        if (count >= 8) {
            if (n == max)
                return false;
            count -= 8;
            to[n++] = (unsigned char)(bits >> count);
        }
    }
    *ret_n = n;
    return true;
}

void sk_base64url_append(struct sk_buf *out, const void *data, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *p = data;
    for (; n > 0; p += 3, n = n > 3 ? n - 3 : 0) {
        uint32_t v = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
        for (unsigned i = 0; i < (n > 2 ? 4 : n + 1); i++)
            sk_buf_char(out, digits[v >> (18 - 6 * i) & 63]);
    }
}

static int url_digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool sk_base64url_decode(struct sk_span text, void *out, size_t max, size_t *ret_n)
{
    unsigned char *to = out;
    uint32_t v = 0;
    size_t n = 0;
    if (text.n % 4 == 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        int d = url_digit_of(text.p[i]);
        if (d < 0 || (i % 4 != 0 && n == max))
            return false;
        v = v << 6 | (uint32_t)d;
        if (i % 4 != 0)
            to[n++] = (unsigned char)(v >> (6 - 2 * (i % 4)));
    }
    if ((text.n % 4 == 2 && (v & 15) != 0) || (text.n % 4 == 3 && (v & 3) != 0))
        return false;
    *ret_n = n;
    return true;
}
