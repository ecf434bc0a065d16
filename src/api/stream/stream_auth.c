/* Who is behind a stream: logging in over it, asking for access over it, losing one's rights while it is open. */
#include "api/access/access_requests.h"
#include "api/access/session.h"
#include "api/stream/stream.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

struct sk_stream_job {        /* an answer that is still being computed */
    struct sk_stream *stream; /* NULL: it has left */
    char *id;
};

bool sk_stream_may(const struct sk_stream *s, enum sk_access needed)
{
    return !sk_auth_on(s->api->auth) || sk_principal_may(&s->who, needed);
}

static struct sk_stream_job *job_begin(struct sk_stream *s, const yyjson_val *m)
{
    struct sk_span id = sk_json_str(sk_json_get(m, "requestId"));
    s->job = sk_xcalloc(1, sizeof *s->job);
    *s->job = (struct sk_stream_job){ s, id.p != NULL ? sk_xstrndup(id.p, id.n) : NULL };
    return s->job;
}

static void job_end(struct sk_stream_job *j)
{
    if (j->stream != NULL)
        j->stream->job = NULL;
    free(j->id);
    free(j);
}

void sk_stream_forget_job(struct sk_stream *s)
{
    if (s->job != NULL)
        s->job->stream = NULL;
    sk_access_requests_forget_listener(s->api->access_requests, s);
}

static void begin_answer(struct sk_buf *b, const char *id, int status)
{
    sk_buf_init(b, 16 * 1024);
    sk_buf_char(b, '{');
    if (id != NULL) {
        SK_BUF_LIT(b, "\"requestId\":");
        sk_json_write_str(b, sk_span_of(id));
        sk_buf_char(b, ',');
    }
    sk_buf_printf(b, "\"state\":\"%s\",\"statusCode\":%d", status == 202 ? "PENDING" : "COMPLETED", status);
}

static void end_answer(struct sk_stream *s, struct sk_buf *b)
{
    sk_buf_char(b, '}');
    if (sk_buf_ok(b))
        (void)s->ops->text(s->arg, sk_buf_span(b));
    sk_buf_finish(b);
}

static void answer_with(struct sk_stream *s, const char *id, int status, const char *message)
{
    struct sk_buf b;
    begin_answer(&b, id, status);
    if (message != NULL) {
        SK_BUF_LIT(&b, ",\"message\":");
        sk_json_write_str(&b, sk_span_of(message));
    }
    end_answer(s, &b);
}

/* ---- identity ------------------------------------------------------------------------------------------------------------- */

void sk_stream_identify(struct sk_stream *s, const struct sk_principal *p)
{
    char *dot;
    s->who = *p;
    if (p->anonymous)
        return;
    snprintf(s->provider_name, sizeof s->provider_name, "ws.%s", p->name);
    for (dot = s->provider_name + 3; (dot = strchr(dot, '.')) != NULL;)
        *dot = '_';
    s->provider = s->provider_name;
}

/* What the address of the stream asked for is sent now that it may be. */
static void catch_up(struct sk_stream *s)
{
    if (s->cached)
        sk_feed_replay(s->feed, s->mode);
}

void sk_streams_recheck(struct sk_api *api)
{
    if (!sk_auth_on(api->auth))
        return;
    for (struct sk_stream *s = api->streams, *next; s != NULL; s = next) {
        next = s->next;
        if (s->who.role != SK_ROLE_NONE && !sk_auth_recheck(api->auth, &s->who))
            s->ops->cut(s->arg, "access was withdrawn");
    }
}

/* ---- login ---------------------------------------------------------------------------------------------------------------- */

static void welcome(struct sk_stream *s, const char *id, const struct sk_login *who)
{
    int64_t life = sk_security_expiration_s(sk_auth_security(s->api->auth));
    struct sk_principal p = { .role = who->role, .token_exp_s = life != 0 ? sk_clock_wall_ms() / 1000 + life : 0 };
    struct sk_buf token, b;
    struct sk_errmsg em;
    sk_buf_init(&token, SK_TOKEN_MAX);
    if (sk_session_token(s->api, who, false, &token, &em) < 0) {
        answer_with(s, id, 502, "Login Failure");
        sk_buf_finish(&token);
        return;
    }
    memcpy(p.name, who->name, sizeof p.name);
    sk_stream_identify(s, &p);
    begin_answer(&b, id, 200);
    SK_BUF_LIT(&b, ",\"login\":");
    sk_session_write(s->api, sk_buf_span(&token), &b);
    end_answer(s, &b);
    sk_buf_finish(&token);
    catch_up(s);
}

