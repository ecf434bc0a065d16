/*
 * Every socket function, one call per POST /api/call:
 *     {"call":"udp_send","id":1,"value":4711,"text":"127.0.0.1","more":"","data":"hello"} ->
 * {"result":5,"data":"","from":"","port":0} `value` is a port, a flag, a type or the size of the buffer; `text` a host or group;
 * `more` an interface; `count` repeats the call. GET /api/trap traps. In plugin_stop a datagram "bye" goes to the configured port
 * `farewell`, when there is one.
 */
#include "skiff/plugin.h"

SKP_PLUGIN("probe-sockets", "Sockets probe", "{\"type\":\"object\",\"properties\":{}}")

static int32_t farewell;

SKP_ON_START(config)
{
    double port;
    farewell = skp_json_number(config, "farewell", &port) ? (int32_t)port : 0;
    skp_status("armed");
    return 0;
}

SKP_ON_STOP()
{
    int32_t id = farewell != 0 ? sk_udp_create(0) : -1;
    if (id > 0)
        sk_udp_send(id, "127.0.0.1", 9, farewell, "bye", 3);
    return 0;
}

SKP_HTTP_ENDPOINTS("[{\"method\":\"POST\",\"path\":\"/api/call\",\"handler\":\"http_call\"},"
                   "{\"method\":\"GET\",\"path\":\"/api/trap\",\"handler\":\"http_trap\"}]")

struct call {
    char name[32], text[300], more[64], data[16384];
    int32_t id, value, count;
};

struct answer {
    int32_t result;
    char data[16384], from[64];
    size_t n; /* of data */
    uint16_t port;
};

static int32_t number(const struct skp_json *v, const char *name, int32_t otherwise)
{
    double d;
    return skp_json_number(v, name, &d) ? (int32_t)d : otherwise;
}

static void text(const struct skp_json *v, const char *name, char *out, size_t max)
{
    if (!skp_json_text(v, name, out, max))
        out[0] = 0;
}

static bool udp(const struct call *c, struct answer *a)
{
    size_t text_len = skp_len(c->text), more_len = skp_len(c->more), data_len = skp_len(c->data);
    size_t room = c->value > 0 && (size_t)c->value < sizeof(a->data) ? (size_t)c->value : sizeof(a->data);
    if (skp_equal(c->name, "udp_create"))
        a->result = sk_udp_create(c->value);
    else if (skp_equal(c->name, "udp_bind"))
        a->result = sk_udp_bind(c->id, c->value);
    else if (skp_equal(c->name, "udp_join"))
        a->result = sk_udp_join_multicast(c->id, c->text, text_len, c->more, more_len);
    else if (skp_equal(c->name, "udp_leave"))
        a->result = sk_udp_leave_multicast(c->id, c->text, text_len, c->more, more_len);
    else if (skp_equal(c->name, "udp_ttl"))
        a->result = sk_udp_set_multicast_ttl(c->id, c->value);
    else if (skp_equal(c->name, "udp_loopback"))
        a->result = sk_udp_set_multicast_loopback(c->id, c->value);
    else if (skp_equal(c->name, "udp_broadcast"))
        a->result = sk_udp_set_broadcast(c->id, c->value);
    else if (skp_equal(c->name, "udp_send"))
        a->result = sk_udp_send(c->id, c->text, text_len, c->value, c->data, data_len);
    else if (skp_equal(c->name, "udp_recv"))
        a->n = (a->result = sk_udp_recv(c->id, a->data, room, a->from, &a->port)) > 0 ? (size_t)a->result : 0;
    else if (skp_equal(c->name, "udp_pending"))
        a->result = sk_udp_pending(c->id);
    else if (skp_equal(c->name, "udp_close"))
        sk_udp_close(c->id);
    else
        return false;
    return true;
}

static bool tcp(const struct call *c, struct answer *a)
{
    size_t room = c->value > 0 && (size_t)c->value < sizeof(a->data) ? (size_t)c->value : sizeof(a->data);
    if (skp_equal(c->name, "tcp_create"))
        a->result = sk_tcp_create();
    else if (skp_equal(c->name, "tcp_connect"))
        a->result = sk_tcp_connect(c->id, c->text, skp_len(c->text), c->value);
    else if (skp_equal(c->name, "tcp_connected"))
        a->result = sk_tcp_connected(c->id);
    else if (skp_equal(c->name, "tcp_lines"))
        a->result = sk_tcp_set_line_buffering(c->id, c->value);
    else if (skp_equal(c->name, "tcp_send"))
        a->result = sk_tcp_send(c->id, c->data, skp_len(c->data));
    else if (skp_equal(c->name, "tcp_recv_line"))
        a->n = (a->result = sk_tcp_recv_line(c->id, a->data, room)) > 0 ? (size_t)a->result : 0;
    else if (skp_equal(c->name, "tcp_recv_raw"))
        a->n = (a->result = sk_tcp_recv_raw(c->id, a->data, room)) > 0 ? (size_t)a->result : 0;
    else if (skp_equal(c->name, "tcp_pending"))
        a->result = sk_tcp_pending(c->id);
    else if (skp_equal(c->name, "tcp_close"))
        sk_tcp_close(c->id);
    else
        return false;
    return true;
}

SKP_ON_HTTP(http_call, request, reply)
{
    static struct call c;
    static struct answer a;
    struct skp_json body;
    if (!skp_json_at(request, "body", &body)) {
        skp_http_error(reply, 400, "no body");
        return;
    }
    text(&body, "call", c.name, sizeof(c.name));
    text(&body, "text", c.text, sizeof(c.text));
    text(&body, "more", c.more, sizeof(c.more));
    text(&body, "data", c.data, sizeof(c.data));
    c.id = number(&body, "id", 0);
    c.value = number(&body, "value", 0);
    c.count = number(&body, "count", 1);
    a.from[0] = 0;
    a.port = 0;
    a.n = 0;
    a.result = 0;
    for (int32_t i = 0; i < c.count; i++)
        if (!udp(&c, &a) && !tcp(&c, &a)) {
            skp_http_error(reply, 400, "no such call");
            return;
        }
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_put_number(reply, "result", a.result);
    skp_write_key(reply, "data");
    skp_write_text_n(reply, a.data, a.n);
    skp_put_text(reply, "from", a.from);
    skp_put_number(reply, "port", a.port);
    skp_write_object_end(reply);
    skp_http_end(reply);
}

SKP_ON_HTTP(http_trap, request, reply)
{
    (void)request, (void)reply;
    __builtin_trap();
}
