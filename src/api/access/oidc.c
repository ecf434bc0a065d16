/* Logging in by OpenID Connect, as a browser does it: to the provider, back with a code, on to the page it came from. */
#include "oidc/oidc.h"

#include "api/access/session.h"
#include "api/stream/stream.h"
#include "base/json.h"
#include "base/log.h"
#include "oidc/person.h"
#include "oidc/state.h"
#include "oidc/url.h"

#include <stdlib.h>

#define LOCATION_MAX ((size_t)16 * 1024)
#define COOKIE_ATTRIBUTES "; HttpOnly; SameSite=Lax" /* Strict would not come back with the provider's redirection */
#define COOKIE_CLEARED SK_OIDC_STATE_COOKIE "=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"

/* A request that waits for the provider. */
struct visit {
    struct sk_api *api;
    struct sk_http_req *req;
    char *target; /* of a logout */
};

static struct visit *visit(struct sk_api *api, struct sk_http_req *r)
{
    struct visit *v = sk_xcalloc(1, sizeof *v);
    *v = (struct visit){ .api = api, .req = r };
    return v;
}

static void forget_login(struct sk_http_req *r)
{
    sk_http_set_header(r, "Set-Cookie", SK_SPAN(COOKIE_CLEARED));
}

static void redirect(struct sk_http_req *r, const char *location)
{
    sk_http_set_header(r, "Cache-Control", SK_SPAN("no-store"));
    sk_http_redirect(r, 302, location);
}

/* To the login page, which shows the reason. */
static void redirect_failed(struct sk_http_req *r, const struct sk_errmsg *em)
{
    char text[sizeof em->text];
    struct sk_buf location;
    sk_oidc_clean(sk_span_of(em->text), text, sizeof text);
    sk_log_warn("login by OpenID Connect from %s failed: %s", sk_http_remote_ip(r), text);
    sk_buf_init(&location, LOCATION_MAX);
    SK_BUF_LIT(&location, "/admin/#/login?oidcError=true&message=");
    sk_buf_percent(&location, sk_span_of(text));
    redirect(r, sk_buf_cstr(&location));
    sk_buf_finish(&location);
}

/* Without security there is nobody to log in; and each step counts as an attempt. */
static bool refuse(struct sk_api *api, struct sk_http_req *r)
{
    struct sk_login spent = { .result = SK_LOGIN_SPENT };
    if (!sk_auth_on(api->auth))
        sk_http_reply_cannot(r);
    else if (sk_auth_take_login(api->auth, sk_http_remote_ip(r), &spent.retry_s))
        return false;
    else
        (void)sk_session_refuse(r, &spent);
    return true;
}

/* ---- there ---------------------------------------------------------------------------------------------------------------- */

static void on_begun(void *arg, const char *location, struct sk_span cookie, const struct sk_errmsg *em)
{
    struct visit *v = arg;
    if (em != NULL) {
        redirect_failed(v->req, em);
    } else {
        sk_auth_set_cookie(v->req, SK_OIDC_STATE_COOKIE, cookie, COOKIE_ATTRIBUTES, SK_OIDC_STATE_LIFE_S);
        redirect(v->req, location);
    }
    free(v);
}

static void login(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    if (!refuse(api, r))
        sk_oidc_begin(api->oidc, sk_http_query_param(r, "redirect"), on_begun, visit(api, r));
}

/* ---- and back ------------------------------------------------------------------------------------------------------------- */

static void welcome(const struct visit *v, const char *user, const char *target)
{
    struct sk_span name = sk_span_of(user);
    struct sk_buf token;
    struct sk_errmsg em;
    int64_t life = sk_security_expiration_s(sk_auth_security(v->api->auth));
    sk_buf_init(&token, SK_TOKEN_MAX);
    if (sk_auth_token(v->api->auth, name, false, true, life, &token, &em) < 0) {
        redirect_failed(v->req, &em);
    } else {
        sk_auth_set_cookies(v->api->auth, v->req, name, sk_buf_span(&token), true);
        redirect(v->req, target);
    }
    sk_buf_finish(&token);
}

static void on_entered(void *arg, const char *user, const char *target, const struct sk_errmsg *em)
{
    struct visit *v = arg;
    forget_login(v->req);
    if (em != NULL)
        redirect_failed(v->req, em);
    else
        welcome(v, user, target);
    sk_streams_recheck(v->api); /* a role may have changed */
    free(v);
}

