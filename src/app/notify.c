#include "app/notify.h"

#include "base/json.h"
#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void sk_notify_open(struct sk_notify *n)
{
    const char *where = getenv("NOTIFY_SOCKET");
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    size_t len = where != NULL ? strlen(where) : 0;
    n->fd = -1;
    if (len < 2 || len >= sizeof a.sun_path || (where[0] != '/' && where[0] != '@'))
        return;
    memcpy(a.sun_path, where, len);
    if (where[0] == '@')
        a.sun_path[0] = '\0'; /* Linux's abstract names */
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd >= 0 && connect(n->fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
        return;
    sk_log_warn("NOTIFY_SOCKET: systemd cannot be told how the server does: %s", strerror(errno));
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

static void say(const struct sk_notify *n, const char *text)
{
    if (n->fd >= 0 && send(n->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        sk_log_debug("signalk-server:systemd", "'%s' was not taken: %s", text, strerror(errno));
}

static void tick(uv_timer_t *t)
{
    say(t->data, "WATCHDOG=1");
}

/* 0: nobody watches, or it is another process that is watched. */
static uint64_t watchdog_ms(void)
{
    const char *time = getenv("WATCHDOG_USEC"), *whom = getenv("WATCHDOG_PID");
    int64_t us, pid = getpid();
    if (time == NULL || !sk_parse_int(sk_span_of(time), 1, INT64_MAX, &us) ||
        (whom != NULL && !sk_parse_int(sk_span_of(whom), 1, INT32_MAX, &pid)) || pid != getpid())
        return 0;
    return us / 2000 > 0 ? (uint64_t)us / 2000 : 1;
}

void sk_notify_ready(struct sk_notify *n, struct sk_loop *loop)
{
    uint64_t ms = n->fd >= 0 ? watchdog_ms() : 0;
    say(n, "READY=1");
    if (ms == 0)
        return;
    uv_timer_init(sk_loop_uv(loop), &n->timer);
    n->timer.data = n;
    n->ticking = true;
    uv_timer_start(&n->timer, tick, 0, ms);
}

void sk_notify_stopping(struct sk_notify *n)
{
    say(n, "STOPPING=1");
}

void sk_notify_close(struct sk_notify *n)
{
    if (n->ticking)
        uv_close((uv_handle_t *)&n->timer, NULL);
    n->ticking = false;
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}
