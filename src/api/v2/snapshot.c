/* GET /signalk/v1/snapshot/...?time=: the full tree as it was, member by member. */
#include "api/data/segments.h"
#include "api/v2/history.h"

#include "base/clock.h"
#include "model/model.h"

static bool read_time(struct sk_span time, int64_t *ret_ms)
{
    return time.n > 0 && time.p[time.n - 1] == 'Z' && sk_iso_parse(time.p, time.n, ret_ms);
}

static void answered(struct sk_history_job *j)
{
    struct sk_history_snapshot *s = SK_CONTAINER(j, struct sk_history_snapshot, job);
    struct sk_http_req *r = j->asker;
    if (j->result == SK_ERR_NOTFOUND || (j->result == 0 && s->out.n == 0))
        sk_http_reply_text(r, 404, "No data found for the given time");
    else if (j->result < 0)
        sk_http_reply_text(r, j->result == SK_ERR_TIMEOUT ? 504 : j->result == SK_ERR_LIMIT ? 400 : 503, j->em.text);
    else
        sk_http_reply_buf(r, 200, SK_HTTP_JSON, &s->out);
    sk_history_snapshot_destroy(s);
}

static void ask(struct sk_api *api, struct sk_http_req *r, const struct sk_segments *names, int64_t time)
{
    struct sk_principal who = { 0 };
    struct sk_history_snapshot *s = sk_history_snapshot_create(names->at, names->count);
    s->time = time;
    if (sk_auth_on(api->auth))
        (void)sk_auth_identify(api->auth, r, false, &who);
    sk_history_set_who(api, &who, &s->who);
    s->job.asker = r;
    s->job.done = answered;
    s->job.result = sk_history_submit(api->history, &s->job, &s->job.em);
    if (s->job.result < 0)
        answered(&s->job);
}

void sk_snapshot_get(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span time = sk_http_query_param(r, "time");
    struct sk_segments names;
    int64_t ms;
    if (time.n == 0) {
        sk_http_reply_text(r, 400, "Snapshot api requires time query parameter");
    } else if (!read_time(time, &ms)) {
        sk_http_reply_text(r, 400, "Time query parameter must be a valid ISO 8601 UTC time value like 2018-12-11T18:40:03.246");
    } else if (api->history == NULL) {
        sk_http_reply_text(r, 501, "No history provider");
    } else if (!sk_segments_split(sk_http_arena(r), sk_http_param(r, "*"), &names)) {
        sk_http_reply_cannot(r);
    } else {
        sk_segments_resolve_self(&names, sk_model_self_id(api->model));
        ask(api, r, &names, ms);
    }
}
