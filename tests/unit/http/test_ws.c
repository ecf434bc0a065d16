/* WebSocket endpoints, spoken to frame by frame. */
#include "harness.h"

struct endpoint {
    struct sk_ws *ws;
    struct sk_buf texts; /* each followed by '|' */
    unsigned closed_calls, code, drained_calls;
};
static struct endpoint ep;
static struct sk_ws_limits limits;

static void on_text(struct sk_ws *ws, void *arg, struct sk_span text)
{
    struct endpoint *e = arg;
    sk_buf_span_append(&e->texts, text);
    sk_buf_char(&e->texts, '|');
    if (sk_span_eq(text, "close me"))
        sk_ws_close(ws, 4001, "as asked");
    if (sk_span_eq(text, "abort me"))
        sk_ws_abort(ws);
}

static void on_closed(struct sk_ws *ws, void *arg, unsigned code)
{
    struct endpoint *e = arg;
    assert_ptr_equal(ws, e->ws);
    e->ws = NULL;
    e->closed_calls++;
    e->code = code;
}

static void on_drained(struct sk_ws *ws, void *arg)
{
    (void)ws;
    ((struct endpoint *)arg)->drained_calls++;
}

static const struct sk_ws_ops ops = { .text = on_text, .closed = on_closed, .drained = on_drained };

static void stream(struct sk_http_req *r, void *arg)
{
    (void)arg;
    ep.ws = sk_ws_accept(r, &ops, &ep, &limits);
}

static const struct sk_route routes[] = { { "GET", "/ws", SK_ACCESS_OPEN, stream, NULL } };

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    ep = (struct endpoint){ 0 };
    sk_buf_init(&ep.texts, 10000000);
    limits = (struct sk_ws_limits){ .message_max = 200000, .queue_max = 100000, .ping_ms = 0, .close_ms = 50 };
    fixture_start(f, NULL, routes, 1);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_stop(*state);
    free(*state);
    assert_null(ep.ws);
    sk_buf_finish(&ep.texts);
    return 0;
}

