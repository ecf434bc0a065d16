/* The pattern tree. Depth first: literal, then `:name`, then `*`; so the most literal match that knows the method wins. */
#include "http/conn.h"

#include "base/log.h"

#define NS "signalk-server:routes"

#include <stdlib.h>
#include <strings.h>

struct entry {
    struct entry *next;
    const struct sk_route *route;
    bool slash; /* the pattern ends in '/' */
};

struct sk_node {
    struct sk_node *next;     /* sibling literal */
    struct sk_node *children; /* literals */
    struct sk_node *param;
    struct entry *here, *rest; /* patterns that end here; that end in `*` behind here */
    struct sk_span literal;    /* in the pattern */
};

struct match {
    struct sk_span method;
    struct sk_span captured[SK_PARAMS_MAX];
    struct sk_span rest;
    unsigned captured_count;
};

static void append_entry(struct entry **list, const struct sk_route *r, bool slash)
{
    while (*list != NULL)
        list = &(*list)->next;
    *list = sk_xcalloc(1, sizeof **list);
    **list = (struct entry){ .route = r, .slash = slash };
}

static struct sk_node *child_for(struct sk_node *n, struct sk_span segment)
{
    if (segment.n > 0 && segment.p[0] == ':') {
        if (n->param == NULL)
            n->param = sk_xcalloc(1, sizeof *n->param);
        return n->param;
    }
    struct sk_node **at = &n->children;
    while (*at != NULL && !sk_span_is((*at)->literal, segment))
        at = &(*at)->next;
    if (*at == NULL) {
        *at = sk_xcalloc(1, sizeof **at);
        (*at)->literal = segment;
    }
    return *at;
}

void sk_router_add(struct sk_http_server *s, const struct sk_route *r)
{
    SK_ASSERT(r->pattern[0] == '/' && r->handler != NULL && r->access != 0);
    if (s->routes == NULL)
        s->routes = sk_xcalloc(1, sizeof *s->routes);
    struct sk_node *n = s->routes;
    unsigned params = 0;
    const char *p = r->pattern;
    static const char *const needs[] = { "", "OPEN", "READ", "WRITE", "ADMIN" };
    sk_log_debug(NS, "%s %s needs %s", r->method, r->pattern, needs[r->access]);
    while (*p == '/' && p[1] != '\0') {
        size_t len = strcspn(p + 1, "/");
        if (len == 1 && p[1] == '*' && p[2] == '\0') {
            append_entry(&n->rest, r, false);
            return;
        }
        params += p[1] == ':';
        n = child_for(n, (struct sk_span){ p + 1, len });
        p += len + 1;
    }
    SK_ASSERT(params < SK_PARAMS_MAX);
    append_entry(&n->here, r, *p == '/');
}

static void each_entry(const struct entry *e, void (*fn)(void *arg, const struct sk_route *r), void *arg)
{
    for (; e != NULL; e = e->next)
        fn(arg, e->route);
}

static void each_below(const struct sk_node *n, void (*fn)(void *arg, const struct sk_route *r), void *arg)
{
    for (; n != NULL; n = n->next) {
        each_entry(n->here, fn, arg);
        each_entry(n->rest, fn, arg);
        each_below(n->children, fn, arg);
        each_below(n->param, fn, arg);
    }
}

void sk_http_server_each_route(const struct sk_http_server *s, void (*fn)(void *arg, const struct sk_route *r), void *arg)
{
    each_below(s->routes, fn, arg);
}

static void free_entries(struct entry *e)
{
    while (e != NULL) {
        struct entry *next = e->next;
        free(e);
        e = next;
    }
}

void sk_router_free(struct sk_node *n)
{
    while (n != NULL) {
        struct sk_node *next = n->next;
        sk_router_free(n->children);
        sk_router_free(n->param);
        free_entries(n->here);
        free_entries(n->rest);
        free(n);
        n = next;
    }
}

static const struct sk_route *pick(const struct entry *e, const struct match *m, bool slash)
{
    for (; e != NULL; e = e->next) {
        const char *method = e->route->method;
        if ((slash || !e->slash) && (method[0] == '*' || sk_span_eq(m->method, method)))
            return e->route;
    }
    return NULL;
}

/* A client may encode what needs no encoding: "/%40signalk/" is "/@signalk/". */
static struct sk_span plain(struct sk_span segment, struct sk_arena *a)
{
    if (segment.n == 0 || memchr(segment.p, '%', segment.n) == NULL)
        return segment;
    return sk_http_decode(a, segment, false);
}

