/* Settings, the provider's document, and the way out to it. */
#include "oidc/oidc_private.h"

#include "base/clock.h"
#include "base/env.h"
#include "base/log.h"
#include "oidc/person.h"

#include <stdlib.h>

#define AT_ONCE 4u
#define TOTAL_MS 10000u /* of one request */
#define REFETCHES 5u
#define REFETCH_WINDOW_MS 300000u
#define LOCATION_MAX ((size_t)16 * 1024)

struct sk_oidc_waiter {
    struct sk_oidc_waiter *next;
    sk_oidc_known known;
    void *arg;
};

/* ---- life ----------------------------------------------------------------------------------------------------------------- */

static void forget(struct sk_oidc *o)
{
    sk_oidc_config_finish(&o->config);
    sk_oidc_provider_finish(&o->provider);
    sk_jwks_finish(&o->keys);
    o->provider_until_ms = o->keys_until_ms = 0;
}

void sk_oidc_configure(struct sk_oidc *o)
{
    struct sk_oidc_merged m;
    struct sk_errmsg em;
    char shown[sizeof em.text];
    forget(o);
    o->generation++;
    sk_oidc_config_merge(sk_security_oidc(sk_auth_security(o->auth)), sk_env, &m);
    if (sk_auth_on(o->auth) && sk_oidc_config_read(&m, &o->config, &em) < 0) {
        sk_oidc_clean(sk_span_of(em.text), shown, sizeof shown);
        sk_log_error("login by OpenID Connect is off: %s", shown);
    }
    sk_oidc_merged_finish(&m);
}

struct sk_oidc *sk_oidc_create(struct sk_loop *loop, struct sk_auth *auth)
{
    struct sk_oidc *o = sk_xcalloc(1, sizeof *o);
    o->loop = loop;
    o->auth = auth;
    o->asks = sk_asks_create(&(struct sk_asks_options){
        .loop = loop, .name = "oidc", .at_once = AT_ONCE, .body_max = SK_OIDC_ANSWER_MAX, .total_ms = TOTAL_MS, .quiet = true });
    sk_budget_init(&o->more_keys, REFETCHES, REFETCH_WINDOW_MS);
    sk_oidc_configure(o);
    return o;
}

void sk_oidc_stop(struct sk_oidc *o)
{
    if (o != NULL)
        sk_asks_stop(o->asks);
}

bool sk_oidc_idle(const struct sk_oidc *o)
{
    return o == NULL || (o->logins == 0 && o->waiters == NULL && sk_asks_idle(o->asks));
}

void sk_oidc_destroy(struct sk_oidc *o)
{
    if (o == NULL)
        return;
    SK_ASSERT(sk_oidc_idle(o));
    sk_asks_destroy(o->asks);
    sk_budget_finish(&o->more_keys);
    forget(o);
    free(o->used);
    free(o);
}

const struct sk_oidc_config *sk_oidc_on(const struct sk_oidc *o)
{
    return o->config.enabled ? &o->config : NULL;
}

/* ---- asking --------------------------------------------------------------------------------------------------------------- */

void sk_oidc_request(struct sk_fetch_request *req, const char *url)
{
    sk_fetch_request_init(req, SK_OIDC_ANSWER_MAX);
    (void)sk_fetch_request_url(req, sk_span_of(url), NULL);
    (void)sk_fetch_request_header(req, SK_SPAN("Accept"), SK_SPAN("application/json"), NULL);
}

int sk_oidc_read_answer(const char *what, int status, struct sk_span body, const struct sk_errmsg *failed, yyjson_doc **ret_doc,
                        struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    if (failed != NULL)
        return sk_errmsg_set(em, failed->code, "%s: %s", what, failed->text);
    if (status >= 300 && status < 400)
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "%s leads elsewhere (%d), which is not followed", what, status);
    if (status != 200)
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "%s answers %d", what, status);
    int r = sk_json_read(body, &doc, em);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%s", what);
    if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
        yyjson_doc_free(doc);
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "%s does not answer with an object", what);
    }
    *ret_doc = doc;
    return 0;
}

static int read_provider(const char *issuer, int status, struct sk_span body, const struct sk_errmsg *failed,
                         struct sk_oidc_provider *ret, struct sk_errmsg *em)
{
    static const char what[] = "the provider's discovery document";
    yyjson_doc *doc = NULL;
    int r = sk_oidc_read_answer(what, status, body, failed, &doc, em);
    yyjson_doc_free(doc);
    if (r < 0)
        return r;
    r = sk_oidc_provider_read(issuer, body, ret, em);
    return r < 0 ? sk_errmsg_wrap(em, r, "%s", what) : 0;
}

static void ask_document(struct sk_oidc *o, const char *issuer, sk_asked done, void *arg)
{
    struct sk_buf url;
    struct sk_fetch_request req;
    sk_buf_init(&url, SK_FETCH_URL_MAX);
    sk_oidc_provider_address(issuer, &url);
    sk_oidc_request(&req, sk_buf_cstr(&url));
    sk_buf_finish(&url);
    sk_ask(o->asks, &req, done, arg);
}

/* ---- the provider --------------------------------------------------------------------------------------------------------- */

struct look_up {
    struct sk_oidc *o;
    unsigned generation;
};

static void tell_waiters(struct sk_oidc *o, const struct sk_errmsg *em)
{
    struct sk_oidc_waiter *w = o->waiters;
    o->waiters = NULL;
    while (w != NULL) {
        struct sk_oidc_waiter *next = w->next;
        w->known(w->arg, em == NULL ? &o->provider : NULL, em);
        free(w);
        w = next;
    }
}