#define UPGRADE "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static void ws_open(struct client *c, struct fixture *f)
{
    client_open(c, f);
    client_text(c, UPGRADE KEY VERSION "\r\n");
    client_wait_text(c, "\r\n\r\n");
    assert_int_equal(status_of(c->data), 101);
    assert_true(has_header(c->data, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    client_forget(c, c->n);
}

static size_t frame(char *to, unsigned first, const char *p, size_t n)
{
    static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
    size_t at = 0;
    to[at++] = (char)first;
    if (n < 126) {
        to[at++] = (char)(0x80 | n);
    } else if (n < 65536) {
        to[at++] = (char)(0x80 | 126);
        to[at++] = (char)(n >> 8);
        to[at++] = (char)n;
    } else {
        to[at++] = (char)(0x80 | 127);
        for (int i = 0; i < 8; i++)
            to[at++] = (char)((uint64_t)n >> (56 - 8 * i));
    }
    memcpy(to + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < n; i++)
        to[at++] = (char)(p[i] ^ mask[i % 4]);
    return at;
}

static void ws_frame(struct client *c, unsigned first, const char *p, size_t n)
{
    char *bytes = malloc(n + 14);
    client_send(c, bytes, frame(bytes, first, p, n));
    free(bytes);
}

static void ws_text(struct client *c, const char *text)
{
    ws_frame(c, 0x81, text, strlen(text));
}

static bool has_texts(void *arg)
{
    return ep.texts.n >= strlen(arg);
}

static void expect_texts(struct fixture *f, const char *texts)
{
    fixture_wait(f, has_texts, (void *)(uintptr_t)texts);
    assert_string_equal(sk_buf_cstr(&ep.texts), texts);
    sk_buf_clear(&ep.texts);
}

static bool is_closed(void *arg)
{
    (void)arg;
    return ep.closed_calls != 0;
}

static void expect_closed(struct fixture *f, unsigned code)
{
    fixture_wait(f, is_closed, NULL);
    assert_int_equal(ep.closed_calls, 1);
    assert_int_equal(ep.code, code);
}

/* The close frame is the last thing received. */
static void expect_close_frame(struct client *c, unsigned code)
{
    client_wait_eof(c);
    assert_true(c->n >= 4);
    const unsigned char *p = (const unsigned char *)c->data + c->n - 4;
    assert_int_equal(p[0], 0x88);
    assert_int_equal(p[2] << 8 | p[3], code);
}

static void bad_handshakes_are_refused(void **state)
{
    static const struct {
        int status;
        const char *request;
    } cases[] = {
        { 426, UPGRADE KEY "\r\n" },
        { 426, UPGRADE KEY "Sec-WebSocket-Version: 8\r\n\r\n" },
        { 400, UPGRADE VERSION "\r\n" },
        { 400, UPGRADE VERSION "Sec-WebSocket-Key: short\r\n\r\n" },
        { 400, UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n\r\n" },
        { 400, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n" KEY VERSION "\r\n" },
        { 400, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n" KEY VERSION "\r\n" },
        { 400, "GET /ws HTTP/1.1\r\nHost: x\r\n" KEY VERSION "\r\n" },
        { 404, "GET /nowhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" KEY VERSION "\r\n" },
    };
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        char *a = exchange(*state, cases[i].request);
        assert_int_equal(status_of(a), cases[i].status);
        if (cases[i].status == 426)
            assert_true(has_header(a, "Sec-WebSocket-Version: 13"));
        free(a);
        assert_null(ep.ws);
    }
}

static void texts_go_both_ways(void **state)
{
    static const size_t sizes[] = { 0, 1, 125, 126, 4000, 4096, 5000, 65535, 65536, 150000 };
    struct client c;
    ws_open(&c, *state);
    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        size_t n = sizes[i];
        char *p = malloc(n + 2);
        memset(p, 'a' + (int)i, n);
        memcpy(p + n, "|", 2);
        ws_frame(&c, 0x81, p, n);
        expect_texts(*state, p);
        assert_int_equal(sk_ws_send_text(ep.ws, (struct sk_span){ p, n }), 0);
        size_t head = n < 126 ? 2 : n < 65536 ? 4 : 10;
        client_wait_bytes(&c, n + head);
        assert_int_equal(c.n, n + head);
        assert_memory_equal(c.data + head, p, n);
        client_forget(&c, c.n);
        free(p);
    }
    assert_int_equal(ep.drained_calls, SK_COUNT(sizes));
    ws_frame(&c, 0x88, "\x03\xe8", 2);
    expect_close_frame(&c, 1000);
    expect_closed(*state, 1000);
    client_close(&c);
}

static void frames_behind_the_handshake_are_not_lost(void **state)
{
    char bytes[400] = UPGRADE KEY VERSION "\r\n";
    struct client c;
    size_t n = strlen(bytes);
    n += frame(bytes + n, 0x81, "early", 5);
    client_open(&c, *state);
    client_send(&c, bytes, n);
    expect_texts(*state, "early|");
    client_close(&c);
    expect_closed(*state, 1006);
}

static void bytes_may_come_one_by_one(void **state)
{
    char bytes[400];
    struct client c;
    size_t n = frame(bytes, 0x01, "hel", 3);
    n += frame(bytes + n, 0x89, "ping", 4);
    n += frame(bytes + n, 0x80, "lo", 2);
    n += frame(bytes + n, 0x81, "x", 1);
    ws_open(&c, *state);
    for (size_t i = 0; i < n; i++) {
        client_send(&c, bytes + i, 1);
        uv_run(sk_loop_uv(((struct fixture *)*state)->loop), UV_RUN_NOWAIT);
    }
    expect_texts(*state, "hello|x|");
    client_wait_bytes(&c, 6);
    assert_memory_equal(c.data, "\x8a\x04ping", 6);
    client_close(&c);
    expect_closed(*state, 1006);
}

static void fragments_and_control_frames_mix(void **state)
{
    struct client c;
    ws_open(&c, *state);
    ws_frame(&c, 0x01, "a", 1);
    ws_frame(&c, 0x00, "", 0);
    ws_frame(&c, 0x8a, "unasked", 7);
    ws_frame(&c, 0x00, "\xc3", 1); /* a character cut in two */
    ws_frame(&c, 0x89, "", 0);
    ws_frame(&c, 0x80, "\xa4", 1);
    ws_frame(&c, 0x82, "binary", 6);
    ws_frame(&c, 0x82, "\xff\xff", 2);
    ws_text(&c, "end");
    expect_texts(*state, "a\xc3\xa4|binary|end|");
    client_wait_bytes(&c, 2);
    assert_memory_equal(c.data, "\x8a\0", 2);
    client_close(&c);
    expect_closed(*state, 1006);
}

/* Raw bytes after which the server must fail the connection with that code. */
static const struct {
    unsigned code;
    const char *bytes;
    size_t n;
} faults[] = {
#define FAULT(code, bytes)                                                                                                       \
    {                                                                                                                            \
        code, bytes, sizeof(bytes) - 1                                                                                           \
    }
    FAULT(1002, "\x81\x01"
                "a"), /* not masked */
    FAULT(1002, "\xc1\x81\0\0\0\0"
                "a"),                /* a reserved bit */
    FAULT(1002, "\x83\x80\0\0\0\0"), /* reserved opcodes */
    FAULT(1002, "\x8b\x80\0\0\0\0"),
    FAULT(1002, "\x09\x80\0\0\0\0"),       /* a control frame in parts */
    FAULT(1002, "\x89\xfe\0\x7e\0\0\0\0"), /* a long control frame */
    FAULT(1002, "\x80\x81\0\0\0\0"
                "a"), /* continues nothing */
    FAULT(1002, "\x01\x81\0\0\0\0"
                "a\x81\x81\0\0\0\0"
                "b"),                           /* a second message within one */
    FAULT(1002, "\x81\xfe\0\x05\0\0\0\0hello"), /* length not in its shortest form */
    FAULT(1002, "\x81\xff\0\0\0\0\0\0\0\x05\0\0\0\0hello"),
    FAULT(1002, "\x81\xff\x80\0\0\0\0\0\0\x05\0\0\0\0hello"),
    FAULT(1002, "\x88\x81\0\0\0\0\x03"),     /* half a close code */
    FAULT(1002, "\x88\x82\0\0\0\0\x03\xe7"), /* 999 */
    FAULT(1002, "\x88\x82\0\0\0\0\x03\xec"), /* 1004, 1005, 1006, 1015, 2000, 5000 are not for the wire */
    FAULT(1002, "\x88\x82\0\0\0\0\x03\xed"),
    FAULT(1002, "\x88\x82\0\0\0\0\x03\xee"),
    FAULT(1002, "\x88\x82\0\0\0\0\x03\xf7"),
    FAULT(1002, "\x88\x82\0\0\0\0\x07\xd0"),
    FAULT(1002, "\x88\x82\0\0\0\0\x13\x88"),
    FAULT(1007, "\x88\x83\0\0\0\0\x03\xe8\xff"), /* a reason that is no UTF-8 */
    FAULT(1007, "\x81\x81\0\0\0\0\xff"),
    FAULT(1007, "\x81\x83\0\0\0\0\xed\xa0\x80"), /* a surrogate */
    FAULT(1007, "\x81\x82\0\0\0\0\xc0\x80"),     /* overlong */
    FAULT(1007, "\x81\x81\0\0\0\0\xc3"),         /* cut short */
    FAULT(1009, "\x81\xff\0\0\0\0\0\x03\x0d\x41\0\0\0\0"
                "a"), /* 200,001 bytes announced */
    FAULT(1009, "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"
                "a"),
};

static void faults_end_with_their_code(void **state)
{
    for (size_t i = 0; i < SK_COUNT(faults); i++) {
        struct client c;
        ws_open(&c, *state);
        client_send(&c, faults[i].bytes, faults[i].n);
        client_wait_eof(&c);
        const unsigned char *p = (const unsigned char *)c.data;
        unsigned code = c.n == 4 && p[0] == 0x88 ? (unsigned)p[2] << 8 | p[3] : 0;
        client_close(&c);
        fixture_wait(*state, is_closed, NULL);
        if (code != faults[i].code || ep.code != faults[i].code || ep.closed_calls != 1)
            fail_msg("fault %zu: sent %u, told %u, %u times", i, code, ep.code, ep.closed_calls);
        ep.closed_calls = 0;
        assert_int_equal(ep.texts.n, 0);
    }
}

static void fragments_count_together(void **state)
{
    static char part[60000];
    struct client c;
    memset(part, 'p', sizeof part);
    ws_open(&c, *state);
    for (int i = 0; i < 4; i++)
        ws_frame(&c, i == 0 ? 0x01 : 0x00, part, sizeof part);
    expect_close_frame(&c, 1009);
    client_close(&c);
    expect_closed(*state, 1009);
}

static void close_codes_are_echoed(void **state)
{
    static const unsigned codes[] = { 1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999 };
    for (size_t i = 0; i < SK_COUNT(codes); i++) {
        struct client c;
        char payload[8] = { (char)(codes[i] >> 8), (char)codes[i], 'b', 'y', 'e' };
        ws_open(&c, *state);
        ws_frame(&c, 0x88, payload, 5);
        expect_close_frame(&c, codes[i]);
        client_close(&c);
        expect_closed(*state, codes[i]);
        ep.closed_calls = 0;
    }
    struct client c;
    ws_open(&c, *state);
    ws_frame(&c, 0x88, "", 0);
    client_wait_eof(&c);
    assert_int_equal(c.n, 2);
    assert_memory_equal(c.data, "\x88\0", 2);
    client_close(&c);
    expect_closed(*state, 1005);
}

static void the_server_closes_with_a_reason(void **state)
{
    struct client c;
    ws_open(&c, *state);
    ws_text(&c, "close me");
    client_wait_bytes(&c, 12);
    assert_memory_equal(c.data,
                        "\x88\x0a\x0f\xa1"
                        "as asked",
                        12);
    assert_int_equal(sk_ws_send_text(ep.ws, SK_SPAN("too late")), SK_ERR_CLOSED);
    sk_ws_close(ep.ws, 1000, NULL);
    ws_text(&c, "ignored");
    ws_frame(&c, 0x88, "\x0f\xa1", 2);
    client_wait_eof(&c);
    assert_int_equal(c.n, 12);
    client_close(&c);
    expect_closed(*state, 4001);
    assert_string_equal(sk_buf_cstr(&ep.texts), "close me|");
}

static void a_close_that_nobody_answers_ends_too(void **state)
{
    struct client c;
    ws_open(&c, *state);
    sk_ws_close(ep.ws, 0, NULL);
    client_wait_eof(&c);
    assert_memory_equal(c.data, "\x88\0", 2);
    expect_closed(*state, 1006);
    client_close(&c);
}

static void abort_is_possible_within_a_callback(void **state)
{
    char bytes[100];
    struct client c;
    size_t n = frame(bytes, 0x81, "abort me", 8);
    n += frame(bytes + n, 0x81, "never seen", 10);
    ws_open(&c, *state);
    client_send(&c, bytes, n);
    client_wait_eof(&c);
    expect_closed(*state, 1006);
    assert_string_equal(sk_buf_cstr(&ep.texts), "abort me|");
    client_close(&c);
}

static void a_full_queue_refuses(void **state)
{
    static char large[60000];
    struct client c;
    memset(large, 'L', sizeof large);
    struct sk_frame *f = sk_frame_create(large, sizeof large);
    ws_open(&c, *state);
    assert_int_equal(sk_ws_send(ep.ws, f), 0);
    assert_int_equal(sk_ws_send(ep.ws, f), SK_ERR_LIMIT);
    assert_int_equal(sk_ws_queued(ep.ws), sizeof large + 4);
    assert_int_equal(sk_ws_send_text(ep.ws, SK_SPAN("small")), 0);
    client_wait_bytes(&c, sizeof large + 4 + 7);
    assert_int_equal(ep.drained_calls, 1);
    assert_int_equal(sk_ws_queued(ep.ws), 0);
    assert_int_equal(sk_ws_send(ep.ws, f), 0);
    sk_frame_unref(f);
    client_close(&c);
    expect_closed(*state, 1006);
}

static void a_silent_client_is_pinged_and_dropped(void **state)
{
    struct client c;
    limits.ping_ms = 30;
    ws_open(&c, *state);
    client_wait_bytes(&c, 2);
    assert_memory_equal(c.data, "\x89\0", 2);
    ws_frame(&c, 0x8a, "", 0);
    client_wait_bytes(&c, 4); /* the answered ping is followed by another, which is not answered */
    client_wait_eof(&c);
    assert_int_equal(c.n, 4);
    expect_closed(*state, 1006);
    client_close(&c);
}

static void a_closing_server_says_going_away(void **state)
{
    struct fixture *f = *state;
    struct client c;
    ws_open(&c, f);
    struct sk_http_stats s;
    sk_http_server_stats(f->server, &s);
    assert_int_equal(s.websockets, 1);
    sk_http_server_close(f->server, 5000, NULL, NULL);
    client_wait_bytes(&c, 4);
    assert_memory_equal(c.data + 2, "\x03\xe9", 2);
    ws_frame(&c, 0x88, "\x03\xe9", 2);
    client_wait_eof(&c);
    client_close(&c);
    expect_closed(f, 1001);
    for (int i = 0; i < 5; i++)
        uv_run(sk_loop_uv(f->loop), UV_RUN_NOWAIT);
    sk_http_server_destroy(f->server);
    sk_loop_destroy(f->loop);
    fixture_start(f, NULL, routes, 1);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(bad_handshakes_are_refused),
        CASE(texts_go_both_ways),
        CASE(frames_behind_the_handshake_are_not_lost),
        CASE(bytes_may_come_one_by_one),
        CASE(fragments_and_control_frames_mix),
        CASE(faults_end_with_their_code),
        CASE(fragments_count_together),
        CASE(close_codes_are_echoed),
        CASE(the_server_closes_with_a_reason),
        CASE(a_close_that_nobody_answers_ends_too),
        CASE(abort_is_possible_within_a_callback),
        CASE(a_full_queue_refuses),
        CASE(a_silent_client_is_pinged_and_dropped),
        CASE(a_closing_server_says_going_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
