/* llhttp's callbacks: a request is collected into memory of its own, and every limit on its head and body is kept here. */
#include "http/conn.h"

static struct sk_http_conn *conn_of(llhttp_t *p)
{
    struct sk_http_conn *c = p->data;
    SK_ASSERT(c != NULL && c->tag == SK_CONN_TAG);
    return c;
}

static int refuse(struct sk_http_conn *c, uint16_t status, const char *text)
{
    c->fail_status = status;
    c->fail_text = text;
    return HPE_USER;
}

static int on_message_begin(llhttp_t *p)
{
    struct sk_http_conn *c = conn_of(p);
    SK_ASSERT(c->req == NULL);
    c->req = sk_req_take(c->server, c);
    c->in_head = true;
    c->head_raw = 0;
    sk_conn_begins(c);
    sk_conn_deadline(c, c->server->limits.header_ms);
    return 0;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
    struct sk_http_conn *c = conn_of(p);
    if (n > c->server->limits.request_line_max - c->req->head.n)
        return refuse(c, 414, "URI Too Long");
    sk_buf_append(&c->req->head, at, n);
    c->req->target_n = c->req->head.n;
    return 0;
}

static bool head_room(struct sk_http_conn *c, size_t n)
{
    return n <= c->server->limits.header_max - (c->req->head.n - c->req->target_n);
}

static int too_large(struct sk_http_conn *c)
{
    return refuse(c, 431, "Request Header Fields Too Large");
}

/* What stands behind a chunked body is checked, counted and dropped: a header that arrives after the decision about its request
   was made has no business there. Chunk extensions mean nothing to us either. */
static int count_only(struct sk_http_conn *c, size_t n)
{
    c->head_raw += n;
    return c->head_raw > c->server->limits.header_max ? too_large(c) : 0;
}

static int on_header_field(llhttp_t *p, const char *at, size_t n)
{
    struct sk_http_conn *c = conn_of(p);
    struct sk_http_req *r = c->req;
    if (!c->in_head)
        return count_only(c, n);
    if (r->value_open || r->field_count == 0) {
        if (r->field_count == SK_FIELDS_MAX)
            return too_large(c);
        r->fields[r->field_count++] = (struct sk_http_field){ .name = (uint32_t)r->head.n };
        r->value_open = false;
    }
    char *to = head_room(c, n) ? sk_buf_reserve(&r->head, n) : NULL;
    if (to == NULL)
        return too_large(c);
    for (size_t i = 0; i < n; i++)
        to[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] | 0x20 : at[i]);
    r->head.n += n;
    r->fields[r->field_count - 1].name_n += (uint32_t)n;
    return 0;
}

static int on_header_value(llhttp_t *p, const char *at, size_t n)
{
    struct sk_http_conn *c = conn_of(p);
    struct sk_http_req *r = c->req;
    if (!c->in_head)
        return count_only(c, n);
    if (r->field_count == 0)
        return refuse(c, 400, "Bad Request");
    struct sk_http_field *f = &r->fields[r->field_count - 1];
    if (!r->value_open) {
        r->value_open = true;
        f->value = (uint32_t)r->head.n;
    }
    if (!head_room(c, n))
        return too_large(c);
    sk_buf_append(&r->head, at, n);
    f->value_n += (uint32_t)n;
    return 0;
}

/* llhttp reports a value only when it has bytes; an empty one must still end its name. */
static int on_header_value_complete(llhttp_t *p)
{
    struct sk_http_req *r = conn_of(p)->req;
    if (conn_of(p)->in_head && r->field_count != 0 && !r->value_open) {
        r->value_open = true;
        r->fields[r->field_count - 1].value = (uint32_t)r->head.n;
    }
    return 0;
}

static void trim_values(struct sk_http_req *r)
{
    for (unsigned i = 0; i < r->field_count; i++) {
        struct sk_http_field *f = &r->fields[i];
        while (f->value_n > 0 && (r->head.p[f->value + f->value_n - 1] == ' ' || r->head.p[f->value + f->value_n - 1] == '\t'))
            f->value_n--;
    }
}

static unsigned count_of(const struct sk_http_req *r, struct sk_span name)
{
    unsigned count = 0;
    for (unsigned i = 0; i < r->field_count; i++)
        count += sk_span_is((struct sk_span){ r->head.p + r->fields[i].name, r->fields[i].name_n }, name);
    return count;
}

