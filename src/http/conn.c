/* One connection: where its bytes go, its time-outs, its end. Requests are parsed one at a time; what comes in meanwhile waits.
 */
#include "http/conn.h"

#include "base/log.h"

#include <stdlib.h>

static struct sk_http_conn *conn_from(void *p)
{
    struct sk_http_conn *c = p;
    SK_ASSERT(c != NULL && c->tag == SK_CONN_TAG);
    return c;
}

static uint64_t now_of(const struct sk_http_conn *c)
{
    return uv_now(sk_loop_uv(c->server->loop));
}

/* ---- time ---- */

static void on_timer(uv_timer_t *t);

/* The timer is only ever moved to an earlier time; when it rings too early it is wound again. So a request costs no timer work.
 */
static void wind(struct sk_http_conn *c)
{
    uint64_t due = c->deadline;
    if (c->write_deadline != 0 && (due == 0 || c->write_deadline < due))
        due = c->write_deadline;
    if (due == 0 || (c->timer_due != 0 && c->timer_due <= due))
        return;
    uint64_t now = now_of(c);
    c->timer_due = due;
    uv_timer_start(&c->timer, on_timer, due > now ? due - now : 0, 0);
}

void sk_conn_deadline(struct sk_http_conn *c, unsigned ms)
{
    c->deadline = ms != 0 ? now_of(c) + ms : 0;
    wind(c);
}

void sk_conn_wrote(struct sk_http_conn *c)
{
    if (c->write_deadline != 0 || c->out.bytes == 0)
        return;
    c->write_mark = c->out.written;
    c->write_deadline = now_of(c) + c->server->limits.write_ms;
    wind(c);
}

static void deadline_passed(struct sk_http_conn *c)
{
    c->deadline = 0;
    if (c->state == CONN_WS)
        sk_ws_time(c->ws);
    else if (c->state == CONN_READING && c->req != NULL)
        sk_conn_fail(c, 408, "Request Timeout");
    else if (c->state == CONN_READING)
        sk_conn_linger(c);
    else
        sk_conn_close(c);
}

static void on_timer(uv_timer_t *t)
{
    struct sk_http_conn *c = conn_from(t->data);
    uint64_t now = now_of(c);
    c->timer_due = 0;
    if (c->write_deadline != 0 && now >= c->write_deadline) {
        if (c->out.written == c->write_mark) {
            sk_conn_close(c);
            return;
        }
        c->write_deadline = 0;
        sk_conn_wrote(c);
    }
    if (c->deadline != 0 && now >= c->deadline)
        deadline_passed(c);
    if (c->state != CONN_CLOSING)
        wind(c);
}

/* ---- reading ---- */

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    *buf = uv_buf_init(conn_from(h->data)->server->read_buf, SK_READ_SIZE); /* one for all: it is used up within the callback */
}

/* What was read last held a secret: the buffers that all connections share forget it. */
static void forget_secret(struct sk_http_server *s)
{
    if (!s->secret)
        return;
    explicit_bzero(s->read_buf, SK_READ_SIZE);
    if (s->unmasked != NULL)
        explicit_bzero(s->unmasked, SK_READ_SIZE);
    s->secret = false;
}

/* With sk_outq's two write calls this is where bytes cross to the socket; a TLS filter goes here. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct sk_http_conn *c = conn_from(stream->data);
    struct sk_http_server *s = c->server;
    if (n > 0)
        sk_conn_bytes(c, buf->base, (size_t)n);
    else if (n == UV_EOF)
        sk_conn_eof(c);
    else if (n < 0)
        sk_conn_close(c);
    forget_secret(s);
}

static void set_paused(struct sk_http_conn *c, bool paused)
{
    if (c->paused == paused)
        return;
    c->paused = paused;
    if (c->no_socket || c->eof)
        return;
    if (paused)
        uv_read_stop((uv_stream_t *)&c->tcp);
    else
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* It gives way when there is no room, as long as it makes nobody work. */
static void wait_in_line(struct sk_http_conn *c)
{
    struct sk_http_server *s = c->server;
    sk_waiter_join(&c->waiter, !c->served ? &s->silent : c->req == NULL ? &s->idle : &s->partial);
}

void sk_conn_begins(struct sk_http_conn *c)
{
    if (c->served)
        wait_in_line(c);
}

