/* Logging in and out, and what a page asks first: am I logged in? */
#include "api/access/session.h"

#include "api/body.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- login ---------------------------------------------------------------------------------------------------------------- */

struct login {
    struct sk_api *api;
    struct sk_http_req *req;
    struct sk_span destination;
    bool form, remember_me;
};

static bool is_form(const struct sk_http_req *r)
{
    return sk_span_starts(sk_http_header(r, "content-type"), "application/x-www-form-urlencoded");
}

void sk_session_refuse_spent(struct sk_http_req *r, const char *message, unsigned retry_s)
{
    char seconds[16], json[200];
    int n = snprintf(seconds, sizeof seconds, "%u", retry_s);
    sk_http_set_header(r, "Retry-After", (struct sk_span){ seconds, (size_t)n });
    n = snprintf(json, sizeof json, "{\"message\":\"%s\"}", message);
    sk_http_reply_json(r, 429, (struct sk_span){ json, (size_t)n });
}

bool sk_session_refuse(struct sk_http_req *r, const struct sk_login *l)
{
    if (l->result == SK_LOGIN_SPENT)
        sk_session_refuse_spent(r, "Too many login attempts from this IP, please try again later", l->retry_s);
    else if (l->result == SK_LOGIN_BUSY)
        sk_http_reply_text(r, 503, "Too many logins at once, please try again");
    return l->result == SK_LOGIN_SPENT || l->result == SK_LOGIN_BUSY;
}

int sk_session_token(struct sk_api *api, const struct sk_login *l, bool remember_me, struct sk_buf *token, struct sk_errmsg *em)
{
    int64_t life = sk_security_expiration_s(sk_auth_security(api->auth));
    return sk_auth_token(api->auth, sk_span_of(l->name), false, remember_me, life, token, em);
}

void sk_session_write(struct sk_api *api, struct sk_span token, struct sk_buf *out)
{
    int64_t life = sk_security_expiration_s(sk_auth_security(api->auth));
    SK_BUF_LIT(out, "{\"timeToLive\":");
    if (life != 0)
        sk_json_write_int(out, life);
    else
        SK_BUF_LIT(out, "null");
    SK_BUF_LIT(out, ",\"token\":");
    sk_json_write_str(out, token);
    sk_buf_char(out, '}');
}

static void welcome(const struct login *l, const struct sk_login *who)
{
    struct sk_buf token, json;
    struct sk_errmsg em;
    sk_buf_init(&token, SK_TOKEN_MAX);
    sk_buf_init(&json, 2 * SK_TOKEN_MAX);
    if (sk_session_token(l->api, who, l->remember_me, &token, &em) < 0) {
        sk_http_reply_text(l->req, 502, "Login Failure");
    } else {
        sk_auth_set_cookies(l->api->auth, l->req, sk_span_of(who->name), sk_buf_span(&token), l->remember_me);
        sk_session_write(l->api, sk_buf_span(&token), &json);
        if (l->form)
            sk_http_redirect(l->req, 302, l->destination.p);
        else
            sk_http_reply_buf(l->req, 200, SK_HTTP_JSON, &json);
    }
    sk_buf_finish(&json);
    sk_buf_finish(&token);
}

static void login_done(void *arg, const struct sk_login *who)
{
    struct login *l = arg;
    if (who->result == SK_LOGIN_OK)
        welcome(l, who);
    else if (who->result == SK_LOGIN_WRONG && l->form)
        sk_http_reply_text(l->req, 401, "Invalid username/password");
    else if (who->result == SK_LOGIN_WRONG)
        sk_http_reply_json(l->req, 401, SK_SPAN("{\"statusCode\":401,\"message\":\"Invalid username/password\"}"));
    else
        (void)sk_session_refuse(l->req, who);
    free(l);
}

/* "/" unless the form names another page of ours; NUL-terminated. */
static struct sk_span destination_of(struct sk_http_req *r)
{
    struct sk_span d = sk_http_form_param(r, "destination");
    if (!sk_http_is_own_path(d))
        return SK_SPAN("/");
    char *copy = sk_arena_copy(sk_http_arena(r), d.p, d.n);
    return copy != NULL ? (struct sk_span){ copy, d.n } : SK_SPAN("/");
}