static void on_document(void *arg, int status, struct sk_span body, const struct sk_errmsg *failed)
{
    struct look_up *l = arg;
    struct sk_oidc *o = l->o;
    struct sk_oidc_provider fresh;
    struct sk_errmsg em;
    int r = l->generation == o->generation
                ? read_provider(o->config.issuer, status, body, failed, &fresh, &em)
                : sk_errmsg_set(&em, SK_ERR_BUSY, "the settings of this login have just been changed, please try again");
    if (r == 0) { /* not before: logins on their way use the old one */
        sk_oidc_provider_finish(&o->provider);
        o->provider = fresh;
        o->provider_until_ms = sk_clock_mono_ms() + SK_OIDC_KEEP_MS;
    }
    free(l);
    tell_waiters(o, r == 0 ? NULL : &em);
}

void sk_oidc_ask_provider(struct sk_oidc *o, sk_oidc_known known, void *arg)
{
    struct sk_errmsg em;
    if (sk_oidc_on(o) == NULL) {
        sk_errmsg_set(&em, SK_ERR_UNSUPPORTED, "login by OpenID Connect is not switched on here");
        known(arg, NULL, &em);
        return;
    }
    if (o->provider_until_ms > sk_clock_mono_ms()) {
        known(arg, &o->provider, NULL);
        return;
    }
    bool under_way = o->waiters != NULL;
    struct sk_oidc_waiter *w = sk_xcalloc(1, sizeof *w);
    *w = (struct sk_oidc_waiter){ .next = o->waiters, .known = known, .arg = arg };
    o->waiters = w;
    if (under_way)
        return;
    struct look_up *l = sk_xcalloc(1, sizeof *l);
    *l = (struct look_up){ .o = o, .generation = o->generation };
    ask_document(o, o->config.issuer, on_document, l);
}

struct trial {
    char *issuer;
    sk_oidc_known known;
    void *arg;
};

static void on_trial(void *arg, int status, struct sk_span body, const struct sk_errmsg *failed)
{
    struct trial *t = arg;
    struct sk_oidc_provider p = { 0 };
    struct sk_errmsg em;
    int r = read_provider(t->issuer, status, body, failed, &p, &em);
    t->known(t->arg, r == 0 ? &p : NULL, r == 0 ? NULL : &em);
    sk_oidc_provider_finish(&p);
    free(t->issuer);
    free(t);
}

void sk_oidc_try_issuer(struct sk_oidc *o, struct sk_span issuer, sk_oidc_known known, void *arg)
{
    struct trial *t = sk_xcalloc(1, sizeof *t);
    *t = (struct trial){ .issuer = sk_xstrndup(issuer.p, issuer.n), .known = known, .arg = arg };
    ask_document(o, t->issuer, on_trial, t);
}

/* ---- beginning a login ---------------------------------------------------------------------------------------------------- */

struct beginning {
    struct sk_oidc *o;
    char *target;
    size_t target_n;
    sk_oidc_begun begun;
    void *arg;
};

static void add(struct sk_buf *b, const char *name, const char *value)
{
    sk_buf_printf(b, "&%s=", name);
    sk_buf_percent(b, sk_span_of(value));
}

static int make_location(const struct sk_oidc_config *c, const struct sk_oidc_provider *p, const struct sk_oidc_state *s,
                         struct sk_buf *out, struct sk_errmsg *em)
{
    char challenge[SK_OIDC_RANDOM_SIZE];
    int r = sk_oidc_challenge(s->verifier, challenge, em);
    if (r < 0)
        return r;
    sk_buf_text(out, p->authorization);
    sk_buf_text(out, strchr(p->authorization, '?') != NULL ? "&response_type=code" : "?response_type=code");
    add(out, "client_id", c->client_id);
    add(out, "redirect_uri", c->redirect_uri);
    add(out, "scope", c->scope);
    add(out, "state", s->state);
    add(out, "nonce", s->nonce);
    add(out, "code_challenge", challenge);
    add(out, "code_challenge_method", "S256");
    return sk_buf_ok(out) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "the provider's address with all that is asked is too long");
}

static void on_provider(void *arg, const struct sk_oidc_provider *p, const struct sk_errmsg *failed)
{
    struct beginning *b = arg;
    const struct sk_oidc_config *c = &b->o->config;
    struct sk_oidc_state s = { 0 };
    struct sk_errmsg em;
    struct sk_buf location, cookie;
    sk_buf_init(&location, LOCATION_MAX);
    sk_buf_init(&cookie, LOCATION_MAX);
    if (failed == NULL) {
        struct sk_span target = { b->target, b->target_n };
        int r = sk_oidc_state_make(target, c->issuer, c->client_id, sk_clock_wall_ms() / 1000, &s, &em);
        if (r == 0)
            r = make_location(c, p, &s, &location, &em);
        if (r == 0)
            r = sk_oidc_state_seal(sk_security_key(sk_auth_security(b->o->auth)), &s, &cookie, &em);
        if (r < 0)
            failed = &em;
    }
    b->begun(b->arg, failed == NULL ? sk_buf_cstr(&location) : NULL, sk_buf_span(&cookie), failed);
    explicit_bzero(&s, sizeof s);
    sk_buf_finish(&location);
    sk_buf_finish(&cookie);
    free(b->target);
    free(b);
}

void sk_oidc_begin(struct sk_oidc *o, struct sk_span target, sk_oidc_begun begun, void *arg)
{
    struct beginning *b = sk_xcalloc(1, sizeof *b);
    *b = (struct beginning){ .o = o, .begun = begun, .arg = arg };
    b->target_n = target.n <= SK_OIDC_TARGET_MAX ? target.n : 0;
    b->target = sk_xstrndup(target.p, b->target_n);
    sk_oidc_ask_provider(o, on_provider, b);
}
