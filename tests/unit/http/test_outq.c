/* The output queue on a socket pair whose buffers are small, so that writes are partial. */
#include "harness.h"
#include "http/outq.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct pipe_end {
    struct sk_loop *loop;
    struct sk_outq q;
    uv_pipe_t pipe;
    int other;
    char *got;
    size_t n;
    unsigned drained, broken;
    bool closed;
};

static void on_drained(struct sk_outq *q)
{
    SK_CONTAINER(q, struct pipe_end, q)->drained++;
}

static void on_broken(struct sk_outq *q, int error)
{
    assert_true(error < 0);
    SK_CONTAINER(q, struct pipe_end, q)->broken++;
}

static void open_pair(struct pipe_end *e)
{
    int fds[2], size = 4096;
    *e = (struct pipe_end){ .loop = sk_loop_create() };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    e->other = fds[1];
    uv_pipe_init(sk_loop_uv(e->loop), &e->pipe, 0);
    assert_int_equal(uv_pipe_open(&e->pipe, fds[0]), 0);
    sk_outq_init(&e->q, e->loop, (uv_stream_t *)&e->pipe);
    e->q.drained = on_drained;
    e->q.broken = on_broken;
    e->pipe.data = e;
}

static void on_closed(uv_handle_t *h)
{
    ((struct pipe_end *)h->data)->closed = true;
}

static bool is_closed(void *arg)
{
    return ((struct pipe_end *)arg)->closed;
}

static void close_pair(struct pipe_end *e)
{
    sk_outq_finish(&e->q);
    uv_close((uv_handle_t *)&e->pipe, on_closed);
    assert_true(sk_loop_run_until(e->loop, is_closed, e, sk_clock_mono_ms() + 5000));
    close(e->other);
    sk_loop_destroy(e->loop);
    free(e->got);
}

static void turn(struct pipe_end *e)
{
    uv_run(sk_loop_uv(e->loop), UV_RUN_NOWAIT);
}

static void receive(struct pipe_end *e, size_t chunk)
{
    e->got = realloc(e->got, e->n + chunk);
    ssize_t n = read(e->other, e->got + e->n, chunk);
    if (n > 0)
        e->n += (size_t)n;
}

static void nothing_leaves_before_the_turn_ends(void **state)
{
    struct pipe_end e;
    (void)state;
    open_pair(&e);
    struct sk_frame *f = sk_frame_create("{}", 2);
    sk_outq_frame(&e.q, f, SK_OUTQ_WS);
    sk_outq_frame(&e.q, f, SK_OUTQ_LINE);
    sk_outq_frame(&e.q, f, SK_OUTQ_TEXT);
    sk_outq_copy(&e.q, "one", 3);
    sk_outq_copy(&e.q, "two", 3);
    sk_outq_own(&e.q, strdup("three"), 5);
    sk_outq_copy(&e.q, "", 0);
    sk_outq_own(&e.q, strdup(""), 0);
    assert_int_equal(atomic_load(&f->refs), 4);
    receive(&e, 100);
    assert_int_equal(e.n, 0);
    assert_int_equal(e.q.bytes, 4 + 4 + 2 + 6 + 5);
    turn(&e);
    receive(&e, 100);
    assert_int_equal(e.n, 21);
    assert_memory_equal(e.got, "\x81\x02{}{}\r\n{}onetwothree", 21);
    assert_int_equal(e.q.bytes, 0);
    assert_int_equal(e.q.written, 21);
    assert_int_equal(e.drained, 1);
    assert_int_equal(atomic_load(&f->refs), 1);
    sk_frame_unref(f);
    close_pair(&e);
}

/* Thousands of frames and a large block through a pipe of a few KiB: order and count hold, whatever the parts. */
static void partial_writes_keep_the_order(void **state)
{
    struct pipe_end e;
    size_t expected = 0;
    (void)state;
    open_pair(&e);
    for (int i = 0; i < 3000; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, "{\"number\":%d}", i);
        struct sk_frame *f = sk_frame_create(text, (size_t)n);
        sk_outq_frame(&e.q, f, SK_OUTQ_LINE);
        sk_frame_unref(f);
        expected += (size_t)n + 2;
        if (i % 100 == 50) {
            sk_outq_copy(&e.q, "copy\r\n", 6);
            expected += 6;
        }
    }
    char *large = malloc(300000);
    memset(large, 'x', 300000);
    sk_outq_own(&e.q, large, 300000);
    expected += 300000;
    assert_int_equal(e.q.bytes, expected);
    for (unsigned i = 0; e.n < expected; i++) {
        turn(&e);
        assert_int_equal(e.q.bytes + e.q.written, expected);
        receive(&e, 100 + i % 3000);
    }
    turn(&e);
    assert_int_equal(e.n, expected);
    assert_int_equal(e.drained, 1);
    const char *p = e.got;
    for (int i = 0; i < 3000; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, "{\"number\":%d}\r\n%s", i, i % 100 == 50 ? "copy\r\n" : "");
        assert_memory_equal(p, text, (size_t)n);
        p += n;
    }
    assert_int_equal(*p, 'x');
    close_pair(&e);
}

static void queueing_goes_on_while_a_write_waits(void **state)
{
    struct pipe_end e;
    (void)state;
    open_pair(&e);
    char block[5000];
    size_t expected = 0;
    for (int i = 0; i < 200; i++) {
        memset(block, 'a' + i % 26, sizeof block);
        sk_outq_copy(&e.q, block, 1 + (size_t)i * 20);
        expected += 1 + (size_t)i * 20;
        turn(&e);
        if (i % 3 == 0)
            receive(&e, 3000);
    }
    while (e.n < expected) {
        turn(&e);
        receive(&e, 7000);
    }
    const char *p = e.got;
    for (int i = 0; i < 200; i++)
        for (int k = 0; k < 1 + i * 20; k++)
            assert_int_equal(*p++, 'a' + i % 26);
    close_pair(&e);
}

static void a_broken_stream_is_told_once(void **state)
{
    struct pipe_end e;
    (void)state;
    open_pair(&e);
    char *large = calloc(1, 100000);
    sk_outq_own(&e.q, large, 100000);
    turn(&e);
    assert_true(e.q.bytes > 0);
    shutdown(e.other, SHUT_RDWR);
    close(e.other);
    e.other = -1;
    for (int i = 0; i < 10; i++) {
        sk_outq_copy(&e.q, "more", 4);
        turn(&e);
    }
    assert_int_equal(e.broken, 1);
    assert_true(e.q.failed);
    close_pair(&e);
}

static void finishing_drops_what_waits(void **state)
{
    struct pipe_end e;
    (void)state;
    open_pair(&e);
    struct sk_frame *f = sk_frame_create("abc", 3);
    sk_outq_own(&e.q, calloc(1, 100000), 100000);
    sk_outq_frame(&e.q, f, SK_OUTQ_TEXT);
    turn(&e);
    sk_outq_frame(&e.q, f, SK_OUTQ_TEXT);
    close_pair(&e);
    assert_int_equal(atomic_load(&f->refs), 1);
    assert_int_equal(e.broken, 0);
    sk_frame_unref(f);
}

static int ignore_sigpipe(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leaves_before_the_turn_ends),  cmocka_unit_test(partial_writes_keep_the_order),
        cmocka_unit_test(queueing_goes_on_while_a_write_waits), cmocka_unit_test(a_broken_stream_is_told_once),
        cmocka_unit_test(finishing_drops_what_waits),
    };
    return cmocka_run_group_tests(tests, ignore_sigpipe, NULL);
}
