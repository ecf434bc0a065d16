/*
 * HTTP endpoints that a plugin declares: [{"method","path","handler"}, ...] with Express 4 route patterns relative to the
 * plugin's mount. Patterns: `:name` takes one segment, `:name?` also none, `*` anything, `x?` makes the character before
 * optional; case-insensitive, a trailing slash is tolerated, GET serves HEAD. Pure. Thread: any.
 */
#ifndef SK_PLUGIN_ENDPOINT_H
#define SK_PLUGIN_ENDPOINT_H

#include "base/buf.h"
#include "base/err.h"

#define SK_ENDPOINTS_MAX 200
#define SK_ENDPOINT_PARAMS_MAX 16
#define SK_ENDPOINT_PATTERN_MAX 256

struct sk_endpoint {
    char *method; /* upper case */
    char *pattern;
    char *handler; /* name of the export */
};

struct sk_endpoints {
    struct sk_endpoint list[SK_ENDPOINTS_MAX];
    size_t count;
};

/* Names point into the pattern, values into the matched path (still percent-encoded); a value with p NULL is absent. */
struct sk_endpoint_params {
    struct sk_span name[SK_ENDPOINT_PARAMS_MAX], value[SK_ENDPOINT_PARAMS_MAX];
    size_t count;
};

/* Takes what is usable up to the first broken entry, as the peers do; an error says what was left out. */
int sk_endpoints_parse(struct sk_span json, struct sk_endpoints **ret_endpoints, struct sk_errmsg *em);
void sk_endpoints_destroy(struct sk_endpoints *e);
const struct sk_endpoint *sk_endpoints_match(const struct sk_endpoints *e, struct sk_span method, struct sk_span path,
                                             struct sk_endpoint_params *ret_params);
bool sk_endpoint_path_matches(const char *pattern, struct sk_span path, struct sk_endpoint_params *ret_params);

#endif
