/* Lines, queues, addresses, lists of hosts, requests: no sockets. */
#include "base/buf.h"
#include "base/lines.h"
#include "net/address.h"
#include "net/fetch.h"
#include "net/hosts.h"
#include "net/recvq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- lines ---- */

#define LINE_MAX_BYTES ((size_t)64 * 1024)

struct seen {
    struct sk_buf text; /* lines with '|' behind each */
};

static void see(void *arg, struct sk_span line)
{
    struct seen *s = arg;
    sk_buf_span_append(&s->text, line);
    sk_buf_char(&s->text, '|');
}

static void divides(const char *const *chunks, const char *expected)
{
    struct sk_lines l;
    struct seen s;
    sk_buf_init(&s.text, 1 << 20);
    sk_lines_init_plain(&l, LINE_MAX_BYTES, see, &s);
    for (; *chunks != NULL; chunks++)
        sk_lines_feed(&l, sk_span_of(*chunks));
    sk_lines_flush(&l, true);
    assert_string_equal(s.text.n > 0 ? sk_buf_cstr(&s.text) : "", expected);
    sk_buf_finish(&s.text);
    sk_lines_finish(&l);
}

static void lines_end_wherever_chunks_do(void **state)
{
    static const struct {
        const char *chunks[6];
        const char *expected;
    } rows[] = {
        { { NULL }, "" },
        { { "a\nb\n", NULL }, "a|b|" },
        { { "a\r\nb\r\n", NULL }, "a|b|" },
        { { "\n\r\n\n", NULL }, "" },
        { { "a", "b", "\r", "\nc", NULL }, "ab|c|" },
        { { "a\r", "b\n", NULL }, "a\rb|" },
        { { "last", NULL }, "last|" },
        { { "\xc3", "\xb6\n", NULL }, "\xc3\xb6|" },
    };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++)
        divides(rows[i].chunks, rows[i].expected);
}

static void a_long_line_is_cut_and_the_next_is_whole(void **state)
{
    char *much = malloc(3 * LINE_MAX_BYTES);
    struct sk_lines l;
    struct seen s;
    (void)state;
    memset(much, 'x', 3 * LINE_MAX_BYTES);
    sk_buf_init(&s.text, 1 << 20);
    sk_lines_init_plain(&l, LINE_MAX_BYTES, see, &s);
    sk_lines_feed(&l, (struct sk_span){ much, 3 * LINE_MAX_BYTES });
    sk_lines_feed(&l, SK_SPAN("yyy\nnext\n"));
    assert_int_equal(s.text.n, LINE_MAX_BYTES + 1 + 5);
    assert_memory_equal(s.text.p + LINE_MAX_BYTES, "|next|", 6);
    assert_int_equal(l.oversized, 1);
    sk_buf_finish(&s.text);
    sk_lines_finish(&l);
    free(much);
}

/* ---- queues ---- */

static void a_full_queue_drops_its_oldest(void **state)
{
    struct sk_recvq_account account = { .max = 1 << 20 };
    struct sk_recvq q;
    char c;
    (void)state;
    sk_recvq_init(&q, &account);
    for (unsigned i = 0; i < SK_RECVQ_ITEMS + 3; i++)
        sk_recvq_push(&q, (struct sk_span){ (const char[]){ (char)i }, 1 }, NULL);
    assert_int_equal(q.count, SK_RECVQ_ITEMS);
    assert_int_equal(q.dropped, 3);
    assert_int_equal(sk_recvq_take(&q, &c, 1, true), 1);
    assert_int_equal(c, 3);
    sk_recvq_finish(&q);
    assert_int_equal(account.used, 0);
}

