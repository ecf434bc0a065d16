/* Security for the first time, off again, and back: the first administrator, and the file that is kept meanwhile. */
#include "api/access/session.h"
#include "api/admin/save_setting.h"
#include "api/body.h"
#include "api/pool.h"

#include "base/json.h"
#include "base/log.h"
#include "store/fs.h"

#include <stdlib.h>

#define SETTINGS_MAX ((size_t)8 * 1024 * 1024)
#define STRATEGY "{\"strategy\":\"./tokensecurity\"}"

struct setup {
    struct sk_api *api;
    struct sk_http_req *req;
    struct sk_span user, password; /* in the request's arena */
    bool allow_readonly;
    char *from, *to; /* files */
    bool found;
    int result;
    struct sk_errmsg em;
    const char *done_text;
    struct sk_security *backup;
};

static struct setup *setup_begin(struct sk_http_req *r, struct sk_api *api, const char *done_text)
{
    struct setup *s = sk_xcalloc(1, sizeof *s);
    *s = (struct setup){ .api = api, .req = r, .done_text = done_text };
    s->from = sk_fs_path(api->config_dir, "security.json");
    s->to = sk_fs_path(api->config_dir, "security.json.disabled");
    return s;
}

static void setup_free(struct setup *s)
{
    sk_security_destroy(s->backup);
    free(s->from);
    free(s->to);
    free(s);
}

static void setup_end(struct setup *s, int status, const char *text)
{
    sk_http_reply_text(s->req, status, text);
    setup_free(s);
}

/* ---- the settings' share -------------------------------------------------------------------------------------------------- */

static void settings_saved(void *arg, int result, const char *error)
{
    struct setup *s = arg;
    (void)error;
    if (result < 0)
        setup_end(s, 500, "Unable to save configuration change");
    else
        setup_end(s, 200, s->done_text);
}

/* `strategy` empty: security is off from the next start on. */
static void save_settings(struct setup *s, struct sk_span strategy)
{
    sk_save_setting(s->api, SK_SETTING(SK_SPAN("security")), strategy, settings_saved, s);
}

/* ---- the first administrator ---------------------------------------------------------------------------------------------- */

static void user_saved(void *arg, int result, const char *error)
{
    struct setup *s = arg;
    (void)error;
    if (result < 0) {
        s->api->security_setup_open = true;
        setup_end(s, 500, "Unable to add user");
    } else if (sk_auth_on(s->api->auth)) {
        setup_end(s, 200, s->done_text);
    } else {
        sk_auth_note_switched(s->api->auth);
        save_settings(s, SK_SPAN(STRATEGY));
    }
}

static int add_first(struct setup *s, const char *hash)
{
    struct sk_security *security = sk_auth_security(s->api->auth);
    yyjson_doc *doc = NULL;
    int r = sk_security_add_user(security, s->user, SK_ROLE_ADMIN, hash, &s->em);
    if (r == 0 && s->allow_readonly && sk_json_read(SK_SPAN("{\"allow_readonly\":true}"), &doc, NULL) == 0)
        r = sk_security_configure(security, yyjson_doc_get_root(doc), &s->em);
    yyjson_doc_free(doc);
    return r;
}

static void first_hashed(void *arg, const char *hash, const struct sk_errmsg *em)
{
    struct setup *s = arg;
    struct sk_buf before;
    sk_buf_init(&before, SETTINGS_MAX);
    sk_security_write(sk_auth_security(s->api->auth), &before);
    if (hash != NULL && add_first(s, hash) == 0) {
        sk_auth_save(s->api->auth, &before, user_saved, s);
    } else {
        sk_log_error("first administrator not made: %s", hash == NULL ? em->text : s->em.text);
        s->api->security_setup_open = true;
        setup_end(s, 500, "Unable to add user");
    }
    sk_buf_finish(&before);
}

static struct sk_span kept(struct sk_http_req *r, const yyjson_val *v, const char *name)
{
    struct sk_span text = sk_json_str(sk_json_get(v, name));
    char *copy = text.n > 0 ? sk_arena_copy(sk_http_arena(r), text.p, text.n) : NULL;
    return copy != NULL ? (struct sk_span){ copy, text.n } : (struct sk_span){ NULL, 0 };
}

static void make_first(struct sk_http_req *r, struct sk_api *api, const yyjson_val *v)
{
    struct sk_span user = kept(r, v, "userId"), password = sk_json_str(sk_json_get(v, "password"));
    if (!api->security_setup_open) {
        sk_http_reply_text(r, 403, "Security already enabled");
    } else if (user.n == 0 || password.n == 0) {
        bool on = sk_auth_on(api->auth);
        sk_http_reply_text(r, on ? 500 : 400, on ? "Unable to add user" : "userId or password missing or too short");
    } else {
        struct setup *s = setup_begin(r, api, "Security enabled");
        s->user = user;
        s->allow_readonly = sk_json_get_bool(v, "allow_readonly", false);
        api->security_setup_open = false; /* a second one must not slip in while this one is computed */
        sk_auth_hash(api->auth, password, first_hashed, s);
    }
}

