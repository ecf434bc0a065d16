/* Static files from a folder made for the test. */
#include "harness.h"
#include "http/static.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#define LARGE ((size_t)5 * 1024 * 1024 + 123)

static char root[] = "/tmp/skiff-static-XXXXXX";
static struct sk_static pub, package;

static void serve(struct sk_http_req *r, void *arg)
{
    sk_static_serve(r, arg, sk_http_param(r, "*"));
}

static const struct sk_route routes[] = {
    { "*", "/s/*", SK_ACCESS_OPEN, serve, &pub },
    { "*", "/s", SK_ACCESS_OPEN, serve, &pub },
    { "*", "/p/*", SK_ACCESS_OPEN, serve, &package },
};

static void put(const char *name, const char *bytes, size_t n)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    struct utimbuf t = { 1700000000, 1700000000 };
    utime(path, &t);
}

static void folder(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static char *large;

static int make_files(void **state)
{
    char link[300], fifo[300], text[3000];
    (void)state;
    assert_non_null(mkdtemp(root));
    folder("sub");
    folder("empty");
    folder("node_modules");
    folder(".hidden");
    put("a.txt", "0123456789", 10);
    put("empty.css", "", 0);
    put("sub/index.html", "<p>index</p>", 12);
    put("sub/a b.json", "{}", 2);
    put("package.json", "{}", 2);
    put("node_modules/x.js", "1", 1);
    put(".secret", "1", 1);
    put(".hidden/x", "1", 1);
    put("packed.js", "plain", 5);
    put("packed.js.br", "brotli!", 7);
    put("packed.js.gz", "gzip", 4);
    memset(text, 'z', sizeof text);
    put("long.js", text, sizeof text);
    large = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)(i * 2654435761u >> 11);
    put("large.bin", large, LARGE);
    snprintf(link, sizeof link, "%s/link.txt", root);
    assert_int_equal(symlink("a.txt", link), 0);
    snprintf(fifo, sizeof fifo, "%s/fifo", root);
    assert_int_equal(mkfifo(fifo, 0644), 0);
    pub = (struct sk_static){ .root = root };
    package = (struct sk_static){ .root = root, .deny_package_files = true };
    return 0;
}

static int remove_files(void **state)
{
    char command[300];
    (void)state;
    free(large);
    snprintf(command, sizeof command, "rm -r '%s'", root);
    return system(command);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
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

static char *get(struct fixture *f, const char *path, const char *headers)
{
    char request[2000];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, headers);
    return exchange(f, request);
}

static void expect(struct fixture *f, const char *path, const char *headers, int status, const char *body)
{
    char *a = get(f, path, headers);
    if (status_of(a) != status || (body != NULL && strcmp(body_of(a), body) != 0))
        fail_msg("%s: %s", path, a);
    free(a);
}

