/*
 * Bodies that go to a file as they arrive. The thread pool writes one piece while the next is collected; when both are full the
 * connection stops reading, so an upload never holds more than about two pieces. The file has no name from its first moment on:
 * it is gone with its descriptor, whatever happens to the server.
 */
#include "http/conn.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PIECE ((size_t)256 * 1024)
#define AT_ONCE_MAX 4u                                 /* uploads of all clients together */
#define LEFT_FREE ((uint64_t)32 * 1024 * 1024)         /* bytes on the disk that others still need */
#define SLOWEST_BYTES_PER_SECOND ((uint64_t)64 * 1024) /* of the upload as a whole */

/* `filling` is the loop's, `writing` the job's while it runs. */
struct sk_upload {
    uv_work_t work;
    struct sk_http_req *req; /* NULL: nobody wants it any more */
    char *folder;
    int fd;
    uint64_t size, max;
    struct sk_buf filling, writing;
    bool running, ended;
    int error;
};

/* ---- on the thread pool ---- */

static int open_nameless(const char *folder)
{
    char path[4096];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (size_t)snprintf(path, sizeof path, "%s/.skiff-upload-XXXXXX", folder) >= sizeof path)
        return fd;
    fd = mkostemp(path, O_CLOEXEC); /* file systems without nameless files */
    if (fd >= 0)
        unlink(path);
    return fd;
}

static int write_piece(struct sk_upload *u)
{
    struct statvfs disk;
    struct sk_span left = sk_buf_span(&u->writing);
    if (u->fd < 0 && (u->fd = open_nameless(u->folder)) < 0)
        return errno;
    if (fstatvfs(u->fd, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < LEFT_FREE + left.n)
        return ENOSPC;
    while (left.n > 0) {
        ssize_t n = write(u->fd, left.p, left.n);
        if (n < 0 && errno != EINTR)
            return errno;
        left.p += n > 0 ? n : 0;
        left.n -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static void do_write(uv_work_t *w)
{
    struct sk_upload *u = w->data;
    u->error = write_piece(u);
}

static void do_close(uv_work_t *w) /* giving back a large file's blocks takes the disk its time */
{
    const struct sk_upload *u = w->data;
    if (u->fd >= 0)
        close(u->fd);
}

/* ---- on the loop ---- */

static void wrote(uv_work_t *w, int status);

static void closed(uv_work_t *w, int status)
{
    struct sk_upload *u = w->data;
    (void)status;
    sk_buf_finish(&u->filling);
    sk_buf_finish(&u->writing);
    free(u->folder);
    free(u);
}

static void run(struct sk_upload *u, uv_work_cb work, uv_after_work_cb after)
{
    u->running = true;
    SK_ASSERT(uv_queue_work(u->work.loop, &u->work, work, after) == 0);
}

static void write_filled(struct sk_upload *u)
{
    struct sk_buf empty = u->writing;
    sk_buf_clear(&empty);
    u->writing = u->filling;
    u->filling = empty;
    run(u, do_write, wrote);
}

/* All is on its way to the file and nothing under way: the handler gets the request. */
static void hand_over(struct sk_upload *u)
{
    sk_buf_finish(&u->filling);
    sk_buf_finish(&u->writing);
    sk_router_dispatch(u->req);
}

static void wrote(uv_work_t *w, int status)
{
    struct sk_upload *u = w->data;
    (void)status;
    u->running = false;
    if (u->req == NULL) {
        run(u, do_close, closed);
    } else if (u->error != 0) {
        sk_log_warn("an upload is refused, %s: %s", u->folder, strerror(u->error));
        sk_conn_fail(u->req->conn, 507, u->error == ENOSPC ? "There is no room on the disk for this file" : strerror(u->error));
    } else if (u->filling.n >= PIECE || (u->ended && u->filling.n > 0)) {
        write_filled(u);
        sk_conn_eased(u->req->conn);
    } else if (u->ended) {
        hand_over(u);
    } else {
        sk_conn_eased(u->req->conn);
    }
}

bool sk_upload_begin(struct sk_http_req *r)
{
    struct sk_http_server *s = r->server;
    if (s->uploads >= AT_ONCE_MAX)
        return false;
    struct sk_upload *u = sk_xcalloc(1, sizeof *u);
    s->uploads++;
    u->work.data = u;
    u->work.loop = sk_loop_uv(s->loop);
    u->req = r;
    u->folder = sk_xstrdup(r->to_file->folder);
    u->max = r->to_file->max;
    u->fd = -1;
    sk_buf_init(&u->filling, PIECE + SK_AHEAD_MAX + 2 * SK_READ_SIZE);
    sk_buf_init(&u->writing, PIECE + SK_AHEAD_MAX + 2 * SK_READ_SIZE);
    r->upload = u;
    return true;
}

bool sk_upload_bytes(struct sk_upload *u, const char *p, size_t n)
{
    if (n > u->max - u->size)
        return false;
    u->size += n;
    sk_buf_append(&u->filling, p, n);
    SK_ASSERT(sk_buf_ok(&u->filling));
    if (u->filling.n >= PIECE && !u->running)
        write_filled(u);
    return true;
}

bool sk_upload_is_full(const struct sk_upload *u)
{
    return u->running && u->filling.n >= PIECE;
}

void sk_upload_end(struct sk_upload *u)
{
    u->ended = true;
    if (!u->running && u->filling.n > 0)
        write_filled(u);
    else if (!u->running)
        hand_over(u);
}

void sk_upload_drop(struct sk_upload *u)
{
    u->req = NULL;
    if (!u->running)
        run(u, do_close, closed);
}

uint64_t sk_upload_max_ms(const struct sk_body_to_file *rule, uint64_t length)
{
    return (length < rule->max ? length : rule->max) / SLOWEST_BYTES_PER_SECOND * 1000;
}

int sk_http_body_file(const struct sk_http_req *r, uint64_t *ret_size)
{
    *ret_size = r->upload != NULL ? r->upload->size : 0;
    return r->upload != NULL ? r->upload->fd : -1;
}
