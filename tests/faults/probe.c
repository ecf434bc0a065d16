/*
 * Loaded before a server (LD_PRELOAD): what somebody inside it could do who got hold of a thread. On SIGUSR2 the thread that got
 * the signal tries a list of things by raw system calls and says on stderr, in one line, how each ended
 * (tests/scenario/test_sandbox.py): "PROBE skiff: open-elsewhere=13 ...", 0 or errno. PROBE_SECRET: a file beyond the server's
 * folders; PROBE_OUT: one to be made there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *secret, *out;

static int closed(long fd)
{
    if (fd < 0)
        return errno;
    close((int)fd);
    return 0;
}

static int open_elsewhere(void)
{
    return closed(syscall(SYS_openat, AT_FDCWD, secret, O_RDONLY | O_CLOEXEC));
}

static int make_elsewhere(void)
{
    return closed(syscall(SYS_openat, AT_FDCWD, out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int open_library(void)
{
    return closed(syscall(SYS_openat, AT_FDCWD, "/etc/hosts", O_RDONLY | O_CLOEXEC));
}

static int socket_inet(void)
{
    return closed(syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int socket_packet(void)
{
    return closed(syscall(SYS_socket, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int run_shell(void)
{
    char name[] = "/bin/true", *argv[] = { name, NULL };
    return syscall(SYS_execve, name, argv, NULL) < 0 ? errno : 0;
}

static int start_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        syscall(SYS_exit_group, 0);
    if (pid < 0)
        return errno;
    (void)syscall(SYS_wait4, pid, NULL, 0, NULL);
    return 0;
}

static int new_user_space(void)
{
    return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) < 0 ? errno : 0;
}

static int trace(void)
{
    return syscall(SYS_ptrace, PTRACE_ATTACH, 0, NULL, NULL) < 0 ? errno : 0; /* ESRCH where nobody forbids it */
}

static int load_module(void)
{
    return syscall(SYS_finit_module, -1, "", 0) < 0 ? errno : 0; /* EBADF, or EPERM to all but root */
}

static int io_uring(void)
{
    return syscall(SYS_io_uring_setup, 0, NULL) < 0 ? errno : 0;
}

static int signal_others(void)
{
    return syscall(SYS_kill, 1, 0) < 0 ? errno : 0;
}

static int write_and_run(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}

static int type_for_the_user(void)
{
    return ioctl(STDERR_FILENO, TIOCSTI, "x") < 0 ? errno : 0;
}

static int set_uid_bit(void)
{
    return syscall(SYS_fchmod, -1, 04755) < 0 ? errno : 0; /* EBADF where nobody forbids it */
}

static void on_signal(int number)
{
    static const struct {
        const char *name;
        int (*try)(void);
    } probes[] = { { "open-elsewhere", open_elsewhere },
                   { "make-elsewhere", make_elsewhere },
                   { "open-hosts", open_library },
                   { "socket-inet", socket_inet },
                   { "socket-packet", socket_packet },
                   { "execve", run_shell },
                   { "process", start_process },
                   { "new-user-space", new_user_space },
                   { "ptrace", trace },
                   { "module", load_module },
                   { "io-uring", io_uring },
                   { "signal", signal_others },
                   { "write-and-run", write_and_run },
                   { "tiocsti", type_for_the_user },
                   { "setuid-bit", set_uid_bit } };
    char line[1024], thread[16] = "";
    int saved = errno, n;
    (void)number;
    prctl(PR_GET_NAME, thread);
    n = snprintf(line, sizeof line, "PROBE %s:", thread);
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, " %s=%d", probes[i].name, probes[i].try());
    line[n++] = '\n';
    (void)!write(STDERR_FILENO, line, (size_t)n);
    errno = saved;
}

__attribute__((constructor)) static void begin(void)
{
    struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    secret = getenv("PROBE_SECRET");
    out = getenv("PROBE_OUT");
    if (secret != NULL && out != NULL)
        sigaction(SIGUSR2, &a, NULL);
}
