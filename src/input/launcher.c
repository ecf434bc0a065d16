#include "input/launcher.h"

#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LEFT "SKIFF_LAUNCHER" /* process and descriptor, for the program that takes the place of this one */

struct sk_launcher {
    uv_poll_t poll;
    int fd;
    uint32_t last_id;
    struct sk_launch *first;
    struct sk_launch_order order; /* large, and one at a time */
};

/* ---- the process -------------------------------------------------------------------------------------------------------- */

static int spawn(int end)
{
    char name[] = "skiff", flag[] = SK_LAUNCHER_FLAG, *argv[] = { name, flag, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid;
    SK_CLEANUP(sk_freep) char **environment = sk_child_environment();
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, end, STDIN_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0); /* Ctrl-C in a terminal is meant for the server, which ends it in good order */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    int e = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return e;
}

int sk_launcher_spawn(int *ret_fd, struct sk_errmsg *em)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return sk_errmsg_errno(em, errno, "no way to the process that starts commands");
    int e = spawn(ends[1]);
    close(ends[1]);
    if (e != 0) {
        close(ends[0]);
        return sk_errmsg_errno(em, e, "the process that starts commands cannot be started");
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *ret_fd = ends[0];
    return 0;
}

int sk_launcher_left(void)
{
    const char *text = getenv(LEFT), *colon = text != NULL ? strchr(text, ':') : NULL;
    int64_t pid = 0, fd = -1;
    if (colon == NULL || !sk_parse_int((struct sk_span){ text, (size_t)(colon - text) }, 1, INT32_MAX, &pid) || pid != getpid() ||
        !sk_parse_int(sk_span_of(colon + 1), 3, INT32_MAX, &fd) || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
        fd = -1;
    unsetenv(LEFT);
    return (int)fd;
}

/* ---- what it tells ------------------------------------------------------------------------------------------------------ */

static struct sk_launch **place_of(struct sk_launcher *l, uint32_t id)
{
    struct sk_launch **at = &l->first;
    while (*at != NULL && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void take(struct sk_launcher *l, const struct sk_launch_news *n)
{
    struct sk_launch **at = place_of(l, n->id), *launch = *at;
    if (launch == NULL)
        return; /* stopped meanwhile */
    *at = launch->next;
    launch->ended(launch, n->kind == SK_LAUNCH_FAILED ? n->error : 0, n->exit_code, n->signal);
}

static void closed(uv_handle_t *h)
{
    struct sk_launcher *l = h->data;
    close(l->fd);
    free(l);
}

/* The process is gone, and with it what it started. */
static void over(struct sk_launcher *l)
{
    uv_poll_stop(&l->poll);
    while (l->first != NULL) {
        struct sk_launch *launch = l->first;
        l->first = launch->next;
        launch->ended(launch, EPIPE, 0, 0);
    }
}

static void on_news(uv_poll_t *h, int status, int events)
{
    struct sk_launcher *l = h->data;
    struct sk_launch_news n;
    (void)status;
    (void)events;
    for (;;) {
        ssize_t got = recv(l->fd, &n, sizeof n, MSG_DONTWAIT);
        if (got == (ssize_t)sizeof n) {
            take(l, &n);
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (l->last_id == 0)
            uv_close((uv_handle_t *)h, closed); /* destroyed: this is what was waited for */
        else
            over(l);
        return;
    }
}

/* ---- what it is told ---------------------------------------------------------------------------------------------------- */

static bool send_order(struct sk_launcher *l, size_t text_bytes, const int fds[3])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(3 * sizeof(int))];
    } control = { .room = "" };
    struct iovec v = { &l->order, offsetof(struct sk_launch_order, text) + text_bytes };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
    if (fds != NULL) {
        m.msg_control = &control;
        m.msg_controllen = sizeof control.room;
        control.head =
            (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(3 * sizeof(int)) };
        memcpy(CMSG_DATA(&control.head), fds, 3 * sizeof(int));
    }
    return sendmsg(l->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

int sk_launcher_start(struct sk_launcher *l, struct sk_launch *launch, const char *folder, const char *command, const int fds[3],
                      struct sk_errmsg *em)
{
    size_t folder_n = strlen(folder) + 1, command_n = strlen(command) + 1;
    if (folder_n > sizeof l->order.text || command_n > sizeof l->order.text - folder_n)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "the command is too long");
    if (++l->last_id == 0)
        l->last_id = 1;
    l->order.kind = SK_LAUNCH_START;
    l->order.id = launch->id = l->last_id;
    memcpy(l->order.text, folder, folder_n);
    memcpy(l->order.text + folder_n, command, command_n);
    if (!send_order(l, folder_n + command_n, fds))
        return sk_errmsg_set(em, SK_ERR_CLOSED, "the process that starts commands does not listen (%s); restart the server",
                             strerror(errno));
    launch->next = l->first;
    l->first = launch;
    return 0;
}

void sk_launcher_stop(struct sk_launcher *l, struct sk_launch *launch)
{
    if (launch->id == 0)
        return;
    struct sk_launch **at = place_of(l, launch->id);
    if (*at != NULL)
        *at = launch->next;
    l->order.kind = SK_LAUNCH_STOP;
    l->order.id = launch->id;
    launch->id = 0;
    (void)send_order(l, 0, NULL); /* it is gone, or ends all of them with the server */
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct sk_launcher *sk_launcher_create(struct sk_loop *loop, int fd)
{
    struct sk_launcher *l = sk_xcalloc(1, sizeof *l);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    l->fd = fd;
    l->last_id = ((uint32_t)now.tv_sec << 10 | (uint32_t)now.tv_nsec >> 20) + 1; /* not those of an earlier run */
    l->poll.data = l;
    SK_ASSERT(uv_poll_init(sk_loop_uv(loop), &l->poll, fd) == 0);
    uv_poll_start(&l->poll, UV_READABLE | UV_DISCONNECT, on_news);
    return l;
}

static void kept(uv_handle_t *h)
{
    free(h->data);
}

void sk_launcher_destroy(struct sk_launcher *l, bool keep)
{
    char left[40];
    if (l == NULL)
        return;
    while (l->first != NULL)
        sk_launcher_stop(l, l->first);
    if (keep) {
        snprintf(left, sizeof left, "%d:%d", (int)getpid(), l->fd);
        setenv(LEFT, left, 1);
        (void)fcntl(l->fd, F_SETFD, 0);
        uv_close((uv_handle_t *)&l->poll, kept);
        return;
    }
    l->last_id = 0;
    shutdown(l->fd, SHUT_WR);
    uv_poll_start(&l->poll, UV_READABLE | UV_DISCONNECT, on_news); /* also when it had ended before */
}
