/*
 * One HTTP request as a plugin asks for it, checked: what could smuggle a second request or belongs to the connection is refused
 * or left out here. Pure. Owner: one thread at a time.
 */
#ifndef SK_NET_FETCH_REQUEST_H
#define SK_NET_FETCH_REQUEST_H

#include "base/buf.h"
#include "base/err.h"

#define SK_FETCH_URL_MAX 8192u
#define SK_FETCH_HEADERS_MAX 100u
#define SK_FETCH_HEADER_BYTES ((size_t)64 * 1024)

struct sk_fetch_request {
    char method[17]; /* a token, as it was written */
    char *url;
    struct sk_buf headers; /* "Name: value" with a NUL behind each */
    unsigned header_count;
    struct sk_buf body;
    bool manual;          /* redirects are answers */
    bool secret;          /* its headers and body are wiped when they are done with */
    unsigned timeout_ms;  /* 0: the server's own limit */
    bool any_certificate; /* of an HTTPS server; nothing a plugin could ask for */
};

void sk_fetch_request_init(struct sk_fetch_request *r, size_t body_max);
void sk_fetch_request_finish(struct sk_fetch_request *r);

int sk_fetch_request_method(struct sk_fetch_request *r, struct sk_span method, struct sk_errmsg *em);
int sk_fetch_request_url(struct sk_fetch_request *r, struct sk_span url, struct sk_errmsg *em);
/* Headers of the connection (Host, Content-Length, Connection, ...) are the server's business and silently left out. */
int sk_fetch_request_header(struct sk_fetch_request *r, struct sk_span name, struct sk_span value, struct sk_errmsg *em);
bool sk_fetch_request_has(const struct sk_fetch_request *r, const char *name);    /* a header */
void sk_fetch_request_drop(struct sk_fetch_request *r, const char *const *names); /* NULL-terminated: headers that must go */

/* {"url":text,"method"?:text,"headers"?:{name: text or [texts]},"redirect"?:"follow"|"manual","timeoutMs"?:number} */
int sk_fetch_request_parse(struct sk_fetch_request *r, struct sk_span json, struct sk_errmsg *em);

#endif
