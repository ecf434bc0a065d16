/* links: api_pure_dep */
#include "api/admin/remote_check.h"

#include <stdlib.h>

static void is_json(const struct sk_buf *b, bool braces)
{
    struct sk_buf whole;
    yyjson_doc *doc = NULL;
    sk_buf_init(&whole, b->n + 2);
    sk_buf_text(&whole, braces ? "{" : "");
    sk_buf_span_append(&whole, sk_buf_span(b));
    sk_buf_text(&whole, braces ? "}" : "");
    SK_ASSERT(sk_json_read(sk_buf_span(&whole), &doc, NULL) == 0 && yyjson_is_obj(yyjson_doc_get_root(doc)));
    yyjson_doc_free(doc);
    sk_buf_finish(&whole);
}

/* The host's part of the URL ends where it is meant to, and nothing else is in the URL. */
static void check_url(const struct sk_remote_ask *a, enum sk_remote_kind kind)
{
    struct sk_buf url;
    sk_buf_init(&url, 4096);
    sk_remote_write_url(a, "/signalk/v1/requests/", kind == SK_REMOTE_POLL ? a->request_id : SK_SPAN(""), &url);
    SK_ASSERT(sk_buf_ok(&url) && a->port >= 1 && a->port <= 65535);
    size_t slashes = 0;
    for (size_t i = 0; i < url.n; i++) {
        SK_ASSERT(url.p[i] > ' ' && url.p[i] < 0x7f && strchr("@?#\\%", url.p[i]) == NULL);
        slashes += url.p[i] == '/';
    }
    SK_ASSERT(slashes == 6);
    sk_buf_finish(&url);
}

/* What an administrator sends, and what the other server says to it: the same bytes as each of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    struct sk_errmsg em = { 0 };
    struct sk_buf out[3];
    yyjson_doc *doc = NULL;
    for (size_t i = 0; i < SK_COUNT(out); i++)
        sk_buf_init(&out[i], (size_t)1024 * 1024);
    if (sk_remote_write_server(text, &out[0]))
        is_json(&out[0], false);
    if (sk_remote_write_login(text, &out[1]))
        is_json(&out[1], true);
    if (sk_remote_write_request(text, &out[2]))
        is_json(&out[2], false);
    for (size_t i = 0; i < SK_COUNT(out); i++)
        sk_buf_finish(&out[i]);
    if (sk_json_read(text, &doc, NULL) < 0)
        return 0;
    for (enum sk_remote_kind kind = SK_REMOTE_TEST; kind < SK_REMOTE_KINDS; kind++) {
        struct sk_remote_ask a;
        if (sk_remote_ask_read(yyjson_doc_get_root(doc), kind, &a, &em) == 0)
            check_url(&a, kind);
        else
            SK_ASSERT(em.text[0] != 0);
    }
    yyjson_doc_free(doc);
    return 0;
}
