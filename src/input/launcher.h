/*
 * Who starts the commands of connections: a small process of its own, the same program started anew with SK_LAUNCHER_FLAG before
 * the server confines itself. The server itself can start no program then; it sends the command and the ends of three pipes, and
 * hears what became of it. Commands run as the user started the server: neither confined nor with its secrets in their
 * environment. When the server ends, however it does, so do the commands: SIGTERM to each and what it started, SIGKILL a second
 * later. Owner: loop thread. Limits: SK_LAUNCHES_MAX commands at a time, command and folder of SK_LAUNCH_TEXT_MAX bytes together.
 */
#ifndef SK_INPUT_LAUNCHER_H
#define SK_INPUT_LAUNCHER_H

#include "base/err.h"
#include "base/loop.h"

#define SK_LAUNCHER_FLAG "--launch-commands"
#define SK_LAUNCHES_MAX 64
#define SK_LAUNCH_TEXT_MAX ((size_t)64 * 1024)

struct sk_launcher;

/* One command, embedded in its owner's struct, which lives until `ended` was called or sk_launcher_stop returned. */
struct sk_launch {
    struct sk_launch *next;
    uint32_t id;
    void (*ended)(struct sk_launch *launch, int error, int exit_code, int signal); /* error: errno; it could not be started */
};

/* The process; `ret_fd` is the way to it. Thread: any that may start processes. */
int sk_launcher_spawn(int *ret_fd, struct sk_errmsg *em);
/* The process that an earlier run of this very process started, and which is to serve this one; -1: there is none. */
int sk_launcher_left(void);
/* Takes `fd`. */
struct sk_launcher *sk_launcher_create(struct sk_loop *loop, int fd);
/* Stops all commands. The loop's next turns see their end, and close what is left. `keep`: the process stays, for the program
   that takes the place of this one. */
void sk_launcher_destroy(struct sk_launcher *l, bool keep);

/* `fds`: the command's standard input, output and error; the caller closes them. SK_ERR_CLOSED: the process is gone;
 * SK_ERR_LIMIT. */
int sk_launcher_start(struct sk_launcher *l, struct sk_launch *launch, const char *folder, const char *command, const int fds[3],
                      struct sk_errmsg *em);
/* No callback comes any more; the command is ended, and what it started. Also after it ended by itself: others of its group may
 * live. */
void sk_launcher_stop(struct sk_launcher *l, struct sk_launch *launch);

/* The process itself: what `skiff --launch-commands` does. */
int sk_launcher_main(void);

/* ---- between the two; packets on a socket ---- */

enum sk_launch_order_kind { SK_LAUNCH_START, SK_LAUNCH_STOP };
struct sk_launch_order {
    uint32_t kind, id;
    char text[SK_LAUNCH_TEXT_MAX]; /* START: folder, NUL, command, NUL */
};
enum sk_launch_news_kind { SK_LAUNCH_FAILED, SK_LAUNCH_ENDED };
struct sk_launch_news {
    uint32_t kind, id;
    int32_t error, exit_code, signal;
};

#endif
