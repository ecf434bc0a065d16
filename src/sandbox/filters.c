#include "sandbox/filters.h"

#include "base/base.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox_filters.h"

#define FILTER(f)                                                                                                                \
    {                                                                                                                            \
        SK_COUNT(f), (struct sock_filter *)(uintptr_t)(f)                                                                        \
    } /* the kernel only reads it */

static const struct sock_fprog roles[] = {
#define AS_FILTER(id, name, rights) [SK_THREAD_##id] = FILTER(sk_filter_##id),
    SK_THREAD_ROLES(AS_FILTER)
#undef AS_FILTER
};

bool sk_filters_there(void)
{
    return prctl(PR_GET_SECCOMP) >= 0 && (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == 0 || errno == EFAULT);
}

static bool apply(const struct sock_fprog *f)
{
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, f) == 0;
}

/* The kernel asks both at each call, and the stricter answer holds. */
bool sk_filters_process(void)
{
    static const struct sock_fprog never = FILTER(sk_filter_never), needed = FILTER(sk_filter_needed);
    return apply(&never) && apply(&needed);
}

bool sk_filters_role(enum sk_thread_role role)
{
    return apply(&roles[role]);
}

const char *sk_filters_call_name(int number)
{
    for (size_t i = 0; i < SK_COUNT(sk_call_names); i++)
        if (sk_call_names[i].number == number)
            return sk_call_names[i].name;
    return NULL;
}
