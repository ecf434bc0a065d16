/*
 * A recording, played line by line and started over at its end (unless keepRunning is false). Lines with a time of their own (a
 * raw log's "<ms>;<letter>;", the timestamp in a delta, a time at the beginning) keep their gaps, divided by the option `speed`;
 * sentences without are played at `throttleRate` bytes a second. Reading happens on the thread pool, a piece at a time.
 */
#include "base/clock.h"
#include "base/log.h"
#include "codec/n2k/n2k.h"
#include "input/input.h"
#include "store/fs.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE ((size_t)16 * 1024) /* lines of a turn */
#define GAP_MAX_MS 3600000        /* a longer gap in a record is a break between trips, not a wait */
#define EMPTY_PAUSE_MS 1000       /* between two rounds through the file */
#define RATE_DEFAULT 1000         /* bytes a second */
#define RATE_MAX 100000000
#define SPEED_MAX 1000

struct file_input {
    struct sk_input *in; /* NULL once closing */
    char *name;
    char *bundled; /* where the same name may lie among the server's own samples; NULL: was tried, or the name is absolute */
    uv_fs_t fs;
    uv_timer_t timer;
    uv_file fd;
    int64_t offset; /* of the next piece */
    struct sk_buf data;
    char piece[PIECE];
    size_t at; /* next line in data */
    bool busy, at_end, delivered, timed;
    bool override_time;  /* values carry the time of the playing */
    bool no_throttle;    /* as fast as it can be read, with the recorded times all the same */
    bool once;           /* not started over */
    bool keeps_prefix;   /* the codec reads "<ms>;<letter>;" itself */
    int64_t rate;        /* bytes a second for lines without a time; 0: as fast as they can be read */
    int64_t speed;       /* how much faster than it was recorded */
    int64_t record_ms;   /* time of the last line, in the record */
    double due_ms;       /* and on our clock */
    struct sk_span line; /* waiting for its time */
    int64_t line_ms;     /* its own time, or 0 */
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
    free(f->bundled);
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
    sk_input_failed(f->in, "%s %s: %s", what, f->name, uv_strerror(uv_error));
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

static void on_open(uv_fs_t *req);

/* False: there is no other place. */
static bool try_bundled(struct file_input *f)
{
    if (f->bundled == NULL)
        return false;
    free(f->name);
    f->name = f->bundled;
    f->bundled = NULL;
    f->busy = uv_fs_open(f->timer.loop, &f->fs, f->name, O_RDONLY, 0, on_open) == 0;
    return f->busy;
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
        if (fd != UV_ENOENT || !try_bundled(f))
            fail(f, "cannot open", (int)fd);
    } else {
        sk_input_opened(f->in, "Playing %s", f->name);
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

static bool log_time(struct sk_span line, int64_t *ret_ms)
{
    return line.n > 16 && line.p[13] == ';' && line.p[15] == ';' &&
           sk_parse_int((struct sk_span){ line.p, 13 }, 0, INT64_MAX, ret_ms);
}

/* "2014-08-15T19:00:00.042Z,..." */
static bool leading_time(struct sk_span line, int64_t *ret_ms)
{
    return line.n > 24 && line.p[10] == 'T' && line.p[23] == 'Z' && sk_iso_parse(line.p, 24, ret_ms);
}

static bool delta_time(struct sk_span line, int64_t *ret_ms)
{
    static const char key[] = "\"timestamp\"";
    const char *at = line.p[0] == '{' ? memmem(line.p, line.n, key, sizeof key - 1) : NULL, *stop = line.p + line.n;
    if (at == NULL)
        return false;
    at += sizeof key - 1;
    while (at < stop && (*at == ' ' || *at == ':'))
        at++;
    const char *end = at < stop && *at == '"' ? memchr(at + 1, '"', (size_t)(stop - at - 1)) : NULL;
    return end != NULL && sk_iso_parse(at + 1, (size_t)(end - at - 1), ret_ms);
}

/* `*ret_dated`: it is a moment, not only a time of the day. */
static bool time_of(struct sk_span line, int64_t *ret_ms, bool *ret_dated)
{
    *ret_dated = true;
    return log_time(line, ret_ms) || leading_time(line, ret_ms) || delta_time(line, ret_ms) ||
           sk_n2k_line_time(line, ret_ms, ret_dated);
}

static void deliver(struct file_input *f)
{
    int64_t ms;
    f->delivered = true;
    if (!f->keeps_prefix && log_time(f->line, &ms)) {
        f->line.p += 16;
        f->line.n -= 16;
    }
    sk_input_record(f->in, f->line, f->line_ms != 0 && !f->override_time ? f->line_ms : sk_clock_wall_ms());
}

static void on_due(uv_timer_t *t)
{
    struct file_input *f = t->data;
    deliver(f);
    next_line(f);
}

/* Milliseconds until the line is due. Time that goes back, or a long gap, starts a new count from now. */
static uint64_t wait_for(struct file_input *f)
{
    double now = (double)uv_now(f->timer.loop);
    int64_t ms = 0;
    bool dated, has_time = time_of(f->line, &ms, &dated);
    if (has_time) {
        int64_t gap = ms - f->record_ms;
        bool anew = !f->timed || gap < 0 || gap > GAP_MAX_MS;
        f->due_ms = anew ? now : f->due_ms + (double)gap / (double)f->speed;
        f->record_ms = ms;
    } else if (f->rate > 0) { /* a line that is late does not make the next ones hurry */
        f->due_ms = (f->timed && f->due_ms > now - 1000 ? f->due_ms : now) + 1000.0 * (double)(f->line.n + 1) / (double)f->rate;
    } else {
        f->due_ms = now;
    }
    f->line_ms = dated ? ms : 0;
    f->timed = true;
    if (f->no_throttle)
        return 0;
    return f->due_ms > now ? (uint64_t)(f->due_ms - now) : 0;
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
        if (f->line.n == 0 || f->line.p[0] == '#')
            continue;
        uint64_t wait = wait_for(f);
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
        sk_input_failed(f->in, "%s holds nothing to play", f->name);
        return;
    }
    if (f->once)
        sk_input_status(f->in, "%s was played to its end", f->name);
    else
        uv_timer_start(&f->timer, on_pause_over, EMPTY_PAUSE_MS, 0);
}

static int read_options(struct file_input *f, const struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    bool sentences = in->codec->ops == &sk_codec_nmea0183;
    int r = sk_input_option_int(options, "throttleRate", 0, RATE_MAX, sentences ? RATE_DEFAULT : 0, &f->rate, em);
    f->override_time = sk_json_get_bool(options, "overrideTimestamp", false);
    f->no_throttle = sk_json_get_bool(options, "noThrottle", false);
    f->once = !sk_json_get_bool(options, "keepRunning", true);
    f->keeps_prefix = in->codec->ops == &sk_codec_multiplexed;
    return r < 0 ? r : sk_input_option_int(options, "speed", 1, SPEED_MAX, 1, &f->speed, em);
}

/* In ../share/skiff/samples when installed, above the build folder otherwise. */
char *sk_input_sample_folder(size_t i)
{
    static const char *const places[] = { "/../share/skiff/samples", "/../samples", "/../../../samples" };
    char exe[PATH_MAX], path[PATH_MAX + 64];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0 || i >= SK_COUNT(places))
        return NULL;
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    snprintf(path, sizeof path, "%s%s", exe, places[i]);
    return sk_xstrdup(path);
}

