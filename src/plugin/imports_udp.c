/* Imports for UDP. What does not concern guest memory is in net/sockets.h. */
#include "plugin/imports.h"

#include "net/sockets.h"

#define HOST_BYTES 1024u

static int32_t id_of(const struct sk_hostcall *c)
{
    return (int32_t)c->a[0];
}

static int32_t zero_or_minus(int r)
{
    return r < 0 ? -1 : 0;
}

void sk_import_udp_create(struct sk_hostcall *c)
{
    int32_t id = sk_udp_create(c->g->o.sockets, c->a[0] == 1);
    c->result = id < 0 ? -1 : id;
}

void sk_import_udp_bind(struct sk_hostcall *c)
{
    c->result = c->a[1] > UINT16_MAX ? -1 : zero_or_minus(sk_udp_bind(c->g->o.sockets, id_of(c), (uint16_t)c->a[1]));
}

static void membership(struct sk_hostcall *c, const char *what, bool join)
{
    struct sk_buf group, interface;
    sk_buf_init(&group, HOST_BYTES);
    sk_buf_init(&interface, HOST_BYTES);
    if (sk_guest_utf8(c->g, c->a[1], c->a[2], what, &group) &&
        (c->a[4] == 0 || sk_guest_utf8(c->g, c->a[3], c->a[4], what, &interface)))
        c->result = zero_or_minus(
            (join ? sk_udp_join : sk_udp_leave)(c->g->o.sockets, id_of(c), sk_buf_span(&group), sk_buf_span(&interface)));
    sk_buf_finish(&group);
    sk_buf_finish(&interface);
}

void sk_import_udp_join_multicast(struct sk_hostcall *c)
{
    membership(c, "sk_udp_join_multicast", true);
}

void sk_import_udp_leave_multicast(struct sk_hostcall *c)
{
    membership(c, "sk_udp_leave_multicast", false);
}

void sk_import_udp_set_multicast_ttl(struct sk_hostcall *c)
{
    c->result = zero_or_minus(sk_udp_set(c->g->o.sockets, id_of(c), SK_UDP_TTL, (int32_t)c->a[1]));
}

void sk_import_udp_set_multicast_loopback(struct sk_hostcall *c)
{
    c->result = zero_or_minus(sk_udp_set(c->g->o.sockets, id_of(c), SK_UDP_LOOPBACK, c->a[1] != 0));
}

void sk_import_udp_set_broadcast(struct sk_hostcall *c)
{
    c->result = zero_or_minus(sk_udp_set(c->g->o.sockets, id_of(c), SK_UDP_BROADCAST, c->a[1] != 0));
}

/* The length comes back whatever becomes of the datagram, as plugins are used to; the figures tell what did not leave. */
void sk_import_udp_send(struct sk_hostcall *c)
{
    struct sk_buf host;
    sk_buf_init(&host, HOST_BYTES);
    if (sk_guest_utf8(c->g, c->a[1], c->a[2], "sk_udp_send", &host)) {
        const uint8_t *data = sk_guest_view(c->g, c->a[4], c->a[5]);
        c->result = data != NULL ? (int32_t)c->a[5] : -1;
        if (data != NULL && c->a[3] <= UINT16_MAX)
            sk_udp_send(c->g->o.sockets, id_of(c), sk_buf_span(&host), (uint16_t)c->a[3],
                        (struct sk_span){ (const char *)data, c->a[5] });
    }
    sk_buf_finish(&host);
}

/* Pointers are checked first: a datagram is not lost for a bad one. */
void sk_import_udp_recv(struct sk_hostcall *c)
{
    uint8_t *out = sk_guest_view(c->g, c->a[1], c->a[2]);
    struct sk_address from;
    char text[SK_ADDRESS_TEXT];
    if (out == NULL || sk_guest_view(c->g, c->a[3], sizeof text) == NULL || sk_guest_view(c->g, c->a[4], 2) == NULL)
        return;
    c->result = 0;
    size_t n = c->a[2] > 0 ? sk_udp_recv(c->g->o.sockets, id_of(c), out, c->a[2], &from) : 0;
    if (n == 0)
        return;
    sk_address_text(&from, text);
    uint16_t port = sk_address_port(&from);
    sk_guest_put(c->g, c->a[3], text, strlen(text) + 1);
    sk_guest_put(c->g, c->a[4], (const uint8_t[]){ (uint8_t)port, (uint8_t)(port >> 8) }, 2);
    c->result = (int32_t)n;
}

void sk_import_udp_pending(struct sk_hostcall *c)
{
    c->result = (int32_t)sk_udp_pending(c->g->o.sockets, id_of(c));
}

void sk_import_udp_close(struct sk_hostcall *c)
{
    sk_udp_close(c->g->o.sockets, id_of(c));
}
