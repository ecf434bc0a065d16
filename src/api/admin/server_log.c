#include "api/admin/server_log.h"

#include "api/body.h"
#include "api/stream/events.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/saver.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define ROWS 100u
#define SEND_MS 100u
#define KEYS_MAX 200u
#define ROW_MAX (SK_LOG_LINE_MAX * 6 + 200)

struct row {
    char *text; /* without its time */
    size_t n;
    char when[24]; /* "Nov 22 17:04:21" */
    bool error;
};

struct sk_server_log {
    struct sk_api *api;
    pthread_mutex_t lock; /* rows, count and posted: lines come from any thread */
    struct row rows[ROWS];
    uint64_t count; /* lines ever; the n-th is in rows[n % ROWS] */
    bool posted;
    struct sk_loop_task task;
    uint64_t sent; /* lines up to here went out */
    uv_timer_t timer;
    bool waiting, closed;
    bool remember;
    struct sk_saver *saver;
};

/* ---- lines -------------------------------------------------------------------------------------------------------------- */

/* "2026-11-22T17:04:21.123Z INFO text": the time is told apart, and INFO goes without saying. */
static const char *without_time(const char *line, enum sk_log_level level)
{
    const char *text = strchr(line, ' ');
    text = text != NULL ? text + 1 : line;
    return level == SK_LOG_INFO && strncmp(text, "INFO ", 5) == 0 ? text + 5 : text;
}

/* Thread: any. */
static void take_line(void *arg, enum sk_log_level level, const char *line, size_t n)
{
    struct sk_server_log *l = arg;
    time_t now = time(NULL);
    struct tm tm;
    const char *text = without_time(line, level);
    size_t length = n - (size_t)(text - line);
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return;
    memcpy(copy, text, length);
    copy[length] = '\0';
    pthread_mutex_lock(&l->lock);
    struct row *r = &l->rows[l->count++ % ROWS];
    free(r->text);
    r->text = copy;
    r->n = length;
    r->error = level == SK_LOG_ERROR;
    if (localtime_r(&now, &tm) == NULL || strftime(r->when, sizeof r->when, "%b %d %H:%M:%S", &tm) == 0)
        r->when[0] = '\0';
    if (!l->posted) {
        l->posted = true;
        sk_loop_post(l->api->loop, &l->task);
    }
    pthread_mutex_unlock(&l->lock);
}

static void write_row(const struct row *r, struct sk_buf *b)
{
    sk_buf_clear(b);
    SK_BUF_LIT(b, "{\"type\":\"LOG\",\"data\":{\"ts\":");
    sk_json_write_str(b, sk_span_of(r->when));
    SK_BUF_LIT(b, ",\"row\":");
    sk_json_write_str(b, (struct sk_span){ r->text, r->n });
    if (b->n > 0 && sk_buf_ok(b))
        b->n--; /* its closing quote: the row ends its line */
    SK_BUF_LIT(b, "\\n\"");
    if (r->error)
        SK_BUF_LIT(b, ",\"isError\":true");
    SK_BUF_LIT(b, "}}");
}

void sk_server_log_write_trouble(struct sk_server_log *l, size_t max, struct sk_buf *out)
{
    size_t found = 0;
    sk_buf_char(out, '[');
    pthread_mutex_lock(&l->lock);
    for (uint64_t i = 0; i < ROWS && i < l->count && found < max; i++) {
        const struct row *r = &l->rows[(l->count - 1 - i) % ROWS];
        struct sk_span text = { r->text, r->n };
        if (!r->error && !sk_span_starts(text, "WARN"))
            continue;
        sk_buf_text(out, found++ > 0 ? ",{\"time\":" : "{\"time\":");
        sk_json_write_str(out, sk_span_of(r->when));
        SK_BUF_LIT(out, ",\"text\":");
        sk_json_write_str(out, text);
        sk_buf_char(out, '}');
    }
    pthread_mutex_unlock(&l->lock);
    sk_buf_char(out, ']');
}

static struct sk_frame *frame_of(struct sk_server_log *l, uint64_t number, struct sk_buf *b)
{
    pthread_mutex_lock(&l->lock);
    write_row(&l->rows[number % ROWS], b);
    pthread_mutex_unlock(&l->lock);
    return sk_buf_ok(b) ? sk_frame_create(b->p, b->n) : NULL;
}

