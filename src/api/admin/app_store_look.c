/* What the app store page asks of one package: how much it keeps, and its details. */
#include "api/admin/app_store_private.h"
#include "api/body.h"
#include "api/pool.h"
#include "plugin/data.h"
#include "store/fs.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define README_MAX ((size_t)256 * 1024)

/* ---- how much a plugin keeps
 * --------------------------------------------------------------------------------------------------- */

struct data_size {
    struct sk_http_req *req;
    char *dir, *file;
    uint64_t bytes, files;
};

static void add_size(struct data_size *d, const char *path, unsigned depth)
{
    struct stat st;
    struct dirent *e;
    if (lstat(path, &st) < 0)
        return;
    if (S_ISREG(st.st_mode)) {
        d->bytes += (uint64_t)st.st_size;
        d->files++;
    }
    DIR *folder = S_ISDIR(st.st_mode) && depth < 32 ? opendir(path) : NULL;
    while (folder != NULL && (e = readdir(folder)) != NULL && d->files < 100000) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char *child = sk_fs_path(path, e->d_name);
        add_size(d, child, depth + 1);
        free(child);
    }
    if (folder != NULL)
        closedir(folder);
}

static void measure(void *arg)
{
    struct data_size *d = arg;
    add_size(d, d->dir, 0);
    add_size(d, d->file, 0);
}

static void measured(void *arg)
{
    struct data_size *d = arg;
    char text[160];
    snprintf(text, sizeof text, "{\"totalBytes\":%" PRIu64 ",\"fileCount\":%" PRIu64 ",\"hasData\":%s}", d->bytes, d->files,
             d->files > 0 ? "true" : "false");
    sk_http_reply_json(d->req, 200, sk_span_of(text));
    free(d->dir);
    free(d->file);
    free(d);
}

void sk_app_store_data_size(struct sk_http_req *r, void *arg)
{
    struct sk_app_store *s = arg;
    const char *name = sk_app_store_name(r);
    if (name == NULL)
        return;
    char id[SK_PACKAGE_NAME_MAX + 1];
    snprintf(id, sizeof id, "%s", name);
    for (char *c = id; *c != '\0'; c++)
        if (*c == '@' || *c == '/')
            *c = '_';
    struct data_size *d = sk_xcalloc(1, sizeof *d);
    d->req = r;
    d->dir = sk_plugin_data_folder(s->api->config_dir, id);
    d->file = sk_plugin_data_file(s->api->config_dir, id);
    sk_pool_run(s->api, measure, measured, d);
}

/* ---- one package
 * ---------------------------------------------------------------------------------------------------------------- */

struct detail {
    struct sk_http_req *req;
    char *dir, *readme;
    struct sk_buf out; /* all but the README */
};

/* Of a package that is installed; what is not has it in its archive only. */
static void read_readme(void *arg)
{
    static const char *const names[] = { "README.md", "readme.md", "Readme.md", "README" };
    struct detail *d = arg;
    for (size_t i = 0; i < SK_COUNT(names) && d->readme == NULL; i++) {
        char *file = sk_fs_path(d->dir, names[i]);
        (void)sk_fs_read(file, README_MAX, &d->readme, NULL, NULL);
        free(file);
    }
}

static void detail_read(void *arg)
{
    struct detail *d = arg;
    sk_json_write_str(&d->out, sk_span_of(d->readme != NULL ? d->readme : ""));
    sk_buf_char(&d->out, '}');
    sk_http_reply_buf(d->req, 200, SK_HTTP_JSON, &d->out);
    sk_buf_finish(&d->out);
    free(d->readme);
    free(d->dir);
    free(d);
}

void sk_app_store_detail(struct sk_http_req *r, void *arg)
{
    struct sk_app_store *s = arg;
    const char *name = sk_app_store_name(r);
    if (name == NULL)
        return;
    const yyjson_val *entry = sk_catalog_find(s->catalog, sk_span_of(name));
    if (entry == NULL) {
        sk_body_reply_error(r, s->catalog != NULL ? 404 : 503,
                            s->catalog != NULL ? "no such package" : "the npm registry was not reached");
        return;
    }
    struct sk_buf b;
    sk_buf_init(&b, 4 * README_MAX);
    sk_json_write(&b, entry);
    if (sk_buf_ok(&b))
        b.n--;
    SK_BUF_LIT(&b, ",\"screenshots\":[],\"deprecated\":false,\"changelog\":\"\",\"lastReleaseDate\":");
    sk_json_write_str(&b, sk_json_str(sk_json_get(entry, "updated")));
    SK_BUF_LIT(&b, ",\"requires\":[],\"recommends\":[],\"storeAvailable\":true,\"fromCache\":false,\"readme\":");
    struct detail *d = sk_xcalloc(1, sizeof *d);
    SK_CLEANUP(sk_freep) char *modules = sk_fs_path(s->api->config_dir, "node_modules");
    d->req = r;
    d->dir = sk_fs_path(modules, name);
    d->out = b;
    sk_pool_run(s->api, read_readme, detail_read, d);
}
