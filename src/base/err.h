/*
 * Errors are values: 0 or a negative `enum sk_err`. The text travels in a caller-owned `struct sk_errmsg`; each layer puts its
 * own words in front ("config 'x': line 3: ..."). Results come back through `ret_*` parameters, written only on success.
 * Thread: any. Lifetime: an sk_errmsg lives on its caller's stack and owns nothing.
 */
#ifndef SK_BASE_ERR_H
#define SK_BASE_ERR_H

#include <stdarg.h>

#define SK_ERRORS(X)                                                                                                             \
    X(NOMEM, "out of memory")                                                                                                    \
    X(INVALID, "invalid input")                                                                                                  \
    X(LIMIT, "limit reached")                                                                                                    \
    X(NOTFOUND, "not found")                                                                                                     \
    X(EXISTS, "already exists")                                                                                                  \
    X(BUSY, "busy")                                                                                                              \
    X(CLOSED, "closed")                                                                                                          \
    X(TIMEOUT, "timed out")                                                                                                      \
    X(DENIED, "not permitted")                                                                                                   \
    X(UNSUPPORTED, "not supported")                                                                                              \
    X(IO, "input/output error")                                                                                                  \
    X(TRAP, "plugin trapped")                                                                                                    \
    X(PROTOCOL, "protocol error")                                                                                                \
    X(INTERNAL, "internal error")

enum sk_err {
    SK_OK = 0,
    SK_ERR_FIRST_ = -1000,
#define SK_AS_ENUM(id, text) SK_ERR_##id,
    SK_ERRORS(SK_AS_ENUM)
#undef SK_AS_ENUM
};

struct sk_errmsg {
    int code;
    char text[500];
};

/* Sets the text and returns `code`. A NULL `em` is fine: only the code is kept. */
int sk_errmsg_set(struct sk_errmsg *em, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "<formatted>: " in front of the text and returns `code`. */
int sk_errmsg_wrap(struct sk_errmsg *em, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As sk_errmsg_set, with ": <strerror(errno_value)>" behind the text; the code is SK_ERR_IO, NOTFOUND, DENIED or NOMEM. */
int sk_errmsg_errno(struct sk_errmsg *em, int errno_value, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The general text of a code; never NULL. */
const char *sk_err_text(int code);

#endif
