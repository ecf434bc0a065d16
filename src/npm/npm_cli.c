#include "npm/npm_cli.h"

#include "base/base.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000u

static pid_t start(const char *key, int out)
{
    char npm[] = "npm", config[] = "config", get[] = "get", what[64];
    char *argv[] = { npm, config, get, what, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid = -1;
    if (strlen(key) >= sizeof what)
        return -1;
    memcpy(what, key, strlen(key) + 1);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addchdir_np(&actions, "/"); /* a .npmrc of wherever we are is none of ours */
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    SK_CLEANUP(sk_freep) char **environment = sk_child_environment();
    if (posix_spawnp(&pid, npm, &actions, &attributes, argv, environment) != 0)
        pid = -1;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* What comes until the end, in time; 0: nothing, or too much. */
static size_t read_answer(int fd, char *out, size_t size)
{
    uint64_t deadline = sk_clock_mono_ms() + DEADLINE_MS;
    size_t n = 0;
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        uint64_t now = sk_clock_mono_ms();
        if (now >= deadline || poll(&p, 1, (int)(deadline - now)) <= 0)
            return 0;
        ssize_t r = read(fd, out + n, size - n);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return r == 0 ? n : 0;
        n += (size_t)r;
        if (n == size)
            return 0;
    }
}

bool sk_npm_cli_get(const char *key, char *out, size_t size)
{
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    pid_t pid = start(key, ends[1]);
    close(ends[1]);
    size_t n = pid > 0 ? read_answer(ends[0], out, size) : 0;
    close(ends[0]);
    if (pid <= 0)
        return false;
    if (n == 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    while (n > 0 && (unsigned char)out[n - 1] <= ' ')
        n--;
    out[n < size ? n : size - 1] = '\0';
    return n > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && strcmp(out, "undefined") != 0;
}
