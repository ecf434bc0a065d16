/*
 * HTTP as plugins see it: the request as JSON text, and what their answer means in HTTP. Knows no sockets; api/admin/plugins.c
 * does. Pure. Thread: any.
 */
#ifndef SK_PLUGIN_WEB_H
#define SK_PLUGIN_WEB_H

#include "base/arena.h"
#include "base/buf.h"
#include "plugin/endpoint.h"

#define SK_WEB_PARAMS_MAX 1000 /* of a query or form */
#define SK_WEB_HEADERS_MAX 64  /* of an answer */

/* An object by the rules of the "qs" package: a=1&a=2 -> array, a[b]=1 -> object; all values are strings. */
void sk_web_query(struct sk_span text, struct sk_buf *out);
/* Percent-decoding that cannot fail: what is no escape stays as it is, bad UTF-8 becomes U+FFFD. */
void sk_web_decode(struct sk_span text, bool plus_is_blank, struct sk_buf *out);
/* {"id":"77"}; values decoded, absent optional ones left out. */
void sk_web_params(const struct sk_endpoint_params *params, struct sk_buf *out);

/* {"method":…,"path":…,"query":{…},"params":{…},"body": — the body's JSON, headers and the end come from the caller. */
void sk_web_begin_request(struct sk_span method, struct sk_span path, struct sk_span query,
                          const struct sk_endpoint_params *params, struct sk_buf *out);

struct sk_web_reply {
    int status;
    const char *type; /* content type, NULL: none */
    struct sk_span body;
    size_t header_count;
    struct {
        struct sk_span name, value;
    } headers[SK_WEB_HEADERS_MAX];
};
/* Everything in `ret` lives in the arena. An unusable answer becomes a 500 with {"error":...}. */
void sk_web_answer(struct sk_arena *a, struct sk_span text, struct sk_web_reply *ret);
/* {"error":<text>} with that status. */
void sk_web_error(struct sk_arena *a, int status, struct sk_span error, struct sk_web_reply *ret);

#endif