void sk_session_login(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span name, password;
    yyjson_doc *doc = NULL;
    struct login *l = sk_xcalloc(1, sizeof *l);
    sk_http_secret(r);
    *l = (struct login){ .api = api, .req = r, .form = is_form(r), .destination = SK_SPAN("/") };
    if (l->form) {
        name = sk_http_form_param(r, "username");
        password = sk_http_form_param(r, "password");
        l->remember_me = sk_span_eq(sk_http_form_param(r, "rememberMe"), "true");
        l->destination = destination_of(r);
    } else if ((doc = sk_body_json(r)) == NULL) {
        free(l);
        return;
    } else {
        const yyjson_val *v = yyjson_doc_get_root(doc);
        name = sk_json_str(sk_json_get(v, "username"));
        password = sk_json_str(sk_json_get(v, "password"));
        l->remember_me = sk_json_truthy(sk_json_get(v, "rememberMe"));
    }
    sk_auth_login(api->auth, sk_http_remote_ip(r), name, password, NULL, login_done, l);
    sk_json_wipe(doc);
}

void sk_session_logout(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_auth_clear_cookies(r);
    sk_http_reply_json(r, 200, SK_SPAN("\"Logout OK\""));
}

/* ---- login status --------------------------------------------------------------------------------------------------------- */

static void write_bool(struct sk_buf *b, const char *name, bool value)
{
    sk_buf_printf(b, ",\"%s\":%s", name, value ? "true" : "false");
}

static void write_who(const struct sk_principal *p, struct sk_buf *b)
{
    SK_BUF_LIT(b, ",\"userLevel\":");
    sk_json_write_str(b, sk_span_of(sk_role_name(p->role)));
    SK_BUF_LIT(b, ",\"username\":");
    sk_json_write_str(b, sk_span_of(p->name));
}

void sk_session_write_status(struct sk_api *api, const struct sk_principal *who, struct sk_buf *b)
{
    const struct sk_security *s = sk_auth_security(api->auth);
    sk_buf_printf(b, "\"status\":\"%s\"", who != NULL ? "loggedIn" : "notLoggedIn");
    write_bool(b, "readOnlyAccess", sk_security_allow_readonly(s));
    write_bool(b, "authenticationRequired", true);
    write_bool(b, "allowNewUserRegistration", sk_security_allow_new_users(s));
    write_bool(b, "allowDeviceAccessRequests", sk_security_allow_devices(s));
    if (who != NULL)
        write_who(who, b);
    if (sk_security_user_count(s) == 0 && api->security_setup_open)
        write_bool(b, "noUsers", true);
    sk_oidc_write_status(api, b);
}

static void write_open(struct sk_buf *b)
{
    SK_BUF_LIT(b, "\"status\":\"notLoggedIn\"");
    write_bool(b, "readOnlyAccess", false);
    write_bool(b, "authenticationRequired", false);
}

void sk_session_status(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_buf b;
    struct sk_principal who;
    unsigned retry_s = 0;
    if (!sk_auth_take_status(api->auth, sk_http_remote_ip(r), &retry_s)) {
        sk_session_refuse_spent(r, "Too many requests from this IP, please try again after 10 minutes", retry_s);
        return;
    }
    sk_buf_init(&b, 8192);
    sk_buf_char(&b, '{');
    if (sk_auth_on(api->auth)) {
        bool known = sk_auth_identify(api->auth, r, false, &who) == SK_IDENTITY_KNOWN && !who.anonymous;
        sk_session_write_status(api, known ? &who : NULL, &b);
    } else {
        write_open(&b);
    }
    write_bool(&b, "securityWasEnabled", sk_auth_was_switched(api->auth));
    sk_buf_char(&b, '}');
    sk_http_set_header(r, "Cache-Control", SK_SPAN("no-store, no-cache, must-revalidate"));
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}
