/* Datagrams to a port of ours: from one host, broadcast, or (with a multicast `host`) from a group. Each stands for itself. */
#include "input/input.h"

#include <stdlib.h>

#define DATAGRAM_MAX 65536
#define RECEIVE_BYTES (2 * 1024 * 1024) /* what the kernel keeps while the loop has no processor, as far as it allows */

struct udp_input {
    struct sk_input *in; /* NULL once closing */
    uv_udp_t udp;
    char datagram[DATAGRAM_MAX];
};

static void give_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct udp_input *u = h->data;
    (void)suggested;
    *buf = uv_buf_init(u->datagram, sizeof u->datagram);
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
    struct udp_input *u = udp->data;
    (void)flags;
    if (u->in == NULL || from == NULL)
        return;
    if (n < 0)
        sk_input_failed(u->in, "cannot receive: %s", uv_strerror((int)n));
    else
        sk_input_packet(u->in, (struct sk_span){ buf->base, (size_t)n });
}

static void freed(uv_handle_t *h)
{
    free(h->data);
}

static void udp_close(struct sk_input *in)
{
    struct udp_input *u = in->state;
    u->in = NULL;
    uv_close((uv_handle_t *)&u->udp, freed);
}

static bool is_multicast(const char *text)
{
    struct sockaddr_in a;
    return text != NULL && uv_ip4_addr(text, 0, &a) == 0 && (ntohl(a.sin_addr.s_addr) >> 28) == 0xe;
}

static int udp_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    int64_t port;
    int r = sk_input_option_int(options, "port", 1, 65535, 0, &port, em);
    if (r < 0)
        return r;
    const char *group = sk_json_get_str(options, "host");
    struct sockaddr_in any;
    int bytes = RECEIVE_BYTES;
    struct udp_input *u = sk_xcalloc(1, sizeof *u);
    u->in = in;
    u->udp.data = u;
    in->state = u;
    uv_ip4_addr("0.0.0.0", (int)port, &any);
    uv_udp_init(sk_loop_uv(sk_hub_loop(in->hub)), &u->udp);
    int e = uv_udp_bind(&u->udp, (struct sockaddr *)&any, UV_UDP_REUSEADDR);
    if (e == 0 && is_multicast(group))
        e = uv_udp_set_membership(&u->udp, group, NULL, UV_JOIN_GROUP);
    if (e == 0)
        e = uv_udp_recv_start(&u->udp, give_room, on_datagram);
    if (e < 0) {
        udp_close(in);
        return sk_errmsg_set(em, SK_ERR_IO, "cannot listen on UDP port %lld: %s", (long long)port, uv_strerror(e));
    }
    uv_udp_set_broadcast(&u->udp, 1);
    (void)uv_recv_buffer_size((uv_handle_t *)&u->udp, &bytes);
    sk_input_opened(in, "Listening on UDP port %lld", (long long)port);
    return 0;
}

const struct sk_transport_ops sk_transport_udp = { "udp", udp_open, NULL, udp_close };