/* Lines [from, to) to one stream, or to all that asked. */
static void send_rows(struct sk_server_log *l, uint64_t from, uint64_t to, struct sk_stream *only)
{
    struct sk_buf b;
    sk_buf_init(&b, ROW_MAX);
    for (; from < to; from++) {
        struct sk_frame *f = frame_of(l, from, &b);
        for (struct sk_stream *s = l->api->streams; f != NULL && s != NULL; s = s->next)
            if (s->log && (only == NULL || s == only) && sk_stream_may(s, SK_ACCESS_ADMIN))
                (void)s->ops->frame(s->arg, f, true);
        sk_frame_unref(f);
    }
    sk_buf_finish(&b);
}

static uint64_t count_of(struct sk_server_log *l)
{
    pthread_mutex_lock(&l->lock);
    uint64_t count = l->count;
    pthread_mutex_unlock(&l->lock);
    return count;
}

static uint64_t oldest(uint64_t count)
{
    return count > ROWS ? count - ROWS : 0;
}

static void send_news(uv_timer_t *t)
{
    struct sk_server_log *l = t->data;
    uint64_t count = count_of(l), from = l->sent > oldest(count) ? l->sent : oldest(count);
    l->waiting = false;
    l->sent = count;
    send_rows(l, from, count, NULL);
}

/* Gathered for a moment: a flood of lines, or a line that sending one leads to, does not take the loop. */
static void news(struct sk_loop_task *task)
{
    struct sk_server_log *l = SK_CONTAINER(task, struct sk_server_log, task);
    pthread_mutex_lock(&l->lock);
    l->posted = false;
    pthread_mutex_unlock(&l->lock);
    if (!l->waiting && !l->closed) {
        l->waiting = true;
        uv_timer_start(&l->timer, send_news, SEND_MS, 0);
    }
}

static bool names_log(const yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v, *entries = (yyjson_val *)(uintptr_t)list;
    if (!yyjson_is_arr(entries))
        return false;
    yyjson_arr_foreach(entries, i, n, v)
        if (sk_span_eq(sk_json_str(sk_json_get(v, "path")), "log"))
            return true;
    return false;
}

void sk_server_log_subscribe(struct sk_stream *s, const yyjson_val *message)
{
    struct sk_server_log *l = s->api->server_log;
    if (l == NULL || s->log || !names_log(sk_json_get(message, "subscribe")) || !sk_stream_may(s, SK_ACCESS_ADMIN))
        return;
    s->log = true;
    send_rows(l, oldest(l->sent), l->sent, s); /* what is newer comes with the next news */
}

void sk_server_log_unsubscribe(struct sk_stream *s, const yyjson_val *message)
{
    if (names_log(sk_json_get(message, "unsubscribe")))
        s->log = false;
}

/* ---- debug namespaces --------------------------------------------------------------------------------------------------- */

void sk_server_log_write_settings(const struct sk_server_log *l, struct sk_buf *out)
{
    char spec[SK_LOG_DEBUG_MAX];
    sk_log_debug_spec(spec);
    SK_BUF_LIT(out, "{\"debugEnabled\":");
    sk_json_write_str(out, sk_span_of(spec));
    sk_buf_printf(out, ",\"rememberDebug\":%s}", l->remember ? "true" : "false");
}

static void tell(const struct sk_server_log *l)
{
    struct sk_buf b;
    sk_buf_init(&b, 16384);
    sk_server_log_write_settings(l, &b);
    if (sk_buf_ok(&b))
        sk_events_send(l->api, "DEBUG_SETTINGS", sk_buf_span(&b));
    sk_buf_finish(&b);
}

static void saved(void *arg, int result, const char *error)
{
    struct sk_http_req *r = arg;
    if (result == 0)
        sk_http_reply(r, 200, NULL, SK_SPAN(""));
    else
        sk_http_reply_text(r, 500, error);
}

/* Answers when the file is as it should be. */
static void save(struct sk_server_log *l, struct sk_http_req *r)
{
    char spec[SK_LOG_DEBUG_MAX];
    sk_log_debug_spec(spec);
    tell(l);
    if (l->remember)
        sk_saver_put(l->saver, sk_xstrdup(spec), strlen(spec), saved, r);
    else
        sk_saver_remove(l->saver, saved, r);
}

