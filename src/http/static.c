/*
 * Static files. Opening, looking and reading happen on the thread pool in one job; the loop only writes what the job decided.
 * A file larger than a slice is read on, slice by slice, each time the client has taken the one before.
 */
#include "http/static.h"

#include "base/log.h"
#include "http/conn.h"
#include "store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_TAG 0x46494c45u
#define SLICE_SIZE ((size_t)1024 * 1024)
#define SIZE_MAX_SERVED ((uint64_t)256 * 1024 * 1024)
#define PACK_MIN 1024
#define PACK_MAX ((size_t)8 * 1024 * 1024) /* a chart plotter's script bundle; what is larger goes out plain */

enum outcome { OUT_CANNOT, OUT_REDIRECT, OUT_FILE, OUT_NOT_MODIFIED, OUT_BAD_RANGE, OUT_ERROR };

/* Written by the loop before the job, by the job while it runs, by the loop again afterwards. */
struct file_job {
    uint32_t tag;
    uv_work_t work;
    struct sk_http_req *req;
    bool running; /* the thread pool has it */
    bool begun;   /* the head of the answer is out */
    /* the question; its spans lie in the request, which lives until the answer */
    char *path, *instead;
    const char *once;
    bool wants_dir, head_only, br, gzip;
    struct sk_span if_none_match, if_modified_since, range, if_range;
    /* the answer */
    enum outcome outcome;
    int fd;
    int error;
    const char *type, *coding;
    bool ranged, varies;
    int64_t modified;
    uint64_t size;       /* of the file */
    uint64_t from, left; /* what is still to be read */
    char *slice;
    size_t slice_n, slice_max;
    char etag[SK_ETAG_SIZE];
};

/* ---- on the thread pool ---- */

static int open_file(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO in the folder must not hold the thread */
    if (fd < 0)
        return -1;
    if (fstat(fd, st) < 0 || (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))) {
        close(fd);
        errno = ENOENT;
        return -1;
    }
    return fd;
}

static char *joined(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    char *p = sk_xmalloc(n + m + 1);
    memcpy(p, a, n);
    memcpy(p + n, b, m + 1);
    return p;
}

/* Replaces the file by the packed one beside it, when the client takes that coding. */
static bool try_sibling(struct file_job *j, bool accepted, const char *suffix, const char *coding, struct stat *st)
{
    struct stat packed;
    SK_CLEANUP(sk_freep) char *path = joined(j->path, suffix);
    if (!accepted) {
        j->varies = j->varies || access(path, F_OK) == 0;
        return false;
    }
    int fd = open_file(path, &packed);
    if (fd < 0)
        return false;
    if (!S_ISREG(packed.st_mode)) {
        close(fd);
        return false;
    }
    close(j->fd);
    j->fd = fd;
    j->coding = coding;
    j->varies = true;
    *st = packed;
    return true;
}

/* 1: it stands; 0: the header is malformed and ignored; -1: nothing of it lies in the file (RFC 9110 §14.1.2, §14.2). */
static int parse_range(struct sk_span s, uint64_t size, uint64_t *ret_from, uint64_t *ret_n)
{
    uint64_t v[2] = { 0, 0 };
    bool given[2] = { false, false };
    unsigned which = 0;
    if (!sk_span_starts(s, "bytes="))
        return 0;
    for (size_t i = 6; i < s.n; i++) {
        if (s.p[i] == '-' && which == 0) {
            which = 1;
        } else if (s.p[i] >= '0' && s.p[i] <= '9' && v[which] < UINT64_MAX / 16) {
            v[which] = v[which] * 10 + (uint64_t)(s.p[i] - '0');
            given[which] = true;
        } else {
            return 0; /* several ranges among others: the whole file is a valid answer */
        }
    }
    if (which == 0 || (!given[0] && !given[1]) || (given[0] && given[1] && v[1] < v[0]))
        return 0;
    if (!given[0]) {
        *ret_n = v[1] < size ? v[1] : size;
        *ret_from = size - *ret_n;
        return *ret_n != 0 ? 1 : -1;
    }
    if (v[0] >= size)
        return -1;
    uint64_t last = given[1] && v[1] < size ? v[1] : size - 1;
    *ret_from = v[0];
    *ret_n = last - v[0] + 1;
    return 1;
}