static void files_have_type_and_validators(void **state)
{
    char *a = get(*state, "/s/a.txt", "");
    assert_int_equal(status_of(a), 200);
    assert_true(has_header(a, "Content-Type: text/plain; charset=utf-8"));
    assert_true(has_header(a, "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_true(has_header(a, "ETag: W/\"a-18bcfe56800\""));
    assert_true(has_header(a, "Cache-Control: public, max-age=0"));
    assert_true(has_header(a, "Accept-Ranges: bytes"));
    assert_string_equal(body_of(a), "0123456789");
    free(a);
    expect(*state, "/s/empty.css", "", 200, "");
    expect(*state, "/s/link.txt", "", 200, "0123456789");
    expect(*state, "/s/sub/a%20b.json", "", 200, "{}");
    a = exchange(*state, "HEAD /s/a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(has_header(a, "Content-Length: 10"));
    assert_string_equal(body_of(a), "");
    free(a);
}

static void folders_have_an_index_and_a_slash(void **state)
{
    expect(*state, "/s/sub/", "", 200, "<p>index</p>");
    char *a = get(*state, "/s/sub?x=1", "");
    assert_int_equal(status_of(a), 301);
    assert_true(has_header(a, "Location: /s/sub/?x=1"));
    free(a);
    a = get(*state, "/s", "");
    assert_int_equal(status_of(a), 301);
    assert_true(has_header(a, "Location: /s/"));
    free(a);
    expect(*state, "/s/empty/", "", 404, NULL);
    expect(*state, "/s/", "", 404, NULL);
    expect(*state, "/s/a.txt/", "", 404, NULL);
}

static void conditional_requests(void **state)
{
    expect(*state, "/s/a.txt", "If-None-Match: W/\"a-18bcfe56800\"\r\n", 304, "");
    expect(*state, "/s/a.txt", "If-None-Match: \"x\"\r\n", 200, NULL);
    expect(*state, "/s/a.txt", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 304, "");
    expect(*state, "/s/a.txt", "If-Modified-Since: Tue, 14 Nov 2023 22:13:21 GMT\r\n", 304, "");
    expect(*state, "/s/a.txt", "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 200, NULL);
    expect(*state, "/s/a.txt", "If-Modified-Since: yesterday\r\n", 200, NULL);
    expect(*state, "/s/a.txt", "If-None-Match: \"x\"\r\nIf-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 200, NULL);
}

static void ranges(void **state)
{
    static const struct {
        const char *range;
        int status;
        const char *body, *content_range;
    } cases[] = {
        { "bytes=2-4", 206, "234", "Content-Range: bytes 2-4/10" },
        { "bytes=0-0", 206, "0", "Content-Range: bytes 0-0/10" },
        { "bytes=7-", 206, "789", "Content-Range: bytes 7-9/10" },
        { "bytes=-3", 206, "789", "Content-Range: bytes 7-9/10" },
        { "bytes=-30", 206, "0123456789", "Content-Range: bytes 0-9/10" },
        { "bytes=8-99999999999999999", 206, "89", "Content-Range: bytes 8-9/10" },
        { "bytes=10-", 416, NULL, "Content-Range: bytes */10" },
        { "bytes=-0", 416, NULL, "Content-Range: bytes */10" },
        { "bytes=4-2", 200, "0123456789", NULL },
        { "bytes=0-1,4-5", 200, "0123456789", NULL },
        { "bytes=", 200, "0123456789", NULL },
        { "bytes=-", 200, "0123456789", NULL },
        { "bytes=a-b", 200, "0123456789", NULL },
        { "bytes=99999999999999999999999999999-", 200, "0123456789", NULL },
        { "lines=1-2", 200, "0123456789", NULL },
    };
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        char header[100];
        snprintf(header, sizeof header, "Range: %s\r\n", cases[i].range);
        char *a = get(*state, "/s/a.txt", header);
        if (status_of(a) != cases[i].status || (cases[i].body != NULL && strcmp(body_of(a), cases[i].body) != 0) ||
            (cases[i].content_range != NULL && !has_header(a, cases[i].content_range)))
            fail_msg("%s: %s", cases[i].range, a);
        free(a);
    }
    expect(*state, "/s/a.txt", "Range: bytes=1-2\r\nIf-Range: W/\"a-18bcfe56800\"\r\n", 206, "12");
    expect(*state, "/s/a.txt", "Range: bytes=1-2\r\nIf-Range: \"old\"\r\n", 200, NULL);
    expect(*state, "/s/a.txt", "Range: bytes=1-2\r\nIf-Range: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 206, "12");
    expect(*state, "/s/a.txt", "Range: bytes=1-2\r\nIf-Range: Tue, 14 Nov 2023 22:13:21 GMT\r\n", 200, NULL);
}

static void packed_siblings(void **state)
{
    char *a = get(*state, "/s/packed.js", "Accept-Encoding: gzip, br\r\n");
    assert_true(has_header(a, "Content-Encoding: br"));
    assert_true(has_header(a, "Content-Type: text/javascript; charset=utf-8"));
    assert_true(has_header(a, "Vary: Accept-Encoding"));
    assert_string_equal(body_of(a), "brotli!");
    free(a);
    expect(*state, "/s/packed.js", "Accept-Encoding: gzip\r\n", 200, "gzip");
    expect(*state, "/s/packed.js", "Accept-Encoding: br;q=0, gzip;q=0\r\n", 200, "plain");
    expect(*state, "/s/packed.js", "", 200, "plain");
    a = get(*state, "/s/long.js", "Accept-Encoding: gzip\r\n");
    assert_true(has_header(a, "Content-Encoding: gzip"));
    assert_null(strstr(a, "Accept-Ranges"));
    free(a);
    expect(*state, "/s/long.js", "Accept-Encoding: gzip\r\nRange: bytes=1-3\r\n", 206, "zzz");
}

static void names_cannot_lead_out(void **state)
{
    static const char *const bad[] = { "/s/../a.txt",
                                       "/s/%2e%2e/a.txt",
                                       "/s/..%2fa.txt",
                                       "/s/sub/../a.txt",
                                       "/s/./a.txt",
                                       "/s/.secret",
                                       "/s/.hidden/x",
                                       "/s/%2esecret",
                                       "/s/sub//index.html",
                                       "/s//etc/passwd",
                                       "/s/%2fetc%2fpasswd",
                                       "/s/a.txt%00.js",
                                       "/s/..%5ca.txt",
                                       "/s/%zz",
                                       "/s/%ff",
                                       "/s/fifo",
                                       "/s/nothing",
                                       "/s/a.txt%20",
                                       "/p/package.json",
                                       "/p/PACKAGE.JSON",
                                       "/p/node_modules/x.js",
                                       "/p/node_modules",
                                       "/p/sub%2f..%2fpackage.json",
                                       "/p/node%5fmodules/x.js" };
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        expect(*state, bad[i], "", 404, NULL);
    expect(*state, "/p/a.txt", "", 200, "0123456789");
    expect(*state, "/s/package.json", "", 200, NULL);
    char *a = exchange(*state, "POST /s/a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(status_of(a), 404);
    free(a);
    char path[1300] = "/s/";
    memset(path + 3, 'n', 1100);
    expect(*state, path, "", 404, NULL);
}

static void large_files_come_in_slices(void **state)
{
    struct client c;
    client_open(&c, *state);
    client_text(&c, GET("/s/large.bin") "GET /s/large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=1000000-4000000\r\n\r\n" GET(
                        "/s/a.txt"));
    client_wait_answers(&c, 3);
    const char *body = body_of(c.data);
    assert_int_equal(status_of(c.data), 200);
    assert_memory_equal(body, large, LARGE);
    assert_int_equal(status_of(body + LARGE), 206);
    body = body_of(body + LARGE);
    assert_memory_equal(body, large + 1000000, 3000001);
    assert_string_equal(body_of(body + 3000001), "0123456789");
    client_close(&c);
}

static void a_client_may_leave_in_the_middle(void **state)
{
    for (int i = 0; i < 10; i++) {
        struct client c;
        client_open(&c, *state);
        client_text(&c, GET("/s/large.bin"));
        client_wait_bytes(&c, (size_t)i * 500000);
        if (i % 2 == 0)
            client_reset(&c);
        else
            client_close(&c);
    }
    expect(*state, "/s/a.txt", "", 200, NULL);
}

static void types(void **state)
{
    (void)state;
    assert_string_equal(sk_static_type(SK_SPAN("a/b.JS")), "text/javascript; charset=utf-8");
    assert_string_equal(sk_static_type(SK_SPAN("x.tar.gz")), "application/gzip");
    assert_string_equal(sk_static_type(SK_SPAN("noext")), "application/octet-stream");
    assert_string_equal(sk_static_type(SK_SPAN("a.js/noext")), "application/octet-stream");
    assert_string_equal(sk_static_type(SK_SPAN("x.")), "application/octet-stream");
    assert_string_equal(sk_static_type(SK_SPAN("")), "application/octet-stream");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(files_have_type_and_validators),
        CASE(folders_have_an_index_and_a_slash),
        CASE(conditional_requests),
        CASE(ranges),
        CASE(packed_siblings),
        CASE(names_cannot_lead_out),
        CASE(large_files_come_in_slices),
        CASE(a_client_may_leave_in_the_middle),
        cmocka_unit_test(types),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
