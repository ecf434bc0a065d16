#include "base/base.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Noreturn void sk_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "skiff: assertion failed: %s at %s:%d (a bug in skiff; last log line: %s)\n", cond, file, line,
            sk_log_last());
    abort();
}

void sk_freep(void *p)
{
    void *held;
    memcpy(&held, p, sizeof held);
    free(held);
}

void *sk_xchecked(void *p)
{
    if (p == NULL) {
        fputs("skiff: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *sk_xmalloc(size_t n)
{
    return sk_xchecked(malloc(n != 0 ? n : 1));
}

void *sk_xcalloc(size_t count, size_t size)
{
    return sk_xchecked(calloc(count != 0 ? count : 1, size != 0 ? size : 1));
}

void *sk_xrealloc(void *p, size_t n)
{
    return sk_xchecked(realloc(p, n != 0 ? n : 1));
}

char *sk_xstrdup(const char *s)
{
    return sk_xstrndup(s, strlen(s));
}

char *sk_xstrndup(const char *s, size_t n)
{
    char *p = sk_xmalloc(n + 1);
    if (n != 0)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char **sk_child_environment(void)
{
    static const char *const secret[] = { "SECRETKEY=",     "ADMINUSER=",     "SIGNALK_OIDC_CLIENT_SECRET=",
                                          "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=" };
    size_t n = 0, count = 0;
    while (environ[count] != NULL)
        count++;
    char **list = sk_xcalloc(count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        bool hidden = false;
        for (size_t s = 0; s < SK_COUNT(secret); s++)
            hidden |= strncmp(environ[i], secret[s], strlen(secret[s])) == 0;
        if (!hidden)
            list[n++] = environ[i];
    }
    return list;
}