static bool unchanged(const struct file_job *j)
{
    int64_t since;
    if (j->if_none_match.p != NULL)
        return sk_etag_listed(j->if_none_match, sk_span_of(j->etag));
    return j->if_modified_since.p != NULL && sk_http_date_parse(j->if_modified_since, &since) && j->modified <= since;
}

static bool range_allowed(const struct file_job *j)
{
    int64_t date;
    if (j->range.p == NULL)
        return false;
    return j->if_range.p == NULL || sk_span_eq(j->if_range, j->etag) ||
           (sk_http_date_parse(j->if_range, &date) && date == j->modified);
}

static void read_slice(struct file_job *j)
{
    size_t want = j->left < j->slice_max ? (size_t)j->left : j->slice_max, n = 0;
    j->slice = malloc(want != 0 ? want : 1);
    j->slice_n = 0;
    if (j->slice == NULL) {
        j->outcome = OUT_ERROR;
        return;
    }
    while (n < want) {
        ssize_t r = pread(j->fd, j->slice + n, want - n, (off_t)(j->from + n));
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0) { /* the file has shrunk: the promised length cannot be kept */
            j->outcome = OUT_ERROR;
            break;
        }
        n += (size_t)r;
    }
    j->slice_n = n;
    j->from += n;
    j->left -= n;
}

static bool packable(const struct file_job *j)
{
    return j->gzip && !j->ranged && j->coding == NULL && j->size >= PACK_MIN && j->size <= PACK_MAX &&
           sk_type_compressible(j->type);
}

static void pack(struct file_job *j)
{
    char *packed;
    size_t n;
    if (j->outcome != OUT_FILE || sk_gzip((struct sk_span){ j->slice, j->slice_n }, &packed, &n) < 0)
        return;
    free(j->slice);
    j->slice = packed;
    j->slice_n = n;
    j->size = n;
    j->coding = "gzip";
}

static void plan(struct file_job *j, const struct stat *st)
{
    j->size = (uint64_t)st->st_size;
    j->modified = st->st_mtim.tv_sec;
    snprintf(j->etag, sizeof j->etag, "W/\"%jx-%jx\"", (uintmax_t)st->st_size,
             (uintmax_t)st->st_mtim.tv_sec * 1000 + (uintmax_t)st->st_mtim.tv_nsec / 1000000);
    j->outcome = OUT_FILE;
    j->left = j->size;
    if (j->once == NULL && j->size > SIZE_MAX_SERVED) {
        j->outcome = OUT_ERROR;
        j->error = EFBIG;
    } else if (unchanged(j)) {
        j->outcome = OUT_NOT_MODIFIED;
    } else if (range_allowed(j)) {
        int r = parse_range(j->range, j->size, &j->from, &j->left);
        j->ranged = r > 0;
        if (r < 0)
            j->outcome = OUT_BAD_RANGE;
    }
}

static bool enter_folder(struct file_job *j, struct stat *st)
{
    close(j->fd);
    j->fd = -1;
    if (!j->wants_dir) {
        j->outcome = OUT_REDIRECT;
        return false;
    }
    char *index = joined(j->path, j->path[strlen(j->path) - 1] == '/' ? "index.html" : "/index.html");
    free(j->path);
    j->path = index;
    j->fd = open_file(index, st);
    return j->fd >= 0 && S_ISREG(st->st_mode);
}

static void look_up(uv_work_t *work)
{
    struct file_job *j = SK_CONTAINER(work, struct file_job, work);
    struct stat st;
    if (j->instead != NULL && access(j->instead, R_OK) == 0) {
        free(j->path);
        j->path = j->instead;
        j->instead = NULL;
    }
    j->fd = open_file(j->path, &st);
    if (j->fd < 0)
        return;
    if (j->once != NULL)
        unlink(j->path);
    if (S_ISDIR(st.st_mode)) {
        if (!enter_folder(j, &st))
            return;
    } else if (j->wants_dir) {
        return; /* "file.js/" */
    }
    j->type = j->once != NULL ? j->once : sk_static_type(sk_span_of(j->path));
    if (j->once == NULL && !try_sibling(j, j->br, ".br", "br", &st))
        try_sibling(j, j->gzip, ".gz", "gzip", &st);
    plan(j, &st);
    if (j->outcome != OUT_FILE || j->head_only)
        return;
    j->slice_max = packable(j) ? PACK_MAX : SLICE_SIZE;
    read_slice(j);
    if (packable(j))
        pack(j);
}

