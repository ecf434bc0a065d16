/* Answers: one head, rendered into the server's scratch buffer, and a body that is copied when small and handed over when large.
 */
#include "http/conn.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define GZIP_MIN 1024
#define GZIP_ON_LOOP_MAX ((size_t)24 * 1024) /* about half a millisecond; more goes to the thread pool */
#define COPY_MAX ((size_t)8 * 1024)

static const char fixed_headers[] = "X-Content-Type-Options: nosniff\r\n"
                                    "X-DNS-Prefetch-Control: off\r\n"
                                    "X-Download-Options: noopen\r\n"
                                    "X-Permitted-Cross-Domain-Policies: none\r\n"
                                    "Referrer-Policy: no-referrer\r\n"
                                    "Origin-Agent-Cluster: ?1\r\n"
                                    "X-XSS-Protection: 0\r\n"
                                    "Access-Control-Allow-Credentials: true\r\n";

static const struct {
    int status;
    const char *text;
} reasons[] = {
    { 200, "OK" },
    { 101, "Switching Protocols" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 206, "Partial Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 412, "Precondition Failed" },
    { 413, "Payload Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 422, "Unprocessable Entity" },
    { 426, "Upgrade Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
    { 507, "Insufficient Storage" },
};

const char *sk_http_reason(int status)
{
    for (size_t i = 0; i < SK_COUNT(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return status < 400 ? "OK" : "Error";
}

/* ---- head ---- */

static void append_number(struct sk_buf *b, uint64_t v)
{
    char text[20];
    size_t n = sizeof text;
    do {
        text[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    sk_buf_append(b, text + n, sizeof text - n);
}

static void append_date(struct sk_http_server *s, struct sk_buf *b)
{
    int64_t second = sk_clock_wall_ms() / 1000;
    if (second != s->date_second) {
        char date[SK_HTTP_DATE_SIZE];
        sk_http_date(date, second);
        snprintf(s->date, sizeof s->date, "Date: %s\r\n", date);
        s->date_second = second;
    }
    sk_buf_text(b, s->date);
}

/* Which origins may read answers (contract of the security settings): none listed, everybody; a list that begins with '*' echoes
   any caller; else only members are echoed. */
static void append_origin(const struct sk_http_server *s, const struct sk_http_req *r, struct sk_buf *b)
{
    if (r != NULL && r->has_origin)
        return;
    if (s->origins == NULL) {
        SK_BUF_LIT(b, "Access-Control-Allow-Origin: *\r\n");
        return;
    }
    SK_BUF_LIT(b, "Vary: Origin\r\n");
    struct sk_span origin = r != NULL ? sk_http_header(r, "origin") : (struct sk_span){ NULL, 0 };
    if (origin.n == 0 || (s->origins[0] != '*' && !sk_token_in(sk_span_of(s->origins), origin)))
        return;
    SK_BUF_LIT(b, "Access-Control-Allow-Origin: ");
    sk_buf_span_append(b, origin);
    SK_BUF_LIT(b, "\r\n");
}

static void append_status(struct sk_buf *b, int status)
{
    if (status == 200) {
        SK_BUF_LIT(b, "HTTP/1.1 200 OK\r\n");
        return;
    }
    SK_BUF_LIT(b, "HTTP/1.1 ");
    append_number(b, (uint64_t)status);
    sk_buf_char(b, ' ');
    sk_buf_text(b, sk_http_reason(status));
    SK_BUF_LIT(b, "\r\n");
}

static struct sk_buf *head_begin(struct sk_http_server *s, const struct sk_http_req *r, int status)
{
    struct sk_buf *b = &s->scratch;
    sk_buf_clear(b);
    append_status(b, status);
    SK_BUF_LIT(b, fixed_headers);
    append_origin(s, r, b);
    append_date(s, b);
    if (r != NULL && r->conn != NULL && r->conn->secure)
        SK_BUF_LIT(b, "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n");
    if (r != NULL)
        sk_buf_span_append(b, sk_buf_span(&r->extra));
    return b;
}

static void head_line(struct sk_buf *b, const char *name, const char *value)
{
    sk_buf_text(b, name);
    SK_BUF_LIT(b, ": ");
    sk_buf_text(b, value);
    SK_BUF_LIT(b, "\r\n");
}

static void head_length(struct sk_buf *b, uint64_t n)
{
    SK_BUF_LIT(b, "Content-Length: ");
    append_number(b, n);
    SK_BUF_LIT(b, "\r\n");
}

static void head_end(const struct sk_http_server *s, struct sk_buf *b, bool keep_alive)
{
    if (keep_alive)
        sk_buf_text(b, s->keep_alive);
    else
        SK_BUF_LIT(b, "Connection: close\r\n");
    SK_BUF_LIT(b, "\r\n");
}

/* ---- the common way out ---- */

/* False: the client has left, and the request with this call. */
static bool claim(struct sk_http_req *r)
{
    SK_ASSERT(r->tag == SK_REQ_TAG && r->dispatched && !r->answered);
    r->answered = true;
    if (r->conn != NULL) {
        r->keep_alive = r->keep_alive && !r->server->closing;
        return true;
    }
    sk_req_free(r);
    return false;
}

static void finish(struct sk_http_req *r)
{
    struct sk_http_conn *c = r->conn;
    bool keep_alive = r->keep_alive;
    sk_req_free(r);
    if (c != NULL)
        sk_conn_answered(c, keep_alive);
}

struct answer {
    uv_work_t work;
    struct sk_http_req *req;
    int status;
    const char *type;
    struct sk_span body;
    char *own; /* malloc'd memory that `body` lies in, or NULL */
    bool gzipped;
    struct sk_http_part *parts; /* instead of the body, whose length is theirs; or NULL */
    size_t part_count;
    char etag[SK_ETAG_SIZE];
};

static void free_parts(struct answer *a)
{
    for (size_t i = 0; i < a->part_count; i++)
        sk_frame_unref(a->parts[i].frame);
    free(a->parts);
    a->parts = NULL;
    a->part_count = 0;
}

static void queue_parts(struct answer *a, struct sk_outq *out)
{
    for (size_t i = 0; i < a->part_count; i++)
        sk_outq_part(out, a->parts[i].frame, a->parts[i].skip);
    a->part_count = 0; /* their references are the queue's */
}

/* Thread: any. False: out of memory. */
static bool join_parts(struct answer *a)
{
    char *to = a->own = malloc(a->body.n);
    for (size_t i = 0; a->own != NULL && i < a->part_count; i++) {
        struct sk_span s = sk_frame_text(a->parts[i].frame);
        memcpy(to, s.p + a->parts[i].skip, s.n - a->parts[i].skip);
        to += s.n - a->parts[i].skip;
    }
    a->body.p = a->own;
    return a->own != NULL;
}

/* Consumes a->own. */
static void send_answer(struct answer *a)
{
    struct sk_http_req *r = a->req;
    struct sk_http_conn *c = r->conn;
    if (c == NULL) {
        free(a->own);
        free_parts(a);
        finish(r);
        return;
    }
    struct sk_buf *b = head_begin(r->server, r, a->status);
    bool bodyless = a->status == 204 || a->status == 304 || a->status == 101;
    if (a->type != NULL && !bodyless)
        head_line(b, "Content-Type", a->type);
    if (a->etag[0] != '\0')
        head_line(b, "ETag", a->etag);
    if (sk_type_compressible(a->type))
        SK_BUF_LIT(b, "Vary: Accept-Encoding\r\n");
    if (a->gzipped)
        SK_BUF_LIT(b, "Content-Encoding: gzip\r\n");
    if (!bodyless)
        head_length(b, a->body.n);
    head_end(r->server, b, r->keep_alive);
    bool body_too = !r->is_head && !bodyless && a->body.n != 0;
    if (body_too && a->parts == NULL && a->body.n <= COPY_MAX)
        sk_buf_span_append(b, a->body);
    if (!sk_buf_ok(b)) { /* out of memory: the client sees the connection end */
        free(a->own);
        free_parts(a);
        sk_conn_close(c);
        finish(r);
        return;
    }
    sk_outq_copy(&c->out, b->p, b->n);
    if (body_too && a->parts != NULL) {
        queue_parts(a, &c->out);
    } else if (body_too && a->body.n > COPY_MAX && a->own == a->body.p) {
        sk_outq_own(&c->out, a->own, a->body.n);
        a->own = NULL;
    } else if (body_too && a->body.n > COPY_MAX) {
        sk_outq_copy(&c->out, a->body.p, a->body.n);
    }
    free(a->own);
    free_parts(a);
    finish(r);
}

static void compress(struct answer *a)
{
    char *packed;
    size_t n;
    if (sk_gzip(a->body, &packed, &n) < 0)
        return; /* plain is fine too */
    if (n >= a->body.n) {
        free(packed);
        return;
    }
    free(a->own);
    a->own = packed;
    a->body = (struct sk_span){ packed, n };
    a->gzipped = true;
}

static void compress_work(uv_work_t *work)
{
    struct answer *a = SK_CONTAINER(work, struct answer, work);
    if (a->parts == NULL || join_parts(a))
        compress(a);
}

static void compress_done(uv_work_t *work, int status)
{
    (void)status; /* cancelled: it goes out plain */
    struct answer *a = SK_CONTAINER(work, struct answer, work);
    if (a->own != NULL)
        free_parts(a);
    send_answer(a);
    free(a);
}

static bool wants_gzip(const struct answer *a)
{
    const struct sk_http_req *r = a->req;
    return a->body.n >= GZIP_MIN && !r->is_head && !r->has_encoding && a->status != 304 && sk_type_compressible(a->type) &&
           sk_accepts(sk_http_header(r, "accept-encoding"), "gzip");
}

static void validators(struct answer *a)
{
    struct sk_http_req *r = a->req;
    if (a->status != 200 || (r->method != HTTP_GET && r->method != HTTP_HEAD) || r->has_etag)
        return;
    sk_etag_of(a->body, a->etag);
    if (!sk_etag_listed(sk_http_header(r, "if-none-match"), sk_span_of(a->etag)))
        return;
    a->status = 304;
    a->body.n = 0;
}

static void compress_in_pool(struct answer *a)
{
    struct answer *job = malloc(sizeof *job);
    if (job == NULL || (a->parts == NULL && a->own == NULL && (a->own = malloc(a->body.n)) == NULL)) {
        free(job);
        send_answer(a);
        return;
    }
    if (a->parts == NULL && a->own != a->body.p) {
        memcpy(a->own, a->body.p, a->body.n);
        a->body.p = a->own;
    }
    a->type = sk_arena_copy(a->req->arena, a->type, strlen(a->type)); /* the caller's text may be gone by then */
    *job = *a;
    if (uv_queue_work(sk_loop_uv(a->req->server->loop), &job->work, compress_work, compress_done) < 0) {
        free(job);
        send_answer(a);
    }
}

/* Consumes `own`. */
static void answer(struct sk_http_req *r, int status, const char *type, struct sk_span body, char *own)
{
    if (!claim(r)) {
        free(own);
        return;
    }
    struct answer a = { .req = r, .status = status, .type = type, .body = body, .own = own };
    validators(&a);
    if (wants_gzip(&a)) {
        if (body.n > GZIP_ON_LOOP_MAX) {
            compress_in_pool(&a);
            return;
        }
        compress(&a);
    }
    send_answer(&a);
}

/* ---- what handlers call ---- */

/* RFC 9110 §5.1: a token. */
static bool name_ok(struct sk_span name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return name.n > 0;
}

/* RFC 9110 §5.5: no control characters but the tab. */
static bool value_ok(struct sk_span value)
{
    for (size_t i = 0; i < value.n; i++)
        if (((unsigned char)value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7f)
            return false;
    return true;
}

void sk_http_set_header(struct sk_http_req *r, const char *name, struct sk_span value)
{
    struct sk_span n = sk_span_of(name);
    if (!name_ok(n) || !value_ok(value)) {
        sk_log_warn("http: header '%s' dropped: its name or value holds characters that no header may have", name);
        return;
    }
    if (sk_span_same(n, "access-control-allow-origin")) {
        r->has_origin = true;
        if (value.n == 0)
            return;
    }
    r->has_etag = r->has_etag || sk_span_same(n, "etag");
    r->has_encoding = r->has_encoding || sk_span_same(n, "content-encoding");
    size_t before = r->extra.n;
    sk_buf_text(&r->extra, name);
    SK_BUF_LIT(&r->extra, ": ");
    sk_buf_span_append(&r->extra, value);
    SK_BUF_LIT(&r->extra, "\r\n");
    if (!sk_buf_ok(&r->extra)) {
        r->extra.n = before;
        r->extra.failed = false;
        sk_log_warn("http: header %s dropped: too many header bytes", name);
    }
}

void sk_http_reply(struct sk_http_req *r, int status, const char *type, struct sk_span body)
{
    answer(r, status, type, body, NULL);
}

void sk_http_reply_buf(struct sk_http_req *r, int status, const char *type, struct sk_buf *body)
{
    if (!sk_buf_ok(body)) {
        sk_log_warn("http: an answer did not fit its buffer");
        sk_buf_finish(body);
        sk_http_reply_error_page(r, 500, "Internal Server Error");
        return;
    }
    struct sk_span s = sk_buf_span(body);
    char *own = body->p;
    *body = (struct sk_buf){ .max = body->max };
    answer(r, status, type, s, own);
}

void sk_http_reply_parts(struct sk_http_req *r, const char *type, struct sk_http_part *parts, size_t count, uint64_t hash)
{
    struct answer a = { .req = r, .status = 200, .type = type, .parts = parts, .part_count = count };
    if (!claim(r)) {
        free_parts(&a);
        return;
    }
    for (size_t i = 0; i < count; i++)
        a.body.n += parts[i].frame->len - parts[i].skip;
    sk_etag_from(a.body.n, hash, a.etag);
    if (sk_etag_listed(sk_http_header(r, "if-none-match"), sk_span_of(a.etag))) {
        free_parts(&a);
        a.status = 304;
        a.body.n = 0;
    }
    if (wants_gzip(&a))
        compress_in_pool(&a);
    else
        send_answer(&a);
}

void sk_http_reply_json(struct sk_http_req *r, int status, struct sk_span json)
{
    answer(r, status, SK_HTTP_JSON, json, NULL);
}

void sk_http_reply_text(struct sk_http_req *r, int status, const char *text)
{
    sk_http_set_header(r, "Content-Security-Policy", SK_SPAN("default-src 'none'")); /* it may quote what a client sent */
    answer(r, status, SK_HTTP_HTML, sk_span_of(text), NULL);
}

/* ---- answers of this layer itself ---- */

void sk_reply_preflight(struct sk_http_req *r)
{
    if (!claim(r))
        return;
    struct sk_buf *b = head_begin(r->server, r, 204);
    SK_BUF_LIT(b, "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\nVary: Access-Control-Request-Headers\r\n");
    struct sk_span asked = sk_http_header(r, "access-control-request-headers");
    if (asked.n != 0) {
        SK_BUF_LIT(b, "Access-Control-Allow-Headers: ");
        sk_buf_span_append(b, asked);
        SK_BUF_LIT(b, "\r\n");
    }
    head_length(b, 0);
    head_end(r->server, b, r->keep_alive);
    sk_outq_copy(&r->conn->out, b->p, b->n);
    finish(r);
}

/* For what never became a request. */
void sk_reply_bare(struct sk_http_conn *c, int status, const char *text)
{
    struct sk_buf *b = head_begin(c->server, NULL, status);
    if (*text != '\0')
        head_line(b, "Content-Type", "text/plain; charset=utf-8");
    head_length(b, strlen(text));
    head_end(c->server, b, false);
    sk_buf_text(b, text);
    sk_outq_copy(&c->out, b->p, b->n);
}

void sk_reply_begin(struct sk_http_req *r, int status, const char *type, uint64_t length)
{
    SK_ASSERT(r->tag == SK_REQ_TAG && r->dispatched && !r->answered);
    r->answered = true;
    if (r->conn == NULL)
        return;
    r->keep_alive = r->keep_alive && !r->server->closing;
    struct sk_buf *b = head_begin(r->server, r, status);
    if (type != NULL)
        head_line(b, "Content-Type", type);
    head_length(b, length);
    head_end(r->server, b, r->keep_alive);
    sk_outq_copy(&r->conn->out, b->p, b->n);
    sk_conn_wrote(r->conn);
}

void sk_reply_slice(struct sk_http_req *r, char *bytes, size_t n)
{
    if (r->conn == NULL) {
        free(bytes);
        return;
    }
    sk_outq_own(&r->conn->out, bytes, n);
    sk_conn_wrote(r->conn);
}

void sk_reply_end(struct sk_http_req *r)
{
    finish(r);
}

void sk_reply_abort(struct sk_http_req *r)
{
    if (r->conn != NULL)
        sk_conn_close(r->conn);
    finish(r);
}
