/*
 * A command of the user's, run by the shell: what it prints is the data, lines for it go to its input. It is started again when
 * it ends, `restartThrottleTime` seconds after its last start at the earliest. What it prints to its standard error is the
 * connection's error status. With the connection it is ended, and what it started (launcher.h, which also says who starts it).
 * Limits: QUEUE_MAX unread bytes of its input, then lines are dropped; error lines of ERROR_LINE_MAX bytes, one shown a second.
 */
#include "base/lines.h"
#include "http/outq.h"
#include "input/inputs.h"
#include "input/launcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE ((size_t)16 * 1024)
#define QUEUE_MAX ((size_t)256 * 1024)
#define ERROR_LINE_MAX 200
#define ERROR_EVERY_MS 1000
#define DRAIN_MS 500 /* for what the command printed last */
#define HANDLES 4

struct run;

struct exec_input {
    struct sk_input *in;
    char *command;
    int64_t pause_ms; /* between two starts */
    bool again;       /* started again when it ends */
    uv_timer_t restart;
    struct run *run; /* NULL: none at present */
    uint64_t started_ms;
};

/* One process, and what leads to it. It outlives its connection until its handles are closed. */
struct run {
    struct exec_input *owner; /* NULL: let go, about to be freed */
    struct sk_launch launch;
    uv_pipe_t to, from, errors;
    uv_timer_t timer; /* waits for the last output */
    struct sk_outq out;
    struct sk_lines error_lines;
    uint64_t error_ms; /* when one was shown last */
    unsigned open;     /* handles */
    bool alive, at_end;
    int exit_code, signal;
    char piece[PIECE];
};

static void start(struct exec_input *x);

/* ---- the end of a process ----------------------------------------------------------------------------------------------- */

static void closed(uv_handle_t *h)
{
    struct run *r = h->data;
    if (--r->open > 0)
        return;
    sk_lines_finish(&r->error_lines);
    free(r);
}

static void close_handles(struct run *r)
{
    uv_handle_t *handles[HANDLES] = { (uv_handle_t *)&r->to, (uv_handle_t *)&r->from, (uv_handle_t *)&r->errors,
                                      (uv_handle_t *)&r->timer };
    for (size_t i = 0; i < HANDLES; i++)
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], closed);
}

/* Nobody wants it any more, nor what it left behind in the background. */
static void let_go(struct run *r)
{
    sk_launcher_stop(r->owner->in->list->launcher, &r->launch);
    r->owner = NULL;
    sk_outq_finish(&r->out);
    close_handles(r);
}

static void on_restart(uv_timer_t *t)
{
    struct exec_input *x = t->data;
    start(x);
}

/* Dead, and read to its end. */
static void over(struct run *r)
{
    struct exec_input *x = r->owner;
    char how[60];
    snprintf(how, sizeof how, r->signal != 0 ? "ended by signal %d" : "ended with exit code %d",
             r->signal != 0 ? r->signal : r->exit_code);
    x->run = NULL;
    let_go(r);
    uint64_t ran = uv_now(x->restart.loop) - x->started_ms, wait = ran < (uint64_t)x->pause_ms ? (uint64_t)x->pause_ms - ran : 0;
    if (!x->again) {
        sk_input_lost(x->in, "the command %s", how);
        return;
    }
    sk_input_lost(x->in, "the command %s; it is started again in %llu s", how, (unsigned long long)(wait + 999) / 1000);
    uv_timer_start(&x->restart, on_restart, wait, 0);
}

static void on_drained(uv_timer_t *t)
{
    over(t->data);
}

/* It could not be started. */
static void failed(struct exec_input *x, struct run *r, const char *why)
{
    x->run = NULL;
    let_go(r);
    sk_input_failed(x->in, "cannot start the command: %s", why);
    uv_timer_start(&x->restart, on_restart, (uint64_t)x->pause_ms, 0);
}

static void on_ended(struct sk_launch *launch, int error, int exit_code, int signal)
{
    struct run *r = SK_CONTAINER(launch, struct run, launch);
    r->alive = false;
    r->exit_code = exit_code;
    r->signal = signal;
    if (error != 0)
        failed(r->owner, r, strerror(error));
    else if (r->at_end)
        over(r);
    else
        uv_timer_start(&r->timer, on_drained, DRAIN_MS, 0);
}

/* ---- what it says ------------------------------------------------------------------------------------------------------- */

static void give_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct run *r = h->data;
    (void)suggested;
    *buf = uv_buf_init(r->piece, sizeof r->piece);
}

static void on_output(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct run *r = s->data;
    if (r->owner == NULL)
        return;
    if (n > 0) {
        sk_input_bytes(r->owner->in, (struct sk_span){ buf->base, (size_t)n });
    } else if (n < 0) {
        uv_read_stop(s);
        r->at_end = true;
        if (!r->alive)
            over(r);
    }
}