static char *bundled_name(const char *name)
{
    char *folder;
    for (size_t i = 0; (folder = sk_input_sample_folder(i)) != NULL; i++) {
        char *path = sk_fs_path(folder, name);
        free(folder);
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

static int file_open(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em)
{
    struct file_input *f = sk_xcalloc(1, sizeof *f);
    SK_CLEANUP(sk_freep) char *name = NULL;
    int r = sk_input_option_text(options, "filename", NULL, &name, em);
    if (r == 0)
        r = read_options(f, in, options, em);
    if (r < 0) {
        free(f);
        return r;
    }
    uv_loop_t *uv = sk_loop_uv(sk_hub_loop(in->hub));
    f->in = in;
    f->fd = -1;
    f->name = name[0] == '/' ? sk_xstrdup(name) : sk_fs_path(in->config_dir, name);
    f->bundled = name[0] == '/' ? NULL : bundled_name(name);
    sk_buf_init(&f->data, SK_DELTA_MAX + PIECE);
    uv_timer_init(uv, &f->timer);
    f->timer.data = f->fs.data = f;
    in->state = f;
    f->busy = true;
    r = uv_fs_open(uv, &f->fs, f->name, O_RDONLY, 0, on_open);
    if (r == 0)
        return 0;
    f->busy = false;
    sk_errmsg_set(em, SK_ERR_IO, "cannot open %s: %s", name, uv_strerror(r));
    file_close(in);
    return SK_ERR_IO;
}

const struct sk_transport_ops sk_transport_file = { "file", file_open, NULL, file_close };
