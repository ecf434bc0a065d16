/*
 * A growing byte buffer that is born with its maximum. Appending past it (or out of memory) marks the buffer `failed`, appends
 * nothing more, and is checked once at the end: sk_buf_ok(). Owner: one thread at a time.
 */
#ifndef SK_BASE_BUF_H
#define SK_BASE_BUF_H

#include "base/base.h"

struct sk_buf {
    char *p;
    size_t n, cap, max;
    bool failed;
};

void sk_buf_init(struct sk_buf *b, size_t max);
void sk_buf_finish(struct sk_buf *b); /* NULL and zeroed are fine */
void sk_buf_wipe(struct sk_buf *b);   /* as sk_buf_finish, and nothing of it stays in memory */
static inline void sk_buf_clear(struct sk_buf *b)
{
    b->n = 0;
    b->failed = false;
}
static inline bool sk_buf_ok(const struct sk_buf *b)
{
    return !b->failed;
}
static inline struct sk_span sk_buf_span(const struct sk_buf *b)
{
    return (struct sk_span){ b->p, b->n };
}
char *sk_buf_grow(struct sk_buf *b, size_t n); /* the slow half of sk_buf_reserve */
/* Room for n more bytes at p + n, or NULL (and failed). The caller writes there and adds to n. */
static inline char *sk_buf_reserve(struct sk_buf *b, size_t n)
{
    return b->p != NULL && n <= b->cap - b->n && !b->failed ? b->p + b->n : sk_buf_grow(b, n);
}
static inline void sk_buf_append(struct sk_buf *b, const void *p, size_t n)
{
    char *to = sk_buf_reserve(b, n);
    if (to == NULL || n == 0)
        return;
    memcpy(to, p, n);
    b->n += n;
}
static inline void sk_buf_span_append(struct sk_buf *b, struct sk_span s)
{
    sk_buf_append(b, s.p, s.n);
}
static inline void sk_buf_text(struct sk_buf *b, const char *s)
{
    sk_buf_append(b, s, strlen(s));
}
#define SK_BUF_LIT(b, literal) sk_buf_append((b), (literal), sizeof(literal) - 1)
static inline void sk_buf_char(struct sk_buf *b, char c)
{
    char *to = sk_buf_reserve(b, 1);
    if (to == NULL)
        return;
    *to = c;
    b->n++;
}
/* Percent-encoded as encodeURIComponent does it: all but letters, digits and -_.!~*'() */
void sk_buf_percent(struct sk_buf *b, struct sk_span s);
/* False for an empty one, which a buffer that failed may be. */
static inline bool sk_buf_ends(const struct sk_buf *b, char c)
{
    return b->n > 0 && b->p[b->n - 1] == c;
}
void sk_buf_printf(struct sk_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sk_buf_consume(struct sk_buf *b, size_t n); /* drops the first n bytes */
/* The bytes with a NUL behind, to be freed by the caller; the buffer is empty afterwards. NULL when failed. */
char *sk_buf_steal(struct sk_buf *b, size_t *ret_n);
/* The same of what is small and cannot be too long: only a lack of memory can fail it, and that ends the program. */
char *sk_buf_xsteal(struct sk_buf *b, size_t *ret_n);
/* NUL-terminates in place without counting the NUL; returns p, or NULL when failed. */
const char *sk_buf_cstr(struct sk_buf *b);

#endif
