/*
 * Backup and restore: the configuration folder as one file. A backup that comes back is unpacked and checked as a whole before
 * anything is replaced; what the user chose of it takes its place at the next start (store/restore.h).
 * Limits: an upload lies in a file without a name and has 256 MB at most; one unpacking at a time; what was unpacked is good for
 * 15 minutes.
 */
#include "api/admin/admin.h"
#include "api/admin/backup_zip.h"
#include "api/admin/multipart.h"
#include "api/body.h"
#include "api/pool.h"
#include "api/stream/events.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "http/static.h"
#include "store/fs.h"
#include "store/restore.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SESSION_MS (15 * 60 * 1000u)
#define COOKIE "restoreSession"
#define UPLOAD_MAX ((uint64_t)256 * 1024 * 1024) /* packed */
#define LIST_MAX ((size_t)2 * 1024 * 1024)

struct sk_backup {
    struct sk_api *api;
    struct sk_body_to_file upload;
    char session[SK_UUID_SIZE]; /* "": nothing is unpacked */
    uint64_t until_ms;
    char *list; /* what was found in it, a JSON array */
    bool busy;
};

struct job {
    struct sk_backup *backup;
    struct sk_http_req *req;
    bool with_packages, undo;
    char *logs;              /* a zip of the raw logs of this folder instead of a backup; NULL */
    char made[SK_UUID_SIZE]; /* the file's name while it is made */
    int fd;                  /* of the upload; the request's */
    uint64_t size;
    struct sk_buf list;
    int result;
    struct sk_errmsg em;
};

static struct job *job_create(struct sk_backup *b, struct sk_http_req *r)
{
    struct job *j = sk_xcalloc(1, sizeof *j);
    j->backup = b;
    j->req = r;
    sk_buf_init(&j->list, LIST_MAX);
    return j;
}

static void queue(struct job *j, void (*work)(void *arg), void (*after)(void *arg))
{
    j->backup->busy = true;
    sk_pool_run(j->backup->api, work, after, j);
}

static void job_end(struct job *j)
{
    j->backup->busy = false;
    sk_buf_finish(&j->list);
    free(j->logs);
    free(j);
}

/* True, and answered: somebody else's is under way. */
static bool is_busy(const struct sk_backup *b, struct sk_http_req *r)
{
    if (b->busy)
        sk_http_reply_text(r, 503, "another backup or restore is under way");
    return b->busy;
}

/* ---- backup ------------------------------------------------------------------------------------------------------------- */

static char *backups_folder(const struct sk_api *api)
{
    return sk_fs_path(api->config_dir, SK_BACKUP_FOLDER);
}

static void make(void *arg)
{
    struct job *j = arg;
    SK_CLEANUP(sk_freep) char *folder = backups_folder(j->backup->api);
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(folder, j->made);
    j->result = sk_fs_mkdirs(folder, 0700, &j->em);
    if (j->result == 0 && j->logs != NULL)
        j->result = sk_backup_write_some(j->logs, sk_log_files_is_name, file, &j->em);
    else if (j->result == 0)
        j->result = sk_backup_write(j->backup->api->config_dir, j->with_packages, file, &j->em);
}

/* The boat's name as a part of a file name. */
static void boat_name(const struct sk_api *api, char *out, size_t size)
{
    const char *name = sk_basedeltas_name(api->base);
    size_t n = 0;
    for (; name != NULL && *name != '\0' && n + 1 < size; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9');
        out[n++] = plain ? *name : '-';
    }
    out[n] = '\0';
}

static void write_disposition(const struct job *j, char *out, size_t size)
{
    char when[40], boat[80];
    time_t now = (time_t)(sk_clock_wall_ms() / 1000);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(when, sizeof when, j->logs != NULL ? "%Y-%m-%d-%H-%M" : "%b-%d-%Y-%HT%M", &tm);
    boat_name(j->backup->api, boat, sizeof boat);
    if (j->logs != NULL)
        snprintf(out, size, "attachment; filename=\"sk-logs-%s-%s.zip\"", boat, when);
    else
        snprintf(out, size, "attachment; filename=\"signalk-%s.backup\"", when);
}

static void made(void *arg)
{
    struct job *j = arg;
    SK_CLEANUP(sk_freep) char *folder = backups_folder(j->backup->api);
    char header[200];
    if (j->result < 0) {
        sk_log_error("backup: %s", j->em.text);
        sk_http_reply_text(j->req, 500, j->em.text);
    } else {
        write_disposition(j, header, sizeof header);
        sk_http_set_header(j->req, "Content-Disposition", sk_span_of(header));
        struct sk_static where = { .root = folder, .once = "application/zip" };
        sk_static_serve(j->req, &where, sk_span_of(j->made));
    }
    job_end(j);
}

