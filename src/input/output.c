#include "input/output.h"

#include "base/lines.h"
#include "base/listen.h"
#include "base/log.h"
#include "http/outq.h"

#include <stdlib.h>

#define QUEUE_MAX ((size_t)512 * 1024)
#define FULL_MAX_MS 30000
#define LINE_MAX_BYTES 2048

struct client {
    struct sk_output *door;
    struct client *next, *prev;
    uv_tcp_t tcp;
    struct sk_outq out;
    struct sk_lines lines;
    uint64_t full_since_ms; /* 0: it keeps up */
    uint64_t lost;
    bool closing;
};

struct sk_output {
    struct sk_loop *loop;
    struct sk_bus *bus;
    struct sk_bus_tap tap;
    void (*line)(void *arg, const void *origin, struct sk_span line);
    void *arg;
    uv_tcp_t listener;
    struct client *clients;
    unsigned count;
    bool closing;
    char chunk[16 * 1024];
};

static const char *const events[] = { "nmea0183", "nmea0183out", NULL };

/* ---- closing ------------------------------------------------------------------------------------------------------------ */

static void maybe_free(struct sk_output *o)
{
    if (o->closing && o->count == 0)
        free(o);
}

static void client_closed(uv_handle_t *h)
{
    struct client *c = h->data;
    struct sk_output *o = c->door;
    sk_lines_finish(&c->lines);
    free(c);
    o->count--;
    maybe_free(o);
}

static void client_close(struct client *c)
{
    if (c->closing)
        return;
    c->closing = true;
    *(c->prev != NULL ? &c->prev->next : &c->door->clients) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    sk_outq_finish(&c->out);
    uv_close((uv_handle_t *)&c->tcp, client_closed);
}

static void listener_closed(uv_handle_t *h)
{
    struct sk_output *o = h->data;
    o->count--;
    maybe_free(o);
}

/* ---- lines out and in --------------------------------------------------------------------------------------------------- */

static void give(struct client *c, struct sk_frame *line)
{
    uint64_t now = uv_now(sk_loop_uv(c->door->loop));
    if (c->out.bytes + line->len <= QUEUE_MAX) {
        c->full_since_ms = 0;
        sk_outq_frame(&c->out, line, SK_OUTQ_LINE);
        return;
    }
    c->lost++;
    if (c->full_since_ms == 0)
        c->full_since_ms = now;
    if (now - c->full_since_ms < FULL_MAX_MS)
        return;
    sk_log_warn("NMEA 0183 port: a client that reads too slowly was disconnected, %llu lines lost", (unsigned long long)c->lost);
    client_close(c);
}

static void on_bus_line(struct sk_bus_tap *tap, struct sk_frame *line)
{
    struct sk_output *o = SK_CONTAINER(tap, struct sk_output, tap);
    for (struct client *c = o->clients, *next; c != NULL; c = next) {
        next = c->next;
        give(c, line);
    }
}

static void take_line(void *arg, struct sk_span line)
{
    struct client *c = arg;
    if (!c->closing)
        c->door->line(c->door->arg, c, line);
}

static void give_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct client *c = h->data;
    (void)suggested;
    *buf = uv_buf_init(c->door->chunk, sizeof c->door->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *c = stream->data;
    if (c->closing)
        return;
    if (n < 0)
        client_close(c);
    else
        sk_lines_feed(&c->lines, (struct sk_span){ buf->base, (size_t)n });
}

static void on_broken(struct sk_outq *q, int uv_error)
{
    (void)uv_error;
    client_close(SK_CONTAINER(q, struct client, out));
}

/* ---- connecting --------------------------------------------------------------------------------------------------------- */

static void on_connect(uv_stream_t *listener, int status)
{
    struct sk_output *o = listener->data;
    if (status < 0) {
        sk_listen_complain("NMEA 0183 port", status);
        return;
    }
    if (o->count > SK_0183_CLIENTS_MAX) {
        sk_log_warn("NMEA 0183 port: more than %u clients, one was refused", SK_0183_CLIENTS_MAX);
        sk_listen_refuse(listener);
        return;
    }
    struct client *c = sk_xcalloc(1, sizeof *c);
    c->door = o;
    c->tcp.data = c;
    uv_tcp_init(listener->loop, &c->tcp);
    o->count++;
    c->next = o->clients;
    if (c->next != NULL)
        c->next->prev = c;
    o->clients = c;
    sk_lines_init(&c->lines, LINE_MAX_BYTES, take_line, c);
    sk_outq_init(&c->out, o->loop, (uv_stream_t *)&c->tcp);
    c->out.broken = on_broken;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) < 0 || uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read) < 0)
        client_close(c);
    else
        uv_tcp_nodelay(&c->tcp, 1);
}

int sk_output_create(struct sk_loop *loop, struct sk_bus *bus, const char *address, unsigned port,
                     void (*line)(void *arg, const void *origin, struct sk_span line), void *arg, struct sk_output **ret_output,
                     struct sk_errmsg *em)
{
    struct sk_output *o = sk_xcalloc(1, sizeof *o);
    *o = (struct sk_output){ .loop = loop, .bus = bus, .line = line, .arg = arg, .count = 1 }; /* the listener counts */
    o->tap = (struct sk_bus_tap){ .names = events, .line = on_bus_line };
    o->listener.data = o;
    uv_tcp_init(sk_loop_uv(loop), &o->listener);
    sk_bus_add(bus, &o->tap);
    unsigned bound;
    int r = sk_listen_start(&o->listener, address, port, on_connect, &bound);
    if (r < 0) {
        sk_output_destroy(o);
        return sk_errmsg_set(em, SK_ERR_IO, "cannot listen on %s port %u for NMEA 0183: %s (set NMEA0183PORT to another port)",
                             address, port, uv_strerror(r));
    }
    *ret_output = o;
    return 0;
}

void sk_output_destroy(struct sk_output *o)
{
    if (o == NULL)
        return;
    o->closing = true;
    sk_bus_remove(o->bus, &o->tap);
    while (o->clients != NULL)
        client_close(o->clients);
    uv_close((uv_handle_t *)&o->listener, listener_closed);
}
