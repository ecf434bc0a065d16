/* Reading requests: framing, pipelining, limits, time-outs. */
#include "harness.h"

static void echo(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply(r, 200, "text/plain", sk_http_body(r));
}

static void path(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply(r, 200, "text/plain", sk_http_path(r));
}

static void headers(struct sk_http_req *r, void *arg)
{
    struct sk_buf b;
    struct sk_span name, value;
    size_t pos = 0;
    (void)arg;
    sk_buf_init(&b, 100000);
    while (sk_http_header_next(r, &pos, &name, &value))
        sk_buf_printf(&b, "%.*s=[%.*s];", (int)name.n, name.p, (int)value.n, value.p);
    struct sk_span joined = sk_http_header(r, "X-List");
    sk_buf_printf(&b, "joined=[%.*s]", (int)joined.n, joined.p);
    sk_http_reply_buf(r, 200, "text/plain", &b);
}

static struct sk_http_req *held;

static void hold(struct sk_http_req *r, void *arg)
{
    (void)arg;
    assert_null(held);
    held = r;
}

static bool is_held(void *arg)
{
    (void)arg;
    return held != NULL;
}

static struct sk_http_req *working[5];
static size_t at_work;

static void work(struct sk_http_req *r, void *arg)
{
    (void)arg;
    assert_true(at_work < SK_COUNT(working));
    working[at_work++] = r;
}

static const struct sk_route routes[] = {
    { "GET", "/work", SK_ACCESS_OPEN, work, NULL },       { "*", "/echo", SK_ACCESS_OPEN, echo, NULL, .any_body = true },
    { "GET", "/headers", SK_ACCESS_OPEN, headers, NULL }, { "GET", "/hold", SK_ACCESS_OPEN, hold, NULL },
    { "GET", "/n/*", SK_ACCESS_OPEN, path, NULL },        { "*", "/json", SK_ACCESS_OPEN, echo, NULL },
};

static int setup(void **state)
{
    static const struct sk_http_limits limits = { .request_line_max = 1000,
                                                  .header_max = 2000,
                                                  .body_max = 10000,
                                                  .connections_max = 5,
                                                  .header_ms = 60,
                                                  .body_ms = 60,
                                                  .idle_ms = 80,
                                                  .write_ms = 100 };
    struct fixture *f = calloc(1, sizeof *f);
    held = NULL;
    fixture_start(f, &limits, routes, SK_COUNT(routes));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_stop(*state);
    free(*state);
    return 0;
}

static int setup_patient(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    held = NULL;
    fixture_start(f, NULL, routes, SK_COUNT(routes));
    *state = f;
    return 0;
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct client c;
    client_open(&c, *state);
    char text[100 * 64], *p = text;
    for (int i = 0; i < 100; i++)
        p += sprintf(p, "GET /n/%03d HTTP/1.1\r\nHost: x\r\n\r\n", i);
    client_text(&c, text);
    client_wait_answers(&c, 100);
    const char *at = c.data;
    for (int i = 0; i < 100; i++) {
        char body[8];
        sprintf(body, "/n/%03d", i);
        at = strstr(at, "\r\n\r\n");
        assert_non_null(at);
        assert_memory_equal(at + 4, body, 6);
        at += 4;
    }
    client_close(&c);
}

static void a_request_waits_for_the_answer_before_it(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, GET("/hold") GET("/n/a"));
    fixture_wait(*state, is_held, NULL);
    client_text(&c, GET("/n/b"));
    assert_int_equal(c.n, 0);
    sk_http_reply_json(held, 200, SK_SPAN("\"late\""));
    client_wait_answers(&c, 3);
    assert_non_null(strstr(c.data, "\"late\"HTTP/1.1 200"));
    assert_non_null(strstr(c.data, "/n/aHTTP/1.1 200"));
    assert_non_null(strstr(c.data, "/n/b"));
    client_close(&c);
}

static void bytes_may_come_one_by_one(void **state)
{
    static const char text[] = "POST /echo?x=1 HTTP/1.1\r\nHost: boat\r\nX-A:  b  \r\nTransfer-Encoding: chunked\r\n\r\n"
                               "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: t\r\n\r\n";
    struct client c;
    client_open(&c, *state);
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        client_send(&c, text + i, 1);
        uv_run(sk_loop_uv(((struct fixture *)*state)->loop), UV_RUN_NOWAIT);
    }
    client_wait_answers(&c, 1);
    assert_int_equal(status_of(c.data), 200);
    assert_string_equal(body_of(c.data), "hello world");
    client_close(&c);
}

