/* The administrator's pages: users, devices, what is allowed. */
#include "api/access/session.h"
#include "api/body.h"
#include "api/stream/stream.h"

#include "base/json.h"
#include "base/log.h"

#include <stdlib.h>

#define TEXT_MAX ((size_t)4 * 1024 * 1024)

/* ---- edits ---------------------------------------------------------------------------------------------------------------- */

bool sk_session_refuse_while_off(struct sk_http_req *r, struct sk_api *api)
{
    if (sk_auth_on(api->auth))
        return false;
    sk_http_reply_json(r, 401, SK_SPAN("\"Security config not allowed\""));
    return true;
}

struct sk_edit *sk_edit_begin(struct sk_http_req *r, struct sk_api *api, const char *done_text, const char *failed_text)
{
    if (sk_session_refuse_while_off(r, api))
        return NULL;
    struct sk_edit *e = sk_xcalloc(1, sizeof *e);
    *e = (struct sk_edit){ .api = api, .req = r, .done_text = done_text, .failed_text = failed_text };
    sk_buf_init(&e->before, TEXT_MAX);
    sk_security_write(sk_auth_security(api->auth), &e->before);
    return e;
}

static void edit_finish(struct sk_edit *e)
{
    sk_buf_finish(&e->before);
    free(e);
}

static void saved(void *arg, int result, const char *error)
{
    struct sk_edit *e = arg;
    (void)error; /* logged where it happened */
    if (result < 0)
        sk_http_reply_text(e->req, 500, e->failed_text);
    else
        sk_http_reply_text(e->req, 200, e->done_text);
    sk_streams_recheck(e->api); /* whoever lost a right loses it now */
    edit_finish(e);
}

void sk_edit_end(struct sk_edit *e, int result, int status, const char *text)
{
    if (result < 0) {
        sk_http_reply_text(e->req, status, text);
        edit_finish(e);
    } else {
        sk_auth_save(e->api->auth, &e->before, saved, e);
    }
}

/* The body as an object; NULL, and answered, when it is none. */
static yyjson_doc *body_of(struct sk_http_req *r)
{
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL || yyjson_is_obj(yyjson_doc_get_root(doc)))
        return doc;
    sk_http_reply_error_page(r, 400, "an object is wanted");
    yyjson_doc_free(doc);
    return NULL;
}

/* ---- users ---------------------------------------------------------------------------------------------------------------- */

static void write_oidc(struct sk_buf *b, const yyjson_mut_val *oidc)
{
    static const char *const shown[] = { "issuer", "email", "name" };
    SK_BUF_LIT(b, ",\"oidc\":{");
    size_t start = b->n;
    for (size_t i = 0; i < SK_COUNT(shown); i++) {
        const yyjson_mut_val *v = yyjson_mut_obj_get((yyjson_mut_val *)(uintptr_t)oidc, shown[i]);
        if (v == NULL)
            continue;
        sk_buf_append(b, ",", b->n > start);
        sk_buf_printf(b, "\"%s\":", shown[i]);
        sk_json_write_mut(b, v);
    }
    sk_buf_char(b, '}');
}

