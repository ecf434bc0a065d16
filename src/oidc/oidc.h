/*
 * Logging in by OpenID Connect: the authorization code flow with PKCE (OpenID Connect Core 1.0 section 3.1, RFC 6749, RFC 7636).
 * The settings are read when it is made and whenever they change; settings that cannot be used switch it off with an error in the
 * log. The provider's document and its keys are kept for an hour; a token signed with a key that is not among them has them asked
 * for again, a few times in five minutes.
 * Owner: loop thread. Nothing here waits; callbacks come once, in a later turn or before the function returns. The texts of their
 * errors hold no secret and may be shown to who logs in; parts of them may come from the provider.
 */
#ifndef SK_OIDC_OIDC_H
#define SK_OIDC_OIDC_H

#include "auth/auth.h"
#include "oidc/config.h"
#include "oidc/provider.h"

#define SK_OIDC_LOGIN_PATH "/signalk/v1/auth/oidc/login"

struct sk_oidc;

struct sk_oidc *sk_oidc_create(struct sk_loop *loop, struct sk_auth *auth);
void sk_oidc_configure(struct sk_oidc *o); /* the settings have changed; logins under way fail */
/* What is under way fails now. */
void sk_oidc_stop(struct sk_oidc *o);       /* NULL is fine */
bool sk_oidc_idle(const struct sk_oidc *o); /* NULL: true */
void sk_oidc_destroy(struct sk_oidc *o);    /* stopped and idle; NULL is fine */

/* NULL: off, or security is. */
const struct sk_oidc_config *sk_oidc_on(const struct sk_oidc *o);

/* The provider as it describes itself; valid during the call. `em` NULL: here it is. */
typedef void (*sk_oidc_known)(void *arg, const struct sk_oidc_provider *p, const struct sk_errmsg *em);
void sk_oidc_ask_provider(struct sk_oidc *o, sk_oidc_known known, void *arg);
/* Of another issuer, whose address has been checked (oidc/url.h); not kept. */
void sk_oidc_try_issuer(struct sk_oidc *o, struct sk_span issuer, sk_oidc_known known, void *arg);

/* Begins a login: where to send the browser, and the value of its cookie. `target`: the page to go on with. */
typedef void (*sk_oidc_begun)(void *arg, const char *location, struct sk_span cookie, const struct sk_errmsg *em);
void sk_oidc_begin(struct sk_oidc *o, struct sk_span target, sk_oidc_begun begun, void *arg);

/* What the browser brings back; {NULL,0} for what is not there. */
struct sk_oidc_answer {
    struct sk_span cookie, state, code, issuer, error, error_description;
};
/* The user who is logged in now, and the page to go on with. */
typedef void (*sk_oidc_entered)(void *arg, const char *user, const char *target, const struct sk_errmsg *em);
void sk_oidc_enter(struct sk_oidc *o, const struct sk_oidc_answer *answer, sk_oidc_entered entered, void *arg);

#endif
