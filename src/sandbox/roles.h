/*
 * The roles of threads, and what each gives up of what the process may do. docs/security.md has the same table for people.
 * Starting threads and programs is refused with EPERM alone, because it is done with signals blocked; all else that is refused is
 * also counted (violations.c).
 */
#ifndef SK_SANDBOX_ROLES_H
#define SK_SANDBOX_ROLES_H

/* What can be given up. */
enum sk_right {
    SK_MAY_RUN_PROGRAMS = 1 << 0, /* start processes; of programs only skiff itself, by Landlock */
    SK_MAY_START_THREADS = 1 << 1,
    SK_MAY_OPEN_SOCKETS = 1 << 2, /* and connect them */
    SK_MAY_BIND = 1 << 3,
    SK_MAY_LISTEN = 1 << 4,     /* and accept */
    SK_MAY_OPEN_FILES = 1 << 5, /* to read, and to ask for their properties */
    SK_MAY_CHANGE_FILES = 1 << 6,
    SK_MAY_LOAD_CODE = 1 << 7 /* new executable memory */
};
#define SK_MAY_ALL 0xff

/* id, name in the log and the table, rights. The loop has all: it starts the plugins' threads, and itself anew. */
#define SK_THREAD_ROLES(X)                                                                                                       \
    X(LOOP, "loop", SK_MAY_ALL)                                                                                                  \
    X(POOL, "thread pool",                                                                                                       \
      SK_MAY_ALL & ~(SK_MAY_RUN_PROGRAMS | SK_MAY_LISTEN)) /* starts avahi's thread; looking up a name binds a socket */         \
    X(PLUGIN, "plugin", SK_MAY_START_THREADS | SK_MAY_OPEN_FILES | SK_MAY_CHANGE_FILES) /* the engine's, for its files */        \
    X(PLUGIN_NETWORK, "plugin with network", SK_MAY_ALL & ~(SK_MAY_RUN_PROGRAMS | SK_MAY_LISTEN))                                \
    X(TICKER, "epoch ticker", 0)                                                                                                 \
    X(SOCKETS, "sockets", 0)                                                                                                     \
    X(NAMES, "names",                                                                                                            \
      SK_MAY_START_THREADS | SK_MAY_OPEN_FILES | SK_MAY_OPEN_SOCKETS | SK_MAY_BIND |                                             \
          SK_MAY_LOAD_CODE) /* and thread "sockets" */                                                                           \
    X(FETCH, "fetch", SK_MAY_ALL & ~(SK_MAY_RUN_PROGRAMS | SK_MAY_LISTEN | SK_MAY_CHANGE_FILES))                                 \
    X(TLS, "tls", SK_MAY_LISTEN | SK_MAY_OPEN_FILES | SK_MAY_CHANGE_FILES | SK_MAY_LOAD_CODE)                                    \
    X(HISTORY, "history", SK_MAY_OPEN_FILES | SK_MAY_CHANGE_FILES | SK_MAY_LOAD_CODE)                                            \
    X(STORE, "app store", SK_MAY_ALL & ~(SK_MAY_RUN_PROGRAMS | SK_MAY_LISTEN))                                                   \
    X(ANNOUNCE, "avahi's", SK_MAY_OPEN_FILES | SK_MAY_OPEN_SOCKETS | SK_MAY_LOAD_CODE)                                           \
    X(COMPILER, "compiling a plugin", SK_MAY_START_THREADS | SK_MAY_OPEN_FILES | SK_MAY_CHANGE_FILES | SK_MAY_LOAD_CODE)

enum sk_thread_role {
#define SK_AS_ENUM(id, name, rights) SK_THREAD_##id,
    SK_THREAD_ROLES(SK_AS_ENUM)
#undef SK_AS_ENUM
        SK_THREAD_COUNT
};

#endif
