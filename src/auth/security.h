/*
 * security.json: who there is and what is allowed, in the Node server's format; members that skiff does not know are kept.
 * The parsed file is the only copy; users, devices and flags are read from it and edited in it.
 * Owner: loop thread. The strings it gives live until the next edit. Saving is the caller's (sk_security_write, then a saver).
 */
#ifndef SK_AUTH_SECURITY_H
#define SK_AUTH_SECURITY_H

#include "auth/token.h"
#include "base/json.h"

/* In the order of power. */
enum sk_role { SK_ROLE_NONE, SK_ROLE_READONLY, SK_ROLE_READWRITE, SK_ROLE_ADMIN };
enum sk_role sk_role_of(struct sk_span text); /* "readonly", "readwrite", "admin"; else NONE */
const char *sk_role_name(enum sk_role role);  /* NONE: "" */

#define SK_USERS_MAX 1000u
#define SK_DEVICES_MAX 1000u

struct sk_security_env { /* what the environment says; NULL: nothing */
    const char *secret_key;
    const char *allow_devices;   /* "true" or else */
    const char *allow_new_users; /* "true" or else */
};

struct sk_security;

struct sk_user {
    struct sk_span name;
    enum sk_role role;
    const char *password; /* hash; NULL: cannot log in */
    const yyjson_mut_val *oidc;
};

struct sk_device {
    struct sk_span client_id, description;
    enum sk_role role;
};

/* ADMINUSER: the only user from now on, and nothing can be changed any more. */
int sk_security_set_only_admin(struct sk_security *s, struct sk_span name, const char *hash, struct sk_errmsg *em);
/* A missing file is an empty one. A broken one too, with an error in the log; it is left as it is until something is saved. */
struct sk_security *sk_security_load(const char *file, const struct sk_security_env *env);
void sk_security_destroy(struct sk_security *s);

struct sk_span sk_security_key(const struct sk_security *s); /* of all tokens; never empty */
bool sk_security_allow_readonly(const struct sk_security *s);
bool sk_security_allow_devices(const struct sk_security *s);
bool sk_security_allow_new_users(const struct sk_security *s);
int64_t sk_security_expiration_s(const struct sk_security *s);       /* of new sessions; 0: never */
const char *sk_security_origins(const struct sk_security *s);        /* allowedCorsOrigins; NULL: any, without credentials */
const yyjson_mut_val *sk_security_acls(const struct sk_security *s); /* NULL: none */
bool sk_security_immutable(const struct sk_security *s);
const yyjson_mut_val *sk_security_oidc(const struct sk_security *s); /* the object `oidc`; NULL: none */
/* Replaces it by a copy. */
int sk_security_set_oidc(struct sk_security *s, const yyjson_mut_val *section, struct sk_errmsg *em);

/* There are users, but their file could not be read: nobody may make himself the first one. */
bool sk_security_is_lost(const struct sk_security *s);
size_t sk_security_user_count(const struct sk_security *s);
bool sk_security_user_at(const struct sk_security *s, size_t i, struct sk_user *ret_user);
bool sk_security_user(const struct sk_security *s, struct sk_span name, struct sk_user *ret_user);
/* Who is known by another service: the user whose `oidc` has that issuer and subject. */
bool sk_security_user_by_identity(const struct sk_security *s, const char *issuer, const char *subject, struct sk_user *ret_user);
size_t sk_security_device_count(const struct sk_security *s);
bool sk_security_device(const struct sk_security *s, struct sk_span client_id, struct sk_device *ret_device);

/*
 * Edits. SK_ERR_DENIED: immutable; SK_ERR_EXISTS, SK_ERR_NOTFOUND, SK_ERR_LIMIT, SK_ERR_INVALID (name or role). `hash` NULL and
 * role NONE leave what there is.
 */
int sk_security_add_user(struct sk_security *s, struct sk_span name, enum sk_role role, const char *hash, struct sk_errmsg *em);
int sk_security_update_user(struct sk_security *s, struct sk_span name, enum sk_role role, const char *hash,
                            struct sk_errmsg *em);
/* Replaces the user's `oidc` by a copy. */
int sk_security_set_identity(struct sk_security *s, struct sk_span name, const yyjson_mut_val *identity, struct sk_errmsg *em);
int sk_security_remove_user(struct sk_security *s, struct sk_span name, struct sk_errmsg *em);
/* Adds, or replaces the device of that client id. `asked_for_role`: its request named one. `expires_s` 0: never. */
int sk_security_put_device(struct sk_security *s, struct sk_span client_id, struct sk_span description, enum sk_role role,
                           bool asked_for_role, int64_t expires_s, struct sk_errmsg *em);
int sk_security_update_device(struct sk_security *s, struct sk_span client_id, const struct sk_span *description,
                              enum sk_role role, struct sk_errmsg *em);
int sk_security_remove_device(struct sk_security *s, struct sk_span client_id, struct sk_errmsg *em);
/* The settings page's members of `changes`; all or none are taken. */
int sk_security_configure(struct sk_security *s, const yyjson_val *changes, struct sk_errmsg *em);

/* The file's text; without secrets (users, secretKey, oidc.clientSecret) when `open`. */
void sk_security_write(const struct sk_security *s, struct sk_buf *out);
void sk_security_write_open(const struct sk_security *s, struct sk_buf *out);
void sk_security_write_devices(const struct sk_security *s, struct sk_buf *out);

/* What an edit did not bring to disk is undone: the state before it, as a text of sk_security_write. */
int sk_security_restore(struct sk_security *s, struct sk_span text, struct sk_errmsg *em);

#endif
