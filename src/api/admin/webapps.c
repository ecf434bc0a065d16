/* Webapps: the `public` folder of packages with a webapp keyword at /<package name>/, and their list. */
#include "api/admin/admin_page.h"
#include "api/api.h"
#include "base/json.h"
#include "http/static.h"
#include "plugin/host.h"
#include "store/settings.h"

#include <stdio.h>

/* ---- GET /skServer/webapps and /skServer/addons: the package.json objects ---- */

static void write_one(struct sk_buf *b, const struct sk_package *package)
{
    sk_buf_append(b, ",", !sk_buf_ends(b, '['));
    sk_buf_text(b, package->json);
}

static void write_webapp(void *arg, const struct sk_package *package, const char *files, bool plugin_off)
{
    (void)files;
    if (package->is_webapp && !plugin_off)
        write_one(arg, package);
}

static void write_addon(void *arg, const struct sk_package *package, const char *files, bool plugin_off)
{
    (void)files;
    if (package->is_addon && !plugin_off)
        write_one(arg, package);
}

static void reply_list(struct sk_http_req *r, const struct sk_api *api, sk_webapp_fn write)
{
    struct sk_buf b;
    sk_buf_init(&b, (size_t)16 * 1024 * 1024);
    sk_buf_char(&b, '[');
    if (api->plugins != NULL)
        sk_host_each_webapp(api->plugins, write, &b);
    sk_buf_char(&b, ']');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void list_webapps(struct sk_http_req *r, void *arg)
{
    reply_list(r, arg, write_webapp);
}

static void list_addons(struct sk_http_req *r, void *arg)
{
    reply_list(r, arg, write_addon);
}

/* ---- files ---- */

/* The package whose name heads a path. */
struct search {
    struct sk_arena *arena; /* of the request */
    struct sk_span path;    /* without its leading '/' */
    const struct sk_package *package;
    const char *files;
};

static void look(void *arg, const struct sk_package *package, const char *files, bool plugin_off)
{
    struct search *s = arg;
    size_t n = strlen(package->name);
    (void)plugin_off;
    if (s->package == NULL && sk_span_starts(s->path, package->name) && (s->path.n == n || s->path.p[n] == '/')) {
        s->package = package;
        s->files = sk_arena_copy(s->arena, files, strlen(files));
    }
}

static void redirect_into(struct sk_http_req *r, const char *name)
{
    char to[600];
    snprintf(to, sizeof to, "/%s/", name);
    sk_http_redirect(r, 301, to);
}

static void serve(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span path = sk_http_path(r);
    if (sk_admin_page_serve(api, r))
        return;
    if (!sk_settings_interface(api->settings, "webapps")) {
        sk_http_reply_cannot(r);
        return;
    }
    struct search s = { .arena = sk_http_arena(r), .path = { path.p + 1, path.n - 1 } };
    if (api->plugins != NULL && path.n > 1)
        sk_host_each_webapp(api->plugins, look, &s);
    if (s.package == NULL || s.files == NULL) {
        sk_http_reply_cannot(r);
        return;
    }
    size_t n = strlen(s.package->name);
    if (s.path.n == n) {
        redirect_into(r, s.package->name);
        return;
    }
    struct sk_static where = { .root = s.files, .deny_package_files = strcmp(s.files, s.package->dir) == 0 };
    sk_static_serve(r, &where, (struct sk_span){ s.path.p + n + 1, s.path.n - n - 1 });
}

void sk_webapps_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skServer/webapps", SK_ACCESS_READ, list_webapps, api },
        { "GET", "/skServer/addons", SK_ACCESS_READ, list_addons, api },
    };
    if (sk_settings_interface(api->settings, "webapps"))
        sk_api_keep_routes(api, table, SK_COUNT(table));
    sk_http_server_set_fallback(api->http, serve, api);
}
