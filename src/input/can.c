/*
 * A CAN bus through Linux' SocketCAN: raw frames in and out, up to FRAMES_A_TURN of them in a turn of the loop. An interface that
 * is not there, or down, is tried again every second. Frames that the bus cannot take at once are dropped; who sends repeats
 * itself.
 */
#include "input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define RETRY_MS 1000
#define FRAMES_A_TURN 64
#define RECEIVE_BYTES (512 * 1024) /* what the kernel keeps while the loop does something else */

struct can_input {
    struct sk_input *in; /* NULL once closing */
    uv_loop_t *uv;
    char *interface;
    uv_timer_t timer;
    uv_poll_t poll;
    int fd;
    bool poll_open, timer_open, told;
};

static void try_open(struct can_input *c);

static void maybe_free(struct can_input *c)
{
    if (c->in != NULL || c->poll_open || c->timer_open)
        return;
    free(c->interface);
    free(c);
}

static void timer_closed(uv_handle_t *h)
{
    struct can_input *c = h->data;
    c->timer_open = false;
    maybe_free(c);
}

static void poll_closed(uv_handle_t *h)
{
    struct can_input *c = h->data;
    c->poll_open = false;
    close(c->fd);
    c->fd = -1;
    if (c->in == NULL)
        maybe_free(c);
    else
        try_open(c);
}

static void on_retry(uv_timer_t *t)
{
    try_open(t->data);
}

static const char *in_words(int error)
{
    switch (error) {
    case ENODEV:
    case ENXIO:
        return "there is no such CAN interface: is the adapter plugged in, and its driver loaded?";
    case ENETDOWN:
        return "the interface is down; as root: ip link set INTERFACE up type can bitrate 250000";
    case EPERM:
    case EACCES:
        return "not permitted";
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
        return "this system's kernel has no CAN sockets";
    case ENOBUFS:
        return "the bus does not take frames: is it connected and terminated?";
    default:
        return strerror(error);
    }
}

static void on_readable(uv_poll_t *p, int status, int events)
{
    struct can_input *c = p->data;
    struct can_frame frames[FRAMES_A_TURN];
    size_t n = 0;
    int error = status < 0 ? -status : 0;
    (void)events;
    while (error == 0 && n < FRAMES_A_TURN) {
        ssize_t got = read(c->fd, &frames[n], sizeof frames[n]);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            error = errno;
        else
            n += got == sizeof frames[n];
    }
    if (n > 0)
        sk_input_bytes(c->in, (struct sk_span){ (const char *)frames, n * sizeof frames[0] });
    if (error == 0 || error == EAGAIN)
        return;
    c->told = true;
    uv_poll_stop(p);
    sk_input_lost(c->in, "%s: %s", c->interface, in_words(error));
    uv_close((uv_handle_t *)p, poll_closed);
}

/* A bound socket of its own, or -1 and errno. */
static int open_socket(const char *interface)
{
    unsigned index = if_nametoindex(interface);
    int bytes = RECEIVE_BYTES, fd = socket(PF_CAN, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, CAN_RAW);
    if (fd < 0)
        return -1;
    struct sockaddr_can address = { .can_family = AF_CAN, .can_ifindex = (int)index };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    errno = ENODEV;
    if (index != 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void try_open(struct can_input *c)
{
    c->fd = open_socket(c->interface);
    if (c->fd < 0 || uv_poll_init(c->uv, &c->poll, c->fd) < 0) {
        int error = errno;
        if (c->fd >= 0)
            close(c->fd);
        c->fd = -1;
        if (!c->told)
            sk_input_failed(c->in, "%s: %s", c->interface, in_words(error));
        c->told = true;
        uv_timer_start(&c->timer, on_retry, RETRY_MS, 0);
        return;
    }
    c->poll.data = c;
    c->poll_open = true;
    c->told = false;
    uv_poll_start(&c->poll, UV_READABLE, on_readable);
    sk_input_opened(c->in, "Connected to %s", c->interface);
}

static int can_write(struct sk_input *in, struct sk_span bytes)
{
    struct can_input *c = in->state;
    if (c->fd < 0)
        return SK_ERR_CLOSED;
    return write(c->fd, bytes.p, bytes.n) == (ssize_t)bytes.n ? 0 : SK_ERR_LIMIT;
}

static void can_close(struct sk_input *in)
{
    struct can_input *c = in->state;
    c->in = NULL;
    uv_close((uv_handle_t *)&c->timer, timer_closed);
    if (c->poll_open && !uv_is_closing((uv_handle_t *)&c->poll))
        uv_close((uv_handle_t *)&c->poll, poll_closed);
}

static int can_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    char *interface = NULL;
    int r = sk_input_option_text(options, sk_json_get(options, "canDevice") != NULL ? "canDevice" : "interface", "can0",
                                 &interface, em);
    if (r == 0 && strlen(interface) >= IF_NAMESIZE)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "'%.40s' is no name of an interface: too long", interface);
    if (r < 0) {
        free(interface);
        return r;
    }
    struct can_input *c = sk_xcalloc(1, sizeof *c);
    *c = (struct can_input){
        .in = in, .uv = sk_loop_uv(sk_hub_loop(in->hub)), .interface = interface, .fd = -1, .timer_open = true
    };
    uv_timer_init(c->uv, &c->timer);
    c->timer.data = c;
    in->state = c;
    try_open(c);
    return 0;
}

const struct sk_transport_ops sk_transport_can = { "can", can_open, can_write, can_close };