static void post_resume(struct sk_http_conn *c)
{
    if (c->resume_posted)
        return;
    c->resume_posted = true;
    sk_loop_post(c->server->loop, &c->resume);
}

/* How many of the bytes were consumed. *ret_whole: the parser paused, behind a complete request or before a body for a file. */
static size_t parse(struct sk_http_conn *c, const char *p, size_t n, bool *ret_whole)
{
    bool was_in_head = c->in_head;
    llhttp_errno_t e = llhttp_execute(&c->parser, p, n);
    *ret_whole = e == HPE_PAUSED;
    if (e == HPE_OK) {
        if (c->in_head) /* blanks around values are not reported by llhttp, but count */
            c->head_raw += was_in_head ? n : 0;
        if (c->in_head && c->head_raw > c->server->limits.request_line_max + c->server->limits.header_max)
            sk_conn_fail(c, 431, "Request Header Fields Too Large");
        return n;
    }
    size_t used = (size_t)(llhttp_get_error_pos(&c->parser) - p);
    if (e == HPE_PAUSED) {
        llhttp_resume(&c->parser);
        return used;
    }
    int status = c->fail_status != 0 ? c->fail_status : 400;
    sk_log_debug("skiff:http", "%s: %d: %s", c->ip, status, llhttp_get_error_reason(&c->parser));
    sk_conn_fail(c, status, c->fail_status != 0 ? c->fail_text : sk_http_reason(status));
    return n;
}

static bool may_begin(const struct sk_http_conn *c, size_t handed)
{
    return handed < c->server->limits.pipeline_max && c->out.bytes < SK_OUT_PAUSE;
}

static bool is_upload_full(const struct sk_http_conn *c)
{
    return c->req != NULL && c->req->upload != NULL && sk_upload_is_full(c->req->upload);
}

void sk_conn_eased(struct sk_http_conn *c)
{
    if (c->state != CONN_READING)
        return;
    if (now_of(c) < c->body_deadline)
        sk_conn_deadline(c, c->server->limits.body_ms); /* the silence was ours */
    if (c->ahead.n != 0)
        post_resume(c);
    else
        set_paused(c, is_upload_full(c));
}

/* Who may not send that body gets the answer at once, and the connection ends: what it still sends is no request. */
static void begin_upload(struct sk_http_conn *c)
{
    c->state = CONN_BUSY;
    c->req->dispatched = true;
    if (!sk_router_allows(c->req))
        return;
    c->req->dispatched = false; /* it is asked again when the body is there: rights may have been taken meanwhile */
    sk_buf_clear(&c->req->extra);
    c->state = CONN_READING;
    sk_waiter_join(&c->waiter, &c->server->partial); /* who may send that is no stranger */
    if (!sk_upload_begin(c->req))
        sk_conn_fail(c, 503, "Too many uploads at once, try again later");
    else if (!sk_parse_expectation(c))
        sk_conn_fail(c, c->fail_status, c->fail_text);
}

static void whole_request(struct sk_http_conn *c)
{
    c->served = true;
    c->state = CONN_BUSY;
    sk_waiter_leave(&c->waiter);
    sk_conn_deadline(c, 0);
    if (c->req->upload != NULL)
        sk_upload_end(c->req->upload);
    else
        sk_router_dispatch(c->req);
}

/* Hands out request after request as long as they are answered at once. Returns how many bytes were consumed. */
static size_t feed(struct sk_http_conn *c, const char *p, size_t n)
{
    size_t used = 0, handed = 0;
    c->feeding = true;
    while (used < n && c->state == CONN_READING && (c->req != NULL || may_begin(c, handed))) {
        bool whole;
        used += parse(c, p + used, n - used, &whole);
        if (!whole)
            continue;
        if (c->req->to_file != NULL && c->req->upload == NULL) {
            begin_upload(c);
            continue;
        }
        handed++;
        whole_request(c);
    }
    c->feeding = false;
    if (is_upload_full(c))
        set_paused(c, true);
    if (c->state == CONN_WS && used < n) {
        sk_ws_feed(c->ws, p + used, n - used);
        return n;
    }
    return c->state >= CONN_LINGER ? n : used;
}

static void keep(struct sk_http_conn *c, const char *p, size_t n)
{
    sk_buf_append(&c->ahead, p, n);
    if (!sk_buf_ok(&c->ahead)) {
        sk_conn_close(c);
        return;
    }
    if (c->ahead.n >= SK_AHEAD_MAX)
        set_paused(c, true);
    if (c->state == CONN_READING && c->out.bytes < SK_OUT_PAUSE)
        post_resume(c); /* its share of this turn is used up; else the answer or the drained queue resumes */
}