static bool is_name_character(char ch) /* RFC 3986 §3.2.2, reg-name: unreserved, sub-delims, and % of the encoded ones */
{
    return (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
           (ch != '\0' && strchr("-._~!$&'()*+,;=%", ch) != NULL);
}

/* "name", "name:port", "[address]:port"; nothing at all stands for a target without a host. */
static bool is_host(struct sk_span v)
{
    size_t i = 0;
    if (v.n != 0 && v.p[0] == '[') {
        for (i = 1; i < v.n && (is_name_character(v.p[i]) || v.p[i] == ':'); i++)
            ;
        if (i < 3 || i == v.n || v.p[i++] != ']')
            return false;
    } else {
        while (i < v.n && is_name_character(v.p[i]))
            i++;
    }
    if (i < v.n && v.p[i] == ':')
        for (i++; i < v.n && v.p[i] >= '0' && v.p[i] <= '9'; i++)
            ;
    return i == v.n;
}

/* Framing that two servers could read differently is refused, not interpreted (RFC 9112 §3.2, §6.3, §11.2). */
static int check_head(struct sk_http_conn *c, llhttp_t *p)
{
    struct sk_http_req *r = c->req;
    if (p->http_major != 1 || p->http_minor > 1)
        return refuse(c, 505, "HTTP Version Not Supported");
    unsigned hosts = count_of(r, SK_SPAN("host"));
    if (hosts > 1 || (hosts == 0 && p->http_minor == 1))
        return refuse(c, 400, "");
    if (hosts == 1 && !is_host(sk_http_header(r, "host")))
        return refuse(c, 400, "Bad Request");
    struct sk_span coding = sk_http_header(r, "transfer-encoding"); /* llhttp's flag leaves out an empty one */
    if (coding.p != NULL && (p->http_minor == 0 || (p->flags & F_CONTENT_LENGTH) || !sk_span_same(coding, "chunked")))
        return refuse(c, 400, "Bad Request");
    bool has_body = (p->flags & F_CHUNKED) || p->content_length > 0;
    r->to_file = has_body ? sk_router_to_file(r) : NULL;
    uint64_t max = r->to_file != NULL ? r->to_file->max : c->server->limits.body_max;
    if ((p->flags & F_CONTENT_LENGTH) && p->content_length > max)
        return refuse(c, 413, "Payload Too Large");
    return 0;
}

static int expectation(struct sk_http_conn *c, llhttp_t *p)
{
    struct sk_span expect = sk_http_header(c->req, "expect");
    if (expect.p == NULL || p->http_minor == 0)
        return 0;
    if (!sk_span_same(expect, "100-continue"))
        return refuse(c, 417, "Expectation Failed");
    if ((p->flags & F_CHUNKED) || p->content_length > 0) {
        sk_outq_copy(&c->out, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        sk_conn_wrote(c);
    }
    return 0;
}

bool sk_parse_expectation(struct sk_http_conn *c)
{
    return expectation(c, &c->parser) == 0;
}

/* How long the body may take as a whole. */
static uint64_t body_ms(const struct sk_http_conn *c, const llhttp_t *p)
{
    const struct sk_body_to_file *rule = c->req->to_file;
    uint64_t length = (p->flags & F_CONTENT_LENGTH) ? p->content_length : UINT64_MAX;
    return 10ull * c->server->limits.body_ms + (rule != NULL ? sk_upload_max_ms(rule, length) : 0);
}

/* A body that goes to a file waits outside of llhttp_execute for the leave to send it, which may be an answer instead. */
static int on_headers_complete(llhttp_t *p)
{
    struct sk_http_conn *c = conn_of(p);
    c->in_head = false;
    c->head_raw = 0;
    c->req->method = p->method;
    c->req->minor = p->http_minor;
    c->req->is_head = p->method == HTTP_HEAD;
    trim_values(c->req);
    if (c->req->head.failed)
        return too_large(c);
    int r = check_head(c, p);
    if (r == 0 && c->req->to_file == NULL)
        r = expectation(c, p);
    p->upgrade = 0; /* every request is a plain one; a WebSocket endpoint takes the connection over when it accepts */
    c->body_deadline = uv_now(sk_loop_uv(c->server->loop)) + body_ms(c, p);
    sk_conn_deadline(c, c->server->limits.body_ms);
    return r != 0 ? -1 : c->req->to_file != NULL ? HPE_PAUSED : 0;
}

static int body_goes_on(struct sk_http_conn *c)
{
    if (uv_now(sk_loop_uv(c->server->loop)) < c->body_deadline)
        sk_conn_deadline(c, c->server->limits.body_ms);
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct sk_http_conn *c = conn_of(p);
    struct sk_http_server *s = c->server;
    struct sk_http_req *r = c->req;
    if (r->upload != NULL) {
        if (!sk_upload_bytes(r->upload, at, n))
            return refuse(c, 413, "Payload Too Large");
        return body_goes_on(c);
    }
    if (n > s->limits.body_max - r->body.n)
        return refuse(c, 413, "Payload Too Large");
    if (s->body_bytes > 8 * s->limits.body_max) /* many bodies at once must not add up to all memory */
        return refuse(c, 503, "Service Unavailable");
    sk_buf_append(&r->body, at, n);
    if (!sk_buf_ok(&r->body))
        return refuse(c, 503, "Service Unavailable");
    r->body_counted += n;
    s->body_bytes += n;
    return body_goes_on(c);
}

static int on_chunk_extension(llhttp_t *p, const char *at, size_t n)
{
    (void)at;
    return count_only(conn_of(p), n);
}

/* Pausing here hands the request over outside of llhttp_execute, so a handler may do anything with the connection. */
static int on_message_complete(llhttp_t *p)
{
    conn_of(p)->req->keep_alive = llhttp_should_keep_alive(p) != 0;
    return HPE_PAUSED;
}

const llhttp_settings_t sk_parse_settings = {
    .on_message_begin = on_message_begin,
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_extension_name = on_chunk_extension,
    .on_chunk_extension_value = on_chunk_extension,
    .on_message_complete = on_message_complete,
};
