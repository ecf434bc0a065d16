/*
 * Module as-fetch, for AssemblyScript. The library behind it expects a host that unwinds the plugin's stack; here the call simply
 * waits on the plugin's own thread, so the code runs straight through and may fetch in any export.
 */
#include "plugin/imports.h"

#include "plugin/waiting.h"

#include <stdio.h>

#define TEXT_MAX ((size_t)64 * 1024)

static int invalid(struct sk_errmsg *em, const char *what)
{
    return sk_errmsg_set(em, SK_ERR_INVALID, "as-fetch: %s is not within the plugin's memory, or no such object", what);
}

static int read_url(struct sk_guest *g, uint32_t ptr, struct sk_fetch_request *req, struct sk_errmsg *em)
{
    struct sk_buf b;
    sk_buf_init(&b, TEXT_MAX);
    int r = sk_guest_as_string(g, ptr, &b) < 0 ? invalid(em, "the URL") : sk_fetch_request_url(req, sk_buf_span(&b), em);
    sk_buf_finish(&b);
    return r;
}

/* [name, value] */
static int read_header(struct sk_guest *g, uint32_t pair, struct sk_fetch_request *req, struct sk_errmsg *em)
{
    uint32_t strings[2] = { 0 };
    struct sk_buf name, value;
    sk_buf_init(&name, TEXT_MAX);
    sk_buf_init(&value, TEXT_MAX);
    int r = sk_guest_as_array(g, pair, strings, 2) == 2 && sk_guest_as_string(g, strings[0], &name) == 0 &&
                    sk_guest_as_string(g, strings[1], &value) == 0
                ? sk_fetch_request_header(req, sk_buf_span(&name), sk_buf_span(&value), em)
                : invalid(em, "a header");
    sk_buf_finish(&name);
    sk_buf_finish(&value);
    return r;
}

static int read_headers(struct sk_guest *g, uint32_t array, struct sk_fetch_request *req, struct sk_errmsg *em)
{
    uint32_t pairs[SK_FETCH_HEADERS_MAX];
    int n = array == 0 ? 0 : sk_guest_as_array(g, array, pairs, SK_FETCH_HEADERS_MAX), r = 0;
    if (n < 0)
        return invalid(em, "the list of headers (at most 100)");
    for (int i = 0; i < n && r == 0; i++)
        r = read_header(g, pairs[i], req, em);
    return r;
}

/* The library names two methods only: whatever is not GET arrives as POST. */
static int read_request(struct sk_hostcall *c, bool post, struct sk_fetch_request *req, struct sk_errmsg *em)
{
    sk_fetch_request_init(req, SK_FETCH_BODY_MAX);
    int r = read_url(c->g, c->a[0], req, em);
    if (r == 0)
        r = read_headers(c->g, c->a[2], req, em);
    if (r == 0 && post)
        r = sk_fetch_request_method(req, SK_SPAN("POST"), em);
    if (r == 0 && post && c->a[3] != 0 && sk_guest_as_bytes(c->g, c->a[3], &req->body) < 0)
        r = invalid(em, "the body");
    return r;
}

static void fetch_sync(struct sk_hostcall *c, bool post)
{
    struct sk_guest *g = c->g;
    struct sk_fetch_request req;
    struct sk_fetch_response response = { 0 };
    struct sk_errmsg em = { 0 };
    uint32_t ptr = 0;
    int r = read_request(c, post, &req, &em);
    if (r < 0)
        sk_fetcher_failed(g->o.fetcher, &em);
    else
        sk_guest_fetch(g, &req, &response, &em);
    sk_fetch_request_finish(&req);
    if (sk_guest_as_give(g, sk_buf_span(&response.body), &ptr, &em) < 0) {
        sk_fetcher_failed(g->o.fetcher, &em);
        if (g->dead) { /* its own allocator trapped: the reason is known by now */
            snprintf(g->abort_text, sizeof g->abort_text, "no room for a fetched answer of %zu bytes", response.body.n);
            c->trap = g->abort_text;
        }
    }
    sk_fetch_response_finish(&response);
    c->result = (int32_t)ptr;
}

static void fetch_later(struct sk_hostcall *c, bool post)
{
    struct sk_guest *g = c->g;
    struct sk_fetch_request req;
    struct sk_errmsg em = { 0 };
    int r = read_request(c, post, &req, &em);
    if (r < 0)
        sk_fetch_request_finish(&req);
    else
        r = sk_fetcher_begin(g->o.fetcher, &req, (int32_t)c->a[post ? 4 : 3], &em);
    if (r < 0)
        sk_fetcher_failed(g->o.fetcher, &em);
}

void sk_import_fetch_get_sync(struct sk_hostcall *c)
{
    fetch_sync(c, false);
}

void sk_import_fetch_post_sync(struct sk_hostcall *c)
{
    fetch_sync(c, true);
}

void sk_import_fetch_get(struct sk_hostcall *c)
{
    fetch_later(c, false);
}

void sk_import_fetch_post(struct sk_hostcall *c)
{
    fetch_later(c, true);
}
