#include "auth/auth.h"

#include "auth/auth_private.h"
#include "auth/password.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)4 * 1024 * 1024)
#define TEN_YEARS_S 315576000
#define REFUSALS_TOLD 3u /* of one address, in the log */
#define REFUSALS_WINDOW_MS 600000u
#define SESSION_COOKIE "JAUTHENTICATION"
#define INFO_COOKIE "skLoginInfo"

/* ---- life ----------------------------------------------------------------------------------------------------------------- */

/* "name=number" of the list; false when it stands there and is no number. */
static bool limit_of(const char *list, const char *name, int64_t *value)
{
    size_t n = strlen(name);
    for (const char *at = list; at != NULL && *at != '\0'; at += strcspn(at, ", ")) {
        at += strspn(at, ", ");
        if (strncmp(at, name, n) == 0 && at[n] == '=')
            return sk_parse_int((struct sk_span){ at + n + 1, strcspn(at + n + 1, ", ") }, 0, 1000000000, value);
    }
    return true;
}

static int read_limits(struct sk_auth *a, const char *list, struct sk_errmsg *em)
{
    int64_t login = 100, status = 1000, api = 1000, window = 600000;
    if (!limit_of(list, "login", &login) || !limit_of(list, "loginStatus", &status) || !limit_of(list, "api", &api) ||
        !limit_of(list, "windowMs", &window))
        return sk_errmsg_set(em, SK_ERR_INVALID, "HTTP_RATE_LIMITS '%s': write login=N,loginStatus=N,api=N,windowMs=N", list);
    sk_budget_init(&a->logins, (unsigned)login, (uint64_t)window);
    sk_budget_init(&a->statuses, (unsigned)status, (uint64_t)window);
    sk_budget_init(&a->requests, (unsigned)api, (uint64_t)window);
    return 0;
}

static int take_admin(struct sk_auth *a, const char *text, struct sk_errmsg *em)
{
    char hash[SK_PASSWORD_HASH_SIZE];
    const char *colon = text != NULL ? strchr(text, ':') : NULL;
    if (text == NULL || text[0] == '\0')
        return 0;
    if (colon == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "ADMINUSER is not of the form name:password");
    int r = sk_password_hash(sk_span_of(colon + 1), hash, em);
    if (r == 0)
        r = sk_security_set_only_admin(a->security, (struct sk_span){ text, (size_t)(colon - text) }, hash, em);
    return r < 0 ? sk_errmsg_wrap(em, r, "ADMINUSER") : 0;
}

int sk_auth_create(const struct sk_auth_options *o, struct sk_auth **ret_auth, struct sk_errmsg *em)
{
    struct sk_auth *a = sk_xcalloc(1, sizeof *a);
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(o->config_dir, "security.json");
    a->loop = o->loop;
    a->on = o->on;
    a->security = sk_security_load(file, &o->env);
    a->saver = sk_saver_create(o->loop, file, 0600);
    sk_budget_init(&a->refusals, REFUSALS_TOLD, REFUSALS_WINDOW_MS);
    int r = read_limits(a, o->rate_limits, em);
    if (r == 0)
        r = take_admin(a, o->admin_user, em);
    if (r < 0)
        sk_auth_destroy(a);
    else
        *ret_auth = a;
    return r;
}

void sk_auth_destroy(struct sk_auth *a)
{
    if (a == NULL)
        return;
    SK_ASSERT(sk_auth_idle(a));
    sk_security_destroy(a->security);
    sk_saver_destroy(a->saver);
    sk_budget_finish(&a->logins);
    sk_budget_finish(&a->statuses);
    sk_budget_finish(&a->requests);
    sk_budget_finish(&a->refusals);
    free(a);
}

bool sk_auth_idle(const struct sk_auth *a)
{
    return a == NULL || (a->jobs == NULL && sk_saver_idle(a->saver));
}

bool sk_auth_on(const struct sk_auth *a)
{
    return a->on;
}

void sk_auth_note_switched(struct sk_auth *a)
{
    a->switched = true;
}

bool sk_auth_was_switched(const struct sk_auth *a)
{
    return a->switched;
}

struct sk_security *sk_auth_security(struct sk_auth *a)
{
    return a->security;
}

bool sk_auth_take_login(struct sk_auth *a, const char *address, unsigned *ret_retry_s)
{
    return sk_budget_take(&a->logins, address, sk_clock_mono_ms(), ret_retry_s);
}

bool sk_auth_take_status(struct sk_auth *a, const char *address, unsigned *ret_retry_s)
{
    return sk_budget_take(&a->statuses, address, sk_clock_mono_ms(), ret_retry_s);
}

bool sk_auth_take_request(struct sk_auth *a, const char *address, unsigned *ret_retry_s)
{
    return sk_budget_take(&a->requests, address, sk_clock_mono_ms(), ret_retry_s);
}

/* ---- who ------------------------------------------------------------------------------------------------------------------ */

static int64_t now_s(void)
{
    return sk_clock_wall_ms() / 1000;
}

