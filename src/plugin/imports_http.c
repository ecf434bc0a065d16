/* HTTP for every kind of plugin: skiff's own imports. What they take and give is described in docs/plugins/reference.md. */
#include "plugin/imports.h"

#include "base/json.h"
#include "plugin/waiting.h"

#define REQUEST_MAX ((size_t)256 * 1024)
#define HEAD_MAX ((size_t)1024 * 1024)

static int read_request(struct sk_hostcall *c, struct sk_fetch_request *req, struct sk_errmsg *em)
{
    struct sk_buf json;
    sk_fetch_request_init(req, SK_FETCH_BODY_MAX);
    sk_buf_init(&json, REQUEST_MAX);
    int r = sk_guest_utf8(c->g, c->a[0], c->a[1], "sk_http_request", &json)
                ? sk_fetch_request_parse(req, sk_buf_span(&json), em)
                : sk_errmsg_set(em, SK_ERR_INVALID, "the request is not within the plugin's memory, or larger than 256 KiB");
    sk_buf_finish(&json);
    const uint8_t *body = sk_guest_view(c->g, c->a[2], c->a[3]);
    if (r == 0 && c->a[3] > 0) {
        if (body != NULL)
            sk_buf_append(&req->body, body, c->a[3]);
        if (body == NULL || !sk_buf_ok(&req->body))
            r = sk_errmsg_set(em, SK_ERR_INVALID, "the body is not within the plugin's memory, or larger than 50 MiB");
    }
    return r < 0 ? sk_errmsg_wrap(em, r, "sk_http_request") : 0;
}

static void write_head(const struct sk_fetch_response *response, bool with_headers, struct sk_buf *out)
{
    sk_buf_printf(out, "{\"status\":%d,\"url\":", response->status);
    sk_json_write_str(out, sk_span_of(response->url));
    sk_buf_printf(out, ",\"redirected\":%s,\"bodyLength\":%zu,\"headers\":", response->redirected ? "true" : "false",
                  response->body.n);
    if (with_headers)
        sk_fetch_response_write_headers(response, out);
    else
        SK_BUF_LIT(out, "{},\"headersLeftOut\":true");
    sk_buf_char(out, '}');
}

static void write_failure(const struct sk_errmsg *em, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"status\":0,\"error\":");
    sk_json_write_str(out, sk_span_of(em->text));
    sk_buf_char(out, '}');
}

/* Bytes written, or -1: the head does not fit. */
static int32_t give_head(struct sk_hostcall *c, const struct sk_fetch_response *response, const struct sk_errmsg *em)
{
    struct sk_buf head;
    int32_t n = -1;
    sk_buf_init(&head, HEAD_MAX);
    if (response->url == NULL)
        write_failure(em, &head);
    else
        write_head(response, true, &head);
    if (response->url != NULL && (!sk_buf_ok(&head) || head.n > c->a[5])) {
        sk_buf_clear(&head);
        write_head(response, false, &head);
    }
    if (sk_buf_ok(&head) && head.n <= c->a[5] && sk_guest_put(c->g, c->a[4], head.p, head.n))
        n = (int32_t)head.n;
    sk_buf_finish(&head);
    return n;
}

void sk_import_http_request(struct sk_hostcall *c)
{
    struct sk_guest *g = c->g;
    struct sk_fetch_request req;
    struct sk_errmsg em = { 0 };
    if (sk_guest_view(g, c->a[4], c->a[5]) == NULL) /* asked for nothing that it could see: nothing is done */
        return;
    sk_fetch_response_finish(&g->http);
    g->http_taken = 0;
    if (read_request(c, &req, &em) < 0)
        sk_fetcher_failed(g->o.fetcher, &em);
    else
        sk_guest_fetch(g, &req, &g->http, &em);
    sk_fetch_request_finish(&req);
    c->result = give_head(c, &g->http, &em);
}

void sk_import_http_body(struct sk_hostcall *c)
{
    struct sk_guest *g = c->g;
    size_t left = g->http.body.n - g->http_taken, n = left < c->a[1] ? left : c->a[1];
    if (n > 0 && !sk_guest_put(g, c->a[0], g->http.body.p + g->http_taken, n))
        return;
    c->result = (int32_t)n;
    g->http_taken += n;
    if (g->http_taken == g->http.body.n) { /* all of it was fetched */
        sk_fetch_response_finish(&g->http);
        g->http_taken = 0;
    }
}