static void login_done(void *arg, const struct sk_login *who)
{
    struct sk_stream_job *j = arg;
    struct sk_stream *s = j->stream;
    struct sk_buf b;
    if (s != NULL && who->result == SK_LOGIN_OK) {
        welcome(s, j->id, who);
    } else if (s != NULL && who->result == SK_LOGIN_WRONG) {
        begin_answer(&b, j->id, 401);
        SK_BUF_LIT(&b, ",\"login\":{}");
        end_answer(s, &b);
    } else if (s != NULL) {
        answer_with(s, j->id, who->result == SK_LOGIN_SPENT ? 429 : 503,
                    "Too many login attempts from this IP, please try again later");
    }
    job_end(j);
}

void sk_stream_login(struct sk_stream *s, const yyjson_val *m)
{
    yyjson_val *login = sk_json_get(m, "login");
    if (!sk_auth_on(s->api->auth) || !yyjson_is_obj(login))
        return;
    if (s->job != NULL) {
        answer_with(s, sk_json_get_str(m, "requestId"), 400, "A request has already been submitted");
        return;
    }
    s->secret = true;
    sk_auth_login(s->api->auth, s->remote_ip, sk_json_str(sk_json_get(login, "username")),
                  sk_json_str(sk_json_get(login, "password")), NULL, login_done, job_begin(s, m));
}

/* ---- access requests ------------------------------------------------------------------------------------------------------ */

/* The client's own id stands in what it hears; the server's own id of the request is nobody else's to see. */
static void access_answered(void *arg, struct sk_access_request *r)
{
    struct sk_stream *s = arg;
    struct sk_device device;
    struct sk_buf b;
    begin_answer(&b, s->access_id, 200);
    sk_buf_printf(&b, ",\"accessRequest\":{\"permission\":\"%s\"", r->approved ? "APPROVED" : "DENIED");
    if (r->token != NULL) {
        SK_BUF_LIT(&b, ",\"token\":");
        sk_json_write_str(&b, sk_span_of(r->token));
    }
    sk_buf_char(&b, '}');
    end_answer(s, &b);
    free(s->access_id);
    s->access_id = NULL;
    s->access_pending = false;
    if (!r->approved || !sk_security_device(sk_auth_security(s->api->auth), sk_span_of(r->identifier), &device))
        return;
    struct sk_principal p = { .device = true, .role = device.role };
    memcpy(p.name, r->identifier, sizeof p.name);
    sk_stream_identify(s, &p);
    catch_up(s);
}

static void access_asked(void *arg, const struct sk_access_outcome *o)
{
    struct sk_stream_job *j = arg;
    struct sk_stream *s = j->stream;
    if (s != NULL)
        answer_with(s, j->id, o->status, o->message);
    if (s != NULL && o->request != NULL) {
        o->request->answered = access_answered;
        o->request->answered_arg = s;
        s->access_pending = true;
        s->access_id = j->id;
        j->id = NULL;
    }
    job_end(j);
}

void sk_stream_ask_access(struct sk_stream *s, const yyjson_val *m)
{
    const char *id = sk_json_get_str(m, "requestId");
    unsigned retry_s;
    if (!sk_auth_on(s->api->auth))
        answer_with(s, id, 404, "Access requests not available. Server security may not be enabled.");
    else if (s->job != NULL || s->access_pending)
        answer_with(s, id, 400, "A request has already been submitted");
    else if (!sk_auth_take_request(s->api->auth, s->remote_ip, &retry_s))
        answer_with(s, id, 429, "Too many requests from this IP, please try again after 10 minutes");
    else
        sk_access_ask(s->api, s->remote_ip, sk_json_get(m, "accessRequest"), access_asked, job_begin(s, m));
}