static void header_values_are_trimmed_and_joined(void **state)
{
    char *a = exchange(*state, "GET /headers HTTP/1.1\r\nHOST: x\r\nX-List:  a  \r\nX-Empty:\r\nx-list:\tb\t\r\n\r\n");
    assert_string_equal(body_of(a), "host=[x];x-list=[a];x-empty=[];x-list=[b];joined=[a, b]");
    free(a);
}

static void absolute_targets_are_understood(void **state)
{
    char *a = exchange(*state, "GET http://boat.local:3000/n/q?a#b HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(body_of(a), "/n/q");
    free(a);
}

static void old_clients_get_their_answer_and_the_end(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, "GET /n/old HTTP/1.0\r\n\r\n");
    client_wait_eof(&c);
    assert_int_equal(status_of(c.data), 200);
    assert_true(has_header(c.data, "Connection: close"));
    client_close(&c);
    client_open(&c, *state);
    client_text(&c, "GET /n/old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client_wait_answers(&c, 1);
    assert_true(has_header(c.data, "Connection: keep-alive"));
    client_close(&c);
}

static void connection_close_is_honoured(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, "GET /n/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" GET("/n/2"));
    client_wait_eof(&c);
    assert_true(has_header(c.data, "Connection: close"));
    assert_null(strstr(c.data, "/n/2"));
    client_close(&c);
}

static void half_closed_clients_get_their_answers(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, GET("/hold") GET("/n/last"));
    fixture_wait(*state, is_held, NULL);
    client_shutdown(&c);
    uv_run(sk_loop_uv(((struct fixture *)*state)->loop), UV_RUN_NOWAIT);
    sk_http_reply_json(held, 200, SK_SPAN("1"));
    client_wait_eof(&c);
    assert_non_null(strstr(c.data, "/n/last"));
    client_close(&c);
}

static void continue_is_said_before_the_body(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, "PUT /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    client_wait_text(&c, "HTTP/1.1 100 Continue\r\n\r\n");
    client_forget(&c, 25);
    client_text(&c, "ok");
    client_wait_answers(&c, 1);
    assert_string_equal(body_of(c.data), "ok");
    client_close(&c);
}

struct refused {
    int status;
    const char *request;
};