static void get_backup(struct sk_http_req *r, void *arg)
{
    struct sk_backup *b = arg;
    if (is_busy(b, r))
        return;
    struct job *j = job_create(b, r);
    sk_uuid_v4(j->made);
    j->with_packages = sk_span_eq(sk_http_query_param(r, "includePlugins"), "true");
    queue(j, make, made);
}

static void get_logs(struct sk_http_req *r, void *arg)
{
    struct sk_backup *b = arg;
    if (is_busy(b, r))
        return;
    struct job *j = job_create(b, r);
    sk_uuid_v4(j->made);
    j->logs = sk_xstrdup(sk_log_files_folder(b->api));
    queue(j, make, made);
}

/* ---- looking at one ----------------------------------------------------------------------------------------------------- */

static void forget(struct sk_backup *b)
{
    b->session[0] = '\0';
    free(b->list);
    b->list = NULL;
}

static bool name_ok(struct sk_span name)
{
    static const char *const ends[] = { ".backup", ".backup.zip" };
    for (size_t i = 0; i < SK_COUNT(ends); i++) {
        size_t n = strlen(ends[i]);
        if (sk_span_starts(name, "signalk-") && name.n > n && memcmp(name.p + name.n - n, ends[i], n) == 0)
            return true;
    }
    return false;
}

static size_t read_upload(void *arg, uint64_t at, char *to, size_t n)
{
    const struct job *j = arg;
    ssize_t got = pread(j->fd, to, n, (off_t)at);
    return got > 0 ? (size_t)got : 0;
}

/* The zip file within the form that was sent. */
static int find_zip(struct job *j, struct sk_backup_zip *ret)
{
    const struct sk_form_source body = { .size = j->size, .read_at = read_upload, .arg = j };
    struct sk_form_file file;
    if (!sk_multipart_file(sk_http_header(j->req, "content-type"), &body, "file", &file))
        return sk_errmsg_set(&j->em, SK_ERR_INVALID, "no file was sent");
    if (!name_ok(sk_span_of(file.name)))
        return sk_errmsg_set(&j->em, SK_ERR_INVALID, "not a backup file: its name must begin with signalk- and end with .backup");
    *ret = (struct sk_backup_zip){ j->fd, file.from, file.length };
    return 0;
}

static void unpack(void *arg)
{
    struct job *j = arg;
    struct sk_backup_zip zip;
    j->result = find_zip(j, &zip);
    if (j->result < 0)
        return;
    SK_CLEANUP(sk_freep) char *folder = sk_restore_folder(j->backup->api->config_dir);
    j->result = sk_restore_clear(j->backup->api->config_dir, &j->em);
    if (j->result == 0)
        j->result = sk_backup_unpack(&zip, folder, &j->list, &j->em);
    if (j->result < 0)
        (void)sk_restore_clear(j->backup->api->config_dir, NULL);
}

static void unpacked(void *arg)
{
    struct job *j = arg;
    struct sk_backup *b = j->backup;
    char cookie[160];
    size_t n;
    forget(b);
    b->list = j->result == 0 ? sk_buf_steal(&j->list, &n) : NULL;
    if (b->list == NULL) {
        sk_log_warn("a backup was refused: %s", j->em.text);
        sk_http_reply_text(j->req, j->result == SK_ERR_IO || j->result == SK_ERR_NOMEM ? 500 : 400, j->em.text);
    } else {
        sk_uuid_v4(b->session);
        b->until_ms = sk_clock_mono_ms() + SESSION_MS;
        snprintf(cookie, sizeof cookie, COOKIE "=%s; Path=/; Max-Age=%u; HttpOnly; SameSite=Strict", b->session,
                 SESSION_MS / 1000);
        sk_http_set_header(j->req, "Set-Cookie", sk_span_of(cookie));
        sk_http_reply(j->req, 200, "text/plain; charset=utf-8", sk_span_of(b->list));
    }
    job_end(j);
}

static void validate(struct sk_http_req *r, void *arg)
{
    struct sk_backup *b = arg;
    uint64_t size;
    int fd = sk_http_body_file(r, &size);
    if (is_busy(b, r))
        return;
    if (fd < 0) {
        sk_http_reply_text(r, 400, "no file was sent");
        return;
    }
    struct job *j = job_create(b, r);
    j->fd = fd;
    j->size = size;
    queue(j, unpack, unpacked);
}

