#include "api/admin/remote.h"

#include "api/admin/remote_check.h"
#include "api/body.h"
#include "base/clock.h"
#include "net/ask.h"

#include <stdlib.h>

#define AT_ONCE 4u
#define TOTAL_MS 10000u
#define ANSWER_MAX ((size_t)64 * 1024)
#define NOT_THERE "Could not connect to Signal K server"

struct check {
    struct check *next;
    struct sk_remote *remote;
    struct sk_http_req *req;
    yyjson_doc *doc; /* `ask` points into it */
    struct sk_remote_ask ask;
    enum sk_remote_kind kind;
    bool connected;       /* a test that asks for the login now */
    struct sk_buf server; /* what the discovery said */
    uint64_t deadline_ms;
};

struct sk_remote {
    struct sk_api *api;
    struct sk_asks *asks;
    struct check *checks;
    unsigned count;
};

/* ---- answers -------------------------------------------------------------------------------------------------------------- */

static void write_error(enum sk_remote_kind kind, const char *text, struct sk_buf *out)
{
    sk_buf_text(out, kind == SK_REMOTE_TEST ? "{\"success\":false,\"error\":" : "{\"state\":\"ERROR\",\"error\":");
    sk_json_write_str(out, sk_span_of(text));
}

static void reply_error(struct sk_http_req *r, int status, enum sk_remote_kind kind, const char *text)
{
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    write_error(kind, text, &b);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, status, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void end(struct check *c)
{
    struct check **at = &c->remote->checks;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->remote->count--;
    yyjson_doc_free(c->doc);
    sk_buf_finish(&c->server);
    free(c);
}

static void fail(struct check *c, const char *text)
{
    reply_error(c->req, 200, c->kind, text);
    end(c);
}

static void end_test(struct check *c, bool authenticated, struct sk_span who)
{
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    if (c->connected && !authenticated) {
        write_error(c->kind, "Authentication failed: token may be invalid or revoked", &b);
        SK_BUF_LIT(&b, ",\"connected\":true");
    } else {
        sk_buf_printf(&b, "{\"success\":true,\"authenticated\":%s", authenticated ? "true" : "false");
    }
    sk_buf_text(&b, who.n > 0 ? "," : "");
    sk_buf_span_append(&b, who);
    SK_BUF_LIT(&b, ",\"server\":");
    sk_buf_span_append(&b, sk_buf_span(&c->server));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(c->req, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
    end(c);
}

/* ---- requests ------------------------------------------------------------------------------------------------------------- */

static int add_token(struct sk_fetch_request *r, struct sk_span token, struct sk_errmsg *em)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_REMOTE_TOKEN_MAX + 8);
    SK_BUF_LIT(&b, "JWT ");
    sk_buf_span_append(&b, token);
    int result = sk_fetch_request_header(r, SK_SPAN("Authorization"), sk_buf_span(&b), em);
    sk_buf_finish(&b);
    return result;
}

static int add_body(struct sk_fetch_request *r, const struct sk_remote_ask *a, struct sk_errmsg *em)
{
    SK_BUF_LIT(&r->body, "{\"clientId\":");
    sk_json_write_str(&r->body, a->client_id);
    SK_BUF_LIT(&r->body, ",\"description\":");
    sk_json_write_str(&r->body, a->description);
    sk_buf_char(&r->body, '}');
    int result = sk_fetch_request_method(r, SK_SPAN("POST"), em);
    return result < 0 ? result : sk_fetch_request_header(r, SK_SPAN("Content-Type"), SK_SPAN("application/json"), em);
}

static int fill(const struct check *c, struct sk_fetch_request *r, struct sk_errmsg *em)
{
    static const char *const paths[] = { "/signalk", "/signalk/v1/access/requests", "/signalk/v1/requests/" };
    struct sk_buf url;
    int result = 0;
    sk_buf_init(&url, SK_FETCH_URL_MAX);
    sk_remote_write_url(&c->ask, c->connected ? "/skServer/loginStatus" : paths[c->kind],
                        c->kind == SK_REMOTE_POLL ? c->ask.request_id : SK_SPAN(""), &url);
    if (c->connected)
        result = add_token(r, c->ask.token, em);
    else if (c->kind == SK_REMOTE_REQUEST)
        result = add_body(r, &c->ask, em);
    if (result == 0)
        result = sk_fetch_request_url(r, sk_buf_span(&url), em);
    sk_buf_finish(&url);
    return result;
}

static void answered(void *arg, int status, struct sk_span body, const struct sk_errmsg *em);

/* The check is gone when it returns, or its answer comes later. */
static void begin(struct check *c)
{
    struct sk_fetch_request r;
    uint64_t now = sk_clock_mono_ms();
    if (now >= c->deadline_ms) {
        fail(c, NOT_THERE);
        return;
    }
    sk_fetch_request_init(&r, ANSWER_MAX);
    r.timeout_ms = (unsigned)(c->deadline_ms - now);
    r.any_certificate = c->ask.any_certificate;
    if (fill(c, &r, NULL) == 0) {
        sk_ask(c->remote->asks, &r, answered, c);
    } else {
        sk_fetch_request_finish(&r);
        fail(c, NOT_THERE);
    }
}

