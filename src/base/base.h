/* What every file may use: spans of bytes, assertions that stay on, scope cleanup. Thread: any. */
#ifndef SK_BASE_BASE_H
#define SK_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns; not NUL-terminated. The owner says how long they live. */
struct sk_span {
    const char *p;
    size_t n;
};

#define SK_SPAN(literal) ((struct sk_span){ (literal), sizeof(literal) - 1 })

static inline struct sk_span sk_span_of(const char *text)
{
    return (struct sk_span){ text, text != NULL ? strlen(text) : 0 };
}

static inline bool sk_span_is(struct sk_span a, struct sk_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Negative, 0 or positive, byte by byte; the shorter of two that begin alike comes first. */
static inline int sk_span_cmp(struct sk_span a, struct sk_span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static inline bool sk_span_eq(struct sk_span a, const char *text)
{
    return sk_span_is(a, sk_span_of(text));
}

static inline bool sk_span_starts(struct sk_span a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

static inline bool sk_span_holds(struct sk_span a, const char *part)
{
    return a.p != NULL && memmem(a.p, a.n, part, strlen(part)) != NULL;
}

/* Without the blanks and tabs at both ends. */
static inline struct sk_span sk_span_trimmed(struct sk_span s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = (struct sk_span){ s.p + 1, s.n - 1 };
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* Our own mistakes stop the program, in release builds too; input is never asserted. */
#define SK_ASSERT(cond) ((cond) ? (void)0 : sk_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void sk_assert_failed(const char *cond, const char *file, int line);

#define SK_CLEANUP(fn) __attribute__((cleanup(fn)))
void sk_freep(void *p); /* for SK_CLEANUP: frees *(void **)p */

#define SK_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SK_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Allocation that cannot be refused: small fixed needs of the server itself; without memory for them the program ends ("out of
   memory", SIGABRT) and whoever watches over it starts it. Sizes that input decides go through sk_buf, sk_arena or plain malloc
   with a check: what is refused there is an answer to who asked. */
void *sk_xchecked(void *p); /* p, which is not NULL */
void *sk_xmalloc(size_t n);
void *sk_xcalloc(size_t count, size_t size);
void *sk_xrealloc(void *p, size_t n);
char *sk_xstrdup(const char *s);
/* For programs that the server starts: its environment without what is secret in it. free() the list; its strings stay where they
   are. */
char **sk_child_environment(void);
char *sk_xstrndup(const char *s, size_t n);

#endif