static void queues_share_their_plugins_account(void **state)
{
    struct sk_recvq_account account = { .max = 10 };
    struct sk_recvq a, b;
    char out[8];
    (void)state;
    sk_recvq_init(&a, &account);
    sk_recvq_init(&b, &account);
    sk_recvq_push(&a, SK_SPAN("01234567"), NULL);
    sk_recvq_push(&b, SK_SPAN("89"), NULL);
    sk_recvq_push(&b, SK_SPAN("abc"), NULL); /* its own oldest goes, and still there is no room */
    assert_int_equal(b.count, 0);
    assert_int_equal(b.dropped, 2);
    assert_int_equal(a.count, 1);
    assert_int_equal(sk_recvq_take(&a, out, 3, true), 3);
    assert_int_equal(sk_recvq_take(&a, out, 8, true), 5);
    assert_memory_equal(out, "34567", 5);
    assert_int_equal(account.used, 0);
    sk_recvq_finish(&a);
    sk_recvq_finish(&b);
}

/* ---- addresses ---- */

static void addresses_are_read_and_written(void **state)
{
    static const struct {
        const char *text, *shown; /* shown NULL: none */
    } rows[] = {
        { "127.0.0.1", "127.0.0.1" },
        { "::1", "::1" },
        { "2001:DB8::0:1", "2001:db8::1" },
        { "fe80::1%lo", "fe80::1%lo" },
        { "localhost", NULL },
        { "", NULL },
        { "127.0.0.1%lo", NULL },
        { "fe80::1%nowhere", NULL },
        { "1.2.3", NULL },
        { "[::1]", NULL },
        { "1.2.3.4 ", NULL },
        { "0x7f.1", NULL },
    };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_address a;
        char text[SK_ADDRESS_TEXT];
        bool ok = sk_address_parse(sk_span_of(rows[i].text), 4711, &a);
        assert_int_equal(ok, rows[i].shown != NULL);
        if (!ok)
            continue;
        assert_int_equal(sk_address_port(&a), 4711);
        sk_address_text(&a, text);
        assert_string_equal(text, rows[i].shown);
    }
}

static struct sk_address address(const char *text)
{
    struct sk_address a = { 0 };
    assert_true(sk_address_parse(sk_span_of(text), 80, &a));
    return a;
}

static void link_local_in_every_disguise(void **state)
{
    static const char *const refused[] = {
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "febf::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
    };
    static const char *const fine[] = {
        "127.0.0.1",     "192.168.1.1", "10.0.0.1",         "169.253.1.1",     "169.255.1.1",     "::1", "fec0::1", "fd00::1",
        "fd00:ec2::253", "8.8.8.8",     "64:ff9b::808:808", "2002:808:808::1", "2a02::a9fe:a9fe",
    };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(refused); i++) {
        struct sk_address a = address(refused[i]);
        if (!sk_address_is_link_local(&a))
            fail_msg("%s is let through", refused[i]);
    }
    for (size_t i = 0; i < SK_COUNT(fine); i++) {
        struct sk_address a = address(fine[i]);
        if (sk_address_is_link_local(&a))
            fail_msg("%s is refused", fine[i]);
    }
}

static void where_no_boat_can_be(void **state)
{
    static const char *const refused[] = {
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::c0a8:101",
        "::ffff:127.0.0.1",
        "::ffff:0.0.0.0",
        "::ffff:224.0.0.1",
        "64:ff9b::c0a8:1",
        "64:ff9b:1::1",
        "::ffff:0:7f00:1",
        "fe80::1",
        "febf::1",
        "ff02::1",
        "2002:7f00:1::1",
        "fd00:ec2::254",
    };
    static const char *const fine[] = {
        "10.0.0.1",    "172.16.0.1",         "192.168.1.1", "100.64.0.1", "8.8.8.8", "126.255.255.255", "128.0.0.1",
        "223.255.0.1", "::ffff:192.168.1.1", "fd00::1",     "fc00::1",    "2a02::1", "2002:808:808::1",
    };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(refused); i++) {
        struct sk_address a = address(refused[i]);
        if (!sk_address_is_no_peer(&a))
            fail_msg("%s is let through", refused[i]);
    }
    for (size_t i = 0; i < SK_COUNT(fine); i++) {
        struct sk_address a = address(fine[i]);
        if (sk_address_is_no_peer(&a))
            fail_msg("%s is refused", fine[i]);
    }
}

