/* /signalk/v2/api/resources: what its files share. Owner: loop thread. */
#ifndef SK_API_RESOURCES_H
#define SK_API_RESOURCES_H

#include "api/v2/resource_check.h"
#include "api/v2/v2.h"

/* One request under way; lives in the request's arena until it is answered. */
struct sk_resource_op {
    struct sk_api *api;
    struct sk_http_req *req;
    struct sk_resource_path at;
    enum sk_resource_type type;
    struct sk_span value; /* of a write: JSON text */
    char *provider;       /* of a write: whom it went to */
    char new_id[SK_RESOURCE_ID_MAX + 1];
    bool created, removal;
};

/* {"id":...,("property":...,|"value":...,)"resourceType":...} */
void sk_resource_write_request(const struct sk_resource_op *op, bool value, struct sk_buf *out);
/* Those that may be asked, the default first; at most SK_ASKED_MAX. With ?provider=: that one. 0: answered already. */
size_t sk_resource_providers(const struct sk_resource_op *op, const struct sk_provider **ret);
/* Does a provider's answer to a get hold anything? {} and null and a lone error do not. */
bool sk_resource_is_there(struct sk_span text);

/* resources_write.c */
void sk_resources_post(struct sk_http_req *r, void *arg);
void sk_resources_put(struct sk_http_req *r, void *arg);
void sk_resources_delete(struct sk_http_req *r, void *arg);
/* resources.c: path and id of the request; NULL: answered. */
struct sk_resource_op *sk_resource_op_create(struct sk_http_req *r, struct sk_api *api);

#endif