/* ---- what came back ------------------------------------------------------------------------------------------------------- */

static void test_answered(struct check *c, int status, struct sk_span body)
{
    if (c->connected) {
        struct sk_buf who;
        sk_buf_init(&who, ANSWER_MAX);
        bool in = status == 200 && sk_remote_write_login(body, &who);
        end_test(c, in, sk_buf_span(&who));
        sk_buf_finish(&who);
        return;
    }
    if (status != 200 || !sk_remote_write_server(body, &c->server)) {
        fail(c, NOT_THERE);
    } else if (c->ask.token.n == 0) {
        end_test(c, false, (struct sk_span){ 0 });
    } else {
        c->connected = true;
        begin(c);
    }
}

static void request_answered(struct check *c, int status, struct sk_span body)
{
    struct sk_buf b;
    sk_buf_init(&b, ANSWER_MAX);
    bool is_answer = status != 0 && sk_remote_write_request(body, &b);
    if (!is_answer) {
        fail(c, NOT_THERE);
    } else if (status >= 400) {
        fail(c, "The other server refused the request");
    } else {
        sk_http_reply_buf(c->req, 200, SK_HTTP_JSON, &b);
        end(c);
    }
    sk_buf_finish(&b);
}

static void answered(void *arg, int status, struct sk_span body, const struct sk_errmsg *em)
{
    struct check *c = arg;
    if (em != NULL)
        fail(c, NOT_THERE);
    else if (c->kind == SK_REMOTE_TEST)
        test_answered(c, status, body);
    else
        request_answered(c, status, body);
}

/* ---- routes --------------------------------------------------------------------------------------------------------------- */

static void ask(struct sk_http_req *r, struct sk_remote *m, enum sk_remote_kind kind)
{
    struct sk_remote_ask a;
    struct sk_errmsg em;
    yyjson_doc *doc = NULL;
    int result = sk_json_read(sk_http_body(r), &doc, &em);
    if (result == 0)
        result = sk_remote_ask_read(yyjson_doc_get_root(doc), kind, &a, &em);
    if (result < 0 || m->count >= AT_ONCE) {
        reply_error(r, result < 0 ? 400 : 503, kind, result < 0 ? em.text : "Too many servers are being asked; try again");
        yyjson_doc_free(doc);
        return;
    }
    struct check *c = sk_xcalloc(1, sizeof *c);
    *c = (struct check){ .next = m->checks, .remote = m, .req = r, .doc = doc, .ask = a, .kind = kind };
    c->deadline_ms = sk_clock_mono_ms() + TOTAL_MS;
    sk_buf_init(&c->server, ANSWER_MAX);
    m->checks = c;
    m->count++;
    begin(c);
}

static void test(struct sk_http_req *r, void *arg)
{
    ask(r, arg, SK_REMOTE_TEST);
}

static void request(struct sk_http_req *r, void *arg)
{
    ask(r, arg, SK_REMOTE_REQUEST);
}

static void poll_request(struct sk_http_req *r, void *arg)
{
    ask(r, arg, SK_REMOTE_POLL);
}

void sk_remote_add_routes(struct sk_remote *m)
{
    const struct sk_route table[] = {
        { "POST", "/skServer/testSignalKConnection", SK_ACCESS_ADMIN, test, m },
        { "POST", "/skServer/requestAccess", SK_ACCESS_ADMIN, request, m },
        { "POST", "/skServer/checkAccessRequest", SK_ACCESS_ADMIN, poll_request, m },
    };
    sk_api_keep_routes(m->api, table, SK_COUNT(table));
}

/* ---- life ----------------------------------------------------------------------------------------------------------------- */

struct sk_remote *sk_remote_create(struct sk_api *api)
{
    struct sk_remote *m = sk_xcalloc(1, sizeof *m);
    m->api = api;
    m->asks = sk_asks_create(&(struct sk_asks_options){ .loop = api->loop,
                                                        .name = "connection test",
                                                        .at_once = AT_ONCE,
                                                        .body_max = ANSWER_MAX,
                                                        .total_ms = TOTAL_MS,
                                                        .refuse = sk_address_is_no_peer });
    return m;
}

void sk_remote_stop(struct sk_remote *m)
{
    if (m != NULL)
        sk_asks_stop(m->asks);
}

bool sk_remote_idle(struct sk_remote *m)
{
    return m == NULL || sk_asks_idle(m->asks);
}

void sk_remote_destroy(struct sk_remote *m)
{
    if (m == NULL)
        return;
    sk_asks_destroy(m->asks);
    free(m);
}
