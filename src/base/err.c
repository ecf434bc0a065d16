#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void put(struct sk_errmsg *em, int code, const char *fmt, va_list ap)
{
    em->code = code;
    vsnprintf(em->text, sizeof em->text, fmt, ap);
}

int sk_errmsg_set(struct sk_errmsg *em, int code, const char *fmt, ...)
{
    if (em == NULL)
        return code;
    va_list ap;
    va_start(ap, fmt);
    put(em, code, fmt, ap);
    va_end(ap);
    return code;
}

int sk_errmsg_wrap(struct sk_errmsg *em, int code, const char *fmt, ...)
{
    if (em == NULL)
        return code;
    struct sk_errmsg inner = *em;
    va_list ap;
    va_start(ap, fmt);
    put(em, code, fmt, ap);
    va_end(ap);
    size_t n = strlen(em->text);
    snprintf(em->text + n, sizeof em->text - n, ": %s", inner.text);
    return code;
}

static int code_of_errno(int e)
{
    switch (e) {
    case ENOENT:
    case ENOTDIR:
        return SK_ERR_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return SK_ERR_DENIED;
    case ENOMEM:
        return SK_ERR_NOMEM;
    default:
        return SK_ERR_IO;
    }
}

int sk_errmsg_errno(struct sk_errmsg *em, int errno_value, const char *fmt, ...)
{
    int code = code_of_errno(errno_value);
    if (em == NULL)
        return code;
    va_list ap;
    va_start(ap, fmt);
    put(em, code, fmt, ap);
    va_end(ap);
    size_t n = strlen(em->text);
    snprintf(em->text + n, sizeof em->text - n, ": %s", strerror(errno_value));
    return code;
}

const char *sk_err_text(int code)
{
    switch (code) {
#define SK_AS_CASE(id, text)                                                                                                     \
    case SK_ERR_##id:                                                                                                            \
        return text;
        SK_ERRORS(SK_AS_CASE)
#undef SK_AS_CASE
    case SK_OK:
        return "ok";
    default:
        return "unknown error";
    }
}
