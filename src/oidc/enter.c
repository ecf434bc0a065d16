/* The way back: what the browser brings, turned into a user of this server, one question to the provider after the other. */
#include "oidc/oidc_private.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "oidc/id_token.h"
#include "oidc/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define CODE_MAX 4096u
#define ACCESS_TOKEN_MAX ((size_t)16 * 1024)
#define SECURITY_MAX ((size_t)4 * 1024 * 1024)

struct login {
    struct sk_oidc *o;
    unsigned generation;
    sk_oidc_entered entered;
    void *arg;
    struct sk_oidc_state state;
    struct sk_buf code, issuer; /* as the browser brought them */
    struct sk_buf id_token, access_token;
    struct sk_jws jws;
    yyjson_doc *claims;
    bool other_method; /* the token endpoint is asked the second time, with the secret in the other place */
    bool new_keys;     /* the keys have just been asked for */
    bool bearer;
    char name[SK_SUBJECT_MAX + 1];
};

/* ---- the end -------------------------------------------------------------------------------------------------------------- */

static void wipe(struct sk_buf *b)
{
    if (b->p != NULL)
        explicit_bzero(b->p, b->cap);
    sk_buf_finish(b);
}

static void end(struct login *l, const struct sk_errmsg *em)
{
    l->entered(l->arg, em == NULL ? l->name : NULL, l->state.target, em);
    l->o->logins--;
    wipe(&l->code);
    wipe(&l->id_token);
    wipe(&l->access_token);
    sk_buf_finish(&l->issuer);
    sk_jws_finish(&l->jws);
    yyjson_doc_free(l->claims);
    explicit_bzero(l, sizeof *l);
    free(l);
}

/* False, and the login has ended, when its settings are those of yesterday. */
static bool goes_on(struct login *l)
{
    struct sk_errmsg em;
    if (l->generation == l->o->generation && sk_oidc_on(l->o) != NULL)
        return true;
    sk_errmsg_set(&em, SK_ERR_BUSY, "the settings of this login have just been changed, please try again");
    end(l, &em);
    return false;
}

/* ---- the user ------------------------------------------------------------------------------------------------------------- */

static void on_saved(void *arg, int result, const char *error)
{
    struct login *l = arg;
    struct sk_errmsg em;
    if (result < 0)
        sk_errmsg_set(&em, result, "your user could not be saved: %s", error);
    end(l, result < 0 ? &em : NULL);
}

static void enter(struct login *l, const yyjson_val *userinfo)
{
    struct sk_security *s = sk_auth_security(l->o->auth);
    struct sk_oidc_person person = { 0 };
    struct sk_buf before;
    struct sk_errmsg em;
    bool changed = false;
    sk_buf_init(&before, SECURITY_MAX);
    sk_security_write(s, &before);
    int r = sk_oidc_person_read(&l->o->config, yyjson_doc_get_root(l->claims), userinfo, &person, &em);
    if (r == 0)
        r = sk_oidc_person_enter(&l->o->config, &person, s, l->name, &changed, &em);
    if (r == 0 && changed) {
        sk_log_info("user '%s' is %s from now on, by OpenID Connect", l->name, sk_role_name(person.role));
        sk_auth_save(l->o->auth, &before, on_saved, l);
    } else {
        end(l, r < 0 ? &em : NULL);
    }
    sk_oidc_person_finish(&person);
    wipe(&before);
}

