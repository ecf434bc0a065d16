/* OpenAPI 3.0 documents of the HTTP interface. Their paths are the server's own routes, so that they cannot tell what is not so.
 */
#include "api/api.h"
#include "base/json.h"

#include <ctype.h>

#define DOCUMENT_MAX ((size_t)4 * 1024 * 1024)
#define HTML_MAX ((size_t)64 * 1024)

static const struct document {
    const char *name, *title;
    const char *root; /* of its routes: that path and all below */
} documents[] = {
    { "apps", "Webapps", "/skServer/webapps" },
    { "course", "Course", "/signalk/v2/api/vessels/self/navigation/course" },
    { "discovery", "Discovery", "/signalk/v2/features" },
    { "history", "History", "/signalk/v2/api/history" },
    { "notifications", "Notifications", "/signalk/v2/api/notifications" },
    { "radar", "Radar", "/signalk/v2/api/vessels/self/radars" },
    { "resources", "Resources", "/signalk/v2/api/resources" },
    { "security", "Security", "/skServer/security" },
    { "weather", "Weather", "/signalk/v2/api/weather" },
};

struct writing {
    const struct document *document;
    const char *pattern; /* of the path under way; NULL: none yet */
    unsigned paths;
    struct sk_buf *out;
};

/* What stands behind the root; NULL: it is another's. */
static const char *below(const struct document *d, const char *pattern)
{
    size_t n = strlen(d->root);
    return strncmp(pattern, d->root, n) == 0 && (pattern[n] == '\0' || pattern[n] == '/') ? pattern + n : NULL;
}

/* "/:id/x" as "/{id}/x", "*" as "{path}". */
static void write_path(const char *p, struct sk_buf *out)
{
    SK_BUF_LIT(out, "\"");
    if (*p == '\0')
        sk_buf_char(out, '/');
    while (*p != '\0') {
        size_t n = strcspn(p + 1, "/");
        if (p[1] == ':')
            sk_buf_printf(out, "/{%.*s}", (int)n - 1, p + 2);
        else if (p[1] == '*')
            SK_BUF_LIT(out, "/{path}");
        else
            sk_buf_printf(out, "/%.*s", (int)n, p + 1);
        p += n + 1;
    }
    SK_BUF_LIT(out, "\":{");
}

static void write_parameters(const char *p, struct sk_buf *out)
{
    unsigned count = 0;
    SK_BUF_LIT(out, "\"parameters\":[");
    for (; (p = strchr(p, '/')) != NULL; p++) {
        if (p[1] != ':' && p[1] != '*')
            continue;
        sk_buf_append(out, ",", count++ > 0);
        SK_BUF_LIT(out, "{\"name\":\"");
        if (p[1] == '*')
            SK_BUF_LIT(out, "path");
        else
            sk_buf_append(out, p + 2, strcspn(p + 2, "/"));
        SK_BUF_LIT(out, "\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}");
    }
    sk_buf_char(out, ']');
}

static void write_operation(const struct writing *w, const struct sk_route *r)
{
    static const char *const needs[] = { "", "open to all", "needs to read", "needs to write", "needs to administer" };
    struct sk_buf *out = w->out;
    sk_buf_char(out, '"');
    for (const char *c = r->method; *c != '\0'; c++)
        sk_buf_char(out, (char)tolower((unsigned char)*c));
    sk_buf_printf(out, "\":{\"tags\":[\"%s\"],\"summary\":", w->document->name);
    sk_json_write_str(out, sk_span_of(r->about != NULL ? r->about : w->document->title));
    sk_buf_printf(out, ",\"description\":\"%s\",", needs[r->access]);
    write_parameters(below(w->document, r->pattern), out);
    if (strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0)
        SK_BUF_LIT(out, ",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{}}}}");
    SK_BUF_LIT(out, ",\"responses\":{\"default\":{\"description\":\"JSON; a failure says why\"}}}");
}

static void take_route(void *arg, const struct sk_route *r)
{
    struct writing *w = arg;
    const char *rest = below(w->document, r->pattern);
    if (rest == NULL || r->method[0] == '*')
        return;
    if (w->pattern != NULL && strcmp(w->pattern, r->pattern) == 0) {
        sk_buf_char(w->out, ',');
    } else {
        sk_buf_text(w->out, w->paths++ > 0 ? "}," : "");
        write_path(rest, w->out);
    }
    w->pattern = r->pattern;
    write_operation(w, r);
}

static const struct document *find(struct sk_span name)
{
    for (size_t i = 0; i < SK_COUNT(documents); i++)
        if (name.p != NULL && sk_span_eq(name, documents[i].name))
            return &documents[i];
    return NULL;
}

static void get_document(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    struct sk_buf b;
    struct writing w = { .document = find(sk_http_param(r, "name")), .out = &b };
    if (w.document == NULL) {
        sk_http_reply_json(r, 404, SK_SPAN("\"Not found\""));
        return;
    }
    sk_buf_init(&b, DOCUMENT_MAX);
    sk_buf_printf(&b,
                  "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"Signal K %s\",\"version\":\"" SK_COMPAT_VERSION
                  "\"},\"servers\":[{\"url\":\"%s\"}],\"paths\":{",
                  w.document->title, w.document->root);
    sk_http_server_each_route(api->http, take_route, &w);
    sk_buf_text(&b, w.paths > 0 ? "}}}" : "}}");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void get_page(struct sk_http_req *r, void *arg)
{
    struct sk_buf b;
    (void)arg;
    sk_buf_init(&b, HTML_MAX);
    SK_BUF_LIT(&b, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>OpenAPI</title><link rel=\"icon\" "
                   "href=\"data:,\">"
                   "<body><h1>OpenAPI documents</h1><ul>");
    for (size_t i = 0; i < SK_COUNT(documents); i++)
        sk_buf_printf(&b, "<li><a href=\"/skServer/openapi/%s\">%s</a> <code>%s</code></li>", documents[i].name,
                      documents[i].title, documents[i].root);
    SK_BUF_LIT(&b, "</ul></body></html>");
    sk_http_reply_buf(r, 200, SK_HTTP_HTML, &b);
    sk_buf_finish(&b);
}

void sk_openapi_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skServer/openapi/:name", SK_ACCESS_OPEN, get_document, api },
        { "GET", "/doc/openapi", SK_ACCESS_OPEN, get_page, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