static void ranges_hold_what_they_say(void **state)
{
    static const struct {
        const char *range, *address;
        bool has;
    } rows[] = {
        { "192.168.1.0/24", "192.168.1.255", true },
        { "192.168.1.0/24", "192.168.2.0", false },
        { "192.168.1.0/24", "::ffff:192.168.1.7", true },
        { "10.0.0.0/9", "10.127.0.1", true },
        { "10.0.0.0/9", "10.128.0.1", false },
        { "0.0.0.0/0", "8.8.8.8", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "2001:db8::1", true },
        { "::/0", "8.8.8.8", false },
        { "fd00::/8", "fdab::1", true },
        { "fd00::/8", "fe00::1", false },
        { "1.2.3.4", "1.2.3.4", true },
        { "1.2.3.4", "1.2.3.5", false },
        { "::ffff:1.2.3.0/120", "1.2.3.9", true },
    };
    static const char *const broken[] = { "", "/8", "1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3.4/-1", "name/8", "1.2.3.0/24/1" };
    struct sk_address_range r;
    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_address a = address(rows[i].address);
        assert_true(sk_address_range_parse(sk_span_of(rows[i].range), &r));
        if (sk_address_range_has(&r, &a) != rows[i].has)
            fail_msg("%s and %s", rows[i].range, rows[i].address);
    }
    for (size_t i = 0; i < SK_COUNT(broken); i++)
        assert_false(sk_address_range_parse(sk_span_of(broken[i]), &r));
}

/* ---- hosts ---- */

static struct sk_hosts *hosts(const char *json, int expected)
{
    yyjson_doc *doc = NULL;
    struct sk_hosts *h = NULL;
    struct sk_errmsg em = { 0 };
    assert_int_equal(sk_json_read(sk_span_of(json), &doc, NULL), 0);
    assert_int_equal(sk_hosts_create(yyjson_doc_get_root(doc), &h, &em), expected);
    assert_int_equal(em.text[0] != 0, expected < 0);
    yyjson_doc_free(doc);
    return h;
}

static void a_list_of_hosts_allows_what_it_names(void **state)
{
    static const struct {
        const char *host;
        enum sk_hosts_answer answer;
    } rows[] = {
        { "api.example.org", SK_HOSTS_YES },
        { "API.Example.ORG.", SK_HOSTS_YES },
        { "example.org", SK_HOSTS_BY_ADDRESS },
        { "a.boats.net", SK_HOSTS_YES },
        { "a.b.boats.net", SK_HOSTS_YES },
        { "boats.net", SK_HOSTS_BY_ADDRESS },
        { "evilboats.net", SK_HOSTS_BY_ADDRESS },
        { "192.168.1.7", SK_HOSTS_YES },
        { "::ffff:192.168.1.7", SK_HOSTS_YES },
        { "192.168.2.7", SK_HOSTS_NO },
        { "::1", SK_HOSTS_NO },
    };
    struct sk_hosts *h = hosts("[\"api.example.org\",\"*.boats.net\",\"192.168.1.0/24\"]", 0);
    struct sk_address inside = address("192.168.1.9"), outside = address("10.0.0.1");
    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (sk_hosts_name(h, sk_span_of(rows[i].host)) != rows[i].answer)
            fail_msg("%s", rows[i].host);
    assert_true(sk_hosts_address(h, &inside));
    assert_false(sk_hosts_address(h, &outside));
    sk_hosts_destroy(h);
    assert_int_equal(sk_hosts_name(NULL, SK_SPAN("anything")), SK_HOSTS_YES);
}

static void a_broken_list_allows_nothing(void **state)
{
    static const char *const broken[] = {
        "{}",     "\"a\"",    "[1]",       "[\"a\",null]", "[\"http://a/\"]",  "[\"a:80\"]",
        "[\"\"]", "[\"*.\"]", "[\"a b\"]", "[\"*\"]",      "[\"1.2.3.4/40\"]",
    };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(broken); i++) {
        struct sk_hosts *h = hosts(broken[i], SK_ERR_INVALID);
        assert_int_equal(sk_hosts_name(h, SK_SPAN("a")), SK_HOSTS_NO);
        sk_hosts_destroy(h);
    }
    struct sk_hosts *empty = hosts("[]", 0);
    assert_int_equal(sk_hosts_name(empty, SK_SPAN("a")), SK_HOSTS_NO);
    sk_hosts_destroy(empty);
}

