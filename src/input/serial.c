/*
 * A serial line: 8 data bits, no parity, one stop bit, any speed that the device can do. Opened again as soon as the device is
 * back: its name (best one below /dev/serial/by-id) is looked for twice a second, which costs next to nothing. Written bytes that
 * the device does not take at once are kept up to QUEUE_MAX, then messages are dropped.
 */
#include "base/log.h"
#include "input/input.h"
#include "input/precommand.h"
#include "input/serial_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_MS 500
#define COMMAND_AGAIN_MS 5000 /* between two runs of the user's command for a device that cannot be opened */
#define QUEUE_MAX ((size_t)8 * 1024)
#define PIECE ((size_t)16 * 1024)
#define READS_A_TURN 4

struct serial_input {
    struct sk_input *in; /* NULL once closing */
    uv_loop_t *uv;
    char *device;
    int64_t baud_rate; /* 0: as it is */
    int fd;            /* -1: not open */
    bool told;         /* of the present failure */
    uv_poll_t poll;
    bool poll_open, timer_open;
    uv_timer_t timer;
    struct sk_precommand *command; /* under way; NULL: none */
    bool prepared;                 /* it was run for the opening to come */
    uint64_t command_ms;           /* when it was run last; 0: never */
    struct sk_buf out;
    char piece[PIECE];
};

static void try_open(struct serial_input *s);

/* ---- closing ------------------------------------------------------------------------------------------------------------ */

static void maybe_free(struct serial_input *s)
{
    if (s->in != NULL || s->poll_open || s->timer_open)
        return;
    sk_buf_finish(&s->out);
    free(s->device);
    free(s);
}

static void on_retry(uv_timer_t *t)
{
    try_open(t->data);
}

static void poll_closed(uv_handle_t *h)
{
    struct serial_input *s = h->data;
    s->poll_open = false;
    if (s->in != NULL)
        uv_timer_start(&s->timer, on_retry, RETRY_MS, 0);
    maybe_free(s);
}

static void timer_closed(uv_handle_t *h)
{
    struct serial_input *s = h->data;
    s->timer_open = false;
    maybe_free(s);
}

static void hang_up(struct serial_input *s)
{
    if (s->fd < 0)
        return;
    uv_poll_stop(&s->poll);
    (void)tcflush(s->fd, TCIOFLUSH); /* or close() would wait until unsent bytes are gone */
    close(s->fd);
    s->fd = -1;
    sk_buf_clear(&s->out);
    uv_close((uv_handle_t *)&s->poll, poll_closed);
}

static void lost(struct serial_input *s, const char *why)
{
    s->told = true;
    sk_input_lost(s->in, "%s: %s; opened again when it is back", s->device, why);
    hang_up(s);
}

static void serial_close(struct sk_input *in)
{
    struct serial_input *s = in->state;
    s->in = NULL;
    sk_precommand_cancel(s->command);
    hang_up(s);
    uv_close((uv_handle_t *)&s->timer, timer_closed);
}

/* ---- bytes -------------------------------------------------------------------------------------------------------------- */

static void on_event(uv_poll_t *poll, int status, int events);

static void watch(struct serial_input *s)
{
    uv_poll_start(&s->poll, UV_READABLE | (s->out.n > 0 ? UV_WRITABLE : 0), on_event);
}

/* False: the line is gone. */
static bool read_some(struct serial_input *s)
{
    for (int i = 0; i < READS_A_TURN; i++) {
        ssize_t n = read(s->fd, s->piece, sizeof s->piece);
        if (n > 0) {
            sk_input_bytes(s->in, (struct sk_span){ s->piece, (size_t)n });
            if ((size_t)n < sizeof s->piece)
                return true;
        } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        } else {
            lost(s, n == 0 || errno == EIO ? "the device is gone (unplugged?)" : strerror(errno));
            return false;
        }
    }
    return true;
}

static bool write_some(struct serial_input *s)
{
    ssize_t n = s->out.n > 0 ? write(s->fd, s->out.p, s->out.n) : 0;
    if (n > 0)
        sk_buf_consume(&s->out, (size_t)n);
    if (n >= 0 || errno == EAGAIN || errno == EINTR)
        return true;
    lost(s, errno == EIO ? "the device is gone (unplugged?)" : strerror(errno));
    return false;
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct serial_input *s = poll->data;
    if (s->in == NULL || s->fd < 0)
        return;
    if (status < 0) {
        lost(s, status == UV_EBADF ? "the device is gone (unplugged?)" : uv_strerror(status));
        return;
    }
    if (((events & UV_READABLE) != 0 && !read_some(s)) || ((events & UV_WRITABLE) != 0 && !write_some(s)))
        return;
    watch(s);
}

