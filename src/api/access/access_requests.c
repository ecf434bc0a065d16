/* Devices and people who ask for access, and the administrator who decides. */
#include "api/access/access_requests.h"

#include "api/access/session.h"
#include "api/body.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define BODY_MAX 10240u
#define ANSWER_MAX ((size_t)1024 * 1024)

/* ---- what others hear of it ----------------------------------------------------------------------------------------------- */

static void notify(struct sk_api *api, const struct sk_access_request *r, bool open)
{
    struct sk_buf b;
    char text[512], now[SK_ISO_TIME_SIZE];
    const char *wanted = r->wanted != SK_ROLE_NONE ? sk_role_name(r->wanted) : "any";
    snprintf(text, sizeof text, open ? "%s \"%s\" has requested access to the server" : "The %s \"%s\" has been %s",
             r->device ? (open ? "A device" : "device") : (open ? "A user" : "user"), r->device ? r->description : r->identifier,
             r->approved ? "approved" : "denied");
    sk_iso_time(now, sk_clock_wall_ms());
    sk_buf_init(&b, 8192);
    sk_buf_printf(&b, "{\"updates\":[{\"values\":[{\"path\":\"notifications.security.accessRequest.%s.%s\",\"value\":{", wanted,
                  r->identifier);
    sk_buf_printf(&b, "\"state\":\"%s\",\"method\":[%s],\"message\":", open ? "alert" : "normal",
                  open ? "\"visual\",\"sound\"" : "");
    sk_json_write_str(&b, sk_span_of(text));
    sk_buf_printf(&b, ",\"timestamp\":\"%s\"}}]}]}", now);
    if (sk_buf_ok(&b)) /* an identifier that cannot stand in a path only lacks its notification */
        (void)sk_hub_ingest(api->hub, &(struct sk_origin){ .provider = "security" }, sk_buf_span(&b), NULL);
    sk_buf_finish(&b);
    sk_events_access_requests(api);
}

void sk_access_requests_write_event(struct sk_api *api, struct sk_buf *b)
{
    SK_BUF_LIT(b, "{\"type\":\"ACCESS_REQUEST\",\"from\":\"signalk-server\",\"data\":");
    sk_access_requests_write(api->access_requests, sk_clock_mono_ms(), b);
    sk_buf_char(b, '}');
}

/* ---- asking --------------------------------------------------------------------------------------------------------------- */

struct asking {
    struct sk_api *api;
    char *identifier;
    char ip[64];
    sk_access_answer answer;
    void *arg;
};

static int status_of(int result)
{
    return result == SK_ERR_LIMIT ? 503 : result == SK_ERR_BUSY ? 503 : result == SK_ERR_DENIED ? 403 : 400;
}

static void refuse(sk_access_answer answer, void *arg, int status, const char *message)
{
    answer(arg, &(struct sk_access_outcome){ .status = status, .message = message });
}

static void add(struct sk_api *api, const struct sk_access_input *in, sk_access_answer answer, void *arg)
{
    struct sk_access_request *r;
    struct sk_errmsg em;
    int result = sk_access_requests_add(api->access_requests, in, sk_clock_mono_ms(), &r, &em);
    if (result < 0) {
        refuse(answer, arg, status_of(result), em.text);
        return;
    }
    answer(arg, &(struct sk_access_outcome){ .status = 202, .request = r });
    notify(api, r, true);
}

static void user_hashed(void *arg, const char *hash, const struct sk_errmsg *em)
{
    struct asking *a = arg;
    struct sk_span name = sk_span_of(a->identifier);
    struct sk_access_input in = { .identifier = name, .description = SK_SPAN("New user"), .ip = a->ip, .hash = hash };
    if (hash != NULL)
        add(a->api, &in, a->answer, a->arg);
    else
        refuse(a->answer, a->arg, status_of(em->code), em->text);
    free(a->identifier);
    free(a);
}

