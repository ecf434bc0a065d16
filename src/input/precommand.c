#include "input/precommand.h"

#include "input/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct sk_precommand {
    struct sk_launch launch;
    struct sk_launcher *launcher;
    uv_timer_t timer;
    void (*done)(void *arg, const char *problem); /* NULL: nobody waits */
    void *arg;
};

bool sk_precommand_wanted(void)
{
    const char *command = getenv("PRESERIALCOMMAND");
    return command != NULL && command[0] != '\0';
}

static void closed(uv_handle_t *h)
{
    free(h->data);
}

/* Nothing is left running of it either. */
static void finish(struct sk_precommand *p)
{
    if (p->launcher != NULL)
        sk_launcher_stop(p->launcher, &p->launch);
    uv_close((uv_handle_t *)&p->timer, closed);
}

static void on_end(struct sk_launch *launch, int error, int exit_code, int signal)
{
    struct sk_precommand *p = SK_CONTAINER(launch, struct sk_precommand, launch);
    char problem[160];
    if (error != 0)
        (void)snprintf(problem, sizeof problem, "PRESERIALCOMMAND cannot be started: %s", strerror(error));
    else
        (void)snprintf(problem, sizeof problem, "PRESERIALCOMMAND ended with %s %d", signal != 0 ? "signal" : "exit code",
                       signal != 0 ? signal : exit_code);
    finish(p);
    p->done(p->arg, error == 0 && exit_code == 0 && signal == 0 ? NULL : problem);
}

static void on_late(uv_timer_t *timer)
{
    struct sk_precommand *p = timer->data;
    char problem[80];
    (void)snprintf(problem, sizeof problem, "PRESERIALCOMMAND was killed after %d s", SK_PRECOMMAND_MAX_MS / 1000);
    finish(p);
    p->done(p->arg, problem);
}

/* The device's name as one word of the shell, whatever is in it. */
static void write_script(struct sk_buf *out, const char *device)
{
    sk_buf_init(out, SK_LAUNCH_TEXT_MAX);
    sk_buf_text(out, "set -- '");
    for (const char *c = device; *c != '\0'; c++)
        sk_buf_text(out, *c == '\'' ? "'\\''" : (char[]){ *c, '\0' });
    sk_buf_text(out, "'; eval \"$PRESERIALCOMMAND \\\"\\$1\\\"\"");
}

static int launch(struct sk_precommand *p, const char *device, const char *directory, struct sk_errmsg *em)
{
    struct sk_buf script;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC), fds[3] = { nothing, nothing, nothing };
    if (nothing < 0)
        return sk_errmsg_errno(em, errno, "/dev/null");
    write_script(&script, device);
    const char *text = sk_buf_cstr(&script);
    int r = text != NULL ? sk_launcher_start(p->launcher, &p->launch, directory, text, fds, em)
                         : sk_errmsg_set(em, SK_ERR_LIMIT, "the device's name is too long");
    sk_buf_finish(&script);
    close(nothing);
    return r;
}

struct sk_precommand *sk_precommand_start(struct sk_inputs *list, const char *device,
                                          void (*done)(void *arg, const char *problem), void *arg, const char **ret_problem)
{
    static char problem[600];
    struct sk_errmsg em;
    struct sk_precommand *p = sk_xcalloc(1, sizeof *p);
    *p = (struct sk_precommand){ .done = done, .arg = arg, .launch.ended = on_end };
    uv_timer_init(sk_loop_uv(sk_hub_loop(list->hub)), &p->timer);
    p->timer.data = p;
    p->launcher = sk_inputs_launcher(list, &em);
    if (p->launcher == NULL || launch(p, device, list->config_dir, &em) < 0) {
        (void)snprintf(problem, sizeof problem, "PRESERIALCOMMAND cannot be started: %s", em.text);
        *ret_problem = problem;
        finish(p);
        return NULL;
    }
    uv_timer_start(&p->timer, on_late, SK_PRECOMMAND_MAX_MS, 0);
    return p;
}

void sk_precommand_cancel(struct sk_precommand *p)
{
    if (p != NULL)
        finish(p);
}