static void on_userinfo(void *arg, int status, struct sk_span body, const struct sk_errmsg *failed)
{
    struct login *l = arg;
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    if (!goes_on(l))
        return;
    if (sk_oidc_read_answer("the provider's userinfo", status, body, failed, &doc, &em) < 0)
        end(l, &em);
    else
        enter(l, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void ask_userinfo(struct login *l)
{
    struct sk_fetch_request req;
    struct sk_buf value;
    struct sk_errmsg em;
    if (l->o->provider.userinfo == NULL || l->access_token.n == 0 || !l->bearer) {
        enter(l, NULL);
        return;
    }
    sk_buf_init(&value, ACCESS_TOKEN_MAX + 16);
    SK_BUF_LIT(&value, "Bearer ");
    sk_buf_span_append(&value, sk_buf_span(&l->access_token));
    sk_oidc_request(&req, l->o->provider.userinfo);
    int r = sk_fetch_request_header(&req, SK_SPAN("Authorization"), sk_buf_span(&value), &em);
    wipe(&value);
    if (r == 0) {
        sk_ask(l->o->asks, &req, on_userinfo, l);
        return;
    }
    sk_fetch_request_finish(&req);
    sk_errmsg_set(&em, r, "the provider's access token cannot be sent in a header");
    end(l, &em);
}

/* ---- the ID token --------------------------------------------------------------------------------------------------------- */

static void check_claims(struct login *l)
{
    struct sk_errmsg em;
    struct sk_oidc_expected e = { .issuer = l->o->config.issuer,
                                  .client_id = l->o->config.client_id,
                                  .nonce = l->state.nonce,
                                  .access_token = sk_buf_span(&l->access_token),
                                  .alg = l->jws.alg,
                                  .now_s = sk_clock_wall_ms() / 1000 };
    int r = sk_json_read(sk_buf_span(&l->jws.payload), &l->claims, &em);
    if (r == 0)
        r = sk_oidc_id_token_check(yyjson_doc_get_root(l->claims), &e, &em);
    if (r < 0) {
        sk_errmsg_wrap(&em, r, "the provider's ID token");
        end(l, &em);
        return;
    }
    ask_userinfo(l);
}

static void check_signature(struct login *l);

static void on_keys(void *arg, int status, struct sk_span body, const struct sk_errmsg *failed)
{
    static const char what[] = "the provider's keys";
    struct login *l = arg;
    struct sk_jwks keys = { 0 };
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    if (!goes_on(l))
        return;
    int r = sk_oidc_read_answer(what, status, body, failed, &doc, &em);
    yyjson_doc_free(doc);
    if (r == 0 && (r = sk_jwks_read(body, &keys, &em)) < 0)
        sk_errmsg_wrap(&em, r, "%s", what);
    if (r < 0) {
        end(l, &em);
        return;
    }
    sk_jwks_finish(&l->o->keys);
    l->o->keys = keys;
    l->o->keys_until_ms = sk_clock_mono_ms() + SK_OIDC_KEEP_MS;
    check_signature(l);
}

static void ask_keys(struct login *l)
{
    struct sk_fetch_request req;
    l->new_keys = true;
    sk_oidc_request(&req, l->o->provider.jwks);
    sk_ask(l->o->asks, &req, on_keys, l);
}

/* The provider may have new keys: asked for once in a login, and a few times in some minutes, whoever comes with what token. */
static bool may_ask_again(struct login *l)
{
    unsigned retry_s;
    return !l->new_keys && sk_budget_take(&l->o->more_keys, "keys", sk_clock_mono_ms(), &retry_s);
}

static void check_signature(struct login *l)
{
    struct sk_errmsg em;
    if (l->o->keys_until_ms <= sk_clock_mono_ms()) {
        ask_keys(l);
        return;
    }
    int r = sk_jws_verify(&l->jws, &l->o->keys, &em);
    if (r == 0) {
        check_claims(l);
    } else if ((r == SK_ERR_NOTFOUND || r == SK_ERR_DENIED) && may_ask_again(l)) {
        ask_keys(l);
    } else {
        sk_errmsg_wrap(&em, r, "the provider's ID token");
        end(l, &em);
    }
}

/* ---- the tokens ----------------------------------------------------------------------------------------------------------- */

static bool copy_text(const yyjson_val *v, const char *name, size_t max, struct sk_buf *out)
{
    struct sk_span text = sk_json_str(sk_json_get(v, name));
    sk_buf_init(out, max);
    sk_buf_span_append(out, text);
    return sk_buf_ok(out);
}

static void take_tokens(struct login *l, const yyjson_val *v)
{
    struct sk_errmsg em;
    struct sk_span type = sk_json_str(sk_json_get(v, "token_type"));
    l->bearer = type.n == 6 && strncasecmp(type.p, "Bearer", 6) == 0;
    int r = copy_text(v, "id_token", SK_JWS_MAX, &l->id_token) && copy_text(v, "access_token", ACCESS_TOKEN_MAX, &l->access_token)
                ? 0
                : sk_errmsg_set(&em, SK_ERR_LIMIT, "the provider's tokens are too long");
    if (r == 0 && l->id_token.n == 0)
        r = sk_errmsg_set(&em, SK_ERR_PROTOCOL, "the provider gives no ID token");
    if (r == 0 && (r = sk_jws_read(sk_buf_span(&l->id_token), &l->jws, &em)) < 0)
        sk_errmsg_wrap(&em, r, "the provider's ID token");
    if (r < 0)
        end(l, &em);
    else
        check_signature(l);
}

static void ask_tokens(struct login *l);

/* Why the code was not accepted: one of the words of RFC 6749 section 5.2. */
static void refused(struct login *l, int status, struct sk_span body)
{
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    char word[64];
    (void)sk_json_read(body, &doc, NULL);
    struct sk_span error = sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "error"));
    bool client = sk_span_eq(error, "invalid_client") || status == 401;
    sk_oidc_clean(error, word, sizeof word);
    yyjson_doc_free(doc);
    if (client && !l->other_method && l->o->provider.basic && l->o->provider.post) {
        l->other_method = true;
        ask_tokens(l);
        return;
    }
    if (client)
        sk_errmsg_set(&em, SK_ERR_DENIED, "the provider does not know this server (%s): are clientId and clientSecret right?",
                      word[0] != '\0' ? word : "401");
    else
        sk_errmsg_set(&em, SK_ERR_DENIED, "the provider does not accept the login: %s",
                      word[0] != '\0' ? word : "no reason given");
    end(l, &em);
}

