/*
 * A file of recorded deltas, one JSON object a line, or a log line "<ms>;I;<delta>". Replayed with the gaps of its own
 * timestamps and started over at its end. Reading happens on the thread pool, a piece at a time.
 */
#include "base/clock.h"
#include "base/log.h"
#include "input/input.h"

#include <fcntl.h>
#include <stdlib.h>

#define PIECE ((size_t)64 * 1024)
#define GAP_MAX_MS 3600000  /* a longer gap in a record is a break between trips, not a wait */
#define EMPTY_PAUSE_MS 1000 /* between two rounds through a file that paces nothing */

struct file_input {
    struct sk_input *in; /* NULL once closing */
    char *name;
    uv_fs_t fs;
    uv_timer_t timer;
    uv_file fd;
    int64_t offset; /* of the next piece */
    struct sk_buf data;
    char piece[PIECE];
    size_t at; /* next line in data */
    bool busy, at_end, delivered, timed;
    int64_t record_ms;   /* time of the last line, in the record */
    uint64_t due_ms;     /* and on our clock */
    struct sk_span line; /* waiting for its time */
};

static void next_line(struct file_input *f);

/* ---- closing: when neither a file operation nor the timer is under way ---- */
static void freed(uv_handle_t *h)
{
    struct file_input *f = h->data;
    uv_fs_t req;
    if (f->fd >= 0)
        uv_fs_close(h->loop, &req, f->fd, NULL);
    sk_buf_finish(&f->data);
    free(f->name);
    free(f);
}

static void finish_closing(struct file_input *f)
{
    uv_close((uv_handle_t *)&f->timer, freed);
}

static void file_close(struct sk_input *in)
{
    struct file_input *f = in->state;
    f->in = NULL;
    if (!f->busy)
        finish_closing(f);
}

static void fail(struct file_input *f, const char *what, int uv_error)
{
    struct sk_errmsg em;
    sk_errmsg_set(&em, SK_ERR_IO, "%s %s: %s", what, f->name, uv_strerror(uv_error));
    sk_input_failed(f->in, em.text);
}

/* ---- reading ---- */
static void on_piece(uv_fs_t *req)
{
    struct file_input *f = req->data;
    ssize_t n = req->result;
    uv_fs_req_cleanup(req);
    f->busy = false;
    if (f->in == NULL) {
        finish_closing(f);
        return;
    }
    if (n < 0) {
        fail(f, "cannot read", (int)n);
        return;
    }
    sk_buf_consume(&f->data, f->at);
    f->at = 0;
    sk_buf_append(&f->data, f->piece, (size_t)n);
    f->at_end = n == 0;
    f->offset += n;
    if (!sk_buf_ok(&f->data)) {
        sk_log_warn("connection '%s': a line over %zu bytes in %s is skipped", f->in->id, f->data.max, f->name);
        sk_buf_clear(&f->data);
    }
    next_line(f);
}

static void read_piece(struct file_input *f)
{
    uv_buf_t buf = uv_buf_init(f->piece, sizeof f->piece);
    f->busy = true;
    f->fs.data = f;
    int r = uv_fs_read(f->timer.loop, &f->fs, f->fd, &buf, 1, f->offset, on_piece);
    if (r < 0) {
        f->busy = false;
        fail(f, "cannot read", r);
    }
}

static void on_open(uv_fs_t *req)
{
    struct file_input *f = req->data;
    ssize_t fd = req->result;
    uv_fs_req_cleanup(req);
    f->busy = false;
    f->fd = fd >= 0 ? (uv_file)fd : -1;
    if (f->in == NULL) {
        finish_closing(f);
    } else if (fd < 0) {
        fail(f, "cannot open", (int)fd);
    } else {
        sk_input_status(f->in, "Playing");
        read_piece(f);
    }
}

static void rewind_file(struct file_input *f)
{
    f->at_end = f->timed = false;
    f->offset = 0;
    read_piece(f);
}

static void on_pause_over(uv_timer_t *t)
{
    rewind_file(t->data);
}

/* ---- lines ---- */

