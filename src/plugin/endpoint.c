#include "plugin/endpoint.h"

#include "base/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/*
 * Matching backtracks over `*` and optional parts. A pattern comes from a plugin and a path from a client, so the work is
 * bounded: past the budget the answer is "no match".
 */
#define MATCH_BUDGET 20000

struct matcher {
    const char *path_end;
    struct sk_endpoint_params *params;
    unsigned budget, stars;
};

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static bool match(struct matcher *m, const char *pat, const char *path);

static void push(struct sk_endpoint_params *p, struct sk_span name, struct sk_span value)
{
    if (p->count < SK_ENDPOINT_PARAMS_MAX) {
        p->name[p->count] = name;
        p->value[p->count] = value;
        p->count++;
    }
}

/* `pat` at ':'. One or more bytes of a segment, the longest first. */
static bool match_param(struct matcher *m, const char *pat, const char *path)
{
    struct sk_span name = { pat + 1, 0 };
    while (is_name(name.p[name.n]))
        name.n++;
    const char *rest = name.p + name.n;
    bool optional = *rest == '?';
    rest += optional;
    size_t kept = m->params->count, longest = 0;
    while (path + longest < m->path_end && path[longest] != '/')
        longest++;
    for (size_t n = longest; n > 0; n--) {
        push(m->params, name, (struct sk_span){ path, n });
        if (match(m, rest, path + n))
            return true;
        m->params->count = kept;
    }
    if (!optional)
        return false;
    push(m->params, name, (struct sk_span){ NULL, 0 });
    if (match(m, rest, path))
        return true;
    m->params->count = kept;
    return false;
}

static bool match_star(struct matcher *m, const char *pat, const char *path)
{
    static const char digits[] = "0123456789";
    size_t kept = m->params->count;
    unsigned star = m->stars++;
    for (const char *end = m->path_end; end >= path; end--) {
        push(m->params, (struct sk_span){ digits + star % 10, 1 }, (struct sk_span){ path, (size_t)(end - path) });
        if (match(m, pat + 1, end))
            return true;
        m->params->count = kept;
    }
    m->stars--;
    return false;
}

static bool match(struct matcher *m, const char *pat, const char *path)
{
    if (m->budget == 0 || --m->budget == 0)
        return false;
    if (*pat == 0 || (pat[0] == '/' && pat[1] == 0)) /* a trailing slash on either side is no difference */
        return path == m->path_end || (path + 1 == m->path_end && *path == '/');
    if (*pat == '*')
        return match_star(m, pat, path);
    if (*pat == ':' && is_name(pat[1]))
        return match_param(m, pat, path);
    if (pat[0] == '/' && pat[1] == ':') { /* an optional parameter takes its slash along */
        const char *name = pat + 2;
        while (is_name(*name))
            name++;
        if (*name == '?') {
            size_t kept = m->params->count;
            if (path < m->path_end && *path == '/' && match(m, pat + 1, path + 1))
                return true;
            m->params->count = kept;
            push(m->params, (struct sk_span){ pat + 2, (size_t)(name - pat) - 2 }, (struct sk_span){ NULL, 0 });
            if (match(m, name + 1, path))
                return true;
            m->params->count = kept;
            return false;
        }
    }
    bool optional = pat[1] == '?';
    if (path < m->path_end && same(*pat, *path) && match(m, pat + 1 + optional, path + 1))
        return true;
    return optional && match(m, pat + 2, path);
}

bool sk_endpoint_path_matches(const char *pattern, struct sk_span path, struct sk_endpoint_params *ret_params)
{
    struct matcher m = { .path_end = path.p + path.n, .params = ret_params, .budget = MATCH_BUDGET };
    ret_params->count = 0;
    return path.n > 0 && match(&m, pattern, path.p);
}

const struct sk_endpoint *sk_endpoints_match(const struct sk_endpoints *e, struct sk_span method, struct sk_span path,
                                             struct sk_endpoint_params *ret_params)
{
    if (e == NULL)
        return NULL;
    if (sk_span_eq(method, "HEAD"))
        method = SK_SPAN("GET");
    for (size_t i = 0; i < e->count; i++)
        if (sk_span_eq(method, e->list[i].method) && sk_endpoint_path_matches(e->list[i].pattern, path, ret_params))
            return &e->list[i];
    return NULL;
}

static const char *known_method(const char *method)
{
    static const char *const methods[] = { "GET", "POST", "PUT", "DELETE" };
    for (size_t i = 0; i < SK_COUNT(methods); i++)
        if (strcasecmp(method, methods[i]) == 0)
            return methods[i];
    return NULL;
}

static int take(struct sk_endpoints *e, const yyjson_val *entry, struct sk_errmsg *em)
{
    const char *method = sk_json_get_str(entry, "method"), *path = sk_json_get_str(entry, "path");
    const char *handler = sk_json_get_str(entry, "handler");
    if (method == NULL || path == NULL || handler == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "endpoint %zu has no method, path or handler; it and later ones are left out",
                             e->count + 1);
    const char *upper = known_method(method);
    if (upper == NULL || strlen(path) > SK_ENDPOINT_PATTERN_MAX || strlen(handler) > SK_ENDPOINT_PATTERN_MAX) {
        sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "endpoint '%.20s %.80s' left out: method not supported, or path too long", method,
                      path);
        return 0;
    }
    if (e->count == SK_ENDPOINTS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %d endpoints", SK_ENDPOINTS_MAX);
    struct sk_endpoint *p = &e->list[e->count++];
    p->method = sk_xstrdup(upper);
    p->handler = sk_xstrdup(handler);
    if (path[0] == '/' || path[0] == '*') {
        p->pattern = sk_xstrdup(path);
    } else { /* paths are relative to the mount; without a slash none would ever match */
        p->pattern = sk_xmalloc(strlen(path) + 2);
        p->pattern[0] = '/';
        memcpy(p->pattern + 1, path, strlen(path) + 1);
    }
    return 0;
}

int sk_endpoints_parse(struct sk_span json, struct sk_endpoints **ret_endpoints, struct sk_errmsg *em)
{
    struct sk_endpoints *e = sk_xcalloc(1, sizeof *e);
    yyjson_doc *doc = NULL;
    *ret_endpoints = e;
    int r = sk_json_read(json, &doc, em);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "http_endpoints");
    yyjson_val *root = yyjson_doc_get_root(doc), *entry;
    if (!yyjson_is_arr(root))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "http_endpoints: not an array");
    size_t i, n;
    yyjson_arr_foreach(root, i, n, entry) {
        if (r < 0)
            break;
        r = take(e, entry, em);
    }
    yyjson_doc_free(doc);
    return r;
}

void sk_endpoints_destroy(struct sk_endpoints *e)
{
    if (e == NULL)
        return;
    for (size_t i = 0; i < e->count; i++) {
        free(e->list[i].method);
        free(e->list[i].pattern);
        free(e->list[i].handler);
    }
    free(e);
}