/* ---- requests ---- */

static void requests_are_checked(void **state)
{
    static const struct {
        const char *json;
        const char *in_error; /* NULL: fine */
    } rows[] = {
        { "{\"url\":\"http://a/\"}", NULL },
        { "{\"url\":\"http://a/\",\"method\":\"PATCH\",\"redirect\":\"follow\"}", NULL },
        { "{\"url\":\"http://a/\",\"headers\":{\"Host\":\"b\",\"x\":\" 1 \",\"y\":\"\"}}", NULL },
        { "{}", "no \"url\"" },
        { "[]", "not a JSON object" },
        { "nonsense", "no JSON" },
        { "{\"url\":5}", "\"url\"" },
        { "{\"url\":\"\"}", "URL" },
        { "{\"url\":\"http://a/\\u0000b\"}", "control character" },
        { "{\"url\":\"http://a/\",\"method\":\"GET /x HTTP/1.1\\r\\n\"}", "no HTTP method" },
        { "{\"url\":\"http://a/\",\"method\":\"connect\"}", "CONNECT" },
        { "{\"url\":\"http://a/\",\"headers\":{\"a\":\"b\\nc\"}}", "header a" },
        { "{\"url\":\"http://a/\",\"headers\":{\"a:b\":\"c\"}}", "\"a:b\"" },
        { "{\"url\":\"http://a/\",\"headers\":[]}", "\"headers\"" },
        { "{\"url\":\"http://a/\",\"timeoutMs\":0}", "\"timeoutMs\"" },
        { "{\"url\":\"http://a/\",\"redirect\":\"error\"}", "\"redirect\"" },
        { "{\"url\":\"http://a/\",\"boddy\":\"\"}", "\"boddy\"" },
    };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_fetch_request r;
        struct sk_errmsg em = { 0 };
        sk_fetch_request_init(&r, 100);
        int e = sk_fetch_request_parse(&r, sk_span_of(rows[i].json), &em);
        if ((e == 0) != (rows[i].in_error == NULL) || (e < 0 && strstr(em.text, rows[i].in_error) == NULL))
            fail_msg("%s: %s", rows[i].json, em.text);
        if (i == 2) { /* ours is left out, blanks are cut off, an empty one is sent as libcurl wants it */
            assert_int_equal(r.header_count, 2);
            assert_memory_equal(r.headers.p, "x: 1\0y;", 8);
        }
        sk_fetch_request_finish(&r);
    }
}

static void headers_of_an_answer_become_an_object(void **state)
{
    static const char lines[] = "Content-Type: text/plain\0Set-Cookie:a=1\0set-cookie: b=2\0X: \"\xff\"";
    struct sk_fetch_response r = { 0 };
    struct sk_buf out;
    (void)state;
    sk_buf_init(&r.headers, 1000);
    sk_buf_append(&r.headers, lines, sizeof lines);
    sk_buf_init(&out, 1000);
    sk_fetch_response_write_headers(&r, &out);
    assert_string_equal(sk_buf_cstr(&out),
                        "{\"content-type\":\"text/plain\",\"set-cookie\":[\"a=1\",\"b=2\"],\"x\":\"\\\"\xef\xbf\xbd\\\"\"}");
    sk_buf_finish(&out);
    sk_fetch_response_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_wherever_chunks_do),
        cmocka_unit_test(a_long_line_is_cut_and_the_next_is_whole),
        cmocka_unit_test(a_full_queue_drops_its_oldest),
        cmocka_unit_test(queues_share_their_plugins_account),
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(link_local_in_every_disguise),
        cmocka_unit_test(where_no_boat_can_be),
        cmocka_unit_test(ranges_hold_what_they_say),
        cmocka_unit_test(a_list_of_hosts_allows_what_it_names),
        cmocka_unit_test(a_broken_list_allows_nothing),
        cmocka_unit_test(requests_are_checked),
        cmocka_unit_test(headers_of_an_answer_become_an_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
