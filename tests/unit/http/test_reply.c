/* Answers: headers, validators, compression, asynchronous answers, closing. */
#include "harness.h"

#include <zlib.h>

static void fixed(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_set_header(r, "X-Own", SK_SPAN("1"));
    sk_http_set_header(r, "X-Bad", SK_SPAN("1\r\nSet-Cookie: evil"));
    sk_http_set_header(r, "X: evil\r\nX-Name", SK_SPAN("1"));
    sk_http_reply_json(r, 200, SK_SPAN("{\"a\":1}"));
}

static char *large_text(size_t n)
{
    char *p = malloc(n);
    for (size_t i = 0; i < n; i++)
        p[i] = "navigation.speed"[(i * 7 + i / 31) % 16];
    return p;
}

/* `arg`: how many bytes. */
static void large(struct sk_http_req *r, void *arg)
{
    size_t n = (size_t)(uintptr_t)arg;
    char *p = large_text(n);
    sk_http_reply_json(r, 200, (struct sk_span){ p, n });
    free(p);
}

static void large_own(struct sk_http_req *r, void *arg)
{
    size_t n = (size_t)(uintptr_t)arg;
    char type[] = "text/plain"; /* on the stack: must not be needed later */
    struct sk_buf b = { .p = large_text(n), .n = n, .cap = n, .max = n };
    sk_http_reply_buf(r, 200, type, &b);
    memset(type, 'x', sizeof type - 1);
}

static void too_small_buffer(struct sk_http_req *r, void *arg)
{
    struct sk_buf b;
    (void)arg;
    sk_buf_init(&b, 4);
    sk_buf_text(&b, "more than that");
    sk_http_reply_buf(r, 200, "text/plain", &b);
}

static void own_origin(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_set_header(r, "Access-Control-Allow-Origin", SK_SPAN("http://one"));
    sk_http_reply_text(r, 401, "Unauthorized");
}

static void redirect(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_redirect(r, 302, "/admin/?a=<b>");
}

static void created(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply(r, 204, NULL, SK_SPAN(""));
}

static struct sk_http_req *held;
static unsigned gone_calls;

static void on_gone(void *arg)
{
    assert_string_equal(arg, "token");
    gone_calls++;
}

static void hold(struct sk_http_req *r, void *arg)
{
    (void)arg;
    static char token[] = "token";
    held = r;
    sk_http_on_gone(r, on_gone, token);
}

static bool is_held(void *arg)
{
    (void)arg;
    return held != NULL;
}

static bool is_gone(void *arg)
{
    (void)arg;
    return gone_calls != 0;
}

static const struct sk_route routes[] = {
    { "GET", "/fixed", SK_ACCESS_OPEN, fixed, NULL },
    { "GET", "/1023", SK_ACCESS_OPEN, large, (void *)(uintptr_t)1023 },
    { "GET", "/1024", SK_ACCESS_OPEN, large, (void *)(uintptr_t)1024 },
    { "GET", "/20000", SK_ACCESS_OPEN, large, (void *)(uintptr_t)20000 },
    { "GET", "/300000", SK_ACCESS_OPEN, large, (void *)(uintptr_t)300000 },
    { "GET", "/own", SK_ACCESS_OPEN, large_own, (void *)(uintptr_t)300000 },
    { "GET", "/failed", SK_ACCESS_OPEN, too_small_buffer, NULL },
    { "GET", "/origin", SK_ACCESS_OPEN, own_origin, NULL },
    { "GET", "/redirect", SK_ACCESS_OPEN, redirect, NULL },
    { "PUT", "/created", SK_ACCESS_OPEN, created, NULL },
    { "GET", "/hold", SK_ACCESS_OPEN, hold, NULL },
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    held = NULL;
    gone_calls = 0;
    fixture_start(f, NULL, routes, SK_COUNT(routes));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_stop(*state);
    free(*state);
    return 0;
}

