/*
 * GET /signalk/v1/playback: a WebSocket on which the stream comes as it was, from `startTime` on, `playbackRate` times as fast.
 * The past is read a slice at a time, so that neither a long past nor a slow client costs memory. A client that does not read
 * gets it later; nothing is left out.
 */
#include "api/v2/history.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/ws.h"

#include <stdlib.h>

#define NS "signalk-server:playback"
#define PLAYBACKS_MAX 20u
#define RATE_MIN 0.001
#define RATE_MAX 10000
#define SLICE_MS 2000 /* of a slice, as it is played */
#define AT_ONCE 500   /* deltas in one turn of the loop */
#define WAIT_MS 500   /* before it is looked again for what was not there yet */
#define QUEUED_MAX ((size_t)256 * 1024)

struct playback {
    struct sk_api *api;
    struct sk_ws *ws; /* NULL: closed */
    struct sk_principal who;
    struct sk_history_slice *slice;
    bool asking; /* the slice is the reader's */
    size_t next; /* of its deltas */
    int64_t start_ms;
    double rate;
    uint64_t began_ms; /* monotonic: start_ms is played then */
    uv_timer_t timer;
};

static void on_timer(uv_timer_t *t);

/* ---- the end ------------------------------------------------------------------------------------------------------------- */

static void timer_closed(uv_handle_t *h)
{
    struct playback *p = SK_CONTAINER(h, struct playback, timer);
    sk_history_slice_destroy(p->slice);
    free(p);
}

static void on_closed(struct sk_ws *ws, void *arg, unsigned code)
{
    struct playback *p = arg;
    (void)ws;
    (void)code;
    p->ws = NULL;
    p->api->playbacks--;
    if (!p->asking)
        uv_close((uv_handle_t *)&p->timer, timer_closed);
}

/* The text as a bare JSON string, then the end. */
static void end(struct playback *p, const char *text)
{
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    sk_json_write_str(&b, sk_span_of(text));
    uv_timer_stop(&p->timer);
    (void)sk_ws_send_text(p->ws, sk_buf_span(&b));
    sk_ws_close(p->ws, 0, NULL);
    sk_buf_finish(&b);
}

static void on_text(struct sk_ws *ws, void *arg, struct sk_span text)
{
    (void)ws;
    (void)text;
    end(arg, "Playback does not support ws upstream messages");
}

/* ---- playing ------------------------------------------------------------------------------------------------------------- */

static int64_t played_until(const struct playback *p)
{
    return p->start_ms + (int64_t)((double)(sk_clock_mono_ms() - p->began_ms) * p->rate);
}

static void wait(struct playback *p, uint64_t ms)
{
    uv_timer_start(&p->timer, on_timer, ms, 0);
}

static void slice_read(struct sk_history_job *j);

static void ask(struct playback *p, int64_t from, int64_t to)
{
    sk_history_slice_clear(p->slice);
    p->next = 0;
    p->slice->from = from;
    p->slice->to = to;
    p->slice->job.done = slice_read;
    p->asking = sk_history_submit(p->api->history, &p->slice->job, &p->slice->job.em) == 0;
    if (!p->asking) {
        p->slice->to = from; /* nothing of it is read: again, later */
        wait(p, WAIT_MS);
    }
}

/* What is on its way to the disk is not there yet; it is waited for. */
static void ask_next(struct playback *p)
{
    int64_t from = p->slice->to, to = from + (int64_t)(SLICE_MS * p->rate) + 1;
    int64_t known = sk_clock_wall_ms() - sk_history_delay_ms(p->api->history);
    if (sk_auth_on(p->api->auth) && !(sk_auth_recheck(p->api->auth, &p->who) && sk_principal_may(&p->who, SK_ACCESS_READ)))
        end(p, "Permission Denied");
    else if (from >= known)
        wait(p, WAIT_MS);
    else
        ask(p, from, to < known ? to : known);
}

static void play(struct playback *p)
{
    int64_t until = played_until(p);
    for (unsigned n = 0; p->next < p->slice->count; n++, p->next++) {
        const struct sk_history_delta *d = &p->slice->list[p->next];
        if (d->t > until) {
            double ms = (double)(d->t - until) / p->rate;
            wait(p, ms < 1 ? 1 : ms < 3600000 ? (uint64_t)ms : 3600000);
            return;
        }
        if (n == AT_ONCE || sk_ws_queued(p->ws) > QUEUED_MAX || sk_ws_send(p->ws, d->frame) < 0) {
            wait(p, n == AT_ONCE ? 1 : 50);
            return;
        }
    }
    if (p->slice->to > until) /* a stretch in which nothing happens */
        wait(p, (uint64_t)((double)(p->slice->to - until) / p->rate) + 1);
    else
        ask_next(p);
}