static const struct sk_route *descend(const struct sk_node *n, struct sk_span path, struct match *m, struct sk_arena *a)
{
    const struct sk_route *found = NULL;
    if (path.n == 0)
        return pick(n->here, m, false);
    struct sk_span rest = { path.p + 1, path.n - 1 };
    if (rest.n == 0)
        found = pick(n->here, m, true);
    const char *slash = rest.n != 0 ? memchr(rest.p, '/', rest.n) : NULL;
    struct sk_span segment = { rest.p, slash != NULL ? (size_t)(slash - rest.p) : rest.n };
    struct sk_span behind = { rest.p + segment.n, rest.n - segment.n };
    if (found == NULL && n->children != NULL && segment.n != 0) {
        struct sk_span name = plain(segment, a);
        for (const struct sk_node *c = n->children; c != NULL && found == NULL; c = c->next)
            if (sk_span_is(c->literal, name))
                found = descend(c, behind, m, a);
    }
    if (found == NULL && n->param != NULL && segment.n != 0 && m->captured_count < SK_PARAMS_MAX - 1) {
        m->captured[m->captured_count++] = segment;
        found = descend(n->param, behind, m, a);
        if (found == NULL)
            m->captured_count--;
    }
    if (found == NULL && n->rest != NULL && (found = pick(n->rest, m, true)) != NULL)
        m->rest = rest;
    return found;
}

/* The route's own names for what was captured on the way. */
static void name_params(struct sk_http_req *r, const struct sk_route *route, const struct match *m)
{
    unsigned n = 0;
    for (const char *p = strchr(route->pattern, '/'); p != NULL; p = strchr(p + 1, '/')) {
        if (p[1] == ':' && n < m->captured_count) {
            r->params[n] = (struct sk_http_param){ { p + 2, strcspn(p + 2, "/") }, m->captured[n] };
            n++;
        } else if (p[1] == '*' && p[2] == '\0') {
            r->params[n++] = (struct sk_http_param){ SK_SPAN("*"), m->rest };
            break;
        }
    }
    r->param_count = (uint8_t)n;
}

static const struct sk_route *find(struct sk_http_req *r)
{
    struct match m = { .method = r->is_head ? SK_SPAN("GET") : sk_http_method(r) };
    if (r->server->routes == NULL)
        return NULL;
    const struct sk_route *route = descend(r->server->routes, r->path, &m, r->arena);
    if (route != NULL)
        name_params(r, route, &m);
    return route;
}

const struct sk_body_to_file *sk_router_to_file(struct sk_http_req *r)
{
    sk_req_split_target(r);
    const struct sk_route *route = r->path.n > 0 && r->path.p[0] == '/' ? find(r) : NULL;
    return route != NULL ? route->to_file : NULL;
}

static bool allows(struct sk_http_req *r, const struct sk_route *route)
{
    const struct sk_http_options *o = &r->server->o;
    return o->authorise == NULL || o->authorise(o->authorise_arg, r, route->access);
}

bool sk_router_allows(struct sk_http_req *r)
{
    const struct sk_route *route = find(r);
    return route == NULL || allows(r, route);
}

/* application/json, application/geo+json; and no other type that says so in a parameter. */
static bool is_json(struct sk_span type)
{
    const char *end = type.n > 0 ? memchr(type.p, ';', type.n) : NULL;
    size_t n = end != NULL ? (size_t)(end - type.p) : type.n;
    while (n > 0 && type.p[n - 1] == ' ')
        n--;
    return n >= 16 && strncasecmp(type.p, "application/", 12) == 0 && strncasecmp(type.p + n - 4, "json", 4) == 0;
}

bool sk_http_wants_json(struct sk_http_req *r)
{
    if (r->method != HTTP_POST || sk_http_body(r).n == 0 || is_json(sk_http_header(r, "content-type")))
        return true;
    sk_http_reply_error_page(r, 415, "The body has to be JSON, with the header Content-Type: application/json");
    return false;
}

void sk_router_dispatch(struct sk_http_req *r)
{
    struct sk_http_server *s = r->server;
    r->dispatched = true;
    s->stats.requests++;
    sk_req_split_target(r);
    if (r->method == HTTP_OPTIONS) {
        sk_reply_preflight(r);
        return;
    }
    if (r->path.n == 0 || r->path.p[0] != '/') {
        sk_http_reply_error_page(r, 400, "Bad Request");
        return;
    }
    const struct sk_route *route = find(r);
    if (route == NULL && s->fallback != NULL)
        s->fallback(r, s->fallback_arg);
    else if (route == NULL)
        sk_http_reply_cannot(r);
    else if (allows(r, route) && (route->any_body || route->to_file != NULL || sk_http_wants_json(r)))
        route->handler(r, route->arg);
}
