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
