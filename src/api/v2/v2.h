/*
 * What all v2 APIs share: result envelopes, JSON bodies, the routes under _providers, and asking several providers at once.
 * Owner: loop thread.
 */
#ifndef SK_API_V2_H
#define SK_API_V2_H

#include "api/api.h"
#include "base/json.h"
#include "hub/providers.h"

/* ---- answers ---- */
/* {"state":"COMPLETED","statusCode":...,"message":...} below 400, "FAILED" otherwise; `message` "" stands for the usual words. */
void sk_v2_reply(struct sk_http_req *r, int status, struct sk_span message);
void sk_v2_fail(struct sk_http_req *r, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A provider that did not answer as it should: 504 too late, 503 not running, 501 no such method, 507 no room, else 500. */
void sk_v2_fail_provider(struct sk_http_req *r, int result, struct sk_span text);
/* The body as JSON; anything else is answered with 400 (and NULL comes back). Free the document. */
yyjson_doc *sk_v2_body(struct sk_http_req *r);

/* Do access lists let this user PUT to `name` of the own vessel ("resources", "weather", "radars")? Reading methods pass. False:
   answered with 403. What the role allows has been decided by the route. */
bool sk_v2_may_write(struct sk_api *api, struct sk_http_req *r, const char *name);

/* The query's parameters one by one, decoded; start with *at = 0. What cannot be decoded is passed over. False: no more. */
bool sk_v2_next_param(struct sk_http_req *r, size_t *at, struct sk_span *ret_name, struct sk_span *ret_text);

/* ---- one provider's text ---- */
/* NULL unless it is JSON. Free the document. */
yyjson_doc *sk_v2_parse(struct sk_span text);
/* The text of {"error":"..."} and of nothing else; p NULL: it is no such object. */
struct sk_span sk_v2_lone_error(const yyjson_val *v);

/* ---- asking ---- */
#define SK_ASKED_MAX 32u /* providers asked at once; further ones are left out */
struct sk_asked {
    char *id; /* of the provider */
    int result;
    struct sk_buf text;
};
/* Asks all of them the same; `done` comes once, in a later turn or before this returns, when the last has answered. The answers
   are freed after it. */
typedef void (*sk_asked_done)(void *arg, struct sk_asked *answers, size_t count);
void sk_v2_ask(const struct sk_provider *const *list, size_t count, const char *method, struct sk_span request,
               sk_asked_done done, void *arg);
/* Did one of them fail by being late, with no other answering? Then `answers` tells with sk_v2_fail_provider's codes. */
int sk_v2_worst(const struct sk_asked *answers, size_t count);

/* ---- providers of an API ---- */
/* ?provider=<id>, else the default. NULL: answered with 400. */
const struct sk_provider *sk_v2_provider(struct sk_api *api, struct sk_http_req *r, enum sk_provider_kind kind);
/* {"<id>":{"name":...,"isDefault":...}} · {"id":...} · choose; for weather and radars. */
void sk_v2_get_providers(struct sk_api *api, struct sk_http_req *r, enum sk_provider_kind kind);
void sk_v2_get_default(struct sk_api *api, struct sk_http_req *r, enum sk_provider_kind kind);
void sk_v2_set_default(struct sk_api *api, struct sk_http_req *r, enum sk_provider_kind kind, struct sk_span id);

/* {"updates":[...]} with the resource as value (JSON text, "null" when it is gone), version 2, from that provider. */
void sk_v2_send_resource(struct sk_api *api, const char *provider, struct sk_span type, struct sk_span id, struct sk_span value);

#endif
