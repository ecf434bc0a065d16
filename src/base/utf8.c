#include "base/utf8.h"

/* Table 3-7 of the Unicode standard: allowed range of the second byte, by first byte. */
static bool second_ok(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return second >= 0x80 && second <= 0xbf;
    }
}

static size_t expected(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    if (first >= 0xf0 && first <= 0xf4)
        return 4;
    return 0;
}

/* How many bytes at p belong to a well-formed start; the character is whole when that equals expected(). */
static size_t prefix(const unsigned char *p, size_t n)
{
    size_t want = expected(p[0]), have = 1;
    if (want == 0)
        return 0;
    if (have < want && have < n && second_ok(p[0], p[1]))
        have++;
    else
        return have;
    while (have < want && have < n && (p[have] & 0xc0) == 0x80)
        have++;
    return have;
}

size_t sk_utf8_char(const unsigned char *p, size_t n)
{
    if (n == 0)
        return 0;
    size_t have = prefix(p, n);
    return have != 0 && have == expected(p[0]) ? have : 0;
}

static size_t valid_head(const unsigned char *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint64_t eight;
        if (n - i >= 8 && (memcpy(&eight, p + i, 8), (eight & 0x8080808080808080u) == 0)) {
            i += 8;
            continue;
        }
        size_t k = sk_utf8_char(p + i, n - i);
        if (k == 0)
            break;
        i += k;
    }
    return i;
}

bool sk_utf8_valid(const void *data, size_t n)
{
    return valid_head(data, n) == n;
}

size_t sk_utf8_head(const void *data, size_t n, bool *ret_broken)
{
    const unsigned char *p = data;
    size_t head = valid_head(p, n);
    *ret_broken = head < n && prefix(p + head, n - head) != n - head;
    return head;
}

void sk_utf8_append_lossy(struct sk_buf *b, const void *data, size_t n)
{
    const unsigned char *p = data;
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
        n -= 3;
    }
    if (sk_utf8_valid(p, n)) {
        sk_buf_append(b, p, n);
        return;
    }
    while (n > 0) {
        size_t k = sk_utf8_char(p, n);
        if (k != 0) {
            sk_buf_append(b, p, k);
        } else {
            k = prefix(p, n);
            k = k == 0 ? 1 : k;
            SK_BUF_LIT(b, "\xef\xbf\xbd");
        }
        p += k;
        n -= k;
    }
}

void sk_utf8_append_code(struct sk_buf *b, uint32_t c)
{
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = 0xfffd;
    char t[4];
    size_t n;
    if (c < 0x80) {
        t[0] = (char)c;
        n = 1;
    } else if (c < 0x800) {
        t[0] = (char)(0xc0 | c >> 6);
        t[1] = (char)(0x80 | (c & 0x3f));
        n = 2;
    } else if (c < 0x10000) {
        t[0] = (char)(0xe0 | c >> 12);
        t[1] = (char)(0x80 | (c >> 6 & 0x3f));
        t[2] = (char)(0x80 | (c & 0x3f));
        n = 3;
    } else {
        t[0] = (char)(0xf0 | c >> 18);
        t[1] = (char)(0x80 | (c >> 12 & 0x3f));
        t[2] = (char)(0x80 | (c >> 6 & 0x3f));
        t[3] = (char)(0x80 | (c & 0x3f));
        n = 4;
    }
    sk_buf_append(b, t, n);
}
