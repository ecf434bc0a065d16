#include "api/admin/admin_page.h"

#include "api/pool.h"
#include "base/log.h"
#include "http/static.h"
#include "plugin/host.h"
#include "store/fs.h"
#include "store/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define PACKAGE "@signalk/server-admin-ui"
#define MARK "%ADDONSCRIPTS%"
#define INDEX_MAX ((size_t)1024 * 1024)
#define NOT_INSTALLED "The admin pages are not installed. On the command line: skiff webapp install " PACKAGE

/* ---- GET / -------------------------------------------------------------------------------------------------------------------
 */

struct host_search {
    struct sk_span label; /* the first part of the host name that was asked for */
    struct sk_arena *arena;
    char *found;
};

static void look_for_label(void *arg, const struct sk_package *package, const char *files, bool plugin_off)
{
    struct host_search *s = arg;
    size_t n = strlen(package->name);
    (void)files;
    if (s->found != NULL || plugin_off || !package->is_webapp || strlen(package->display_name) != s->label.n ||
        strncasecmp(package->display_name, s->label.p, s->label.n) != 0)
        return;
    s->found = sk_arena_alloc(s->arena, n + 3);
    if (s->found != NULL)
        snprintf(s->found, n + 3, "/%s/", package->name);
}

/* A boat may give its chart plotter a host name of its own: freeboard-sk.local shows freeboard-sk. */
static const char *webapp_of_host(const struct sk_api *api, struct sk_http_req *r)
{
    struct sk_span host = sk_http_header(r, "host");
    struct host_search s = { .label = host, .arena = sk_http_arena(r) };
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == '.' || host.p[i] == ':') {
            s.label.n = i;
            break;
        }
    if (s.label.n > 0 && api->plugins != NULL)
        sk_host_each_webapp(api->plugins, look_for_label, &s);
    return s.found;
}

static void enter(const struct sk_api *api, struct sk_http_req *r)
{
    const char *page = sk_json_get_str(sk_settings_root(api->settings), "landingPage");
    if (page == NULL || page[0] != '/' || page[1] == '/') /* "//host" would lead elsewhere */
        page = webapp_of_host(api, r);
    sk_http_redirect(r, 302, page != NULL ? page : "/admin/");
}

/* ---- /admin/index.html -------------------------------------------------------------------------------------------------------
 */

struct index_job {
    struct sk_http_req *req;
    char *file, *text;
    size_t n;
    int error;
    struct sk_errmsg why;
    struct sk_buf scripts;
};

static void add_script(void *arg, const struct sk_package *package, const char *files, bool plugin_off)
{
    struct sk_buf *b = arg;
    (void)files;
    (void)plugin_off;
    if (!package->is_addon && !package->is_configurator && !package->is_embeddable)
        return;
    sk_buf_text(b, b->n > 0 ? "\n" : "");
    sk_buf_text(b, package->is_module ? "<script type=\"module\" src=\"/" : "<script src=\"/");
    for (const char *c = package->name; *c != '\0'; c++)
        if (strchr("<>\"'&", *c) == NULL)
            sk_buf_char(b, *c);
        else
            sk_buf_printf(b, "&#%d;", *c);
    SK_BUF_LIT(b, "/remoteEntry.js\"></script>");
}

static void read_index(void *arg)
{
    struct index_job *j = arg;
    j->error = sk_fs_read(j->file, INDEX_MAX, &j->text, &j->n, &j->why);
}

static void answer_index(const struct index_job *j)
{
    struct sk_buf b;
    const char *at = memmem(j->text, j->n, MARK, sizeof MARK - 1);
    size_t before = at != NULL ? (size_t)(at - j->text) : j->n, behind = at != NULL ? before + sizeof MARK - 1 : j->n;
    sk_buf_init(&b, 2 * INDEX_MAX);
    sk_buf_append(&b, j->text, before);
    if (at != NULL)
        sk_buf_append(&b, j->scripts.p, j->scripts.n);
    sk_buf_append(&b, j->text + behind, j->n - behind);
    sk_http_set_header(j->req, "Cache-Control", SK_SPAN("no-cache, no-store, must-revalidate"));
    sk_http_set_header(j->req, "Pragma", SK_SPAN("no-cache"));
    sk_http_set_header(j->req, "Expires", SK_SPAN("0"));
    sk_http_reply_buf(j->req, 200, SK_HTTP_HTML, &b);
    sk_buf_finish(&b);
}