/* ---- off, and back -------------------------------------------------------------------------------------------------------- */

static void rename_file(void *arg)
{
    struct setup *s = arg;
    s->result = sk_fs_rename(s->from, s->to, &s->em);
}

static void turned_off(void *arg)
{
    struct setup *s = arg;
    if (s->result < 0) {
        sk_log_error("%s", s->em.text);
        setup_end(s, 500, "Unable to disable security");
    } else {
        save_settings(s, (struct sk_span){ NULL, 0 });
    }
}

static void off_checked(void *arg, const struct sk_login *who)
{
    struct setup *s = arg;
    if (who->result == SK_LOGIN_OK && who->role == SK_ROLE_ADMIN)
        sk_pool_run(s->api, rename_file, turned_off, s);
    else if (sk_session_refuse(s->req, who))
        setup_free(s);
    else
        setup_end(s, 401, "Invalid admin credentials");
}

void sk_setup_disable(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    sk_http_secret(r);
    yyjson_doc *doc = sk_body_json(r);
    const yyjson_val *v = yyjson_doc_get_root(doc);
    if (doc == NULL)
        return;
    struct sk_span name = sk_json_str(sk_json_get(v, "username")), password = sk_json_str(sk_json_get(v, "password"));
    if (!sk_auth_on(api->auth))
        sk_http_reply_text(r, 400, "Security is not enabled");
    else if (name.n == 0 || password.n == 0)
        sk_http_reply_text(r, 400, "username and password are required");
    else
        sk_auth_login(api->auth, sk_http_remote_ip(r), name, password, NULL, off_checked,
                      setup_begin(r, api, "Security disabled, please restart the server"));
    sk_json_wipe(doc);
}

static void look_for_backup(void *arg)
{
    struct setup *s = arg;
    struct sk_security_env none = { 0 };
    s->found = sk_fs_is_file(s->to);
    if (s->found && s->user.n > 0)
        s->backup = sk_security_load(s->to, &none);
}

static void put_back(void *arg)
{
    struct setup *s = arg;
    if (s->result < 0) {
        sk_log_error("%s", s->em.text);
        setup_end(s, 500, "Unable to restore security");
        return;
    }
    s->api->security_setup_open = false;
    sk_auth_note_switched(s->api->auth);
    save_settings(s, SK_SPAN(STRATEGY));
}

static void restore_checked(void *arg, const struct sk_login *who)
{
    struct setup *s = arg;
    char *from = s->from;
    if (who->result == SK_LOGIN_OK && who->role == SK_ROLE_ADMIN) {
        s->from = s->to;
        s->to = from;
        sk_pool_run(s->api, rename_file, put_back, s);
    } else if (sk_session_refuse(s->req, who)) {
        setup_free(s);
    } else {
        setup_end(s, 401, "Invalid admin credentials");
    }
}

static void backup_read(void *arg)
{
    struct setup *s = arg;
    if (!s->found)
        setup_end(s, 404, "No security backup found");
    else
        sk_auth_login(s->api->auth, sk_http_remote_ip(s->req), s->user, s->password, s->backup, restore_checked, s);
}

static void restore(struct sk_http_req *r, struct sk_api *api, const yyjson_val *v)
{
    struct sk_span user = kept(r, v, "username"), password = kept(r, v, "password");
    if (sk_auth_on(api->auth) || !api->security_setup_open) {
        sk_http_reply_text(r, 403, "Security already enabled");
    } else if (user.n == 0 || password.n == 0) {
        sk_http_reply_text(r, 400, "username and password are required");
    } else {
        struct setup *s = setup_begin(r, api, "Security restored, please restart the server");
        s->user = user;
        s->password = password;
        sk_pool_run(s->api, look_for_backup, backup_read, s);
    }
}

void sk_setup_enable(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    sk_http_secret(r);
    yyjson_doc *doc = sk_body_json(r);
    const yyjson_val *v = yyjson_doc_get_root(doc);
    if (doc == NULL)
        return;
    if (api->security_setup_forbidden)
        sk_http_reply_text(r, 403, "Security activation is disabled");
    else if (sk_json_get_bool(v, "restore", false))
        restore(r, api, v);
    else
        make_first(r, api, v);
    sk_json_wipe(doc);
}

static void told_of_backup(void *arg)
{
    struct setup *s = arg;
    sk_http_reply_json(s->req, 200, s->found ? SK_SPAN("{\"hasBackup\":true}") : SK_SPAN("{\"hasBackup\":false}"));
    setup_free(s);
}

void sk_setup_has_backup(struct sk_http_req *r, void *arg)
{
    sk_pool_run(arg, look_for_backup, told_of_backup, setup_begin(r, arg, NULL));
}