/* ---- restore ------------------------------------------------------------------------------------------------------------ */

static void tell(const struct sk_backup *b, const char *state, const char *message, const char *percent)
{
    struct sk_buf out;
    sk_buf_init(&out, 8192);
    SK_BUF_LIT(&out, "{\"state\":");
    sk_json_write_str(&out, sk_span_of(state));
    SK_BUF_LIT(&out, ",\"message\":");
    sk_json_write_str(&out, sk_span_of(message));
    sk_buf_printf(&out, ",\"percentComplete\":%s}", percent);
    sk_events_send(b->api, "RESTORESTATUS", sk_buf_span(&out));
    sk_buf_finish(&out);
}

static void ask(void *arg)
{
    struct job *j = arg;
    const char *dir = j->backup->api->config_dir;
    j->result = j->undo ? sk_restore_ask_undo(dir, &j->em) : sk_restore_ask(dir, sk_buf_span(&j->list), &j->em);
}

static void asked(void *arg)
{
    struct job *j = arg;
    if (j->result < 0) {
        sk_log_error("restore: %s", j->em.text);
        tell(j->backup, "error", j->em.text, "\"-\"");
        sk_http_reply_text(j->req, j->result == SK_ERR_NOTFOUND ? 404 : 500, j->em.text);
    } else {
        sk_log_info("a restore is prepared, the next start does it");
        tell(j->backup, "Complete", "Please restart the server", "100");
        sk_http_reply(j->req, 202, NULL, SK_SPAN(""));
    }
    job_end(j);
}

static bool session_ok(const struct sk_backup *b, const struct sk_http_req *r)
{
    struct sk_span given = sk_http_cookie(r, COOKIE);
    return b->session[0] != '\0' && sk_clock_mono_ms() < b->until_ms && given.n == sizeof b->session - 1 &&
           sk_same_secret(given.p, b->session, given.n);
}

/* Those of the found names that are wished for: a JSON array. */
static bool choose(const struct sk_backup *b, const yyjson_val *wishes, struct sk_buf *out)
{
    size_t i, n;
    yyjson_val *name;
    yyjson_doc *found = NULL;
    SK_ASSERT(sk_json_read(sk_span_of(b->list), &found, NULL) == 0);
    sk_buf_char(out, '[');
    yyjson_arr_foreach(yyjson_doc_get_root(found), i, n, name)
        if (sk_json_truthy(sk_json_get(wishes, yyjson_get_str(name)))) {
            sk_buf_append(out, ",", !sk_buf_ends(out, '['));
            sk_json_write(out, name);
        }
    sk_buf_char(out, ']');
    yyjson_doc_free(found);
    return out->n > 2 && sk_buf_ok(out);
}

static void restore(struct sk_http_req *r, void *arg)
{
    struct sk_backup *b = arg;
    if (is_busy(b, r))
        return;
    if (!session_ok(b, r)) {
        sk_http_reply_text(r, 400, "not exting restore file");
        return;
    }
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    struct job *j = job_create(b, r);
    if (choose(b, yyjson_doc_get_root(doc), &j->list)) {
        forget(b);
        tell(b, "Copying Files", "", "50");
        queue(j, ask, asked);
    } else {
        sk_http_reply_text(r, 400, "nothing of the backup was chosen");
        sk_buf_finish(&j->list);
        free(j);
    }
    yyjson_doc_free(doc);
}

static void undo(struct sk_http_req *r, void *arg)
{
    struct sk_backup *b = arg;
    if (is_busy(b, r))
        return;
    struct job *j = job_create(b, r);
    j->undo = true;
    forget(b);
    queue(j, ask, asked);
}

void sk_backup_add_routes(struct sk_api *api)
{
    struct sk_backup *b = sk_xcalloc(1, sizeof *b);
    b->api = api;
    b->upload = (struct sk_body_to_file){ .folder = api->config_dir, .max = UPLOAD_MAX };
    api->backup = b;
    const struct sk_route table[] = {
        { "GET", "/skServer/backup", SK_ACCESS_ADMIN, get_backup, b },
        { "GET", "/skServer/ziplogs", SK_ACCESS_ADMIN, get_logs, b },
        { "POST", "/skServer/validateBackup", SK_ACCESS_ADMIN, validate, b, .to_file = &b->upload },
        { "POST", "/skServer/restore", SK_ACCESS_ADMIN, restore, b },
        { "POST", "/skServer/restore/undo", SK_ACCESS_ADMIN, undo, b },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}

void sk_backup_free(struct sk_api *api)
{
    if (api->backup != NULL)
        forget(api->backup);
    free(api->backup);
}
