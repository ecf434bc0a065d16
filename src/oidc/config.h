/*
 * How logging in by OpenID Connect is configured: the object `oidc` of security.json, each member of which a variable of the
 * environment may replace. Pure, but for sk_oidc_config_merge, which asks `env`. Thread: any, one at a time.
 */
#ifndef SK_OIDC_CONFIG_H
#define SK_OIDC_CONFIG_H

#include "auth/security.h"

#define SK_OIDC_GROUPS_MAX 100u /* of one list */

/* Member, end of its variable SIGNALK_OIDC_…, kind, default. */
#define SK_OIDC_MEMBERS(X)                                                                                                       \
    X(enabled, "ENABLED", FLAG, "false")                                                                                         \
    X(issuer, "ISSUER", TEXT, "")                                                                                                \
    X(clientId, "CLIENT_ID", TEXT, "")                                                                                           \
    X(clientSecret, "CLIENT_SECRET", TEXT, "")                                                                                   \
    X(redirectUri, "REDIRECT_URI", TEXT, "")                                                                                     \
    X(scope, "SCOPE", TEXT, "openid email profile")                                                                              \
    X(defaultPermission, "DEFAULT_PERMISSION", TEXT, "readonly")                                                                 \
    X(autoCreateUsers, "AUTO_CREATE_USERS", FLAG, "true")                                                                        \
    X(adminGroups, "ADMIN_GROUPS", LIST, "")                                                                                     \
    X(readwriteGroups, "READWRITE_GROUPS", LIST, "")                                                                             \
    X(groupsAttribute, "GROUPS_ATTRIBUTE", TEXT, "groups")                                                                       \
    X(providerName, "PROVIDER_NAME", TEXT, "SSO Login")                                                                          \
    X(autoLogin, "AUTO_LOGIN", FLAG, "false")
enum sk_oidc_member {
#define SK_AS_ENUM(name, env, kind, otherwise) SK_OIDC_##name,
    SK_OIDC_MEMBERS(SK_AS_ENUM)
#undef SK_AS_ENUM
        SK_OIDC_MEMBER_COUNT
};

/* All members, each from the environment, else the file, else its default. `doc` owns them. */
struct sk_oidc_merged {
    yyjson_mut_doc *doc;
    yyjson_mut_val *values[SK_OIDC_MEMBER_COUNT];
    bool from_env[SK_OIDC_MEMBER_COUNT];
};
/* `section` NULL: there is none in the file. `env`: sk_env (base/env.h), or a test's; NULL says nothing. */
void sk_oidc_config_merge(const yyjson_mut_val *section, const char *(*env)(const char *name), struct sk_oidc_merged *ret);
void sk_oidc_merged_finish(struct sk_oidc_merged *m); /* wipes the secret */
/* What an administrator is shown: everything but the secret, of which it says only whether there is one. */
void sk_oidc_merged_write(const struct sk_oidc_merged *m, struct sk_buf *out);

struct sk_oidc_config {
    bool enabled, auto_create_users, auto_login;
    char *issuer, *client_id, *client_secret, *redirect_uri, *scope, *groups_attribute, *provider_name;
    enum sk_role default_role;
    struct sk_buf admin_groups, readwrite_groups; /* each name with a NUL behind */
};
/* SK_ERR_INVALID: one of them cannot be used; `em` names it (by its variable when it comes from there), and why. Of those that
   are off only the kind of each value is looked at. */
int sk_oidc_config_read(const struct sk_oidc_merged *m, struct sk_oidc_config *ret, struct sk_errmsg *em);
void sk_oidc_config_finish(struct sk_oidc_config *c); /* zeroed is fine; wipes the secret */

/*
 * What an administrator sends, as an object for security.json in `doc`: members that are not sent, or come from the environment,
 * stay as they are in `section`, as do members that nobody knows; an empty secret keeps the one there is; groups may come as a
 * text with commas.
 */
yyjson_mut_val *sk_oidc_config_edit(const yyjson_mut_val *section, const yyjson_val *sent, const char *(*env)(const char *name),
                                    yyjson_mut_doc *doc);

#endif