/* Each of these is read differently by some servers, or by none: the answer is a refusal and the end of the connection. */
static const struct refused refused[] = {
    { 400, "GET /n/1 HTTP/1.1\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1 1\r\n\r\na" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\na" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" },
    { 400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\nHost: x\n\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: x\nA: b\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: x\r\rA: b\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: x\r\nA: b\r\n\tfolded\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\n Host: x\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost : x\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost\t: x\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: x\r\nA\x01: b\r\n\r\n" },
    { 400, "GET /n/1 HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n" },
    { 400, "GET /n /1 HTTP/1.1\r\nHost: x\r\n\r\n" },
    { 400, "GET /n\t1 HTTP/1.1\r\nHost: x\r\n\r\n" },
    { 400, "get /n/1 HTTP/1.1\r\nHost: x\r\n\r\n" },
    { 400, "FROB /n/1 HTTP/1.1\r\nHost: x\r\n\r\n" },
    { 400, "GET /n/1 http/1.1\r\nHost: x\r\n\r\n" },
    { 505, "GET /n/1\r\n\r\n" },
    { 400, "\x16\x03\x01\x02\x01\x01\xfc\x03\x03" },
    { 400, "GET n/1 HTTP/1.1\r\nHost: x\r\n\r\n" },
    { 505, "GET /n/1 HTTP/2.0\r\nHost: x\r\n\r\n" },
    { 505, "GET /n/1 HTTP/0.9\r\nHost: x\r\n\r\n" },
    { 417, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n" },
    { 413, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10001\r\n\r\n" },
    { 413, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2711\r\n" },
};

static void doubtful_framing_is_refused(void **state)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < SK_COUNT(refused); i++) {
        struct client c;
        client_open(&c, *state);
        client_text(&c, refused[i].request);
        if (refused[i].status == 413 && strstr(refused[i].request, "2711") != NULL) {
            char body[10001];
            memset(body, 'x', sizeof body);
            client_send(&c, body, sizeof body);
        }
        client_wait_eof(&c);
        bool ok = status_of(c.data) == refused[i].status && has_header(c.data, "Connection: close") &&
                  has_header(c.data, "Access-Control-Allow-Origin: *") && strstr(body_of(c.data), "HTTP/1.1") == NULL;
        if (!ok)
            print_error("expected %d for:\n%s\ngot:\n%s\n", refused[i].status, refused[i].request, c.data);
        wrong += !ok;
        client_close(&c);
    }
    assert_int_equal(wrong, 0);
}

/* What a page of another site can send without asking is not taken for JSON. */
static void the_body_of_a_post_has_to_be_json(void **state)
{
    static const struct {
        int status;
        const char *head; /* method, path; further headers */
    } rows[] = {
        { 415, "POST /json HTTP/1.1\r\n" },
        { 415, "POST /json HTTP/1.1\r\nContent-Type: text/plain\r\n" },
        { 415, "POST /json HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n" },
        { 415, "POST /json HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=json\r\n" },
        { 415, "POST /json HTTP/1.1\r\nContent-Type: text/plain; application/json\r\n" },
        { 200, "POST /json HTTP/1.1\r\nContent-Type: application/json\r\n" },
        { 200, "POST /json HTTP/1.1\r\nContent-Type: Application/JSON; charset=utf-8\r\n" },
        { 200, "POST /json HTTP/1.1\r\nContent-Type: application/geo+json\r\n" },
        { 200, "PUT /json HTTP/1.1\r\nContent-Type: text/plain\r\n" },
        { 200, "POST /echo HTTP/1.1\r\nContent-Type: text/plain\r\n" },
    };
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct client c;
        client_open(&c, *state);
        client_text(&c, rows[i].head);
        client_text(&c, "Host: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        client_wait_eof(&c);
        if (status_of(c.data) != rows[i].status)
            fail_msg("expected %d for %s, got %s", rows[i].status, rows[i].head, c.data);
        client_close(&c);
    }
}

static void a_missing_host_has_an_empty_answer(void **state)
{
    char *a = exchange(*state, "GET /n/1 HTTP/1.1\r\n\r\n");
    assert_int_equal(status_of(a), 400);
    assert_true(has_header(a, "Content-Length: 0"));
    free(a);
}

static void long_heads_are_refused(void **state)
{
    char text[4000];
    int n = sprintf(text, "GET /n/");
    memset(text + n, 'a', 1000);
    strcpy(text + n + 1000, " HTTP/1.1\r\nHost: x\r\n\r\n");
    char *a = exchange(*state, text);
    assert_int_equal(status_of(a), 414);
    free(a);
    n = sprintf(text, "GET /n/1 HTTP/1.1\r\nHost: x\r\nA: ");
    memset(text + n, 'a', 2000);
    strcpy(text + n + 2000, "\r\n\r\n");
    a = exchange(*state, text);
    assert_int_equal(status_of(a), 431);
    free(a);
    n = sprintf(text, "GET /n/1 HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 101; i++)
        n += sprintf(text + n, "A%d:\r\n", i);
    strcpy(text + n, "\r\n");
    a = exchange(*state, text);
    assert_int_equal(status_of(a), 431);
    free(a);
}

/* Blanks around a value never reach the parser's callbacks; they must not be a way around the limit. */
static void endless_blanks_are_refused(void **state)
{
    struct client c;
    char blanks[1000];
    memset(blanks, ' ', sizeof blanks);
    client_open(&c, *state);
    client_text(&c, "GET /n/1 HTTP/1.1\r\nHost: x\r\nA: ");
    for (int i = 0; i < 100 && !c.eof; i++) {
        client_send(&c, blanks, sizeof blanks);
        uv_run(sk_loop_uv(((struct fixture *)*state)->loop), UV_RUN_NOWAIT);
    }
    client_wait_eof(&c);
    assert_int_equal(status_of(c.data), 431);
    client_close(&c);
}

static void endless_trailers_are_refused(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    for (int i = 0; i < 1000 && !c.eof; i++)
        client_text(&c, "X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    client_wait_eof(&c);
    assert_int_equal(status_of(c.data), 431);
    client_close(&c);
}

static void trailers_are_no_headers(void **state)
{
    char *a =
        exchange(*state, "GET /headers HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: t\r\n\r\n");
    assert_null(strstr(body_of(a), "authorization"));
    free(a);
}

static void slow_heads_time_out(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, "GET /n/1 HTTP/1.1\r\nHos");
    client_wait_eof(&c);
    assert_int_equal(status_of(c.data), 408);
    client_close(&c);
}

static void slow_bodies_time_out(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    client_wait_eof(&c);
    assert_int_equal(status_of(c.data), 408);
    client_close(&c);
}

static void idle_connections_are_closed_silently(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_wait_eof(&c);
    assert_int_equal(c.n, 0);
    client_close(&c);
    client_open(&c, *state);
    client_text(&c, GET("/n/1"));
    client_wait_eof(&c);
    assert_int_equal(strlen(body_of(c.data)), 4);
    client_close(&c);
}

static void a_silent_connection_gives_way_to_a_new_one(void **state)
{
    struct fixture *f = *state;
    struct client some[5], more;
    for (size_t i = 0; i < SK_COUNT(some); i++)
        client_open(&some[i], f);
    client_open(&more, f);
    client_text(&more, GET("/n/1"));
    client_wait_answers(&more, 1);
    assert_int_equal(status_of(more.data), 200);
    client_wait_eof(&some[0]); /* the oldest */
    client_close(&more);
    for (size_t i = 0; i < SK_COUNT(some); i++)
        client_close(&some[i]);
}

static bool all_are_at_work(void *arg)
{
    (void)arg;
    return at_work == SK_COUNT(working);
}

static void too_many_connections_at_work_get_503(void **state)
{
    struct fixture *f = *state;
    struct client some[5], more;
    at_work = 0;
    for (size_t i = 0; i < SK_COUNT(some); i++) {
        client_open(&some[i], f);
        client_text(&some[i], GET("/work"));
    }
    fixture_wait(f, all_are_at_work, NULL);
    client_open(&more, f);
    client_wait_eof(&more);
    assert_int_equal(status_of(more.data), 503);
    client_close(&more);
    for (size_t i = 0; i < SK_COUNT(some); i++) {
        sk_http_reply_text(working[i], 200, "done");
        client_wait_answers(&some[i], 1);
        client_close(&some[i]);
    }
}

static void a_flood_of_requests_pauses_reading(void **state)
{
    struct fixture *f = *state;
    struct sk_http_stats before, after;
    struct client c;
    char *flood = malloc(400000);
    size_t n = 0;
    while (n < 390000)
        n += (size_t)sprintf(flood + n, "GET /n/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    client_open(&c, f);
    client_text(&c, GET("/hold"));
    fixture_wait(f, is_held, NULL);
    sk_http_server_stats(f->server, &before);
    client_send(&c, flood, n);
    for (int i = 0; i < 200; i++)
        uv_run(sk_loop_uv(f->loop), UV_RUN_NOWAIT);
    sk_http_server_stats(f->server, &after);
    assert_true(after.bytes_in - before.bytes_in < 256 * 1024);
    sk_http_reply_json(held, 200, SK_SPAN("1"));
    client_wait_answers(&c, 1 + n / 31);
    client_close(&c);
    free(flood);
}

int main(void)
{
#define PATIENT(test) cmocka_unit_test_setup_teardown(test, setup_patient, teardown)
#define SHORT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        PATIENT(pipelined_requests_are_answered_in_order),
        PATIENT(a_request_waits_for_the_answer_before_it),
        PATIENT(bytes_may_come_one_by_one),
        PATIENT(header_values_are_trimmed_and_joined),
        PATIENT(absolute_targets_are_understood),
        PATIENT(old_clients_get_their_answer_and_the_end),
        PATIENT(connection_close_is_honoured),
        PATIENT(half_closed_clients_get_their_answers),
        PATIENT(continue_is_said_before_the_body),
        PATIENT(a_missing_host_has_an_empty_answer),
        PATIENT(trailers_are_no_headers),
        PATIENT(a_flood_of_requests_pauses_reading),
        SHORT(doubtful_framing_is_refused),
        SHORT(the_body_of_a_post_has_to_be_json),
        SHORT(long_heads_are_refused),
        SHORT(endless_blanks_are_refused),
        SHORT(endless_trailers_are_refused),
        SHORT(slow_heads_time_out),
        SHORT(slow_bodies_time_out),
        SHORT(idle_connections_are_closed_silently),
        SHORT(a_silent_connection_gives_way_to_a_new_one),
        SHORT(too_many_connections_at_work_get_503),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
