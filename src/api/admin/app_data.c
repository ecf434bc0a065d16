/* applicationData: documents that webapps keep on the server, for all users or for one. Only while security is on. */
#include "api/admin/admin.h"
#include "api/admin/app_data_edit.h"
#include "api/data/unit_users.h"
#include "api/pool.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define MOUNT "/signalk/v1/applicationData"
#define WAITING_MAX 256u
#define APPS_MAX 200u    /* of one user, or of all */
#define VERSIONS_MAX 50u /* of one application */

enum what { VERSIONS, READ, CHANGE };

/* One request; they follow each other on the thread pool, so writers to a file never meet. */
struct sk_app_data_job {
    struct sk_app_data_job *next;
    struct sk_api *api;
    struct sk_http_req *req;
    enum what what;
    bool keys, user, units;        /* units: a user's unit preferences */
    char *scope, *app;             /* folders */
    char name[SK_SUBJECT_MAX + 1]; /* of the user */
    char version[SK_APP_VERSION_SIZE];
    struct sk_app_path path;
    int result;
    struct sk_errmsg em;
    struct sk_buf out;
};

/* ---- on the thread pool ------------------------------------------------------------------------------------------------- */

/* Calls `each` for names that do not begin with a dot; how many there are. */
static size_t each_name(const char *folder, void (*each)(void *arg, const char *name), void *arg)
{
    DIR *d = opendir(folder);
    size_t count = 0;
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        count++;
        if (each != NULL)
            each(arg, e->d_name);
    }
    if (d != NULL)
        closedir(d);
    return count;
}

struct versions {
    char name[VERSIONS_MAX][SK_APP_VERSION_SIZE];
    size_t count;
};

static void take_version(void *arg, const char *name)
{
    struct versions *v = arg;
    size_t n = strlen(name);
    if (v->count == VERSIONS_MAX || n < 6 || n - 5 >= SK_APP_VERSION_SIZE || strcmp(name + n - 5, ".json") != 0)
        return;
    memcpy(v->name[v->count], name, n - 5);
    v->name[v->count++][n - 5] = '\0';
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void list_versions(struct sk_app_data_job *j)
{
    struct versions *v = sk_xcalloc(1, sizeof *v);
    each_name(j->app, take_version, v);
    qsort(v->name, v->count, sizeof v->name[0], by_text);
    if (v->count == 0)
        j->result = sk_errmsg_set(&j->em, SK_ERR_NOTFOUND, "Not Found");
    sk_buf_char(&j->out, '[');
    for (size_t i = 0; i < v->count; i++) {
        sk_buf_append(&j->out, ",", i > 0);
        sk_json_write_str(&j->out, sk_span_of(v->name[i]));
    }
    sk_buf_char(&j->out, ']');
    free(v);
}

static int room_for(const struct sk_app_data_job *j, const char *file, struct sk_errmsg *em)
{
    if (sk_fs_is_file(file))
        return 0;
    if (!sk_fs_is_dir(j->app) && each_name(j->scope, NULL, NULL) >= APPS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "there is data of %u applications already", APPS_MAX);
    if (each_name(j->app, NULL, NULL) >= VERSIONS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "there are %u versions of this application's data already", VERSIONS_MAX);
    return 0;
}

static void read_or_change(struct sk_app_data_job *j)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    char name[SK_APP_VERSION_SIZE + 8];
    size_t n = 0;
    snprintf(name, sizeof name, "%s.json", j->version);
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(j->app, name);
    j->result = sk_kept_read(file, SK_APP_DATA_MAX, &text, &n, &j->em);
    if (j->result == SK_ERR_NOTFOUND)
        j->result = 0;
    if (j->result < 0)
        return;
    struct sk_span old = { text, n };
    if (j->what == READ) {
        j->result = sk_app_data_read(old, &j->path, j->keys, &j->out, &j->em);
        return;
    }
    j->result = sk_app_data_change(old, &j->path, sk_http_body(j->req), &j->out, &j->em);
    if (j->result == 0)
        j->result = room_for(j, file, &j->em);
    if (j->result == 0)
        j->result = sk_fs_mkdirs(j->app, 0755, &j->em);
    if (j->result == 0)
        j->result = sk_kept_write(file, sk_buf_span(&j->out), 0644, &j->em);
}

static void run(void *arg)
{
    struct sk_app_data_job *j = arg;
    if (j->what == VERSIONS)
        list_versions(j);
    else
        read_or_change(j);
}

/* ---- on the loop -------------------------------------------------------------------------------------------------------- */

static int status_of(int result)
{
    switch (result) {
    case SK_ERR_INVALID:
        return 400;
    case SK_ERR_NOTFOUND:
        return 404;
    case SK_ERR_LIMIT:
        return 413;
    default:
        return 500;
    }
}

static void start_next(struct sk_api *api);

static void done(void *arg)
{
    struct sk_app_data_job *j = arg;
    struct sk_api *api = j->api;
    if (j->result == 0 && j->what == CHANGE && j->units)
        sk_unit_users_chose(api, j->name, sk_buf_span(&j->out));
    if (j->result < 0)
        sk_http_reply_text(j->req, status_of(j->result), j->em.text);
    else if (j->what == CHANGE)
        sk_http_reply_json(j->req, 200, SK_SPAN("\"ApplicationData saved\""));
    else
        sk_http_reply_buf(j->req, 200, SK_HTTP_JSON, &j->out);
    if (j->result == SK_ERR_IO)
        sk_log_error("application data: %s", j->em.text);
    api->app_data_jobs = j->next;
    api->app_data_waiting--;
    sk_buf_finish(&j->out);
    free(j->scope);
    free(j->app);
    free(j);
    start_next(api);
}