static int serial_write(struct sk_input *in, struct sk_span bytes)
{
    struct serial_input *s = in->state;
    if (s->fd < 0)
        return SK_ERR_CLOSED;
    if (s->out.n + bytes.n > QUEUE_MAX)
        return SK_ERR_LIMIT;
    sk_buf_span_append(&s->out, bytes);
    watch(s); /* written when the device is ready for it, many lines at once */
    return 0;
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

static const char *in_words(int error)
{
    switch (error) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
        return "no such device: is it plugged in?";
    case EACCES:
        return "not permitted: the user of this server must be in the group that owns the device (often dialout)";
    case EBUSY:
        return "another program uses it";
    case ENOTTY:
        return "is no serial line";
    case EINVAL:
        return "the device cannot do this baud rate";
    default:
        return strerror(error);
    }
}

static void failed(struct serial_input *s, const char *why, uint64_t pause_ms)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->prepared = false;
    if (!s->told)
        sk_input_failed(s->in, "%s: %s", s->device, why);
    s->told = true;
    uv_timer_start(&s->timer, on_retry, pause_ms, 0);
}

static bool is_there(const struct serial_input *s)
{
    return access(s->device, F_OK) == 0;
}

static void on_command_end(void *arg, const char *problem)
{
    struct serial_input *s = arg;
    s->command = NULL;
    s->prepared = true;
    if (problem == NULL ||
        !is_there(s)) { /* a device that is missing is what is to be told, not that nothing could be done with it */
        try_open(s);
        return;
    }
    s->told = false; /* perhaps it is another problem than the last time */
    failed(s, problem, COMMAND_AGAIN_MS);
}

/* True: the user's command runs first, and then it goes on. For a device that is missing it runs now and then: it may make it. */
static bool prepare(struct serial_input *s)
{
    const char *problem;
    uint64_t now = uv_now(s->uv);
    if (s->prepared || !sk_precommand_wanted() || (s->command_ms != 0 && now - s->command_ms < COMMAND_AGAIN_MS && !is_there(s)))
        return false;
    s->command_ms = now;
    s->command = sk_precommand_start(s->in->list, s->device, on_command_end, s, &problem);
    if (s->command == NULL)
        failed(s, problem, COMMAND_AGAIN_MS);
    return true;
}

/* What is no device is told as that, also where it lies beyond what the server may open. */
static int why_not(const char *device, int error)
{
    struct stat st;
    return error == EACCES && stat(device, &st) == 0 && !S_ISCHR(st.st_mode) ? ENOTTY : error;
}

static void try_open(struct serial_input *s)
{
    if (prepare(s))
        return;
    s->fd = open(s->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd < 0 || !isatty(s->fd) || !sk_serial_line_set_up(s->fd, s->baud_rate) || uv_poll_init(s->uv, &s->poll, s->fd) < 0) {
        int error = why_not(s->device, errno);
        failed(s, in_words(error), error == ENOENT || !sk_precommand_wanted() ? RETRY_MS : COMMAND_AGAIN_MS);
        return;
    }
    (void)ioctl(s->fd, TIOCEXCL);
    s->poll.data = s;
    s->poll_open = true;
    s->told = s->prepared = false;
    watch(s);
    sk_input_opened(s->in, "Connected to %s", s->device);
}

static int serial_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    char *device = NULL;
    int64_t baud_rate;
    int r = sk_input_option_int(options, "baudrate", 0, 4000000, in->baud_rate, &baud_rate, em);
    if (r == 0)
        r = sk_input_option_text(options, "device", NULL, &device, em);
    if (r < 0)
        return r;
    struct serial_input *s = sk_xcalloc(1, sizeof *s);
    *s = (struct serial_input){ .in = in, .device = device, .baud_rate = baud_rate, .fd = -1, .timer_open = true };
    s->uv = sk_loop_uv(sk_hub_loop(in->hub));
    sk_buf_init(&s->out, 2 * QUEUE_MAX);
    uv_timer_init(s->uv, &s->timer);
    s->timer.data = s;
    in->state = s;
    try_open(s);
    return 0;
}

const struct sk_transport_ops sk_transport_serial = { "serial", serial_open, serial_write, serial_close };