static void on_index(void *arg)
{
    struct index_job *j = arg;
    if (j->error == 0) {
        answer_index(j);
    } else {
        if (j->error != SK_ERR_NOTFOUND)
            sk_log_warn("http: %s", j->why.text);
        sk_http_reply_error_page(j->req, 404, NOT_INSTALLED);
    }
    sk_buf_finish(&j->scripts);
    free(j->text);
    free(j->file);
    free(j);
}

static void serve_index(struct sk_api *api, struct sk_http_req *r, const char *files)
{
    struct index_job *j = sk_xcalloc(1, sizeof *j);
    j->req = r;
    j->file = sk_fs_path(files, "index.html");
    sk_buf_init(&j->scripts, INDEX_MAX);
    sk_host_each_webapp(api->plugins, add_script, &j->scripts);
    sk_pool_run(api, read_index, on_index, j);
}

/* ---- /admin/... --------------------------------------------------------------------------------------------------------------
 */

/* The boat's own logo, in the configuration folder, for one of the page's. */
static const char *own_logo(struct sk_span rest)
{
    const char *slash = rest.n > 0 ? memrchr(rest.p, '/', rest.n) : NULL;
    struct sk_span name = slash != NULL ? (struct sk_span){ slash + 1, (size_t)(rest.p + rest.n - slash - 1) } : rest;
    if (name.n < 4 || memcmp(name.p + name.n - 4, ".svg", 4) != 0 || !sk_span_starts(name, "signal-k-logo-image"))
        return NULL;
    return sk_span_starts(name, "signal-k-logo-image-text") ? "logo.svg" : "logo-minimized.svg";
}

static void serve_file(const struct sk_api *api, struct sk_http_req *r, const char *files, struct sk_span rest)
{
    static const char old_place[] = "assets/public_src/img/"; /* where other pages look for the logos */
    const char *logo = own_logo(rest);
    SK_CLEANUP(sk_freep) char *instead = logo != NULL ? sk_fs_path(api->config_dir, logo) : NULL;
    struct sk_static where = { .root = files, .instead = instead };
    if (sk_span_starts(rest, old_place)) {
        rest.p += sizeof old_place - 1 - sizeof "img";
        rest.n -= sizeof old_place - 1 - sizeof "img";
    }
    sk_static_serve(r, &where, rest);
}

struct search {
    struct sk_arena *arena;
    char *files; /* NULL: not installed */
};

static void look(void *arg, const struct sk_package *package, const char *files, bool plugin_off)
{
    struct search *s = arg;
    (void)plugin_off;
    if (strcmp(package->name, PACKAGE) == 0)
        s->files = sk_arena_copy(s->arena, files, strlen(files));
}

static void serve_admin(struct sk_api *api, struct sk_http_req *r, struct sk_span rest)
{
    struct search s = { .arena = sk_http_arena(r) };
    if (api->plugins != NULL)
        sk_host_each_webapp(api->plugins, look, &s);
    bool index = rest.n == 0 || sk_span_eq(rest, "index.html");
    if (s.files == NULL)
        sk_http_reply_error_page(r, 404, NOT_INSTALLED);
    else if (index)
        serve_index(api, r, s.files);
    else
        serve_file(api, r, s.files, rest);
}

bool sk_admin_page_serve(struct sk_api *api, struct sk_http_req *r)
{
    static const char prefix[] = "/admin/";
    struct sk_span path = sk_http_path(r), method = sk_http_method(r);
    if (!sk_span_eq(method, "GET") && !sk_span_eq(method, "HEAD"))
        return false;
    if (sk_span_eq(path, "/"))
        enter(api, r);
    else if (sk_span_eq(path, "/admin"))
        sk_http_redirect(r, 301, prefix);
    else if (sk_span_eq(path, "/" PACKAGE) || sk_span_eq(path, "/" PACKAGE "/"))
        sk_http_redirect(r, 302, prefix);
    else if (sk_span_starts(path, prefix))
        serve_admin(api, r, (struct sk_span){ path.p + sizeof prefix - 1, path.n - (sizeof prefix - 1) });
    else
        return false;
    return true;
}
