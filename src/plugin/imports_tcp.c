/* Imports for TCP clients. What does not concern guest memory is in net/sockets.h. */
#include "plugin/imports.h"

#include "net/sockets.h"

#define HOST_BYTES 1024u

static int32_t id_of(const struct sk_hostcall *c)
{
    return (int32_t)c->a[0];
}

void sk_import_tcp_create(struct sk_hostcall *c)
{
    int32_t id = sk_tcp_create(c->g->o.sockets);
    c->result = id < 0 ? -1 : id;
}

void sk_import_tcp_connect(struct sk_hostcall *c)
{
    struct sk_buf host;
    sk_buf_init(&host, HOST_BYTES);
    if (c->a[3] <= UINT16_MAX && sk_guest_utf8(c->g, c->a[1], c->a[2], "sk_tcp_connect", &host) &&
        sk_tcp_connect(c->g->o.sockets, id_of(c), sk_buf_span(&host), (uint16_t)c->a[3]) == 0)
        c->result = 0;
    sk_buf_finish(&host);
}

void sk_import_tcp_connected(struct sk_hostcall *c)
{
    c->result = sk_tcp_connected(c->g->o.sockets, id_of(c));
}

void sk_import_tcp_set_line_buffering(struct sk_hostcall *c)
{
    c->result = sk_tcp_set_lines(c->g->o.sockets, id_of(c), c->a[1] != 0) < 0 ? -1 : 0;
}

/* Data for a stream that is not connected is dropped, as plugins are used to; a full one says -1, so that nothing is torn. */
void sk_import_tcp_send(struct sk_hostcall *c)
{
    const uint8_t *data = sk_guest_view(c->g, c->a[1], c->a[2]);
    if (data == NULL)
        return;
    int r = sk_tcp_send(c->g->o.sockets, id_of(c), (struct sk_span){ (const char *)data, c->a[2] });
    c->result = r == SK_ERR_LIMIT ? -1 : (int32_t)c->a[2];
}

static void receive(struct sk_hostcall *c, bool line)
{
    uint8_t *out = sk_guest_view(c->g, c->a[1], c->a[2]);
    if (out == NULL)
        return;
    c->result = c->a[2] > 0 ? (int32_t)sk_tcp_recv(c->g->o.sockets, id_of(c), line, out, c->a[2]) : 0;
}

void sk_import_tcp_recv_line(struct sk_hostcall *c)
{
    receive(c, true);
}

void sk_import_tcp_recv_raw(struct sk_hostcall *c)
{
    receive(c, false);
}

void sk_import_tcp_pending(struct sk_hostcall *c)
{
    c->result = (int32_t)sk_tcp_pending(c->g->o.sockets, id_of(c));
}

void sk_import_tcp_close(struct sk_hostcall *c)
{
    sk_tcp_close(c->g->o.sockets, id_of(c));
}