static void callback(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    if (refuse(api, r))
        return;
    struct sk_oidc_answer a = { .cookie = sk_http_cookie(r, SK_OIDC_STATE_COOKIE),
                                .state = sk_http_query_param(r, "state"),
                                .code = sk_http_query_param(r, "code"),
                                .issuer = sk_http_query_param(r, "iss"),
                                .error = sk_http_query_param(r, "error"),
                                .error_description = sk_http_query_param(r, "error_description") };
    sk_oidc_enter(api->oidc, &a, on_entered, visit(api, r));
}

/* ---- out ------------------------------------------------------------------------------------------------------------------ */

/* The provider's own logout when it has one, which leads back to the page. */
static bool write_logout(const struct sk_oidc_config *c, const struct sk_oidc_provider *p, const char *target, struct sk_buf *out)
{
    if (p->end_session == NULL)
        return false;
    sk_buf_text(out, p->end_session);
    sk_buf_text(out, strchr(p->end_session, '?') != NULL ? "&client_id=" : "?client_id=");
    sk_buf_percent(out, sk_span_of(c->client_id));
    SK_BUF_LIT(out, "&post_logout_redirect_uri=");
    sk_buf_percent(out, sk_oidc_url_origin(sk_span_of(c->redirect_uri)));
    sk_buf_percent(out, sk_span_of(target));
    return sk_buf_ok(out);
}

static void on_logout(void *arg, const struct sk_oidc_provider *p, const struct sk_errmsg *em)
{
    struct visit *v = arg;
    struct sk_buf location;
    const struct sk_oidc_config *c = sk_oidc_on(v->api->oidc);
    sk_buf_init(&location, LOCATION_MAX);
    bool there = em == NULL && c != NULL && write_logout(c, p, v->target, &location);
    sk_auth_clear_cookies(v->req);
    redirect(v->req, there ? sk_buf_cstr(&location) : v->target);
    sk_buf_finish(&location);
    free(v->target);
    free(v);
}

static void logout(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span target = sk_http_query_param(r, "redirect");
    if (refuse(api, r))
        return;
    struct visit *v = visit(api, r);
    bool own = sk_http_is_own_path(target) && target.n <= SK_OIDC_TARGET_MAX;
    v->target = own ? sk_xstrndup(target.p, target.n) : sk_xstrdup("/");
    sk_oidc_ask_provider(api->oidc, on_logout, v);
}

/* ---- is it there? --------------------------------------------------------------------------------------------------------- */

void sk_oidc_write_status(const struct sk_api *api, struct sk_buf *out)
{
    const struct sk_oidc_config *c = sk_oidc_on(api->oidc);
    if (c == NULL)
        return;
    sk_buf_printf(out, ",\"oidcEnabled\":true,\"oidcAutoLogin\":%s,\"oidcLoginUrl\":\"%s\",\"oidcProviderName\":",
                  c->auto_login ? "true" : "false", SK_OIDC_LOGIN_PATH);
    sk_json_write_str(out, sk_span_of(c->provider_name));
}

static void status(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    const struct sk_oidc_config *c = sk_oidc_on(api->oidc);
    struct sk_buf b;
    if (c == NULL) {
        sk_http_reply_json(r, 200, SK_SPAN("{\"enabled\":false,\"autoLogin\":false}"));
        return;
    }
    sk_buf_init(&b, LOCATION_MAX);
    SK_BUF_LIT(&b, "{\"enabled\":true,\"issuer\":");
    sk_json_write_str(&b, sk_span_of(c->issuer));
    SK_BUF_LIT(&b, ",\"loginUrl\":\"" SK_OIDC_LOGIN_PATH "\",\"providerName\":");
    sk_json_write_str(&b, sk_span_of(c->provider_name));
    sk_buf_printf(&b, ",\"autoLogin\":%s}", c->auto_login ? "true" : "false");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_oidc_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", SK_OIDC_LOGIN_PATH, SK_ACCESS_OPEN, login, api },
        { "GET", "/signalk/v1/auth/oidc/callback", SK_ACCESS_OPEN, callback, api },
        { "GET", "/signalk/v1/auth/oidc/logout", SK_ACCESS_OPEN, logout, api },
        { "GET", "/signalk/v1/auth/oidc/status", SK_ACCESS_OPEN, status, api },
        { "GET", "/skServer/security/oidc", SK_ACCESS_ADMIN, sk_oidc_admin_get, api },
        { "PUT", "/skServer/security/oidc", SK_ACCESS_ADMIN, sk_oidc_admin_put, api },
        { "POST", "/skServer/security/oidc/test", SK_ACCESS_ADMIN, sk_oidc_admin_test, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