void sk_users_list(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    const struct sk_security *s = sk_auth_security(api->auth);
    struct sk_user u;
    struct sk_buf b;
    if (sk_session_refuse_while_off(r, api))
        return;
    sk_buf_init(&b, TEXT_MAX);
    sk_buf_char(&b, '[');
    for (size_t i = 0; sk_security_user_at(s, i, &u); i++) {
        sk_buf_append(&b, ",", i > 0);
        SK_BUF_LIT(&b, "{\"userId\":");
        sk_json_write_str(&b, u.name);
        SK_BUF_LIT(&b, ",\"type\":");
        sk_json_write_str(&b, sk_span_of(sk_role_name(u.role)));
        sk_buf_printf(&b, ",\"isOIDC\":%s", u.oidc != NULL ? "true" : "false");
        if (u.oidc != NULL)
            write_oidc(&b, u.oidc);
        sk_buf_char(&b, '}');
    }
    sk_buf_char(&b, ']');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

struct user_edit {
    struct sk_api *api;
    struct sk_http_req *req;
    struct sk_span name; /* in the request's arena */
    enum sk_role role;
    bool add;
};

static void apply_user(struct user_edit *u, const char *hash)
{
    struct sk_security *s = sk_auth_security(u->api->auth);
    struct sk_errmsg em = { 0 };
    struct sk_edit *e = sk_edit_begin(u->req, u->api, u->add ? "User added" : "User updated",
                                      u->add ? "Unable to add user" : "Unable to update user");
    if (e == NULL)
        return;
    int r =
        u->add ? sk_security_add_user(s, u->name, u->role, hash, &em) : sk_security_update_user(s, u->name, u->role, hash, &em);
    if (r == SK_ERR_NOTFOUND)
        sk_edit_end(e, r, 500, "Unable to add user");
    else
        sk_edit_end(e, r, r == SK_ERR_EXISTS ? 400 : 500, em.text);
}

static void user_hashed(void *arg, const char *hash, const struct sk_errmsg *em)
{
    struct user_edit *u = arg;
    if (hash != NULL)
        apply_user(u, hash);
    else
        sk_http_reply_text(u->req, em->code == SK_ERR_INVALID ? 400 : 503, em->text);
    free(u);
}

static void edit_user(struct sk_http_req *r, struct sk_api *api, bool add)
{
    sk_http_secret(r);
    yyjson_doc *doc = sk_session_refuse_while_off(r, api) ? NULL : body_of(r);
    const yyjson_val *v = yyjson_doc_get_root(doc);
    if (doc == NULL)
        return;
    struct sk_span password = sk_json_str(sk_json_get(v, "password")), type = sk_json_str(sk_json_get(v, "type"));
    struct user_edit *u = sk_xcalloc(1, sizeof *u);
    *u = (struct user_edit){ .api = api, .req = r, .name = sk_http_param(r, "id"), .role = sk_role_of(type), .add = add };
    if (type.p != NULL && u->role == SK_ROLE_NONE) {
        sk_http_reply_text(r, 400, "type is none of readonly, readwrite, admin");
        free(u);
    } else if (password.n > 0) {
        sk_auth_hash(api->auth, password, user_hashed, u);
    } else {
        apply_user(u, NULL);
        free(u);
    }
    sk_json_wipe(doc);
}

void sk_users_add(struct sk_http_req *r, void *arg)
{
    edit_user(r, arg, true);
}

void sk_users_update(struct sk_http_req *r, void *arg)
{
    edit_user(r, arg, false);
}

/* A name that is gone already is as good as removed. */
static void end_removal(struct sk_edit *e, int result, const struct sk_errmsg *em)
{
    sk_edit_end(e, result == SK_ERR_NOTFOUND ? 0 : result, 500, em->text);
}

void sk_users_remove(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_errmsg em = { 0 };
    struct sk_edit *e = sk_edit_begin(r, api, "User deleted", "Unable to delete user");
    if (e != NULL)
        end_removal(e, sk_security_remove_user(sk_auth_security(api->auth), sk_http_param(r, "id"), &em), &em);
}

/* ---- devices -------------------------------------------------------------------------------------------------------------- */

void sk_devices_list(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_buf b;
    if (sk_session_refuse_while_off(r, api))
        return;
    sk_buf_init(&b, TEXT_MAX);
    sk_security_write_devices(sk_auth_security(api->auth), &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_devices_update(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_errmsg em = { 0 };
    yyjson_doc *doc = sk_session_refuse_while_off(r, api) ? NULL : body_of(r);
    const yyjson_val *v = yyjson_doc_get_root(doc);
    if (doc == NULL)
        return;
    struct sk_span role = sk_json_str(sk_json_get(v, "permissions")), description = sk_json_str(sk_json_get(v, "description"));
    if (role.p != NULL && sk_role_of(role) == SK_ROLE_NONE) {
        sk_http_reply_text(r, 400, "permissions are none of readonly, readwrite, admin");
    } else {
        struct sk_edit *e = sk_edit_begin(r, api, "Device updated", "Unable to update device");
        int result = sk_security_update_device(sk_auth_security(api->auth), sk_http_param(r, "id"),
                                               description.p != NULL ? &description : NULL, sk_role_of(role), &em);
        sk_edit_end(e, result, 500, result == SK_ERR_NOTFOUND ? "Unable to update device" : em.text);
    }
    yyjson_doc_free(doc);
}

void sk_devices_remove(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_errmsg em = { 0 };
    struct sk_edit *e = sk_edit_begin(r, api, "Device deleted", "Unable to delete device");
    if (e != NULL)
        end_removal(e, sk_security_remove_device(sk_auth_security(api->auth), sk_http_param(r, "id"), &em), &em);
}

/* ---- what is allowed ------------------------------------------------------------------------------------------------------ */

void sk_security_config_get(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_buf b;
    if (sk_session_refuse_while_off(r, api))
        return;
    sk_buf_init(&b, TEXT_MAX);
    sk_security_write_open(sk_auth_security(api->auth), &b);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_security_config_put(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_errmsg em = { 0 };
    yyjson_doc *doc = sk_session_refuse_while_off(r, api) ? NULL : body_of(r);
    if (doc == NULL)
        return;
    struct sk_edit *e = sk_edit_begin(r, api, "security config saved", "Unable to save configuration change");
    int result = sk_security_configure(sk_auth_security(api->auth), yyjson_doc_get_root(doc), &em);
    sk_edit_end(e, result, result == SK_ERR_INVALID ? 400 : 500, em.text);
    yyjson_doc_free(doc);
}
