#include "input/rawlog.h"

#include "base/json.h"
#include "base/log.h"
#include "store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PENDING_MAX ((size_t)4 * 1024 * 1024)
#define CHUNK_MAX ((size_t)256 * 1024)
#define PAUSE_MS 1000
#define NAME_SIZE 40

/* Lines of one hour. */
struct chunk {
    struct chunk *next;
    char name[NAME_SIZE];
    struct sk_buf lines;
};

struct job {
    struct sk_rawlog *log;
    struct chunk *first;
    bool tidy;
    struct sk_errmsg em; /* em.text empty: all went well */
};

struct sk_rawlog {
    struct sk_rawlog_options o;
    char *directory;
    struct chunk *first, **last_next, *last;
    size_t pending; /* bytes, those under way included */
    uint64_t lost;
    char name[NAME_SIZE]; /* of the hour that `minute` lies in */
    int64_t minute;
    uv_timer_t timer;
    uv_work_t work;
    struct job job;
    bool working, closing, timer_open, told;
    char tidied_for[NAME_SIZE];
};

static void start_work(struct sk_rawlog *l);

static void free_chunks(struct chunk *c)
{
    while (c != NULL) {
        struct chunk *next = c->next;
        sk_buf_finish(&c->lines);
        free(c);
        c = next;
    }
}

static void maybe_free(struct sk_rawlog *l)
{
    if (!l->closing || l->working || l->timer_open)
        return;
    free_chunks(l->first);
    free(l->directory);
    free(l);
}

/* ---- on the thread pool ------------------------------------------------------------------------------------------------- */

static int append(const char *directory, const struct chunk *c, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *path = sk_fs_path(directory, c->name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return sk_errmsg_errno(em, errno, "raw log %s", path);
    for (size_t at = 0; at < c->lines.n;) {
        ssize_t n = write(fd, c->lines.p + at, c->lines.n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            sk_errmsg_errno(em, errno, "raw log %s", path);
            close(fd);
            return em->code;
        }
        at += (size_t)n;
    }
    return close(fd) < 0 ? sk_errmsg_errno(em, errno, "raw log %s", path) : 0;
}

static void do_work(uv_work_t *w)
{
    struct job *j = w->data;
    const struct sk_rawlog_options *o = &j->log->o; /* does not change */
    const char *name = NULL;
    int r = sk_fs_mkdirs(j->log->directory, 0755, &j->em);
    for (struct chunk *c = j->first; c != NULL && r == 0; c = c->next) {
        r = append(j->log->directory, c, &j->em);
        name = c->name;
    }
    if (r == 0 && j->tidy && name != NULL)
        sk_rawlog_tidy(j->log->directory, name, o->keep_files, o->keep_bytes, o->compress);
}

/* ---- on the loop -------------------------------------------------------------------------------------------------------- */

static void after_work(uv_work_t *w, int status)
{
    struct job *j = w->data;
    struct sk_rawlog *l = j->log;
    (void)status;
    if (j->em.text[0] != '\0' && !l->told)
        sk_log_error("%s", j->em.text);
    l->told = j->em.text[0] != '\0'; /* once, until it works again */
    for (const struct chunk *c = j->first; c != NULL; c = c->next)
        l->pending -= c->lines.n;
    free_chunks(j->first);
    j->first = NULL;
    l->working = false;
    if (l->closing && l->first != NULL)
        start_work(l);
    maybe_free(l);
}

static void start_work(struct sk_rawlog *l)
{
    if (l->working || l->first == NULL)
        return;
    l->job = (struct job){ .log = l, .first = l->first, .tidy = strcmp(l->last->name, l->tidied_for) != 0 };
    memcpy(l->tidied_for, l->last->name, sizeof l->tidied_for);
    l->first = l->last = NULL;
    l->last_next = &l->first;
    l->work.data = &l->job;
    l->working = uv_queue_work(sk_loop_uv(l->o.loop), &l->work, do_work, after_work) == 0;
}

static void on_pause_over(uv_timer_t *t)
{
    struct sk_rawlog *l = t->data;
    start_work(l);
    if (l->first != NULL) /* still busy with the last ones */
        uv_timer_start(t, on_pause_over, PAUSE_MS, 0);
}

static void name_hour(struct sk_rawlog *l, int64_t now_ms)
{
    if (l->minute == now_ms / 60000 && l->name[0] != '\0')
        return;
    time_t t = (time_t)(now_ms / 1000);
    struct tm tm;
    localtime_r(&t, &tm);
    if (strftime(l->name, sizeof l->name, "skserver-raw_%Y-%m-%dT%H.log", &tm) == 0)
        l->name[0] = '\0';
    l->minute = now_ms / 60000;
}

static struct sk_buf *room(struct sk_rawlog *l)
{
    if (l->last == NULL || strcmp(l->last->name, l->name) != 0 || l->last->lines.n > CHUNK_MAX / 2) {
        struct chunk *c = sk_xcalloc(1, sizeof *c);
        memcpy(c->name, l->name, sizeof c->name);
        sk_buf_init(&c->lines, 2 * CHUNK_MAX);
        *l->last_next = l->last = c;
        l->last_next = &c->next;
    }
    return &l->last->lines;
}

void sk_rawlog_line(struct sk_rawlog *l, char letter, struct sk_span line, int64_t now_ms)
{
    if (l->pending + line.n > PENDING_MAX || line.n > CHUNK_MAX) {
        if (l->lost++ == 0)
            sk_log_warn("raw log: the disk is too slow, lines are left out");
        return;
    }
    name_hour(l, now_ms);
    struct sk_buf *b = room(l);
    size_t before = b->n;
    sk_json_write_int(b, now_ms);
    sk_buf_char(b, ';');
    sk_buf_char(b, letter);
    sk_buf_char(b, ';');
    sk_buf_span_append(b, line);
    sk_buf_char(b, '\n');
    l->pending += b->n - before;
    if (!uv_is_active((uv_handle_t *)&l->timer))
        uv_timer_start(&l->timer, on_pause_over, PAUSE_MS, 0);
}

uint64_t sk_rawlog_lost(const struct sk_rawlog *l)
{
    return l->lost;
}

struct sk_rawlog *sk_rawlog_create(const struct sk_rawlog_options *o)
{
    struct sk_rawlog *l = sk_xcalloc(1, sizeof *l);
    l->o = *o;
    l->directory = sk_xstrdup(o->directory);
    l->o.directory = NULL;
    l->last_next = &l->first;
    uv_timer_init(sk_loop_uv(o->loop), &l->timer);
    l->timer.data = l;
    l->timer_open = true;
    return l;
}

static void timer_closed(uv_handle_t *h)
{
    struct sk_rawlog *l = h->data;
    l->timer_open = false;
    maybe_free(l);
}

void sk_rawlog_destroy(struct sk_rawlog *l)
{
    if (l == NULL)
        return;
    l->closing = true;
    start_work(l);
    uv_close((uv_handle_t *)&l->timer, timer_closed);
}
