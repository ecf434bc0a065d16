/* Somebody may not: what he is told, and what the log says of it. */
#include "auth/auth_private.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>

#define SHOWN 120 /* bytes of a path */

static void tell(struct sk_auth *a, struct sk_http_req *req, const char *why)
{
    unsigned retry_s;
    struct sk_span method = sk_http_method(req), path = sk_http_path(req);
    const char *ip = sk_http_remote_ip(req);
    if (sk_budget_take(&a->refusals, ip, sk_clock_mono_ms(), &retry_s))
        sk_log_info("refused: %.*s %.*s from %s: %s", (int)method.n, method.p, path.n < SHOWN ? (int)path.n : SHOWN, path.p, ip,
                    why);
}

void sk_auth_refuse_token(struct sk_auth *a, struct sk_http_req *req, const struct sk_errmsg *why)
{
    tell(a, req, why->text);
    sk_http_reply_text(req, 401, "bad auth token");
}

/* What clients of the REST API know: a DELETE by somebody who may only read is answered 403, everything else 401. */
static bool is_delete_of_a_value(const struct sk_http_req *req)
{
    return sk_span_eq(sk_http_method(req), "DELETE") && sk_span_starts(sk_http_path(req), "/signalk/v1/api/");
}

/* Whose role is too low gets 401 from the Node server, and clients ask for another login then. The admin UI though asks for all
   that an administrator may see, whoever has logged in, and takes a 401 for the end of the session. */
static int status_of(struct sk_http_req *req)
{
    struct sk_span method = sk_http_method(req);
    bool reads = sk_span_eq(method, "GET") || sk_span_eq(method, "HEAD");
    return reads && sk_span_starts(sk_http_path(req), "/skServer/") ? 403 : 401;
}

static const char *needed_text(enum sk_access needed)
{
    return needed == SK_ACCESS_READ ? "a login" : needed == SK_ACCESS_WRITE ? "the role readwrite" : "an administrator";
}

static void tell_role(struct sk_auth *a, struct sk_http_req *req, const struct sk_principal *p, enum sk_access needed)
{
    char why[SK_SUBJECT_MAX + 100];
    if (p == NULL || p->anonymous)
        snprintf(why, sizeof why, "it needs %s, and nobody is logged in", needed_text(needed));
    else
        snprintf(why, sizeof why, "it needs %s, and '%s' is %s", needed_text(needed), p->name, sk_role_name(p->role));
    tell(a, req, why);
}

void sk_auth_refuse_role(struct sk_auth *a, struct sk_http_req *req, const struct sk_principal *p, enum sk_access needed)
{
    struct sk_span accept = sk_http_header(req, "accept");
    tell_role(a, req, p, needed);
    if (p != NULL && is_delete_of_a_value(req))
        sk_http_reply_json(req, 403,
                           SK_SPAN("{\"state\":\"COMPLETED\",\"statusCode\":403,\"message\":\"You may not delete values\"}"));
    else if (p == NULL || p->anonymous)
        sk_http_reply_text(req, 401, "Unauthorized");
    else if (sk_span_holds(accept, "json") && !sk_span_holds(accept, "html"))
        sk_http_reply_json(req, status_of(req), SK_SPAN("{\"error\":\"Permission Denied\"}"));
    else
        sk_http_reply_text(req, status_of(req),
                           "You do not have permission to view this resource, <a href='/admin/#/login'>Please Login</a>");
}