void sk_conn_bytes(struct sk_http_conn *c, const char *p, size_t n)
{
    c->server->stats.bytes_in += n;
    if (c->state == CONN_WS && c->ahead.n == 0) {
        sk_ws_feed(c->ws, p, n);
    } else if (c->state == CONN_BUSY || c->state == CONN_WS || (c->state == CONN_READING && c->ahead.n != 0)) {
        keep(c, p, n);
    } else if (c->state == CONN_READING) {
        size_t used = feed(c, p, n);
        if (used < n)
            keep(c, p + used, n - used);
    }
}

/* A half-closed client may still want its answers: they go out, then the connection ends. */
static void end_after_eof(struct sk_http_conn *c)
{
    if (c->eof && c->state == CONN_READING && c->ahead.n == 0)
        sk_conn_linger(c);
}

void sk_conn_eof(struct sk_http_conn *c)
{
    c->eof = true;
    if (!c->no_socket)
        uv_read_stop((uv_stream_t *)&c->tcp);
    if (c->state == CONN_WS || (c->state == CONN_LINGER && c->fin_sent)) {
        sk_conn_close(c);
    } else if (c->state == CONN_BUSY && c->req->gone != NULL && !c->req->answered) {
        void (*gone)(void *arg) = c->req->gone;
        c->req->gone = NULL;
        gone(c->req->gone_arg);
    } else {
        end_after_eof(c);
    }
}

static void on_resume(struct sk_loop_task *task)
{
    struct sk_http_conn *c = SK_CONTAINER(task, struct sk_http_conn, resume);
    SK_ASSERT(c->tag == SK_CONN_TAG);
    c->resume_posted = false;
    if (c->state == CONN_CLOSING) {
        if (c->open_handles == 0)
            sk_server_forget(c->server, c);
        return;
    }
    if (c->state == CONN_BUSY || is_upload_full(c))
        return;
    struct sk_buf bytes = c->ahead;
    sk_buf_init(&c->ahead, bytes.max);
    if (c->state == CONN_WS) {
        sk_ws_feed(c->ws, bytes.p, bytes.n);
    } else if (c->state == CONN_READING) {
        size_t used = feed(c, bytes.p, bytes.n);
        if (used < bytes.n)
            keep(c, bytes.p + used, bytes.n - used);
    }
    if (c->server->secret)
        sk_buf_wipe(&bytes);
    sk_buf_finish(&bytes);
    forget_secret(c->server);
    if (c->state != CONN_CLOSING && c->ahead.n < SK_AHEAD_MAX && !is_upload_full(c))
        set_paused(c, false);
    end_after_eof(c);
}

void sk_conn_answered(struct sk_http_conn *c, bool keep_alive)
{
    c->req = NULL;
    sk_conn_wrote(c);
    if (c->state != CONN_BUSY)
        return;
    if (!keep_alive) {
        sk_conn_linger(c);
        return;
    }
    c->state = CONN_READING;
    wait_in_line(c);
    sk_conn_deadline(c, c->server->limits.idle_ms);
    if (!c->feeding && (c->ahead.n != 0 || c->paused))
        post_resume(c);
    else if (!c->feeding)
        end_after_eof(c);
}

void sk_conn_upgrade(struct sk_http_conn *c, struct sk_ws *ws)
{
    SK_ASSERT(c->state == CONN_BUSY);
    c->req = NULL;
    c->ws = ws;
    c->state = CONN_WS;
    sk_conn_wrote(c);
    if (!c->feeding && (c->ahead.n != 0 || c->paused))
        post_resume(c);
}

/* ---- the end ---- */

static void on_shutdown(uv_shutdown_t *req, int status)
{
    (void)req;
    (void)status; /* the client's FIN or the deadline ends it */
}

static void send_fin(struct sk_http_conn *c)
{
    if (c->eof || c->no_socket || c->fin_sent) {
        sk_conn_close(c);
        return;
    }
    c->fin_sent = true;
    sk_conn_deadline(c, SK_LINGER_MS);
    set_paused(c, false);
    if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) < 0)
        sk_conn_close(c);
}