/* Time of a line: the log's own, else the first timestamp in the delta's text. */
static bool time_of(struct sk_span *line, int64_t *ret_ms)
{
    static const char key[] = "\"timestamp\"";
    if (line->n > 16 && line->p[13] == ';' && line->p[15] == ';') {
        bool ok = sk_parse_int((struct sk_span){ line->p, 13 }, 0, INT64_MAX, ret_ms);
        line->p += 16;
        line->n -= 16;
        return ok;
    }
    const char *at = memmem(line->p, line->n, key, sizeof key - 1), *stop = line->p + line->n;
    if (at == NULL)
        return false;
    at += sizeof key - 1;
    while (at < stop && (*at == ' ' || *at == ':'))
        at++;
    const char *end = at < stop && *at == '"' ? memchr(at + 1, '"', (size_t)(stop - at - 1)) : NULL;
    return end != NULL && sk_iso_parse(at + 1, (size_t)(end - at - 1), ret_ms);
}

static void deliver(struct file_input *f)
{
    struct sk_errmsg em;
    f->delivered = true;
    if (sk_hub_ingest(f->in->hub, &(struct sk_origin){ .provider = f->in->id }, f->line, &em) < 0)
        sk_log_debug("signalk-server:input", "connection '%s': a line of %s is no delta: %s", f->in->id, f->name, em.text);
}

static void on_due(uv_timer_t *t)
{
    struct file_input *f = t->data;
    deliver(f);
    next_line(f);
}

/* Milliseconds until the line is due. Time that goes back, or a long gap, starts a new count from now. */
static uint64_t wait_for(struct file_input *f, int64_t record_ms)
{
    uint64_t now = uv_now(f->timer.loop);
    int64_t gap = record_ms - f->record_ms;
    if (!f->timed || gap < 0 || gap > GAP_MAX_MS) {
        f->timed = true;
        f->due_ms = now;
    } else {
        f->due_ms += (uint64_t)gap;
    }
    f->record_ms = record_ms;
    return f->due_ms > now ? f->due_ms - now : 0;
}

static bool take_line(struct file_input *f)
{
    const char *from = f->data.p + f->at, *end = f->data.n > f->at ? memchr(from, '\n', f->data.n - f->at) : NULL;
    if (end == NULL && (!f->at_end || f->at == f->data.n))
        return false;
    size_t n = end != NULL ? (size_t)(end - from) : f->data.n - f->at;
    f->at += n + (end != NULL);
    f->line = (struct sk_span){ from, n > 0 && from[n - 1] == '\r' ? n - 1 : n };
    return true;
}

static void next_line(struct file_input *f)
{
    while (take_line(f)) {
        int64_t ms;
        if (f->line.n == 0 || f->line.p[0] == '#')
            continue;
        uint64_t wait = time_of(&f->line, &ms) ? wait_for(f, ms) : 0;
        if (wait > 0) {
            uv_timer_start(&f->timer, on_due, wait, 0);
            return;
        }
        deliver(f);
    }
    if (!f->at_end) {
        read_piece(f);
        return;
    }
    sk_buf_clear(&f->data);
    f->at = 0;
    if (!f->delivered) {
        sk_input_failed(f->in, "the file holds no deltas");
        return;
    }
    uv_timer_start(&f->timer, on_pause_over, EMPTY_PAUSE_MS, 0);
}

static int file_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    const char *name = sk_json_get_str(options, "filename");
    if (name == NULL || name[0] == '\0')
        return sk_errmsg_set(em, SK_ERR_INVALID, "no filename given");
    struct file_input *f = sk_xcalloc(1, sizeof *f);
    uv_loop_t *uv = sk_loop_uv(sk_hub_loop(in->hub));
    f->in = in;
    f->fd = -1;
    struct sk_buf path;
    sk_buf_init(&path, 8192);
    if (name[0] != '/')
        sk_buf_printf(&path, "%s/", in->config_dir);
    sk_buf_text(&path, name);
    f->name = sk_buf_steal(&path, NULL);
    sk_buf_finish(&path);
    sk_buf_init(&f->data, SK_DELTA_MAX + PIECE);
    uv_timer_init(uv, &f->timer);
    f->timer.data = f->fs.data = f;
    in->state = f;
    f->busy = true;
    int r = f->name == NULL ? UV_ENAMETOOLONG : uv_fs_open(uv, &f->fs, f->name, O_RDONLY, 0, on_open);
    if (r == 0)
        return 0;
    f->busy = false;
    sk_errmsg_set(em, SK_ERR_IO, "cannot open %s: %s", name, uv_strerror(r));
    file_close(in);
    return SK_ERR_IO;
}

const struct sk_input_ops sk_input_file = { "file", file_open, file_close };
