#include "input/precommand.h"

#include "base/base.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct sk_precommand {
    uv_process_t process;
    uv_timer_t timer;
    void (*done)(void *arg, const char *problem); /* NULL: nobody waits */
    void *arg;
    unsigned open; /* handles */
    bool late;
};

bool sk_precommand_wanted(void)
{
    const char *command = getenv("PRESERIALCOMMAND");
    return command != NULL && command[0] != '\0';
}

static void closed(uv_handle_t *h)
{
    struct sk_precommand *p = h->data;
    if (--p->open == 0)
        free(p);
}

static void finish(struct sk_precommand *p)
{
    uv_close((uv_handle_t *)&p->timer, closed);
    uv_close((uv_handle_t *)&p->process, closed);
}

static void on_end(uv_process_t *process, int64_t exit_code, int signal)
{
    struct sk_precommand *p = process->data;
    char problem[120];
    if (p->late)
        (void)snprintf(problem, sizeof problem, "PRESERIALCOMMAND was killed after %d s", SK_PRECOMMAND_MAX_MS / 1000);
    else
        (void)snprintf(problem, sizeof problem, "PRESERIALCOMMAND ended with %s %d", signal != 0 ? "signal" : "exit code",
                       signal != 0 ? signal : (int)exit_code);
    finish(p);
    if (p->done != NULL)
        p->done(p->arg, exit_code == 0 && signal == 0 ? NULL : problem);
}

static void on_late(uv_timer_t *timer)
{
    struct sk_precommand *p = timer->data;
    p->late = true;
    (void)kill(-p->process.pid, SIGKILL);
}

struct sk_precommand *sk_precommand_start(uv_loop_t *uv, const char *device, const char *directory,
                                          void (*done)(void *arg, const char *problem), void *arg, const char **ret_problem)
{
    static char problem[160];
    SK_CLEANUP(sk_freep) char *name = sk_xstrdup(device);
    char shell[] = "/bin/sh", flag[] = "-c", script[] = "eval \"$PRESERIALCOMMAND \\\"\\$1\\\"\"";
    char *argv[] = { shell, flag, script, shell, name, NULL };
    uv_process_options_t o = { .file = shell, .args = argv, .cwd = directory, .exit_cb = on_end, .flags = UV_PROCESS_DETACHED };
    struct sk_precommand *p = sk_xcalloc(1, sizeof *p);
    *p = (struct sk_precommand){ .done = done, .arg = arg, .open = 2 };
    uv_timer_init(uv, &p->timer);
    p->timer.data = p->process.data = p;
    o.env = sk_child_environment();
    int e = uv_spawn(uv, &p->process, &o);
    free(o.env);
    if (e < 0) {
        (void)snprintf(problem, sizeof problem, "PRESERIALCOMMAND cannot be started: %s", uv_strerror(e));
        *ret_problem = problem;
        finish(p);
        return NULL;
    }
    uv_timer_start(&p->timer, on_late, SK_PRECOMMAND_MAX_MS, 0);
    return p;
}

void sk_precommand_cancel(struct sk_precommand *p)
{
    if (p == NULL)
        return;
    p->done = NULL;
    (void)kill(-p->process.pid, SIGKILL);
}