static void on_timer(uv_timer_t *t)
{
    struct playback *p = SK_CONTAINER(t, struct playback, timer);
    if (p->ws == NULL || p->asking)
        return;
    if (p->next < p->slice->count || p->slice->to > played_until(p))
        play(p);
    else
        ask_next(p);
}

/* False: the client has left. */
static bool still_there(struct playback *p)
{
    p->asking = false;
    if (p->ws == NULL)
        uv_close((uv_handle_t *)&p->timer, timer_closed);
    return p->ws != NULL;
}

static void slice_read(struct sk_history_job *j)
{
    struct sk_history_slice *s = SK_CONTAINER(j, struct sk_history_slice, job);
    struct playback *p = j->asker;
    if (!still_there(p))
        return;
    if (j->result < 0)
        end(p, j->em.text);
    else if (s->count > 0 || s->to > played_until(p))
        play(p);
    else
        ask_next(p);
}

/* ---- the beginning ------------------------------------------------------------------------------------------------------- */

static void greet(struct playback *p)
{
    char iso[SK_ISO_TIME_SIZE];
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    sk_api_hello(p->api, &b);
    if (sk_buf_ok(&b))
        b.n--; /* its last brace */
    sk_iso_time(iso, p->start_ms);
    sk_buf_printf(&b, ",\"startTime\":\"%s\",\"playbackRate\":", iso);
    sk_json_write_double(&b, p->rate);
    sk_buf_char(&b, '}');
    (void)sk_ws_send_text(p->ws, sk_buf_span(&b));
    sk_buf_finish(&b);
}

static void probed(struct sk_history_job *j)
{
    struct playback *p = j->asker;
    if (!still_there(p))
        return;
    if (j->result < 0) {
        end(p, j->em.text);
        return;
    }
    greet(p);
    p->slice->probe = false;
    p->began_ms = sk_clock_mono_ms();
    p->slice->to = p->start_ms;
    ask_next(p);
}

static void probe(struct playback *p, bool all)
{
    p->slice = sk_history_slice_create();
    p->slice->all = all;
    p->slice->probe = true;
    p->slice->from = p->start_ms;
    p->slice->job.asker = p;
    p->slice->job.done = probed;
    sk_history_set_who(p->api, &p->who, &p->slice->who);
    p->asking = sk_history_submit(p->api->history, &p->slice->job, &p->slice->job.em) == 0;
    if (!p->asking)
        end(p, p->slice->job.em.text);
}

/* What is wrong with the question; NULL: nothing. */
static const char *read_question(struct playback *p, struct sk_http_req *r)
{
    struct sk_span start = sk_http_query_param(r, "startTime"), rate = sk_http_query_param(r, "playbackRate");
    p->rate = 1;
    if (start.n == 0)
        return "startTime is a required query parameter for playback connections";
    if (p->api->history == NULL)
        return "No history provider";
    if (!sk_iso_parse(start.p, start.n, &p->start_ms))
        return "startTime must be an ISO 8601 time like 2018-12-11T18:40:03.246Z";
    if (rate.n > 0 && (!sk_parse_double(rate, &p->rate) || p->rate < RATE_MIN || p->rate > RATE_MAX))
        return "playbackRate must be a number from 0.001 to 10000";
    return NULL;
}

/* False: answered. */
static bool admit(struct sk_api *api, struct sk_http_req *r, struct sk_principal *ret_who)
{
    if (api->playbacks >= PLAYBACKS_MAX) {
        sk_stream_reply_too_many(r);
        return false;
    }
    if (!sk_auth_on(api->auth) ||
        (sk_auth_identify(api->auth, r, true, ret_who) == SK_IDENTITY_KNOWN && sk_principal_may(ret_who, SK_ACCESS_READ)))
        return true;
    sk_http_reply_text(r, 401, "Unauthorized");
    return false;
}

void sk_playback_get(struct sk_http_req *r, void *arg)
{
    static const struct sk_ws_ops ops = { .text = on_text, .closed = on_closed };
    struct sk_api *api = arg;
    struct sk_principal who = { 0 };
    if (!sk_ws_expect_upgrade(r) || !admit(api, r, &who))
        return;
    struct playback *p = sk_xcalloc(1, sizeof *p);
    p->api = api;
    p->who = who;
    const char *wrong = read_question(p, r);
    bool all = sk_span_eq(sk_http_query_param(r, "subscribe"), "all");
    struct sk_ws_limits limits = sk_ws_default_limits;
    limits.ping_ms = api->ws_ping_ms;
    limits.deflate = api->ws_deflate;
    p->ws = sk_ws_accept(r, &ops, p, &limits);
    if (p->ws == NULL) {
        free(p);
        return;
    }
    api->playbacks++;
    uv_timer_init(sk_loop_uv(api->loop), &p->timer);
    sk_log_debug(NS, "%s: from %lld, %g times as fast", sk_ws_remote_ip(p->ws), (long long)p->start_ms, p->rate);
    if (wrong != NULL)
        end(p, wrong);
    else
        probe(p, all);
}
