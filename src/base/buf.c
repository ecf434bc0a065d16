#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void sk_buf_init(struct sk_buf *b, size_t max)
{
    *b = (struct sk_buf){ .max = max };
}

void sk_buf_finish(struct sk_buf *b)
{
    if (b == NULL)
        return;
    free(b->p);
    *b = (struct sk_buf){ .max = b->max };
}

void sk_buf_wipe(struct sk_buf *b)
{
    if (b->p != NULL)
        explicit_bzero(b->p, b->cap);
    sk_buf_finish(b);
}

char *sk_buf_grow(struct sk_buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (n <= b->cap - b->n)
        return b->p != NULL ? b->p + b->n : NULL; /* nothing asked of an empty buffer */
    if (n > b->max - b->n)
        goto fail;
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap - b->n < n)
        cap *= 2;
    if (cap > b->max)
        cap = b->max;
    char *p = realloc(b->p, cap);
    if (p == NULL)
        goto fail;
    b->p = p;
    b->cap = cap;
    return p + b->n;
fail:
    b->failed = true;
    return NULL;
}

void sk_buf_printf(struct sk_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *to = n < 0 ? NULL : sk_buf_reserve(b, (size_t)n + 1);
    if (to != NULL) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void sk_buf_consume(struct sk_buf *b, size_t n)
{
    SK_ASSERT(n <= b->n);
    b->n -= n;
    if (b->n != 0 && n != 0)
        memmove(b->p, b->p + n, b->n);
}

const char *sk_buf_cstr(struct sk_buf *b)
{
    char *to = sk_buf_reserve(b, 1);
    if (to == NULL)
        return NULL;
    *to = '\0';
    return b->p;
}

char *sk_buf_xsteal(struct sk_buf *b, size_t *ret_n)
{
    return sk_xchecked(sk_buf_steal(b, ret_n));
}

char *sk_buf_steal(struct sk_buf *b, size_t *ret_n)
{
    if (sk_buf_cstr(b) == NULL)
        return NULL;
    char *p = b->p;
    if (ret_n != NULL)
        *ret_n = b->n;
    *b = (struct sk_buf){ .max = b->max };
    return p;
}

void sk_buf_percent(struct sk_buf *b, struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr("-_.!~*'()", c) != NULL))
            sk_buf_char(b, (char)c);
        else
            sk_buf_printf(b, "%%%02X", c);
    }
}