static void on_error_line(void *arg, struct sk_span line)
{
    struct run *r = arg;
    uint64_t now = uv_now(r->timer.loop);
    if (r->owner == NULL || line.n == 0 || (r->error_ms != 0 && now - r->error_ms < ERROR_EVERY_MS))
        return;
    r->error_ms = now;
    sk_input_failed(r->owner->in, "the command says: %.*s", (int)line.n, line.p);
}

static void on_errors(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct run *r = s->data;
    if (n > 0)
        sk_lines_feed(&r->error_lines, (struct sk_span){ buf->base, (size_t)n });
    else if (n < 0)
        uv_read_stop(s);
}

static void on_broken(struct sk_outq *q, int uv_error)
{
    (void)q; /* it does not read; it may still talk */
    (void)uv_error;
}

static int exec_write(struct sk_input *in, struct sk_span bytes)
{
    struct run *r = ((struct exec_input *)in->state)->run;
    if (r == NULL || !r->alive || r->out.failed)
        return SK_ERR_CLOSED;
    if (r->out.bytes + bytes.n > QUEUE_MAX)
        return SK_ERR_LIMIT;
    sk_outq_copy(&r->out, bytes.p, bytes.n);
    return 0;
}

/* ---- the start of one --------------------------------------------------------------------------------------------------- */

static struct run *make_run(struct exec_input *x, uv_loop_t *uv)
{
    struct run *r = sk_xcalloc(1, sizeof *r);
    r->owner = x;
    r->open = HANDLES;
    uv_pipe_init(uv, &r->to, 0);
    uv_pipe_init(uv, &r->from, 0);
    uv_pipe_init(uv, &r->errors, 0);
    uv_timer_init(uv, &r->timer);
    r->to.data = r->from.data = r->errors.data = r->timer.data = r;
    r->launch.ended = on_ended;
    sk_lines_init(&r->error_lines, ERROR_LINE_MAX, on_error_line, r);
    sk_outq_init(&r->out, sk_hub_loop(x->in->hub), (uv_stream_t *)&r->to);
    r->out.broken = on_broken;
    return r;
}

/* The ends that stay here do not block; the others go to the command. */
static int make_pipes(struct run *r, int theirs[3])
{
    uv_pipe_t *ours[3] = { &r->to, &r->from, &r->errors };
    for (int i = 0; i < 3; i++) {
        uv_os_sock_t ends[2];
        int e = uv_socketpair(SOCK_STREAM, 0, ends, UV_NONBLOCK_PIPE, 0);
        if (e < 0)
            return e;
        theirs[i] = ends[1];
        e = uv_pipe_open(ours[i], ends[0]);
        if (e < 0) {
            close(ends[0]);
            return e;
        }
    }
    return 0;
}

static int launch(struct exec_input *x, struct run *r, struct sk_errmsg *em)
{
    int theirs[3] = { -1, -1, -1 };
    struct sk_launcher *l = sk_inputs_launcher(x->in->list, em);
    if (l == NULL)
        return em->code;
    int e = make_pipes(r, theirs);
    if (e < 0)
        e = sk_errmsg_set(em, SK_ERR_IO, "%s", uv_strerror(e));
    else
        e = sk_launcher_start(l, &r->launch, x->in->config_dir, x->command, theirs, em);
    for (size_t i = 0; i < SK_COUNT(theirs); i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    return e;
}

static void start(struct exec_input *x)
{
    struct sk_errmsg em;
    struct run *r = make_run(x, x->restart.loop);
    x->started_ms = uv_now(x->restart.loop);
    x->run = r;
    if (launch(x, r, &em) < 0) {
        failed(x, r, em.text);
        return;
    }
    r->alive = true;
    uv_read_start((uv_stream_t *)&r->from, give_room, on_output);
    uv_read_start((uv_stream_t *)&r->errors, give_room, on_errors);
    sk_input_opened(x->in, "Started");
}

/* ---- the connection ----------------------------------------------------------------------------------------------------- */

static void timer_closed(uv_handle_t *h)
{
    struct exec_input *x = h->data;
    free(x->command);
    free(x);
}

static void exec_close(struct sk_input *in)
{
    struct exec_input *x = in->state;
    if (x->run != NULL)
        let_go(x->run);
    uv_close((uv_handle_t *)&x->restart, timer_closed);
}

static int exec_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    int64_t pause_s;
    char *command = NULL;
    int r = sk_input_option_int(options, "restartThrottleTime", 1, 86400, 60, &pause_s, em);
    if (r == 0)
        r = sk_input_option_text(options, "command", NULL, &command, em);
    if (r < 0)
        return r;
    struct exec_input *x = sk_xcalloc(1, sizeof *x);
    *x = (struct exec_input){ .in = in, .command = command, .pause_ms = pause_s * 1000 };
    x->again = sk_json_get_bool(options, "restartOnExit", true);
    uv_timer_init(sk_loop_uv(sk_hub_loop(in->hub)), &x->restart);
    x->restart.data = x;
    in->state = x;
    start(x);
    return 0;
}

const struct sk_transport_ops sk_transport_exec = { "exec", exec_open, exec_write, exec_close };
