/* JSON bodies of requests, and the plainest answer when something is wrong. Owner: loop thread. */
#ifndef SK_API_BODY_H
#define SK_API_BODY_H

#include "base/json.h"
#include "http/server.h"

/* The body as JSON, to be freed with yyjson_doc_free; NULL: it is none, and the request has been answered (400, the reason on the
   page). */
yyjson_doc *sk_body_json(struct sk_http_req *r);
/* Answers with {"error":text}. */
void sk_body_reply_error(struct sk_http_req *r, int status, const char *text);

#endif
