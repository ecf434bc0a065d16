/* A TCP connection to a host whose bytes are the data: tcp, and gpsd, which wants to be asked for sentences. */
#include "input/input.h"
#include "input/link.h"

#include <stdlib.h>

struct tcp_input {
    struct sk_input *in;
    struct sk_link *link;
    char *host;
    unsigned port;
    const char *greeting; /* sent after each connect; NULL: none */
};

static void connected(void *arg)
{
    struct tcp_input *t = arg;
    if (t->greeting != NULL)
        (void)sk_link_write(t->link, sk_span_of(t->greeting));
    sk_input_opened(t->in, "Connected to %s %u", t->host, t->port);
}

static void on_bytes(void *arg, struct sk_span bytes)
{
    struct tcp_input *t = arg;
    sk_link_healthy(t->link);
    sk_input_bytes(t->in, bytes);
}

static void lost(void *arg, const char *text, bool was_connected)
{
    struct tcp_input *t = arg;
    (was_connected ? sk_input_lost : sk_input_failed)(t->in, "%s", text);
}

static const struct sk_link_ops link_ops = { connected, on_bytes, lost };

static int tcp_write(struct sk_input *in, struct sk_span bytes)
{
    return sk_link_write(((struct tcp_input *)in->state)->link, bytes);
}

static void tcp_close(struct sk_input *in)
{
    struct tcp_input *t = in->state;
    sk_link_destroy(t->link);
    free(t->host);
    free(t);
}

struct defaults {
    const char *host; /* NULL: must be given */
    int64_t port;     /* 0: must be given */
    int64_t silence_max_s;
    const char *greeting;
};

static int open_with(struct sk_input *in, const yyjson_val *options, const struct defaults *d, struct sk_errmsg *em)
{
    int64_t port, silence;
    char *host = NULL;
    int r = sk_input_option_int(options, "port", 1, 65535, d->port, &port, em);
    if (r == 0)
        r = sk_input_option_int(options, "noDataReceivedTimeout", 0, 86400, d->silence_max_s, &silence, em);
    if (r == 0)
        r = sk_input_option_text(options, sk_json_get(options, "hostname") != NULL ? "hostname" : "host", d->host, &host, em);
    if (r < 0)
        return r;
    struct tcp_input *t = sk_xcalloc(1, sizeof *t);
    *t = (struct tcp_input){ .in = in, .host = host, .port = (unsigned)port, .greeting = d->greeting };
    in->state = t;
    if (in->codec->ops == &sk_codec_signalk_remote)
        sk_input_set_provider(in, host, t->port);
    sk_input_status(in, "Connecting to %s %u", host, t->port);
    t->link = sk_link_create(&(struct sk_link_options){ .loop = sk_hub_loop(in->hub),
                                                        .host = host,
                                                        .port = t->port,
                                                        .silence_max_s = (unsigned)silence,
                                                        .ops = &link_ops,
                                                        .arg = t });
    return 0;
}

static int tcp_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    return open_with(in, options, &(struct defaults){ .silence_max_s = 60 }, em);
}

/* gpsd's own messages stand between the sentences; the codec passes over them. */
static int gpsd_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    static const struct defaults d = { "localhost", 2947, 0, "?WATCH={\"class\":\"WATCH\",\"nmea\":true,\"json\":false}\n" };
    return open_with(in, options, &d, em);
}

const struct sk_transport_ops sk_transport_tcp = { "tcp", tcp_open, tcp_write, tcp_close };
const struct sk_transport_ops sk_transport_gpsd = { "gpsd", gpsd_open, tcp_write, tcp_close };

/* ---- what clients of the NMEA 0183 port send: the port is the server's own, lines come through input.c ---- */

static int tcpserver_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    (void)options;
    (void)em;
    sk_input_opened(in, "Taking what clients send to the NMEA 0183 port");
    return 0;
}

static void tcpserver_close(struct sk_input *in)
{
    (void)in;
}

const struct sk_transport_ops sk_transport_tcpserver = { "tcpserver", tcpserver_open, NULL, tcpserver_close };