static void ask_for_user(struct sk_api *api, const char *ip, struct sk_span name, struct sk_span password,
                         sk_access_answer answer, void *arg)
{
    struct sk_user known;
    if (!sk_security_allow_new_users(sk_auth_security(api->auth))) {
        refuse(answer, arg, 403, NULL);
    } else if (password.n == 0 || name.n > SK_SUBJECT_MAX) {
        refuse(answer, arg, 400, NULL);
    } else if (sk_security_user(sk_auth_security(api->auth), name, &known)) {
        refuse(answer, arg, 400, "User already exists");
    } else {
        struct asking *a = sk_xcalloc(1, sizeof *a);
        *a = (struct asking){ .api = api, .answer = answer, .arg = arg, .identifier = sk_xstrndup(name.p, name.n) };
        snprintf(a->ip, sizeof a->ip, "%s", ip);
        sk_auth_hash(api->auth, password, user_hashed, a);
    }
}

void sk_access_ask(struct sk_api *api, const char *ip, const yyjson_val *asked, sk_access_answer answer, void *arg)
{
    struct sk_span client = sk_json_str(sk_json_get(asked, "clientId")), user = sk_json_str(sk_json_get(asked, "userId"));
    struct sk_span role = sk_json_str(sk_json_get(asked, "permissions"));
    struct sk_access_input in = {
        .identifier = client, .description = sk_json_str(sk_json_get(asked, "description")), .ip = ip, .wanted = sk_role_of(role)
    };
    if (role.p != NULL && in.wanted == SK_ROLE_NONE)
        refuse(answer, arg, 400, NULL);
    else if (client.n == 0 && user.n > 0)
        ask_for_user(api, ip, user, sk_json_str(sk_json_get(asked, "password")), answer, arg);
    else if (client.n == 0 || in.description.n == 0)
        refuse(answer, arg, 400, NULL);
    else if (!sk_security_allow_devices(sk_auth_security(api->auth)))
        refuse(answer, arg, 403, NULL);
    else
        add(api, &in, answer, arg);
}