static bool look_up(const struct sk_auth *a, struct sk_principal *p)
{
    struct sk_user user;
    struct sk_device device;
    struct sk_span name = sk_span_of(p->name);
    bool known = p->device ? sk_security_device(a->security, name, &device) : sk_security_user(a->security, name, &user);
    p->role = !known ? SK_ROLE_NONE : p->device ? device.role : user.role;
    return known;
}

static enum sk_identity principal_of(struct sk_auth *a, struct sk_span token, struct sk_claims *ret_claims,
                                     struct sk_principal *ret_principal, struct sk_errmsg *em)
{
    if (sk_token_verify(sk_security_key(a->security), token, now_s(), ret_claims, em) < 0)
        return SK_IDENTITY_BAD;
    *ret_principal = (struct sk_principal){ .device = ret_claims->device, .token_exp_s = ret_claims->exp_s };
    memcpy(ret_principal->name, ret_claims->subject, sizeof ret_principal->name);
    if (look_up(a, ret_principal))
        return SK_IDENTITY_KNOWN;
    sk_errmsg_set(em, SK_ERR_DENIED, "there is no %s '%s' any more", ret_principal->device ? "device" : "user",
                  ret_principal->name);
    return SK_IDENTITY_BAD;
}

/* "Bearer x" or "JWT x". Another scheme is somebody else's business (a proxy's, say). */
static struct sk_span bearer(const struct sk_http_req *req, const char *header)
{
    struct sk_span v = sk_http_header(req, header);
    size_t skip = sk_span_starts(v, "Bearer ") ? 7 : sk_span_starts(v, "JWT ") ? 4 : 0;
    return skip != 0 ? (struct sk_span){ v.p + skip, v.n - skip } : (struct sk_span){ NULL, 0 };
}

static struct sk_span token_of(const struct sk_http_req *req, bool upgrade)
{
    struct sk_span cookied = sk_http_cookie(req, SESSION_COOKIE), query = sk_http_query_param(req, "token");
    struct sk_span authorization = bearer(req, "authorization"), other = bearer(req, "x-authorization");
    const struct sk_span in_order[] = { upgrade ? query : cookied, authorization, other,
                                        upgrade ? cookied : (struct sk_span){ NULL, 0 } };
    for (size_t i = 0; i < SK_COUNT(in_order); i++)
        if (in_order[i].n > 0)
            return in_order[i];
    return (struct sk_span){ NULL, 0 };
}

static enum sk_identity identify(struct sk_auth *a, const struct sk_http_req *req, bool upgrade, struct sk_claims *ret_claims,
                                 struct sk_principal *ret_principal, struct sk_errmsg *em)
{
    struct sk_span token = token_of(req, upgrade);
    if (token.n > 0)
        return principal_of(a, token, ret_claims, ret_principal, em);
    if (!sk_security_allow_readonly(a->security))
        return SK_IDENTITY_NONE;
    *ret_principal = (struct sk_principal){ .name = "AUTO", .role = SK_ROLE_READONLY, .anonymous = true };
    return SK_IDENTITY_KNOWN;
}

enum sk_identity sk_auth_identify(struct sk_auth *a, const struct sk_http_req *req, bool upgrade,
                                  struct sk_principal *ret_principal)
{
    struct sk_claims claims;
    struct sk_errmsg why;
    return identify(a, req, upgrade, &claims, ret_principal, &why);
}

bool sk_auth_recheck(struct sk_auth *a, struct sk_principal *p)
{
    if (p->anonymous)
        return sk_security_allow_readonly(a->security);
    return (p->token_exp_s == 0 || p->token_exp_s > now_s()) && look_up(a, p);
}

bool sk_principal_may(const struct sk_principal *p, enum sk_access needed)
{
    switch (needed) {
    case SK_ACCESS_OPEN:
        return true;
    case SK_ACCESS_READ:
        return p->role >= SK_ROLE_READONLY;
    case SK_ACCESS_WRITE:
        return p->role >= SK_ROLE_READWRITE;
    case SK_ACCESS_ADMIN:
        return p->role >= SK_ROLE_ADMIN;
    }
    return false;
}

/* ---- may they ------------------------------------------------------------------------------------------------------------- */

/* A session past half of its life gets a new one, so that whoever uses the server every day stays logged in. */
static void renew(struct sk_auth *a, struct sk_http_req *req, const struct sk_claims *c)
{
    int64_t life = c->exp_s - c->iat_s;
    struct sk_buf token;
    if (c->device || c->exp_s == 0 || c->iat_s == 0 || now_s() < c->iat_s + life / 2)
        return;
    sk_buf_init(&token, SK_TOKEN_MAX);
    if (sk_auth_token(a, sk_span_of(c->subject), false, c->remember_me, sk_security_expiration_s(a->security), &token, NULL) == 0)
        sk_auth_set_cookies(a, req, sk_span_of(c->subject), sk_buf_span(&token), c->remember_me);
    sk_buf_finish(&token);
}

