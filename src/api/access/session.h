/* Sessions, users, devices and access requests over HTTP; what their files share. Owner: loop thread; `arg` of the handlers is
   the sk_api. */
#ifndef SK_API_SESSION_H
#define SK_API_SESSION_H

#include "api/api.h"

/* session.c */
void sk_session_login(struct sk_http_req *r, void *arg);
void sk_session_logout(struct sk_http_req *r, void *arg);
void sk_session_status(struct sk_http_req *r, void *arg);
/* Answers a login that was not even tried (429, 503); false when it was. */
bool sk_session_refuse(struct sk_http_req *r, const struct sk_login *l);
void sk_session_refuse_spent(struct sk_http_req *r, const char *message, unsigned retry_s);
/* The token of one who logged in, and what a client is told: {"timeToLive":s|null,"token":…} */
int sk_session_token(struct sk_api *api, const struct sk_login *l, bool remember_me, struct sk_buf *token, struct sk_errmsg *em);
void sk_session_write(struct sk_api *api, struct sk_span token, struct sk_buf *out);

/* Members of the login status, without braces; `who` NULL: not logged in. Security is on. */
void sk_session_write_status(struct sk_api *api, const struct sk_principal *who, struct sk_buf *out);

/* setup.c */
void sk_setup_enable(struct sk_http_req *r, void *arg);
void sk_setup_disable(struct sk_http_req *r, void *arg);
void sk_setup_has_backup(struct sk_http_req *r, void *arg);

/* users.c */
void sk_users_list(struct sk_http_req *r, void *arg);
void sk_users_add(struct sk_http_req *r, void *arg);
void sk_users_update(struct sk_http_req *r, void *arg);
void sk_users_remove(struct sk_http_req *r, void *arg);
void sk_devices_list(struct sk_http_req *r, void *arg);
void sk_devices_update(struct sk_http_req *r, void *arg);
void sk_devices_remove(struct sk_http_req *r, void *arg);
void sk_security_config_get(struct sk_http_req *r, void *arg);
void sk_security_config_put(struct sk_http_req *r, void *arg);

/* oidc.c: logging in by OpenID Connect */
void sk_oidc_add_routes(struct sk_api *api);
/* Members of the login status: nothing while it is off, else each with a comma in front. */
void sk_oidc_write_status(const struct sk_api *api, struct sk_buf *out);
/* oidc_admin.c: its settings */
void sk_oidc_admin_get(struct sk_http_req *r, void *arg);
void sk_oidc_admin_put(struct sk_http_req *r, void *arg);
void sk_oidc_admin_test(struct sk_http_req *r, void *arg);

/* Answers 401 while security is off: there is nothing to configure then. */
bool sk_session_refuse_while_off(struct sk_http_req *r, struct sk_api *api);

/* An edit of the security configuration on its way to disk, and the request that waits for it. */
struct sk_edit {
    struct sk_api *api;
    struct sk_http_req *req;
    struct sk_buf before;
    const char *done_text;   /* answered with 200 */
    const char *failed_text; /* with 500, when it could not be saved */
};
/* NULL, and answered, while security is off. */
struct sk_edit *sk_edit_begin(struct sk_http_req *r, struct sk_api *api, const char *done_text, const char *failed_text);
/* `result` of the edit: below 0 the request is answered with `status` and `text`, else saved and then answered. Frees `e`. */
void sk_edit_end(struct sk_edit *e, int result, int status, const char *text);

#endif