static void answer_request(void *arg, const struct sk_access_outcome *o)
{
    struct sk_http_req *req = arg;
    struct sk_buf b;
    if (o->status == 503) {
        sk_http_reply_text(req, 503, o->message);
        return;
    }
    sk_buf_init(&b, ANSWER_MAX);
    if (o->request != NULL) {
        sk_access_request_answer(o->request, &b);
    } else {
        sk_buf_printf(&b, "{\"state\":\"COMPLETED\",\"statusCode\":%d", o->status);
        if (o->message != NULL) {
            SK_BUF_LIT(&b, ",\"message\":");
            sk_json_write_str(&b, sk_span_of(o->message));
        }
        sk_buf_char(&b, '}');
    }
    sk_http_reply_buf(req, o->status, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static bool spent(struct sk_api *api, struct sk_http_req *r)
{
    unsigned retry_s = 0;
    if (sk_auth_take_request(api->auth, sk_http_remote_ip(r), &retry_s))
        return false;
    sk_session_refuse_spent(r, "Too many requests from this IP, please try again after 10 minutes", retry_s);
    return true;
}

void sk_access_post(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    yyjson_doc *doc = NULL;
    if (!sk_auth_on(api->auth))
        sk_http_reply_json(r, 404, SK_SPAN("{\"message\":\"Access requests not available. Server security is not enabled.\"}"));
    else if (spent(api, r))
        return;
    else if (sk_http_body(r).n > BODY_MAX)
        sk_http_reply_text(r, 413, "Payload too large");
    else if ((doc = sk_body_json(r)) != NULL)
        sk_access_ask(api, sk_http_remote_ip(r), yyjson_doc_get_root(doc), answer_request, r);
    yyjson_doc_free(doc);
}

bool sk_access_get(struct sk_http_req *r, struct sk_api *api, struct sk_span id)
{
    struct sk_buf b;
    if (!sk_auth_on(api->auth))
        return false;
    struct sk_access_request *found = sk_access_requests_find(api->access_requests, id, sk_clock_mono_ms());
    if (found == NULL)
        return false;
    if (spent(api, r))
        return true;
    sk_buf_init(&b, ANSWER_MAX);
    sk_access_request_answer(found, &b);
    sk_http_set_header(r, "Cache-Control", SK_SPAN("no-store"));
    sk_http_reply_buf(r, found->decided ? 200 : 202, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
    return true;
}

/* ---- deciding ------------------------------------------------------------------------------------------------------------- */

struct decision {
    struct sk_api *api;
    struct sk_http_req *req;
    char id[SK_UUID_SIZE];
    bool approved;
    int64_t expires_s;
};

void sk_access_list(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_buf b;
    if (!sk_auth_on(api->auth)) {
        sk_http_reply_json(r, 404,
                           SK_SPAN("{\"message\":\"Access requests not available. Server security may not be enabled.\"}"));
        return;
    }
    sk_buf_init(&b, ANSWER_MAX);
    sk_access_requests_write(api->access_requests, sk_clock_mono_ms(), &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void decide(struct decision *d, struct sk_access_request *r)
{
    struct sk_buf token;
    size_t n;
    sk_buf_init(&token, SK_TOKEN_MAX);
    if (d->approved && r->device)
        (void)sk_auth_token(d->api->auth, sk_span_of(r->identifier), true, false, d->expires_s, &token, NULL);
    sk_access_request_decide(r, d->approved, token.n > 0 ? sk_buf_steal(&token, &n) : NULL);
    sk_buf_finish(&token);
    notify(d->api, r, false);
    sk_http_reply_text(d->req, 200, "Request updated");
}

static void refuse_decision(struct sk_http_req *r)
{
    sk_http_reply_text(r, 500, "Unable update request");
}

static void decision_saved(void *arg, int result, const char *error)
{
    struct decision *d = arg;
    struct sk_access_request *r = sk_access_requests_find(d->api->access_requests, sk_span_of(d->id), sk_clock_mono_ms());
    (void)error;
    if (result < 0 || r == NULL || r->decided)
        refuse_decision(d->req);
    else
        decide(d, r);
    free(d);
}

static int grant(struct decision *d, const struct sk_access_request *r, const yyjson_val *body, struct sk_errmsg *em)
{
    struct sk_security *s = sk_auth_security(d->api->auth);
    struct sk_span name = sk_span_of(r->identifier), life = sk_json_str(sk_json_get(body, "expiration"));
    enum sk_role role = sk_role_of(sk_json_str(sk_json_get(body, "permissions")));
    int result = life.n > 0 ? sk_timespan_parse(life, &d->expires_s, em) : 0;
    if (result < 0)
        return result;
    if (!r->device)
        return sk_security_add_user(s, name, role, r->hash, em);
    int64_t until_s = d->expires_s != 0 ? sk_clock_wall_ms() / 1000 + d->expires_s : 0;
    return sk_security_put_device(s, name, sk_span_of(r->description), role, r->wanted != SK_ROLE_NONE, until_s, em);
}

static void approve(struct decision *d, const struct sk_access_request *r, const yyjson_val *body)
{
    struct sk_buf before;
    struct sk_errmsg em;
    sk_buf_init(&before, 4 * ANSWER_MAX);
    sk_security_write(sk_auth_security(d->api->auth), &before);
    if (grant(d, r, body, &em) == 0) {
        sk_auth_save(d->api->auth, &before, decision_saved, d);
    } else {
        sk_log_warn("access request of '%s' not approved: %s", r->identifier, em.text);
        refuse_decision(d->req);
        free(d);
    }
    sk_buf_finish(&before);
}

void sk_access_decide(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span status = sk_http_param(r, "status");
    yyjson_doc *doc = NULL;
    bool approved = sk_span_eq(status, "approved");
    struct sk_access_request *found =
        sk_auth_on(api->auth) ? sk_access_requests_pending(api->access_requests, sk_http_param(r, "id"), sk_clock_mono_ms())
                              : NULL;
    if (!sk_auth_on(api->auth)) {
        sk_http_reply_json(r, 404,
                           SK_SPAN("{\"message\":\"Access requests not available. Server security may not be enabled.\"}"));
        return;
    }
    if (found == NULL || (!approved && !sk_span_eq(status, "denied")) ||
        (approved && sk_json_read(sk_http_body(r), &doc, NULL) < 0)) {
        refuse_decision(r);
        return;
    }
    struct decision *d = sk_xcalloc(1, sizeof *d);
    *d = (struct decision){ .api = api, .req = r, .approved = approved };
    memcpy(d->id, found->id, sizeof d->id);
    if (approved) {
        approve(d, found, yyjson_doc_get_root(doc));
    } else {
        decide(d, found);
        free(d);
    }
    yyjson_doc_free(doc);
}