void sk_conn_linger(struct sk_http_conn *c)
{
    if (c->state >= CONN_LINGER)
        return;
    c->state = CONN_LINGER;
    sk_waiter_leave(&c->waiter);
    sk_buf_finish(&c->ahead);
    c->deadline = 0;
    if (c->out.bytes == 0)
        send_fin(c);
    else
        sk_conn_wrote(c);
}

void sk_conn_fail(struct sk_http_conn *c, int status, const char *text)
{
    if (c->req != NULL) {
        sk_req_free(c->req);
        c->req = NULL;
    }
    c->server->stats.bad_requests++;
    sk_reply_bare(c, status, text);
    sk_conn_linger(c);
}

static void on_drained(struct sk_outq *q)
{
    struct sk_http_conn *c = SK_CONTAINER(q, struct sk_http_conn, out);
    c->write_deadline = 0;
    if (c->state == CONN_LINGER)
        send_fin(c);
    else if (c->state == CONN_WS)
        sk_ws_drained(c->ws);
    else if (c->state == CONN_BUSY && c->req != NULL && c->req->more != NULL)
        c->req->more(c->req);
    else if (c->state == CONN_READING && c->ahead.n != 0)
        post_resume(c);
}

static void on_eased(struct sk_outq *q)
{
    const struct sk_http_conn *c = SK_CONTAINER(q, struct sk_http_conn, out);
    if (c->state == CONN_WS)
        sk_ws_eased(c->ws);
}

static void on_broken(struct sk_outq *q, int uv_error)
{
    (void)uv_error;
    sk_conn_close(SK_CONTAINER(q, struct sk_http_conn, out));
}

static void on_closed(uv_handle_t *h)
{
    struct sk_http_conn *c = conn_from(h->data);
    if (--c->open_handles == 0 && !c->resume_posted)
        sk_server_forget(c->server, c);
}

static void detach_req(struct sk_http_conn *c)
{
    struct sk_http_req *r = c->req;
    c->req = NULL;
    if (r == NULL)
        return;
    if (!r->dispatched) {
        sk_req_free(r);
        return;
    }
    r->conn = NULL;
    if (r->more != NULL)
        r->more(r); /* a streamed answer ends itself */
    else if (r->gone != NULL && !r->answered)
        r->gone(r->gone_arg);
}

void sk_conn_close(struct sk_http_conn *c)
{
    if (c->state == CONN_CLOSING)
        return;
    c->state = CONN_CLOSING;
    sk_waiter_leave(&c->waiter);
    c->server->leaving++;
    c->server->bytes_out_closed += c->out.written;
    sk_outq_finish(&c->out);
    sk_buf_finish(&c->ahead);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
    detach_req(c);
}

static void link_conn(struct sk_http_server *s, struct sk_http_conn *c)
{
    c->next = s->conns;
    if (s->conns != NULL)
        s->conns->prev = c;
    s->conns = c;
    s->stats.connections++;
}

struct sk_http_conn *sk_conn_create(struct sk_http_server *s)
{
    struct sk_http_conn *c = sk_xcalloc(1, sizeof *c);
    uv_loop_t *loop = sk_loop_uv(s->loop);
    c->tag = SK_CONN_TAG;
    c->server = s;
    c->open_handles = 2;
    c->resume.run = on_resume;
    sk_buf_init(&c->ahead, SK_AHEAD_MAX + SK_READ_SIZE);
    SK_ASSERT(uv_tcp_init(loop, &c->tcp) == 0);
    uv_timer_init(loop, &c->timer);
    c->tcp.data = c->timer.data = c;
    sk_outq_init(&c->out, s->loop, (uv_stream_t *)&c->tcp);
    c->out.drained = on_drained;
    c->out.eased = on_eased;
    c->out.broken = on_broken;
    llhttp_init(&c->parser, HTTP_REQUEST, &sk_parse_settings);
    c->parser.data = c;
    link_conn(s, c);
    return c;
}

struct sk_http_conn *sk_conn_create_deaf(struct sk_http_server *s)
{
    struct sk_http_conn *c = sk_conn_create(s);
    c->no_socket = true;
    c->out.stream = NULL;
    return c;
}

void sk_conn_start(struct sk_http_conn *c)
{
    wait_in_line(c);
    sk_conn_deadline(c, c->server->limits.header_ms);
    if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) < 0)
        sk_conn_close(c);
}
