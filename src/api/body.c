#include "api/body.h"

#define ERROR_MAX ((size_t)64 * 1024)

yyjson_doc *sk_body_json(struct sk_http_req *r)
{
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    if (sk_json_read(sk_http_body(r), &doc, &em) == 0)
        return doc;
    sk_http_reply_error_page(r, 400, em.text);
    return NULL;
}

void sk_body_reply_error(struct sk_http_req *r, int status, const char *text)
{
    struct sk_buf b;
    sk_buf_init(&b, ERROR_MAX);
    SK_BUF_LIT(&b, "{\"error\":");
    sk_json_write_str(&b, sk_span_of(text));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, status, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}
