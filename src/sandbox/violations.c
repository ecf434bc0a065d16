#include "sandbox/violations.h"

#include "base/log.h"
#include "sandbox/filters.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* One pair of call and thread. The handler fills it in, then sets `state`; nothing of it changes afterwards. */
struct violation {
    atomic_int state;
    int call;
    char thread[16];
};

enum { FREE, TAKEN, NEWS, TOLD };

static struct violation seen[SK_VIOLATIONS_MAX];
static atomic_uint_fast64_t count;
static int wake_fd = -1; /* written by main before other threads exist */
static uv_poll_t poll_handle;
static bool watching;

/* In the signal handler: nothing but atomics and system calls. */
static void note(int call)
{
    char thread[16] = "";
    prctl(PR_GET_NAME, thread);
    for (size_t i = 0; i < SK_VIOLATIONS_MAX; i++) {
        struct violation *v = &seen[i];
        int expected = FREE;
        if (atomic_compare_exchange_strong(&v->state, &expected, TAKEN)) {
            v->call = call;
            memcpy(v->thread, thread, sizeof v->thread);
            atomic_store(&v->state, NEWS);
            uint64_t one = 1;
            if (wake_fd >= 0 && write(wake_fd, &one, sizeof one) < 0)
                return; /* the loop is awake already */
            return;
        }
        if (expected >= NEWS && v->call == call && memcmp(v->thread, thread, sizeof thread) == 0)
            return;
    }
}

static void answer(ucontext_t *u, long value)
{
#if defined __x86_64__
    u->uc_mcontext.gregs[REG_RAX] = value;
#elif defined __aarch64__
    u->uc_mcontext.regs[0] = (unsigned long)value;
#elif defined __arm__
    u->uc_mcontext.arm_r0 = (unsigned long)value;
#elif defined __i386__
    u->uc_mcontext.gregs[REG_EAX] = (int)value;
#elif defined __riscv
    u->uc_mcontext.__gregs[REG_A0] = (unsigned long)value;
#else
#error "which register has the result of a system call here?"
#endif
}

static void on_refused(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)number;
    if (info->si_code == SYS_SECCOMP) {
        atomic_fetch_add(&count, 1);
        note(info->si_syscall);
        answer(context, sk_filters_call_name(info->si_syscall) != NULL ? -EPERM : -ENOSYS);
    }
    errno = saved;
}

void sk_violations_catch(void)
{
    struct sigaction a = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK | SA_NODEFER };
    sigemptyset(&a.sa_mask);
    sigaction(SIGSYS, &a, NULL);
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void tell(uv_poll_t *h, int status, int events)
{
    uint64_t n;
    (void)h;
    (void)status;
    (void)events;
    while (read(wake_fd, &n, sizeof n) == (ssize_t)sizeof n)
        continue;
    for (size_t i = 0; i < SK_VIOLATIONS_MAX; i++) {
        struct violation *v = &seen[i];
        int expected = NEWS;
        if (!atomic_compare_exchange_strong(&v->state, &expected, TOLD))
            continue;
        const char *name = sk_filters_call_name(v->call);
        sk_log_error("confinement: the thread '%.15s' tried the system call %s (%d), which it never needs; it was refused. This "
                     "is a "
                     "bug or an attack: please report it (docs/security.md)",
                     v->thread, name != NULL ? name : "that has no name here", v->call);
    }
}

void sk_violations_watch(struct sk_loop *loop)
{
    if (wake_fd < 0 || uv_poll_init(sk_loop_uv(loop), &poll_handle, wake_fd) < 0)
        return;
    watching = uv_poll_start(&poll_handle, UV_READABLE, tell) == 0;
    uv_unref((uv_handle_t *)&poll_handle);
}

void sk_violations_unwatch(void)
{
    if (watching)
        uv_close((uv_handle_t *)&poll_handle, NULL);
    watching = false;
}

uint64_t sk_violations_count(void)
{
    return atomic_load(&count);
}
