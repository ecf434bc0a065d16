/*
 * Who asks, and may they: the one place where a request's or a socket's rights are decided. Every route says what it needs
 * (enum sk_access); sk_auth_authorise compares that with the principal whom the token names.
 * Owner: loop thread. Security off: everybody is granted everything but what the routes of security itself refuse.
 */
#ifndef SK_AUTH_AUTH_H
#define SK_AUTH_AUTH_H

#include "auth/budget.h"
#include "auth/security.h"
#include "base/loop.h"
#include "http/server.h"

struct sk_auth;

struct sk_principal {
    char name[SK_SUBJECT_MAX + 1]; /* user name or client id; "AUTO" for a reader without token */
    enum sk_role role;
    bool device, anonymous;
    int64_t token_exp_s; /* 0: never */
};

enum sk_identity {
    SK_IDENTITY_NONE,  /* no token, and anonymous reading is not allowed */
    SK_IDENTITY_BAD,   /* a token that is not valid: never taken for "none" */
    SK_IDENTITY_KNOWN, /* *ret_principal says who; with anonymous reading also for a request without token */
};

struct sk_auth_options {
    struct sk_loop *loop;
    const char *config_dir;
    bool on;                 /* the settings name a security strategy, or the command line does */
    const char *rate_limits; /* "login=100,loginStatus=1000,api=1000,windowMs=600000"; NULL: these */
    const char *admin_user;  /* "name:password" (ADMINUSER); NULL: none */
    struct sk_security_env env;
};

/* Reads security.json; blocks (before the loop runs). SK_ERR_INVALID for options that cannot be understood. */
int sk_auth_create(const struct sk_auth_options *o, struct sk_auth **ret_auth, struct sk_errmsg *em);
void sk_auth_destroy(struct sk_auth *a);    /* idle only */
bool sk_auth_idle(const struct sk_auth *a); /* nothing is being computed or saved */

bool sk_auth_on(const struct sk_auth *a);
/* Security was switched on in the settings since the start; it begins with the next one. */
void sk_auth_note_switched(struct sk_auth *a);
bool sk_auth_was_switched(const struct sk_auth *a);
struct sk_security *sk_auth_security(struct sk_auth *a);

/* The seam of http/server.h (sk_http_options.authorise). Answers 401 itself when it returns false. */
bool sk_auth_authorise(void *auth, struct sk_http_req *req, enum sk_access needed);
/* From cookie, Authorization or X-Authorization; a socket's upgrade also from ?token=, which then goes first. */
enum sk_identity sk_auth_identify(struct sk_auth *a, const struct sk_http_req *req, bool upgrade,
                                  struct sk_principal *ret_principal);
/* As the name stands now: false when it is gone or its token has run out. Refreshes the role. */
bool sk_auth_recheck(struct sk_auth *a, struct sk_principal *p);
bool sk_principal_may(const struct sk_principal *p, enum sk_access needed);

/* ---- sessions ---- */

/* A token for this user or device that lives `expires_s` seconds from now (0: for ever). */
int sk_auth_token(struct sk_auth *a, struct sk_span name, bool device, bool remember_me, int64_t expires_s, struct sk_buf *out,
                  struct sk_errmsg *em);
void sk_auth_set_cookies(struct sk_auth *a, struct sk_http_req *req, struct sk_span user, struct sk_span token, bool remember_me);
void sk_auth_clear_cookies(struct sk_http_req *req);
#define SK_COOKIE_MAX 4096u /* bytes of one, with its attributes: what browsers keep */
/* For all paths; `attributes` ("; HttpOnly; SameSite=Lax") follow as they are, "; Secure" when the request came by TLS. With
   `max_age_s` 0 it ends with the browser. One that is too long is not set. */
void sk_auth_set_cookie(struct sk_http_req *req, const char *name, struct sk_span value, const char *attributes,
                        int64_t max_age_s);
/* One attempt of the login budget. False: they are spent. */
bool sk_auth_take_login(struct sk_auth *a, const char *address, unsigned *ret_retry_s);

/* ---- passwords: computed on the thread pool, one at a time, so that a flood of logins leaves the pool to others ---- */

enum sk_login_result { SK_LOGIN_OK, SK_LOGIN_WRONG, SK_LOGIN_SPENT, SK_LOGIN_BUSY };
struct sk_login {
    enum sk_login_result result;
    unsigned retry_s; /* SPENT: the address's attempts are used up for so long */
    char name[SK_SUBJECT_MAX + 1];
    enum sk_role role;
};
typedef void (*sk_login_done)(void *arg, const struct sk_login *login);
/* `done` comes in a later turn, or at once when there is nothing to compute. Every way of trying a password goes through here, so
   the attempts of an address count together. `against` NULL: the users of security.json, else those of another file. */
void sk_auth_login(struct sk_auth *a, const char *address, struct sk_span name, struct sk_span password,
                   const struct sk_security *against, sk_login_done done, void *arg);
typedef void (*sk_hash_done)(void *arg, const char *hash, const struct sk_errmsg *em); /* hash NULL: em says why */
void sk_auth_hash(struct sk_auth *a, struct sk_span password, sk_hash_done done, void *arg);

/* ---- budgets of those who are not logged in ---- */
bool sk_auth_take_status(struct sk_auth *a, const char *address, unsigned *ret_retry_s);
bool sk_auth_take_request(struct sk_auth *a, const char *address, unsigned *ret_retry_s);

/* ---- saving ---- */
typedef void (*sk_auth_saved)(void *arg, int result, const char *error);
/* Brings an edit of sk_auth_security() to disk; when that fails the edit is undone, and `error` says why. `before` is what
   sk_security_write gave before the edit; its memory is taken. */
void sk_auth_save(struct sk_auth *a, struct sk_buf *before, sk_auth_saved saved, void *arg);

#endif