bool sk_auth_authorise(void *auth, struct sk_http_req *req, enum sk_access needed)
{
    struct sk_auth *a = auth;
    struct sk_principal p;
    struct sk_claims claims = { 0 };
    struct sk_errmsg why = { 0 };
    if (!a->on)
        return true;
    enum sk_identity who = identify(a, req, false, &claims, &p, &why);
    if (who == SK_IDENTITY_BAD) {
        sk_auth_clear_cookies(req);
        if (needed != SK_ACCESS_OPEN)
            sk_auth_refuse_token(a, req, &why);
        return needed == SK_ACCESS_OPEN;
    }
    if (who == SK_IDENTITY_KNOWN && !p.anonymous)
        renew(a, req, &claims);
    if (needed == SK_ACCESS_OPEN || (who == SK_IDENTITY_KNOWN && sk_principal_may(&p, needed)))
        return true;
    sk_auth_refuse_role(a, req, who == SK_IDENTITY_KNOWN ? &p : NULL, needed);
    return false;
}

/* ---- sessions ------------------------------------------------------------------------------------------------------------- */

int sk_auth_token(struct sk_auth *a, struct sk_span name, bool device, bool remember_me, int64_t expires_s, struct sk_buf *out,
                  struct sk_errmsg *em)
{
    struct sk_claims c = { .device = device, .remember_me = remember_me, .iat_s = now_s() };
    if (name.n == 0 || name.n > SK_SUBJECT_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "a token's name has 1 to %u bytes", SK_SUBJECT_MAX);
    memcpy(c.subject, name.p, name.n);
    c.exp_s = expires_s != 0 ? c.iat_s + expires_s : 0;
    return sk_token_issue(sk_security_key(a->security), &c, out, em);
}

void sk_auth_set_cookie(struct sk_http_req *req, const char *name, struct sk_span value, const char *attributes,
                        int64_t max_age_s)
{
    struct sk_buf b;
    bool secure = sk_http_secure(req);
    sk_buf_init(&b, SK_COOKIE_MAX);
    sk_buf_printf(&b, "%s=", name);
    sk_buf_span_append(&b, value);
    if (max_age_s != 0)
        sk_buf_printf(&b, "; Max-Age=%lld", (long long)max_age_s);
    sk_buf_printf(&b, "; Path=/%s%s", attributes, secure ? "; Secure" : "");
    if (sk_buf_ok(&b))
        sk_http_set_header(req, "Set-Cookie", sk_buf_span(&b));
    sk_buf_finish(&b);
}

void sk_auth_set_cookies(struct sk_auth *a, struct sk_http_req *req, struct sk_span user, struct sk_span token, bool remember_me)
{
    int64_t life = sk_security_expiration_s(a->security), max_age = !remember_me ? 0 : life != 0 ? life : TEN_YEARS_S;
    struct sk_buf json, info;
    sk_buf_init(&json, 2048);
    sk_buf_init(&info, 4096);
    SK_BUF_LIT(&json, "{\"status\":\"loggedIn\",\"user\":");
    sk_json_write_str(&json, user);
    sk_buf_char(&json, '}');
    sk_buf_percent(&info, sk_buf_span(&json));
    sk_auth_set_cookie(req, SESSION_COOKIE, token, "; HttpOnly; SameSite=Strict", max_age);
    sk_auth_set_cookie(req, INFO_COOKIE, sk_buf_span(&info), "; SameSite=Strict", max_age);
    sk_buf_finish(&json);
    sk_buf_finish(&info);
}

void sk_auth_clear_cookies(struct sk_http_req *req)
{
    static const struct sk_span cleared[] = { SK_SPAN(SESSION_COOKIE "=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
                                              SK_SPAN(INFO_COOKIE "=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT") };
    for (size_t i = 0; i < SK_COUNT(cleared); i++)
        sk_http_set_header(req, "Set-Cookie", cleared[i]);
}

/* ---- saving --------------------------------------------------------------------------------------------------------------- */

struct save {
    struct sk_auth *auth;
    char *before;
    size_t before_n;
    sk_auth_saved saved;
    void *arg;
};

static void written(void *arg, int result, const char *error)
{
    struct save *s = arg;
    struct sk_errmsg em;
    if (result < 0 && sk_security_restore(s->auth->security, (struct sk_span){ s->before, s->before_n }, &em) < 0)
        sk_log_error("security.json: %s", em.text);
    s->saved(s->arg, result, error);
    explicit_bzero(s->before, s->before_n);
    free(s->before);
    free(s);
}

void sk_auth_save(struct sk_auth *a, struct sk_buf *before, sk_auth_saved saved, void *arg)
{
    struct save *s = sk_xcalloc(1, sizeof *s);
    struct sk_buf text;
    size_t n = 0;
    sk_buf_init(&text, FILE_MAX);
    sk_security_write(a->security, &text);
    char *content = sk_buf_steal(&text, &n);
    *s = (struct save){ .auth = a, .saved = saved, .arg = arg };
    s->before = sk_buf_xsteal(before, &s->before_n);
    if (content == NULL)
        written(s, SK_ERR_LIMIT, "security.json would be too large");
    else
        sk_saver_put(a->saver, content, n, written, s);
}
