/* The process that starts commands for a server that cannot. One thread, no loop library, nothing allocated while it runs. */
#include "base/clock.h"
#include "input/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER STDIN_FILENO
#define KILL_AFTER_MS 1000u

/* A group of processes, led by the shell that was started. */
struct group {
    pid_t pid; /* 0: free */
    uint32_t id;
    bool alive;       /* its leader */
    bool stopping;    /* its end is wanted */
    uint64_t kill_ms; /* while stopping */
};

static struct group groups[SK_LAUNCHES_MAX];
static struct sk_launch_order order;
static bool orphaned; /* the server is gone */

static void tell(uint32_t id, enum sk_launch_news_kind kind, int error, int status)
{
    struct sk_launch_news n = { .kind = kind, .id = id, .error = error };
    if (kind == SK_LAUNCH_ENDED && WIFSIGNALED(status))
        n.signal = WTERMSIG(status);
    else if (kind == SK_LAUNCH_ENDED)
        n.exit_code = WEXITSTATUS(status);
    (void)!send(SERVER, &n, sizeof n, MSG_NOSIGNAL);
}

static struct group *find(uint32_t id)
{
    for (size_t i = 0; i < SK_LAUNCHES_MAX; i++)
        if (groups[i].pid != 0 && groups[i].id == id)
            return &groups[i];
    return NULL;
}

static int spawn(struct group *g, const char *folder, char *command, const int fds[3])
{
    char shell[] = "/bin/sh", flag[] = "-c", *argv[] = { shell, flag, command, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, fds[i], i);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    int e = posix_spawn(&g->pid, shell, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return e;
}

/* The descriptors that came with it are above those that the shell gets, and close when it is started. */
static void start(const int fds[3], size_t n)
{
    struct group *g = groups;
    const char *end = memchr(order.text, '\0', n);
    int e = EINVAL;
    while (g < groups + SK_LAUNCHES_MAX && g->pid != 0)
        g++;
    if (g == groups + SK_LAUNCHES_MAX)
        e = EAGAIN;
    else if (end != NULL && n > 0 && order.text[n - 1] == '\0' && (size_t)(end - order.text) + 1 < n)
        e = spawn(g, order.text, order.text + (end - order.text) + 1, fds);
    if (e != 0) {
        if (e != EAGAIN)
            g->pid = 0;
        tell(order.id, SK_LAUNCH_FAILED, e, 0);
        return;
    }
    *g = (struct group){ .pid = g->pid, .id = order.id, .alive = true };
}

/* Groups whose leader died by itself are kept, for what else is in them, until their end is wanted. */
static void stop(struct group *g)
{
    if (g == NULL || g->stopping)
        return;
    g->stopping = true;
    g->kill_ms = sk_clock_mono_ms() + KILL_AFTER_MS;
    (void)kill(-g->pid, SIGTERM);
}

static void stop_all(void)
{
    for (size_t i = 0; i < SK_LAUNCHES_MAX; i++)
        if (groups[i].pid != 0)
            stop(&groups[i]);
}

/* One order; false: there was none. */
static bool take_order(void)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(3 * sizeof(int))];
    } control;
    struct iovec v = { &order, sizeof order };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.room };
    int fds[3] = { -1, -1, -1 };
    ssize_t n = recvmsg(SERVER, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < (ssize_t)offsetof(struct sk_launch_order, text)) {
        orphaned = orphaned || n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
        return false;
    }
    const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c != NULL && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fds))
        memcpy(fds, CMSG_DATA(c), sizeof fds);
    if (order.kind == SK_LAUNCH_START && fds[2] >= 0)
        start(fds, (size_t)n - offsetof(struct sk_launch_order, text));
    else if (order.kind == SK_LAUNCH_STOP)
        stop(find(order.id));
    for (size_t i = 0; i < SK_COUNT(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return true;
}

static void reap(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < SK_LAUNCHES_MAX; i++)
            if (groups[i].pid == pid && groups[i].alive) {
                groups[i].alive = false;
                tell(groups[i].id, SK_LAUNCH_ENDED, 0, status);
            }
}

/* Kills who had a second to end, and forgets groups in which nobody is left. How long to sleep; -1: until something happens. */
static int tidy(bool *ret_any)
{
    uint64_t now = sk_clock_mono_ms();
    int wait = -1;
    *ret_any = false;
    for (size_t i = 0; i < SK_LAUNCHES_MAX; i++) {
        struct group *g = &groups[i];
        if (g->pid == 0)
            continue;
        if (g->stopping && now >= g->kill_ms)
            (void)kill(-g->pid, SIGKILL);
        if (!g->alive && kill(-g->pid, 0) < 0)
            *g = (struct group){ 0 };
        else
            *ret_any = true;
        if (g->pid != 0 && g->stopping)
            wait = 20;
    }
    return wait;
}

int sk_launcher_main(void)
{
    sigset_t child;
    bool any = false;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* it ends with the server, not before */
    signal(SIGTERM, SIG_IGN);
    prctl(PR_SET_NAME, "skiff-commands");
    int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    (void)fcntl(SERVER, F_SETFD, FD_CLOEXEC);
    while (!orphaned || any) {
        struct signalfd_siginfo s;
        struct pollfd p[2] = { { .fd = orphaned ? -1 : SERVER, .events = POLLIN }, { .fd = children, .events = POLLIN } };
        (void)poll(p, 2, tidy(&any));
        while (read(children, &s, sizeof s) > 0)
            continue;
        reap();
        while (!orphaned && take_order())
            continue;
        if (orphaned)
            stop_all();
        (void)tidy(&any);
    }
    return 0;
}