static void read_on(uv_work_t *work)
{
    read_slice(SK_CONTAINER(work, struct file_job, work));
}

/* ---- on the loop ---- */

static void job_free(struct file_job *j)
{
    SK_ASSERT(j->tag == FILE_TAG && !j->running);
    j->tag = 0;
    if (j->fd >= 0)
        close(j->fd);
    free(j->slice);
    free(j->path);
    free(j->instead);
    free(j);
}

static void set_validators(struct file_job *j)
{
    if (j->once != NULL) {
        sk_http_set_header(j->req, "Cache-Control", SK_SPAN("no-store"));
        return;
    }
    char date[SK_HTTP_DATE_SIZE];
    sk_http_date(date, j->modified);
    sk_http_set_header(j->req, "ETag", sk_span_of(j->etag));
    sk_http_set_header(j->req, "Last-Modified", sk_span_of(date));
    sk_http_set_header(j->req, "Cache-Control", SK_SPAN("public, max-age=0"));
    if (j->varies || sk_type_compressible(j->type))
        sk_http_set_header(j->req, "Vary", SK_SPAN("Accept-Encoding"));
}

static void redirect_to_folder(struct sk_http_req *r)
{
    struct sk_span path = sk_http_path(r), query = sk_http_query(r);
    while (path.n > 1 && path.p[1] == '/') /* "//host" would lead elsewhere */
        path = (struct sk_span){ path.p + 1, path.n - 1 };
    char *to = sk_arena_alloc(sk_http_arena(r), path.n + query.n + 3);
    if (to == NULL) {
        sk_http_reply_error_page(r, 500, "Internal Server Error");
        return;
    }
    snprintf(to, path.n + query.n + 3, "%.*s/%s%.*s", (int)path.n, path.p, query.n != 0 ? "?" : "", (int)query.n, query.p);
    sk_http_redirect(r, 301, to);
}

static void refuse_range(struct file_job *j)
{
    char text[48];
    snprintf(text, sizeof text, "bytes */%ju", (uintmax_t)j->size);
    sk_http_set_header(j->req, "Content-Range", sk_span_of(text));
    sk_http_reply_error_page(j->req, 416, "Range Not Satisfiable");
}

static void cannot_read(struct file_job *j)
{
    sk_log_warn("http: cannot serve %s: %s", j->path, j->error != 0 ? strerror(j->error) : "it changed while it was read");
    sk_http_reply_error_page(j->req, 500, "Internal Server Error");
}

static void send_slice(struct file_job *j)
{
    sk_reply_slice(j->req, j->slice, j->slice_n);
    j->slice = NULL;
    j->slice_n = 0;
}

static void begin_file(struct file_job *j)
{
    char text[80];
    struct sk_http_req *r = j->req;
    set_validators(j);
    if (j->coding != NULL)
        sk_http_set_header(r, "Content-Encoding", sk_span_of(j->coding));
    else
        sk_http_set_header(r, "Accept-Ranges", SK_SPAN("bytes"));
    uint64_t whole = j->head_only ? j->left : j->left + j->slice_n, first = j->head_only ? j->from : j->from - j->slice_n;
    if (j->ranged) {
        snprintf(text, sizeof text, "bytes %ju-%ju/%ju", (uintmax_t)first, (uintmax_t)(first + whole - 1), (uintmax_t)j->size);
        sk_http_set_header(r, "Content-Range", sk_span_of(text));
    }
    sk_reply_begin(r, j->ranged ? 206 : 200, j->type, whole);
    j->begun = true;
    if (j->head_only)
        j->left = 0;
    else
        send_slice(j);
}

static void on_slice(uv_work_t *work, int status);

/* The client has taken what there was (or has left). */
static void on_more(struct sk_http_req *r)
{
    struct file_job *j = r->more_arg;
    SK_ASSERT(j->tag == FILE_TAG);
    if (j->running)
        return;
    if (r->conn == NULL || j->left == 0) {
        job_free(j);
        sk_reply_end(r);
        return;
    }
    if (uv_queue_work(sk_loop_uv(r->server->loop), &j->work, read_on, on_slice) == 0) {
        j->running = true;
        return;
    }
    job_free(j);
    sk_reply_abort(r);
}

