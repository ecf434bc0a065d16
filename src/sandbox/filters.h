/* seccomp: the filters that make_filters.c made at build time. Private to src/sandbox. Thread: the one confined. */
#ifndef SK_SANDBOX_FILTERS_H
#define SK_SANDBOX_FILTERS_H

#include "sandbox/roles.h"

#include <stdbool.h>

bool sk_filters_there(void); /* by the kernel */
/* What holds for the whole process, and what a role gives up. False: errno says why. */
bool sk_filters_process(void);
bool sk_filters_role(enum sk_thread_role role);
const char *sk_filters_call_name(int number); /* NULL: it is none of those that are refused by name */

#endif
