#include "base/listen.h"

#include "base/base.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define BACKLOG 511 /* a crowd comes back at once after a restart */
#define COMPLAIN_MS 10000u

static int begin(uv_tcp_t *listener, uv_connection_cb on_client, unsigned *ret_port)
{
    struct sockaddr_storage a;
    int n = sizeof a;
    int r = uv_listen((uv_stream_t *)listener, BACKLOG, on_client);
    if (r == 0)
        r = uv_tcp_getsockname(listener, (struct sockaddr *)&a, &n);
    if (r == 0)
        *ret_port = ntohs(((struct sockaddr_in *)&a)->sin_port); /* the port lies at the same place in both families */
    return r;
}

int sk_listen_start(uv_tcp_t *listener, const char *address, unsigned port, uv_connection_cb on_client, unsigned *ret_port)
{
    struct sockaddr_storage a;
    int r = strchr(address, ':') != NULL ? uv_ip6_addr(address, (int)port, (struct sockaddr_in6 *)&a)
                                         : uv_ip4_addr(address, (int)port, (struct sockaddr_in *)&a);
    if (r == 0)
        r = uv_tcp_bind(listener, (struct sockaddr *)&a, 0);
    return r == 0 ? begin(listener, on_client, ret_port) : r;
}

int sk_listen_take(uv_tcp_t *listener, int fd, uv_connection_cb on_client, unsigned *ret_port)
{
    int r = uv_tcp_open(listener, fd);
    if (r < 0)
        close(fd);
    return r == 0 ? begin(listener, on_client, ret_port) : r;
}

int sk_listen_code(int uv_error)
{
    switch (uv_error) {
    case UV_EACCES:
        return SK_ERR_DENIED;
    case UV_EADDRINUSE:
        return SK_ERR_EXISTS;
    case UV_EINVAL:
        return SK_ERR_INVALID;
    default:
        return SK_ERR_IO;
    }
}

void sk_listen_complain(const char *door, int uv_error)
{
    static atomic_uint_fast64_t next; /* monotonic milliseconds */
    uint64_t now = sk_clock_mono_ms(), due = atomic_load(&next);
    if (now >= due && atomic_compare_exchange_strong(&next, &due, now + COMPLAIN_MS))
        sk_log_warn("%s: clients are not accepted: %s", door, uv_strerror(uv_error));
}

static void refused(uv_handle_t *h)
{
    free(h);
}

void sk_listen_refuse(uv_stream_t *listener)
{
    uv_tcp_t *t = sk_xcalloc(1, sizeof *t);
    uv_tcp_init(listener->loop, t);
    (void)uv_accept(listener, (uv_stream_t *)t);
    uv_close((uv_handle_t *)t, refused);
}