static void every_answer_has_the_common_headers(void **state)
{
    static const char *const requests[] = { GET("/fixed"),      GET("/nowhere"), "PUT /created HTTP/1.1\r\nHost: x\r\n\r\n",
                                            "nonsense\r\n\r\n", GET("/failed"),  "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n" };
    static const char *const lines[] = { "Access-Control-Allow-Origin: *",
                                         "Access-Control-Allow-Credentials: true",
                                         "X-Content-Type-Options: nosniff",
                                         "X-DNS-Prefetch-Control: off",
                                         "X-Download-Options: noopen",
                                         "X-Permitted-Cross-Domain-Policies: none",
                                         "Referrer-Policy: no-referrer",
                                         "Origin-Agent-Cluster: ?1",
                                         "X-XSS-Protection: 0" };
    for (size_t i = 0; i < SK_COUNT(requests); i++) {
        char *a = exchange(*state, requests[i]);
        for (size_t k = 0; k < SK_COUNT(lines); k++)
            assert_true(has_header(a, lines[k]));
        assert_non_null(strstr(a, "\r\nDate: "));
        assert_null(strstr(a, "Strict-Transport"));
        assert_null(strstr(a, "evil"));
        free(a);
    }
}

static void a_small_answer(void **state)
{
    char *a = exchange(*state, "GET /fixed HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_int_equal(status_of(a), 200);
    assert_true(has_header(a, "Content-Type: application/json; charset=utf-8"));
    assert_true(has_header(a, "Content-Length: 7"));
    assert_true(has_header(a, "Vary: Accept-Encoding"));
    assert_true(has_header(a, "X-Own: 1"));
    assert_true(has_header(a, "Connection: keep-alive"));
    assert_true(has_header(a, "Keep-Alive: timeout=5"));
    assert_string_equal(body_of(a), "{\"a\":1}");
    free(a);
}

static void head_has_the_headers_only(void **state)
{
    char *get = exchange(*state, GET("/20000"));
    char *head = exchange(*state, "HEAD /20000 HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_true(has_header(head, "Content-Length: 20000"));
    assert_string_equal(body_of(head), "");
    assert_memory_equal(strstr(get, "ETag"), strstr(head, "ETag"), 30);
    free(get);
    free(head);
}

static void unchanged_answers_are_304(void **state)
{
    static const char *const forms[] = { "%s", "\"x\", %s", "*", "W/\"y\",%s ", "%.0s\"other\"" };
    char *a = exchange(*state, GET("/20000")), etag[64], list[100], request[300];
    sscanf(strstr(a, "ETag: ") + 6, "%63s", etag);
    assert_memory_equal(etag, "W/\"4e20-", 8);
    free(a);
    for (size_t i = 0; i < SK_COUNT(forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(list, sizeof list, forms[i], etag);
#pragma GCC diagnostic pop
        snprintf(request, sizeof request, "GET /20000 HTTP/1.1\r\nHost: x\r\nIf-None-Match: %s\r\n\r\n", list);
        a = exchange(*state, request);
        assert_int_equal(status_of(a), i == 4 ? 200 : 304);
        if (i != 4) {
            assert_string_equal(body_of(a), "");
            assert_null(strstr(a, "Content-Length"));
            assert_non_null(strstr(a, etag));
        }
        free(a);
    }
}

static void check_gzip(struct fixture *f, const char *path, const char *accept, size_t size, bool packed)
{
    struct client c;
    char request[300];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %s\r\n\r\n", path, accept);
    client_open(&c, f);
    client_text(&c, request);
    client_wait_answers(&c, 1);
    assert_int_equal(status_of(c.data), 200);
    assert_true(has_header(c.data, "Vary: Accept-Encoding"));
    assert_int_equal(has_header(c.data, "Content-Encoding: gzip"), packed);
    const char *body = body_of(c.data);
    size_t n = c.n - (size_t)(body - c.data);
    char *expected = large_text(size), *got = malloc(size + 1);
    if (packed) {
        z_stream z = {
            .next_in = (Bytef *)(uintptr_t)body, .avail_in = (uInt)n, .next_out = (Bytef *)got, .avail_out = (uInt)size + 1
        };
        assert_int_equal(inflateInit2(&z, 31), Z_OK);
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        assert_int_equal(z.total_out, size);
        assert_int_equal(z.avail_in, 0);
        inflateEnd(&z);
    } else {
        assert_int_equal(n, size);
        memcpy(got, body, n);
    }
    assert_memory_equal(got, expected, size);
    free(expected);
    free(got);
    client_close(&c);
}

static void compression_is_negotiated(void **state)
{
    struct fixture *f = *state;
    check_gzip(f, "/1023", "gzip", 1023, false);
    check_gzip(f, "/1024", "gzip", 1024, true);
    check_gzip(f, "/20000", "br, gzip;q=0.5", 20000, true);
    check_gzip(f, "/20000", "GZIP", 20000, true);
    check_gzip(f, "/20000", "*", 20000, true);
    check_gzip(f, "/20000", "*, gzip;q=0", 20000, false);
    check_gzip(f, "/20000", "gzip;q=0", 20000, false);
    check_gzip(f, "/20000", "gzip; q=0.000", 20000, false);
    check_gzip(f, "/20000", "identity, br", 20000, false);
    check_gzip(f, "/20000", "xgzip", 20000, false);
    check_gzip(f, "/300000", "gzip", 300000, true);
    check_gzip(f, "/300000", "", 300000, false);
    check_gzip(f, "/own", "gzip", 300000, true);
    check_gzip(f, "/own", "", 300000, false);
}

static void pages_escape_what_they_show(void **state)
{
    char *text = exchange(*state, GET("/origin"));
    assert_true(has_header(text, "Content-Security-Policy: default-src 'none'")); /* sent as it is, so that nothing in it runs */
    free(text);
    char *a = exchange(*state, GET("/<script>\"&'?q=1"));
    assert_int_equal(status_of(a), 404);
    assert_true(has_header(a, "Content-Type: text/html; charset=utf-8"));
    assert_true(has_header(a, "Content-Security-Policy: default-src 'none'"));
    assert_string_equal(body_of(a),
                        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n"
                        "<body>\n<pre>Cannot GET /&lt;script&gt;&quot;&amp;&#39;</pre>\n</body>\n</html>\n");
    free(a);
    a = exchange(*state, "DELETE /fixed HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(status_of(a), 404);
    assert_non_null(strstr(a, "<pre>Cannot DELETE /fixed</pre>"));
    free(a);
    a = exchange(*state, GET("/redirect"));
    assert_int_equal(status_of(a), 302);
    assert_true(has_header(a, "Location: /admin/?a=<b>"));
    assert_non_null(strstr(body_of(a), "&lt;b&gt;"));
    free(a);
}

static void buffers_that_failed_answer_500(void **state)
{
    char *a = exchange(*state, GET("/failed"));
    assert_int_equal(status_of(a), 500);
    free(a);
}

static void no_content_has_no_length(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, "PUT /created HTTP/1.1\r\nHost: x\r\n\r\n" GET("/fixed"));
    client_wait_text(&c, "{\"a\":1}");
    assert_int_equal(status_of(c.data), 204);
    char *end = strstr(c.data, "\r\n\r\n");
    assert_memory_equal(end + 4, "HTTP/1.1 200", 12);
    *end = '\0';
    assert_null(strstr(c.data, "Content-Length"));
    client_close(&c);
}

static void preflights_are_answered_anywhere(void **state)
{
    char *a =
        exchange(*state, "OPTIONS /any/where HTTP/1.1\r\nHost: x\r\nOrigin: http://o\r\nAccess-Control-Request-Method: PUT\r\n"
                         "Access-Control-Request-Headers: content-type,x-y\r\n\r\n");
    assert_int_equal(status_of(a), 204);
    assert_true(has_header(a, "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE"));
    assert_true(has_header(a, "Access-Control-Allow-Headers: content-type,x-y"));
    assert_true(has_header(a, "Access-Control-Allow-Origin: *"));
    assert_true(has_header(a, "Content-Length: 0"));
    free(a);
}

static void origins_follow_the_setting(void **state)
{
    struct fixture *f = *state;
    static const char one[] = "GET /fixed HTTP/1.1\r\nHost: x\r\nOrigin: http://one\r\n\r\n";
    static const char three[] = "GET /fixed HTTP/1.1\r\nHost: x\r\nOrigin: http://three\r\n\r\n";
    sk_http_server_set_origins(f->server, "http://one, http://two");
    char *a = exchange(f, one);
    assert_true(has_header(a, "Access-Control-Allow-Origin: http://one"));
    assert_true(has_header(a, "Vary: Origin"));
    free(a);
    a = exchange(f, three);
    assert_null(strstr(a, "Access-Control-Allow-Origin"));
    free(a);
    sk_http_server_set_origins(f->server, "*");
    a = exchange(f, three);
    assert_true(has_header(a, "Access-Control-Allow-Origin: http://three"));
    free(a);
    a = exchange(f, GET("/origin"));
    assert_true(has_header(a, "Access-Control-Allow-Origin: http://one"));
    free(a);
}

static void a_client_that_left_is_told_and_the_answer_vanishes(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, GET("/hold"));
    fixture_wait(*state, is_held, NULL);
    client_reset(&c);
    fixture_wait(*state, is_gone, NULL);
    assert_int_equal(gone_calls, 1);
    assert_string_equal(sk_http_remote_ip(held), "");
    assert_true(sk_span_eq(sk_http_path(held), "/hold"));
    sk_http_set_header(held, "X-Late", SK_SPAN("1"));
    sk_http_reply_json(held, 200, SK_SPAN("{}"));
    char *a = exchange(*state, GET("/fixed"));
    assert_int_equal(status_of(a), 200);
    free(a);
}

static void a_server_that_closes_lets_answers_out(void **state)
{
    struct fixture *f = *state;
    struct client busy, idle;
    client_open(&busy, f);
    client_open(&idle, f);
    client_text(&idle, GET("/fixed"));
    client_wait_answers(&idle, 1);
    client_text(&busy, GET("/hold"));
    fixture_wait(f, is_held, NULL);
    sk_http_server_close(f->server, 5000, NULL, NULL);
    client_wait_eof(&idle);
    client_close(&idle);
    sk_http_reply_json(held, 200, SK_SPAN("\"last\""));
    client_wait_eof(&busy);
    assert_non_null(strstr(busy.data, "\"last\""));
    assert_true(has_header(busy.data, "Connection: close"));
    client_close(&busy);
    while (uv_run(sk_loop_uv(f->loop), UV_RUN_NOWAIT) != 0 && sk_http_server_port(f->server) != 0)
        continue;
}

static int teardown_closed(void **state)
{
    struct fixture *f = *state;
    struct sk_http_stats stats;
    for (sk_http_server_stats(f->server, &stats); stats.connections != 0; sk_http_server_stats(f->server, &stats))
        uv_run(sk_loop_uv(f->loop), UV_RUN_ONCE);
    for (int i = 0; i < 5; i++)
        uv_run(sk_loop_uv(f->loop), UV_RUN_NOWAIT);
    sk_http_server_destroy(f->server);
    sk_loop_destroy(f->loop);
    free(f);
    return 0;
}

/* A handler may be slower than the whole server. */
static void an_answer_may_come_after_the_server(void **state)
{
    struct fixture *f = *state;
    struct client c;
    client_open(&c, f);
    client_text(&c, GET("/hold"));
    fixture_wait(f, is_held, NULL);
    client_close(&c);
    fixture_stop(f);
    sk_http_reply_json(held, 200, SK_SPAN("{}"));
    fixture_start(f, NULL, routes, SK_COUNT(routes));
}

static void stats_count(void **state)
{
    struct fixture *f = *state;
    struct sk_http_stats s;
    struct client c;
    client_open(&c, f);
    client_text(&c, GET("/fixed"));
    client_wait_answers(&c, 1);
    sk_http_server_stats(f->server, &s);
    assert_int_equal(s.connections, 1);
    assert_int_equal(s.requests, 1);
    assert_int_equal(s.bytes_in, sizeof GET("/fixed") - 1);
    assert_int_equal(s.bytes_out, c.n);
    client_close(&c);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(every_answer_has_the_common_headers),
        CASE(a_small_answer),
        CASE(head_has_the_headers_only),
        CASE(unchanged_answers_are_304),
        CASE(compression_is_negotiated),
        CASE(pages_escape_what_they_show),
        CASE(buffers_that_failed_answer_500),
        CASE(no_content_has_no_length),
        CASE(preflights_are_answered_anywhere),
        CASE(origins_follow_the_setting),
        CASE(a_client_that_left_is_told_and_the_answer_vanishes),
        cmocka_unit_test_setup_teardown(a_server_that_closes_lets_answers_out, setup, teardown_closed),
        CASE(an_answer_may_come_after_the_server),
        CASE(stats_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
