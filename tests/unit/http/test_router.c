/* Which route a request finds, and what its parameters are. */
#include "harness.h"

static void show(struct sk_http_req *r, void *arg)
{
    static const char *const names[] = { "id", "path", "*" };
    struct sk_buf b;
    sk_buf_init(&b, 1000);
    sk_buf_text(&b, arg);
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        struct sk_span v = sk_http_param(r, names[i]);
        if (v.p != NULL)
            sk_buf_printf(&b, " %s=%.*s", names[i], (int)v.n, v.p);
    }
    sk_http_reply_buf(r, 200, "text/plain", &b);
}

static void query(struct sk_http_req *r, void *arg)
{
    struct sk_span v = sk_http_query_param(r, "q w");
    (void)arg;
    sk_http_reply(r, 200, "text/plain", v.p != NULL ? v : SK_SPAN("none"));
}

static char text_a[] = "a", text_b[] = "b", text_c[] = "c", text_d[] = "d", text_e[] = "e", text_f[] = "f", text_g[] = "g",
            text_h[] = "h", text_i[] = "i", text_j[] = "j", text_k[] = "k";

static const struct sk_route routes[] = {
    { "GET", "/v/*", SK_ACCESS_OPEN, show, text_a },           { "GET", "/v/:id", SK_ACCESS_OPEN, show, text_b },
    { "GET", "/v/self", SK_ACCESS_OPEN, show, text_c },        { "PUT", "/v/:path", SK_ACCESS_OPEN, show, text_d },
    { "GET", "/v/:id/x/:path", SK_ACCESS_OPEN, show, text_e }, { "GET", "/v/self/x/y", SK_ACCESS_OPEN, show, text_f },
    { "GET", "/slash/", SK_ACCESS_OPEN, show, text_g },        { "GET", "/", SK_ACCESS_OPEN, show, text_h },
    { "GET", "/v/self", SK_ACCESS_OPEN, show, text_i }, /* too late */
    { "*", "/@scope/pkg/*", SK_ACCESS_OPEN, show, text_j },    { "POST", "/v/:id/*", SK_ACCESS_OPEN, show, text_k },
    { "GET", "/query", SK_ACCESS_OPEN, query, NULL },
};

static const struct {
    const char *request, *expected;
} cases[] = {
    { "GET /", "h" },
    { "GET /v/self", "c" },
    { "HEAD /v/self", "" },
    { "GET /v/self/", "c" },
    { "GET /v/other", "b id=other" },
    { "GET /v/other/", "b id=other" },
    { "GET /v/", "a *=" },
    { "GET /v", NULL },
    { "GET /v/self/x/y", "f" },
    { "GET /v/self/x/z", "e id=self path=z" },
    { "GET /v/self/y", "a *=self/y" },
    { "GET /v/1/2/3?q", "a *=1/2/3" },
    { "GET /v//x", "a *=/x" },
    { "PUT /v/self", "d path=self" },
    { "POST /v/7/a%2Fb/c", "k id=7 *=a%2Fb/c" },
    { "POST /v/7", NULL },
    { "DELETE /v/7", NULL },
    { "GET /v/urn%3Amrn%3A1", "b id=urn:mrn:1" },
    { "GET /v/a%2Fb", "b id=a/b" },
    { "GET /v/bad%zz", "b" },
    { "GET /v/bad%00", "b" },
    { "GET /v/bad%ff", "b" },
    { "GET /v/s%65lf", "c" },
    { "GET /slash/", "g" },
    { "GET /slash", NULL },
    { "GET /%40scope/pkg/x", "j *=x" },
    { "GET /@scope/pkg/", "j *=" },
    { "GET /@scope%2Fpkg/x", NULL },
    { "GET /V/self", NULL },
    { "GET //v/self", NULL },
    { "GET /query?q+w=a+b%2B", "a b+" },
    { "GET /query?x=1&q%20w&q+w=2", "" },
    { "GET /query?qw=1", "none" },
    { "GET /query?q+w=%", "none" },
};

static bool refuse_admin(void *arg, struct sk_http_req *r, enum sk_access access)
{
    (void)arg;
    if (access != SK_ACCESS_ADMIN)
        return true;
    sk_http_reply_text(r, 401, "Unauthorized");
    return false;
}

static void the_most_literal_route_wins(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f, NULL, routes, SK_COUNT(routes));
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        char request[200];
        snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: x\r\n\r\n", cases[i].request);
        char *a = exchange(&f, request);
        bool ok =
            cases[i].expected == NULL ? status_of(a) == 404 : status_of(a) == 200 && strcmp(body_of(a), cases[i].expected) == 0;
        if (!ok)
            fail_msg("%s: %s", cases[i].request, a);
        free(a);
    }
    fixture_stop(&f);
}

static void a_route_needs_its_access(void **state)
{
    static const struct sk_route admin = { "GET", "/admin", SK_ACCESS_ADMIN, show, text_a };
    static const struct sk_route open = { "GET", "/open", SK_ACCESS_OPEN, show, text_b };
    struct fixture f = { .loop = sk_loop_create() };
    struct sk_http_options o = { .loop = f.loop, .authorise = refuse_admin };
    (void)state;
    assert_int_equal(sk_http_server_create(&o, &f.server, NULL), 0);
    sk_http_server_add(f.server, &admin, 1);
    sk_http_server_add(f.server, &open, 1);
    assert_int_equal(sk_http_server_listen(f.server, "127.0.0.1", 0, NULL), 0);
    char *a = exchange(&f, GET("/admin"));
    assert_int_equal(status_of(a), 401);
    free(a);
    a = exchange(&f, GET("/open"));
    assert_int_equal(status_of(a), 200);
    free(a);
    fixture_stop(&f);
}

static void the_fallback_gets_the_rest(void **state)
{
    struct fixture f;
    (void)state;
    fixture_start(&f, NULL, NULL, 0);
    sk_http_server_set_fallback(f.server, show, text_k);
    char *a = exchange(&f, GET("/what/ever"));
    assert_string_equal(body_of(a), "k");
    free(a);
    fixture_stop(&f);
}

static void bad_addresses_are_refused(void **state)
{
    struct fixture f;
    struct sk_errmsg em;
    (void)state;
    fixture_start(&f, NULL, NULL, 0);
    assert_int_equal(sk_http_server_listen(f.server, "nowhere", 0, &em), SK_ERR_INVALID);
    assert_int_equal(sk_http_server_listen(f.server, "127.0.0.1", 70000, &em), SK_ERR_INVALID);
    assert_int_equal(sk_http_server_listen(f.server, "127.0.0.1", sk_http_server_port(f.server), &em), SK_ERR_EXISTS);
    assert_non_null(strstr(em.text, "in use"));
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_literal_route_wins),
        cmocka_unit_test(a_route_needs_its_access),
        cmocka_unit_test(the_fallback_gets_the_rest),
        cmocka_unit_test(bad_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
