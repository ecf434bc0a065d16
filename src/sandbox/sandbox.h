/*
 * The server confines itself before it opens its first door: Landlock for files, programs and signals, seccomp for system calls.
 * What the process as a whole may do is set once, by sk_sandbox_confine; each thread then gives up what its role never needs
 * (sk_sandbox_enter). The table of roles is in roles.h, that of system calls in calls.h. What is refused answers EPERM, or ENOSYS
 * for calls that this build does not know, and is counted and logged; nobody is killed for it.
 *
 * Both hold for good and for all children; a program that takes the place of this one inherits them.
 * Kernels: Landlock since 5.13, whatever of it is there is used (signals since 6.12); seccomp filters since 3.17.
 */
#ifndef SK_SANDBOX_SANDBOX_H
#define SK_SANDBOX_SANDBOX_H

#include "base/err.h"
#include "base/loop.h"
#include "sandbox/roles.h"

/* What of the file system the process needs beside what every server needs. Names that do not exist are passed over. */
struct sk_sandbox_paths {
    const char *list[256]; /* not kept */
    bool writable[256];
    size_t count, dropped; /* dropped: the list was full */
};
void sk_sandbox_read(struct sk_sandbox_paths *p, const char *path); /* NULL: nothing */
void sk_sandbox_write(struct sk_sandbox_paths *p,
                      const char *path); /* files and folders below may also be made, changed, removed */

struct sk_sandbox_state {
    bool on;        /* asked for, and at least one of the two is there */
    bool inherited; /* from a run that this program took the place of: what it may read was decided then */
    int landlock;   /* version of the kernel's interface; 0: there is none */
    bool seccomp;
    uint64_t refused; /* system calls, since the start */
};

/* Thread: main, while it is the only one. Never fails: what could not be had is said in the log, and the server starts. */
void sk_sandbox_confine(const struct sk_sandbox_paths *paths);
/* Thread: main, before sk_sandbox_confine: was this program started by one that had confined itself? */
bool sk_sandbox_inherited(void);
/* Thread: main, the last one: the program that takes the place of this one is told. */
void sk_sandbox_pass_on(void);
/* Thread: main of a child that a confined server started: it is confined, and may take a role. */
void sk_sandbox_adopt(void);
struct sk_sandbox_state sk_sandbox_state(void); /* thread: any */

/* Thread: the one that takes the role, for good; threads that it starts inherit it. In a process that is not confined it only
   leaves SIGTERM and SIGINT to the loop, as it does in any. */
void sk_sandbox_enter(enum sk_thread_role role);
/* The same for the thread of a plugin: of the files it keeps those below `folder`, and what every thread may read. The folder is
   that of all plugins' data: the engine serves files on threads that all plugins share, which are as confined as the one that
   happened to start them. That a plugin gets no further than its own is the gate's matter (src/plugin/gate.h). */
void sk_sandbox_enter_plugin(bool network, const char *folder);
/* All threads of libuv's pool take their role. Thread: loop; the pool works meanwhile, the loop does not wait. */
void sk_sandbox_enter_pool(struct sk_loop *loop);

/* Logs each new kind of refusal from now on. Thread: loop. */
void sk_sandbox_watch(struct sk_loop *loop);
void sk_sandbox_unwatch(void);

#endif