static void start_next(struct sk_api *api)
{
    struct sk_app_data_job *j = api->app_data_jobs;
    if (j != NULL)
        sk_pool_run(api, run, done, j);
}

static void enqueue(struct sk_app_data_job *j)
{
    struct sk_app_data_job **last = &j->api->app_data_jobs;
    bool first = *last == NULL;
    while (*last != NULL)
        last = &(*last)->next;
    *last = j;
    j->api->app_data_waiting++;
    if (first)
        start_next(j->api);
}

/* ---- the request -------------------------------------------------------------------------------------------------------- */

/* The folder of the scope: of everybody, or of who asks, whose name is told. NULL, and answered, when there is none. */
static char *scope_of(struct sk_http_req *r, struct sk_api *api, bool user, char *ret_name)
{
    SK_CLEANUP(sk_freep) char *base = sk_fs_path(api->config_dir, "applicationData");
    struct sk_principal who;
    char *folder = NULL;
    if (!user)
        return sk_fs_path(base, "global");
    if (sk_auth_identify(api->auth, r, false, &who) != SK_IDENTITY_KNOWN || who.anonymous) {
        sk_http_reply_text(r, 401, "this data is kept for each user: log in");
        return NULL;
    }
    SK_CLEANUP(sk_freep) char *users = sk_fs_path(base, "users");
    if (sk_fs_join(users, sk_span_of(who.name), &folder, NULL) < 0 || strchr(who.name, '/') != NULL) {
        free(folder);
        sk_http_reply_text(r, 400, "this user's name cannot name a folder");
        return NULL;
    }
    memcpy(ret_name, who.name, sizeof who.name);
    return folder;
}

/* False, and answered: what is wrong with the address. `rest`: APPID[/VERSION[/PATH]] as sent. */
static bool read_address(struct sk_app_data_job *j, struct sk_span rest)
{
    struct sk_http_req *r = j->req;
    struct sk_span all = sk_http_decode(sk_http_arena(r), rest, false);
    const char *slash = all.p != NULL ? memchr(all.p, '/', all.n) : NULL;
    struct sk_span id = { all.p, slash != NULL ? (size_t)(slash - all.p) : all.n };
    if (all.p == NULL || !sk_app_data_id_ok(id) || sk_fs_join(j->scope, id, &j->app, NULL) < 0) {
        sk_http_reply_text(r, 400, "invalid application id");
        return false;
    }
    struct sk_span more = slash != NULL ? (struct sk_span){ slash + 1, all.n - id.n - 1 } : (struct sk_span){ NULL, 0 };
    if (more.n == 0) {
        j->what = VERSIONS;
        return true;
    }
    slash = memchr(more.p, '/', more.n);
    struct sk_span version = { more.p, slash != NULL ? (size_t)(slash - more.p) : more.n };
    j->units = j->user && sk_span_eq(id, "unitpreferences"); /* they have one form */
    if (!sk_app_data_version(version, j->version) || (j->units && strcmp(j->version, "1.0.0") != 0)) {
        sk_http_reply_text(r, 400, "invalid application version");
        return false;
    }
    struct sk_span path = slash != NULL ? (struct sk_span){ slash + 1, more.n - version.n - 1 } : (struct sk_span){ NULL, 0 };
    if (sk_app_data_path(path, &j->path, &j->em) < 0) {
        sk_http_reply_text(r, 400, j->em.text);
        return false;
    }
    return true;
}

static void begin(struct sk_http_req *r, struct sk_api *api, bool user, bool change)
{
    if (!sk_auth_on(api->auth)) {
        if (change)
            sk_http_reply_text(r, 405, "security is not enabled");
        else
            sk_http_reply_cannot(r);
        return;
    }
    if (api->app_data_waiting >= WAITING_MAX) {
        sk_http_reply_text(r, 503, "too many requests for application data wait");
        return;
    }
    struct sk_app_data_job *j = sk_xcalloc(1, sizeof *j);
    j->api = api;
    j->req = r;
    j->what = change ? CHANGE : READ;
    j->user = user;
    j->keys = sk_span_eq(sk_http_query_param(r, "keys"), "true");
    sk_buf_init(&j->out, SK_APP_DATA_MAX);
    j->scope = scope_of(r, api, user, j->name);
    if (j->scope != NULL && read_address(j, sk_http_param(r, "*"))) {
        if (!change || j->what == CHANGE) {
            enqueue(j);
            return;
        }
        sk_http_reply_cannot(r); /* a POST without version */
    }
    free(j->scope);
    free(j->app);
    free(j);
}

static void get_global(struct sk_http_req *r, void *arg)
{
    begin(r, arg, false, false);
}

static void get_user(struct sk_http_req *r, void *arg)
{
    begin(r, arg, true, false);
}

static void post_global(struct sk_http_req *r, void *arg)
{
    begin(r, arg, false, true);
}

static void post_user(struct sk_http_req *r, void *arg)
{
    begin(r, arg, true, true);
}

void sk_app_data_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", MOUNT "/global/*", SK_ACCESS_READ, get_global, api },
        { "GET", MOUNT "/user/*", SK_ACCESS_READ, get_user, api },
        { "POST", MOUNT "/global/*", SK_ACCESS_ADMIN, post_global, api },
        { "POST", MOUNT "/user/*", SK_ACCESS_WRITE, post_user, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