static void on_slice(uv_work_t *work, int status)
{
    struct file_job *j = SK_CONTAINER(work, struct file_job, work);
    struct sk_http_req *r = j->req;
    j->running = false;
    if (r->conn == NULL || status < 0 || j->outcome != OUT_FILE) {
        job_free(j);
        r->more = NULL;
        sk_reply_abort(r);
        return;
    }
    send_slice(j);
}

static void answer(struct file_job *j)
{
    struct sk_http_req *r = j->req;
    switch (j->outcome) {
    case OUT_CANNOT:
        sk_http_reply_cannot(r);
        break;
    case OUT_REDIRECT:
        redirect_to_folder(r);
        break;
    case OUT_NOT_MODIFIED:
        set_validators(j);
        sk_http_reply(r, 304, NULL, SK_SPAN(""));
        break;
    case OUT_BAD_RANGE:
        refuse_range(j);
        break;
    case OUT_ERROR:
        cannot_read(j);
        break;
    case OUT_FILE:
        begin_file(j);
        if (j->left == 0)
            sk_reply_end(r);
        else
            r->more = on_more;
        break;
    }
}

static void on_looked_up(uv_work_t *work, int status)
{
    struct file_job *j = SK_CONTAINER(work, struct file_job, work);
    struct sk_http_req *r = j->req;
    j->running = false;
    if (status < 0)
        j->outcome = OUT_CANNOT;
    r->more_arg = j;
    if (r->conn == NULL) {
        sk_http_reply_cannot(r); /* goes nowhere */
        job_free(j);
        return;
    }
    bool streams = j->outcome == OUT_FILE && !j->head_only && j->left != 0;
    answer(j);
    if (!streams)
        job_free(j);
}

static bool package_file(struct sk_span rel)
{
    for (size_t at = 0; at <= rel.n;) {
        const char *slash = at < rel.n ? memchr(rel.p + at, '/', rel.n - at) : NULL;
        size_t end = slash != NULL ? (size_t)(slash - rel.p) : rel.n;
        struct sk_span part = { rel.p + at, end - at };
        if (sk_span_same(part, "node_modules") || sk_span_same(part, "package.json") || sk_span_same(part, "package-lock.json"))
            return true;
        at = end + 1;
    }
    return false;
}

static struct file_job *job_for(struct sk_http_req *r, char *path, bool wants_dir)
{
    struct file_job *j = sk_xcalloc(1, sizeof *j);
    struct sk_span accept = sk_http_header(r, "accept-encoding");
    *j = (struct file_job){
        .tag = FILE_TAG,
        .req = r,
        .fd = -1,
        .path = path,
        .wants_dir = wants_dir,
        .head_only = r->is_head,
        .br = sk_accepts(accept, "br"),
        .gzip = sk_accepts(accept, "gzip"),
        .if_none_match = sk_http_header(r, "if-none-match"),
        .if_modified_since = sk_http_header(r, "if-modified-since"),
        .range = sk_http_header(r, "range"),
        .if_range = sk_http_header(r, "if-range"),
    };
    return j;
}

void sk_static_serve(struct sk_http_req *r, const struct sk_static *s, struct sk_span rest)
{
    struct sk_span rel = rest.n != 0 ? sk_http_decode(sk_http_arena(r), rest, false) : SK_SPAN("");
    struct sk_span path = sk_http_path(r);
    bool wants_dir = path.n != 0 && path.p[path.n - 1] == '/';
    char *file = NULL;
    if ((r->method != HTTP_GET && r->method != HTTP_HEAD) || rel.p == NULL || (s->deny_package_files && package_file(rel))) {
        sk_http_reply_cannot(r);
        return;
    }
    if (rel.n == 0)
        file = sk_xstrdup(s->root);
    else if (sk_fs_join(s->root, rel, &file, NULL) < 0) {
        sk_http_reply_cannot(r);
        return;
    }
    struct file_job *j = job_for(r, file, wants_dir);
    j->instead = s->instead != NULL ? sk_xstrdup(s->instead) : NULL;
    j->once = s->once;
    j->running = true;
    if (uv_queue_work(sk_loop_uv(r->server->loop), &j->work, look_up, on_looked_up) < 0) {
        j->running = false;
        job_free(j);
        sk_http_reply_error_page(r, 500, "Internal Server Error");
    }
}
