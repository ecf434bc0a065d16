/*
 * What an administrator asks of another boat's server (/skServer/testSignalKConnection, requestAccess, checkAccessRequest), and
 * what of its answers is passed on: the members named here and nothing else, since the other side may be anything that speaks
 * HTTP. Pure. Thread: any.
 */
#ifndef SK_API_REMOTE_CHECK_H
#define SK_API_REMOTE_CHECK_H

#include "base/json.h"

#define SK_REMOTE_HOST_MAX 253u
#define SK_REMOTE_TOKEN_MAX 8192u
#define SK_REMOTE_TEXT_MAX 256u /* bytes of any other text, given or received */

enum sk_remote_kind { SK_REMOTE_TEST, SK_REMOTE_REQUEST, SK_REMOTE_POLL, SK_REMOTE_KINDS };

/* Spans point into the document that was read. */
struct sk_remote_ask {
    struct sk_span host; /* a name or a numeric address, without brackets; nothing that could end the host's part of a URL */
    unsigned port;
    bool tls, any_certificate;
    struct sk_span token;                  /* of a test; empty: none */
    struct sk_span client_id, description; /* of a request */
    struct sk_span request_id;             /* of a poll, a UUID */
};

/* {"host","port","useTLS"?,"selfsignedcert"?} with "token"?, or "clientId" and "description", or "requestId". SK_ERR_INVALID:
   `em` names the member. */
int sk_remote_ask_read(yyjson_val *body, enum sk_remote_kind kind, struct sk_remote_ask *ret_ask, struct sk_errmsg *em);
/* With `path` and, behind it, `rest`. */
void sk_remote_write_url(const struct sk_remote_ask *a, const char *path, struct sk_span rest, struct sk_buf *out);

/* Of a discovery document: {"id","version"}, as far as they are there. False: it is none. */
bool sk_remote_write_server(struct sk_span document, struct sk_buf *out);
/* Of a login status: "userLevel":…,"username":… as far as they are there. False: nobody is logged in, or it is none. */
bool sk_remote_write_login(struct sk_span status, struct sk_buf *out);
/* Of an access request's answer: {"state","requestId"?,"accessRequest"?:{"permission","token"?}}. False: it is none. */
bool sk_remote_write_request(struct sk_span answer, struct sk_buf *out);

#endif
