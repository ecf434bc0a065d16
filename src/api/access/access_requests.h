/* Access requests over HTTP and the stream. Owner: loop thread; `arg` of the handlers is the sk_api. */
#ifndef SK_API_ACCESS_REQUESTS_H
#define SK_API_ACCESS_REQUESTS_H

#include "api/api.h"
#include "auth/access_request.h"

void sk_access_post(struct sk_http_req *r, void *arg);
void sk_access_list(struct sk_http_req *r, void *arg);
void sk_access_decide(struct sk_http_req *r, void *arg);
/* GET /signalk/v1/requests/<id>: true, and answered, when it is an access request's. */
bool sk_access_get(struct sk_http_req *r, struct sk_api *api, struct sk_span id);

struct sk_access_outcome {
    int status; /* 202: `request` waits for a decision; else refused */
    const char *message;
    struct sk_access_request *request;
};
typedef void (*sk_access_answer)(void *arg, const struct sk_access_outcome *o);
/* `asked`: the accessRequest object. `answer` comes once, at once or (for a user, whose password is hashed first) later. */
void sk_access_ask(struct sk_api *api, const char *ip, const yyjson_val *asked, sk_access_answer answer, void *arg);

void sk_access_requests_write_event(struct sk_api *api, struct sk_buf *b);

#endif
