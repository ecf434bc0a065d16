#include "app/activation.h"

#include "base/json.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3
#define DOORS_MAX 2
#define PASSED_MAX 1024

/* How many were passed to this very process. */
static int count_passed(int64_t *ret_count, struct sk_errmsg *em)
{
    const char *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
    int64_t pid;
    *ret_count = 0;
    if (pid_text == NULL || count_text == NULL || !sk_parse_int(sk_span_of(pid_text), 1, INT32_MAX, &pid) || pid != getpid())
        return 0;
    if (!sk_parse_int(sk_span_of(count_text), 0, PASSED_MAX, ret_count))
        return sk_errmsg_set(em, SK_ERR_INVALID, "LISTEN_FDS '%s' is not a number from 0 to %d", count_text, PASSED_MAX);
    return 0;
}

static int option(int fd, int name)
{
    int value = 0;
    socklen_t n = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &n) == 0 ? value : -1;
}

static bool is_door(int fd)
{
    int domain = option(fd, SO_DOMAIN);
    return (domain == AF_INET || domain == AF_INET6) && option(fd, SO_TYPE) == SOCK_STREAM && option(fd, SO_ACCEPTCONN) == 1;
}

int sk_activation_read(struct sk_activation *ret_activation, struct sk_errmsg *em)
{
    int64_t count;
    *ret_activation = (struct sk_activation){ 0 };
    int r = count_passed(&count, em);
    if (r < 0)
        return r;
    for (int i = 0; i < count; i++) {
        (void)fcntl(FIRST_FD + i, F_SETFD, FD_CLOEXEC);
        if (i < DOORS_MAX && !is_door(FIRST_FD + i))
            return sk_errmsg_set(em, SK_ERR_INVALID,
                                 "descriptor %d, passed by LISTEN_FDS, is not a listening TCP socket; the .socket unit needs "
                                 "ListenStream= with a port, and Accept=no",
                                 FIRST_FD + i);
    }
    if (count > DOORS_MAX)
        sk_log_warn("LISTEN_FDS: %d sockets were passed, only the first two are used", (int)count);
    ret_activation->primary = count > 0 ? FIRST_FD : 0;
    ret_activation->redirect = count > 1 ? FIRST_FD + 1 : 0;
    return 0;
}

int sk_activation_dup(int fd, int *ret_fd, struct sk_errmsg *em)
{
    *ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD + DOORS_MAX);
    return *ret_fd < 0 ? sk_errmsg_set(em, SK_ERR_IO, "cannot use the passed socket %d: %s", fd, strerror(errno)) : 0;
}

void sk_activation_pass_on(void)
{
    struct sk_errmsg em;
    int64_t count;
    if (count_passed(&count, &em) < 0)
        return;
    for (int i = 0; i < count; i++)
        (void)fcntl(FIRST_FD + i, F_SETFD, 0);
}
