#include "harness.h"

#include <sys/socket.h>

#define PATIENCE_MS 10000

void fixture_start(struct fixture *f, const struct sk_http_limits *limits, const struct sk_route *routes, size_t count)
{
    struct sk_errmsg em = { 0 };
    *f = (struct fixture){ .loop = sk_loop_create() };
    struct sk_http_options o = { .loop = f->loop };
    if (limits != NULL)
        o.limits = *limits;
    assert_int_equal(sk_http_server_create(&o, &f->server, &em), 0);
    sk_http_server_add(f->server, routes, count);
    assert_int_equal(sk_http_server_listen(f->server, "127.0.0.1", 0, &em), 0);
}

static void on_server_done(void *arg)
{
    struct fixture *f = arg;
    f->server_done = true;
}

static bool server_is_done(void *arg)
{
    return ((struct fixture *)arg)->server_done;
}

void fixture_stop(struct fixture *f)
{
    sk_http_server_close(f->server, 50, on_server_done, f);
    fixture_wait(f, server_is_done, f);
    sk_http_server_destroy(f->server);
    sk_loop_destroy(f->loop);
}

void fixture_wait(struct fixture *f, bool (*done)(void *arg), void *arg)
{
    assert_true(sk_loop_run_until(f->loop, done, arg, sk_clock_mono_ms() + PATIENCE_MS));
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct client *c = h->data;
    c->data = realloc(c->data, c->n + suggested + 1);
    *buf = uv_buf_init(c->data + c->n, (unsigned)suggested);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct client *c = s->data;
    (void)buf;
    if (n > 0)
        c->n += (size_t)n;
    else if (n < 0)
        c->eof = true;
    if (c->data != NULL)
        c->data[c->n] = '\0';
}

static void on_connected(uv_connect_t *req, int status)
{
    struct client *c = req->data;
    assert_int_equal(status, 0);
    c->connected = true;
    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

static bool is_connected(void *arg)
{
    return ((struct client *)arg)->connected;
}

void client_open(struct client *c, struct fixture *f)
{
    struct sockaddr_in a;
    *c = (struct client){ .f = f, .data = calloc(1, 1) };
    uv_ip4_addr("127.0.0.1", (int)sk_http_server_port(f->server), &a);
    uv_tcp_init(sk_loop_uv(f->loop), &c->tcp);
    c->tcp.data = c->connect.data = c;
    assert_int_equal(uv_tcp_connect(&c->connect, &c->tcp, (struct sockaddr *)&a, on_connected), 0);
    fixture_wait(f, is_connected, c);
    uv_tcp_nodelay(&c->tcp, 1);
}

struct sending {
    uv_write_t req;
    char bytes[];
};

static void on_sent(uv_write_t *req, int status)
{
    (void)status;
    free(SK_CONTAINER(req, struct sending, req));
}

void client_send(struct client *c, const void *bytes, size_t n)
{
    struct sending *s = malloc(sizeof *s + n);
    memcpy(s->bytes, bytes, n);
    uv_buf_t b = uv_buf_init(s->bytes, (unsigned)n);
    if (uv_write(&s->req, (uv_stream_t *)&c->tcp, &b, 1, on_sent) < 0)
        free(s);
}

void client_text(struct client *c, const char *text)
{
    client_send(c, text, strlen(text));
}

static bool text_or_eof(void *arg)
{
    struct client *c = arg;
    return c->eof || (c->data != NULL && memmem(c->data, c->n, c->needle, strlen(c->needle)) != NULL);
}

void client_wait_text(struct client *c, const char *needle)
{
    c->needle = needle;
    fixture_wait(c->f, text_or_eof, c);
}

static bool bytes_or_eof(void *arg)
{
    struct client *c = arg;
    return c->eof || c->n >= c->wanted;
}

void client_wait_bytes(struct client *c, size_t n)
{
    c->wanted = n;
    fixture_wait(c->f, bytes_or_eof, c);
}

static bool at_eof(void *arg)
{
    return ((struct client *)arg)->eof;
}

void client_wait_eof(struct client *c)
{
    fixture_wait(c->f, at_eof, c);
}

/* Length of the first complete answer, 0 when there is none yet. */
static size_t answer_length(const char *data, size_t n)
{
    if (data == NULL)
        return 0;
    const char *end = memmem(data, n, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - data) + 4;
    const char *length = memmem(data, head, "Content-Length: ", 16);
    size_t whole = head + (length != NULL ? strtoul(length + 16, NULL, 10) : 0);
    return whole <= n ? whole : 0;
}

static bool answers_or_eof(void *arg)
{
    struct client *c = arg;
    size_t len;
    while (c->counted < c->n && (len = answer_length(c->data + c->counted, c->n - c->counted)) != 0) {
        c->counted += len;
        c->answers++;
    }
    return c->eof || c->answers >= c->wanted;
}

void client_wait_answers(struct client *c, size_t count)
{
    c->wanted = count;
    fixture_wait(c->f, answers_or_eof, c);
}

void client_forget(struct client *c, size_t n)
{
    assert_true(n <= c->n);
    memmove(c->data, c->data + n, c->n - n + 1);
    c->n -= n;
    c->counted = c->answers = 0;
}

static void on_closed(uv_handle_t *h)
{
    ((struct client *)h->data)->closed = true;
}

static bool is_closed(void *arg)
{
    return ((struct client *)arg)->closed;
}

void client_close(struct client *c)
{
    uv_close((uv_handle_t *)&c->tcp, on_closed);
    fixture_wait(c->f, is_closed, c);
    free(c->data);
    c->data = NULL;
}

void client_reset(struct client *c)
{
    assert_int_equal(uv_tcp_close_reset(&c->tcp, on_closed), 0);
    fixture_wait(c->f, is_closed, c);
    free(c->data);
    c->data = NULL;
}

void client_shutdown(struct client *c)
{
    int fd;
    assert_int_equal(uv_fileno((uv_handle_t *)&c->tcp, &fd), 0);
    shutdown(fd, SHUT_WR);
}

char *exchange(struct fixture *f, const char *request)
{
    struct client c;
    client_open(&c, f);
    client_text(&c, request);
    if (strncmp(request, "HEAD", 4) == 0)
        client_wait_text(&c, "\r\n\r\n");
    else
        client_wait_answers(&c, 1);
    char *answer = strdup(c.data);
    client_close(&c);
    return answer;
}

int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}

const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end != NULL ? end + 4 : "";
}

bool has_header(const char *answer, const char *line)
{
    char text[512];
    snprintf(text, sizeof text, "\r\n%s\r\n", line);
    const char *found = strstr(answer, text);
    return found != NULL && found < body_of(answer);
}