static void get_keys(struct sk_http_req *r, void *arg)
{
    const char *keys[KEYS_MAX];
    struct sk_buf b;
    (void)arg;
    sk_buf_init(&b, 65536);
    sk_buf_char(&b, '[');
    for (size_t i = 0, n = sk_log_debug_keys(keys, KEYS_MAX); i < n; i++) {
        sk_buf_append(&b, ",", i > 0);
        sk_json_write_str(&b, sk_span_of(keys[i]));
    }
    sk_buf_char(&b, ']');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

/* Everything at once would be more than a server at sea can write. */
static bool has_bare_star(struct sk_span spec)
{
    for (size_t at = 0; at < spec.n;) {
        const char *comma = memchr(spec.p + at, ',', spec.n - at);
        size_t end = comma != NULL ? (size_t)(comma - spec.p) : spec.n;
        while (at < end && spec.p[at] == ' ')
            at++;
        size_t stop = end;
        while (stop > at && spec.p[stop - 1] == ' ')
            stop--;
        if (stop == at + 1 && spec.p[at] == '*')
            return true;
        at = end + 1;
    }
    return false;
}

static bool plain(struct sk_span spec)
{
    for (size_t i = 0; i < spec.n; i++)
        if ((unsigned char)spec.p[i] < 0x20)
            return false;
    return true;
}

static void post_debug(struct sk_http_req *r, void *arg)
{
    struct sk_server_log *l = arg;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    struct sk_span spec = sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "value"));
    if (spec.p == NULL || spec.n >= SK_LOG_DEBUG_MAX || !plain(spec) || has_bare_star(spec)) {
        sk_http_reply_text(r, 400, "invalid debug value");
    } else {
        sk_log_set_debug(spec.p);
        save(l, r);
    }
    yyjson_doc_free(doc);
}

static void post_remember(struct sk_http_req *r, void *arg)
{
    struct sk_server_log *l = arg;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    yyjson_val *v = sk_json_get(yyjson_doc_get_root(doc), "value");
    if (yyjson_is_bool(v)) {
        l->remember = yyjson_get_bool(v);
        save(l, r);
    } else {
        sk_http_reply_text(r, 400, "value must be true or false");
    }
    yyjson_doc_free(doc);
}

void sk_server_log_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skServer/debugKeys", SK_ACCESS_ADMIN, get_keys, api->server_log },
        { "POST", "/skServer/debug", SK_ACCESS_ADMIN, post_debug, api->server_log },
        { "POST", "/skServer/rememberDebug", SK_ACCESS_ADMIN, post_remember, api->server_log },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static void recall(struct sk_server_log *l, const char *file)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n;
    struct sk_errmsg em;
    int r = sk_fs_read(file, SK_LOG_DEBUG_MAX - 1, &text, &n, &em);
    if (r == 0) {
        l->remember = true;
        text[strcspn(text, "\r\n")] = '\0';
        if (getenv("DEBUG") == NULL) /* what was typed now beats what was set once */
            sk_log_set_debug(text);
    } else if (r != SK_ERR_NOTFOUND) {
        sk_log_warn("remembered debug namespaces not read: %s", em.text);
    }
}

struct sk_server_log *sk_server_log_create(struct sk_api *api, const char *config_dir)
{
    struct sk_server_log *l = sk_xcalloc(1, sizeof *l);
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, "debug");
    l->api = api;
    pthread_mutex_init(&l->lock, NULL);
    l->task.run = news;
    uv_timer_init(sk_loop_uv(api->loop), &l->timer);
    l->timer.data = l;
    l->saver = sk_saver_create(api->loop, file, 0644);
    recall(l, file);
    sk_log_set_sink(take_line, l);
    return l;
}

bool sk_server_log_idle(const struct sk_server_log *l)
{
    return l == NULL || sk_saver_idle(l->saver);
}

void sk_server_log_close(struct sk_server_log *l)
{
    if (l == NULL)
        return;
    l->closed = true;
    uv_close((uv_handle_t *)&l->timer, NULL);
}

void sk_server_log_destroy(struct sk_server_log *l)
{
    if (l == NULL)
        return;
    sk_log_set_sink(NULL, NULL);
    for (size_t i = 0; i < ROWS; i++)
        free(l->rows[i].text);
    sk_saver_destroy(l->saver);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
