/* /skServer/logfiles: the raw logs of what came in, as they lie in the logging folder. */
#include "api/admin/admin.h"
#include "api/pool.h"
#include "base/json.h"
#include "base/log.h"
#include "http/static.h"

#include <dirent.h>
#include <stdlib.h>

#define FILES_MAX 20000u
#define LIST_MAX ((size_t)2 * 1024 * 1024)
#define PREFIX "skserver-raw_"

const char *sk_log_files_folder(const struct sk_api *api)
{
    const char *set = sk_json_get_str(sk_settings_root(api->settings), "loggingDirectory");
    return set != NULL && set[0] != '\0' ? set : api->config_dir;
}

bool sk_log_files_is_name(struct sk_span name)
{
    if (!sk_span_starts(name, PREFIX))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && strchr("._-", c) == NULL)
            return false;
    }
    return true;
}

struct listing {
    struct sk_api *api;
    struct sk_http_req *req;
    char *folder;
    char **names;
    size_t count, cap;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_folder(void *arg)
{
    struct listing *l = arg;
    DIR *d = opendir(l->folder);
    for (struct dirent *e; d != NULL && l->count < FILES_MAX && (e = readdir(d)) != NULL;) {
        if (!sk_log_files_is_name(sk_span_of(e->d_name)))
            continue;
        if (l->count == l->cap) {
            l->cap = l->cap == 0 ? 64 : 2 * l->cap;
            l->names = sk_xrealloc(l->names, l->cap * sizeof *l->names);
        }
        l->names[l->count++] = sk_xstrdup(e->d_name);
    }
    if (d != NULL)
        closedir(d);
    if (l->count > 1)
        qsort(l->names, l->count, sizeof *l->names, by_name);
}

static void listed(void *arg)
{
    struct listing *l = arg;
    struct sk_buf b;
    sk_buf_init(&b, LIST_MAX);
    sk_buf_char(&b, '[');
    for (size_t i = 0; i < l->count; i++) {
        sk_buf_append(&b, ",", i > 0);
        sk_json_write_str(&b, sk_span_of(l->names[i]));
        free(l->names[i]);
    }
    sk_buf_char(&b, ']');
    sk_http_reply_buf(l->req, 200, SK_HTTP_JSON, &b);
    free(l->names);
    free(l->folder);
    free(l);
}

static void list_files(struct sk_http_req *r, void *arg)
{
    struct listing *l = sk_xcalloc(1, sizeof *l);
    l->api = arg;
    l->req = r;
    l->folder = sk_xstrdup(sk_log_files_folder(l->api));
    sk_pool_run(l->api, read_folder, listed, l);
}

static void get_file(struct sk_http_req *r, void *arg)
{
    struct sk_span name = sk_http_param(r, "name");
    struct sk_static where = { .root = sk_log_files_folder(arg) };
    if (name.p != NULL && sk_log_files_is_name(name))
        sk_static_serve(r, &where, name);
    else
        sk_http_reply_cannot(r);
}

void sk_log_files_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skServer/logfiles", SK_ACCESS_ADMIN, list_files, api },
        { "GET", "/skServer/logfiles/:name", SK_ACCESS_ADMIN, get_file, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