static void on_tokens(void *arg, int status, struct sk_span body, const struct sk_errmsg *failed)
{
    struct login *l = arg;
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    if (!goes_on(l))
        return;
    if (failed == NULL && (status == 400 || status == 401)) {
        refused(l, status, body);
        return;
    }
    if (sk_oidc_read_answer("the provider's token endpoint", status, body, failed, &doc, &em) < 0)
        end(l, &em);
    else
        take_tokens(l, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void add(struct sk_buf *b, const char *name, struct sk_span value)
{
    sk_buf_printf(b, "%s%s=", b->n > 0 ? "&" : "", name);
    sk_buf_percent(b, value);
}

/* RFC 6749 section 2.3.1: both are encoded as in a form before they are joined. */
static int add_basic(const struct sk_oidc_config *c, struct sk_fetch_request *req, struct sk_errmsg *em)
{
    struct sk_buf pair, value;
    sk_buf_init(&pair, 8192);
    sk_buf_init(&value, 16384);
    sk_buf_percent(&pair, sk_span_of(c->client_id));
    sk_buf_char(&pair, ':');
    sk_buf_percent(&pair, sk_span_of(c->client_secret));
    SK_BUF_LIT(&value, "Basic ");
    char *to = sk_buf_reserve(&value, SK_BASE64_SIZE(pair.n));
    SK_ASSERT(sk_buf_ok(&pair) && to != NULL);
    sk_base64_encode(pair.p, pair.n, to);
    value.n += strlen(to);
    int r = sk_fetch_request_header(req, SK_SPAN("Authorization"), sk_buf_span(&value), em);
    wipe(&pair);
    wipe(&value);
    return r;
}

static void ask_tokens(struct login *l)
{
    const struct sk_oidc_config *c = &l->o->config;
    const struct sk_oidc_provider *p = &l->o->provider;
    struct sk_fetch_request req;
    struct sk_errmsg em;
    bool in_form = l->other_method ? !p->post : p->post; /* where the Node server puts it goes first */
    sk_oidc_request(&req, p->token);
    (void)sk_fetch_request_method(&req, SK_SPAN("POST"), NULL);
    (void)sk_fetch_request_header(&req, SK_SPAN("Content-Type"), SK_SPAN("application/x-www-form-urlencoded"), NULL);
    add(&req.body, "grant_type", SK_SPAN("authorization_code"));
    add(&req.body, "code", sk_buf_span(&l->code));
    add(&req.body, "redirect_uri", sk_span_of(c->redirect_uri));
    add(&req.body, "client_id", sk_span_of(c->client_id));
    add(&req.body, "code_verifier", sk_span_of(l->state.verifier));
    if (in_form)
        add(&req.body, "client_secret", sk_span_of(c->client_secret));
    int r = in_form ? 0 : add_basic(c, &req, &em);
    if (r < 0) {
        sk_fetch_request_finish(&req);
        end(l, &em);
        return;
    }
    sk_ask(l->o->asks, &req, on_tokens, l);
}

static void on_provider(void *arg, const struct sk_oidc_provider *p, const struct sk_errmsg *failed)
{
    struct login *l = arg;
    struct sk_errmsg em;
    bool told = l->issuer.n > 0;
    if (failed != NULL) {
        end(l, failed);
    } else if (goes_on(l)) {
        /* RFC 9207: an answer of one provider is not taken to another */
        if ((told || p->says_issuer) && !sk_span_eq(sk_buf_span(&l->issuer), p->issuer)) {
            sk_errmsg_set(&em, SK_ERR_DENIED, "the answer comes from another provider than the one that was asked");
            end(l, &em);
            return;
        }
        ask_tokens(l);
    }
}

/* ---- what the browser brings ---------------------------------------------------------------------------------------------- */

/* True when a login with that state has been here before; else it is remembered. */
static bool was_used(struct sk_oidc *o, const struct sk_oidc_state *s)
{
    if (o->used == NULL)
        o->used = sk_xcalloc(SK_OIDC_USED_MAX, sizeof *o->used);
    for (size_t i = 0; i < SK_OIDC_USED_MAX; i++)
        if (memcmp(o->used[i], s->state, sizeof *o->used) == 0)
            return true;
    memcpy(o->used[o->used_next], s->state, sizeof *o->used);
    o->used_next = (o->used_next + 1) % SK_OIDC_USED_MAX;
    return false;
}

static int check_state(struct sk_oidc *o, const struct sk_oidc_answer *a, struct sk_oidc_state *s, struct sk_errmsg *em)
{
    if (sk_oidc_on(o) == NULL)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "login by OpenID Connect is not switched on here");
    if (a->cookie.n == 0)
        return sk_errmsg_set(em, SK_ERR_DENIED,
                             "this browser has begun no login in the last ten minutes, or under another address of the server; "
                             "please try again");
    int r = sk_oidc_state_open(sk_security_key(sk_auth_security(o->auth)), a->cookie, o->config.issuer, o->config.client_id,
                               sk_clock_wall_ms() / 1000, s, em);
    if (r < 0)
        return r;
    if (a->state.n != strlen(s->state) || !sk_same_secret(a->state.p, s->state, a->state.n))
        return sk_errmsg_set(em, SK_ERR_DENIED, "the answer belongs to another login (state), please try again");
    return was_used(o, s) ? sk_errmsg_set(em, SK_ERR_DENIED, "this login has been used before, please begin a new one") : 0;
}

/* What the provider has to say in place of a code. Only behind a state that is right: nobody else may write on our login page. */
static int check_code(const struct sk_oidc_answer *a, struct sk_errmsg *em)
{
    char text[200];
    if (a->error.n > 0) {
        sk_oidc_clean(a->error_description.n > 0 ? a->error_description : a->error, text, sizeof text);
        return sk_errmsg_set(em, SK_ERR_DENIED, "the provider says: %s", text);
    }
    return a->code.n > 0 && a->code.n <= CODE_MAX ? 0 : sk_errmsg_set(em, SK_ERR_DENIED, "the provider gave no usable code");
}

void sk_oidc_enter(struct sk_oidc *o, const struct sk_oidc_answer *a, sk_oidc_entered entered, void *arg)
{
    struct login *l = sk_xcalloc(1, sizeof *l);
    struct sk_errmsg em;
    *l = (struct login){ .o = o, .generation = o->generation, .entered = entered, .arg = arg };
    o->logins++;
    int r = check_state(o, a, &l->state, &em);
    if (r == 0)
        r = check_code(a, &em);
    if (r < 0) {
        end(l, &em);
        return;
    }
    sk_buf_init(&l->code, CODE_MAX);
    sk_buf_init(&l->issuer, SK_FETCH_URL_MAX);
    sk_buf_span_append(&l->code, a->code);
    sk_buf_span_append(&l->issuer, a->issuer);
    sk_oidc_ask_provider(o, on_provider, l);
}
