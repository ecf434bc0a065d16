#include "api/body.h"

yyjson_doc *sk_body_json(struct sk_http_req *r)
{
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    if (sk_json_read(sk_http_body(r), &doc, &em) == 0)
        return doc;
    sk_http_reply_error_page(r, 400, em.text);
    return NULL;
}
