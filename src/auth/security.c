#include "auth/security.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdlib.h>

#define FILE_MAX ((size_t)4 * 1024 * 1024)
#define KEY_BYTES 256u

struct sk_security {
    yyjson_mut_doc *doc;
    char *key;
    bool from_env;                      /* ADMINUSER: nothing can be changed */
    bool lost;                          /* the file is there and cannot be read */
    int allow_devices, allow_new_users; /* of the environment: -1 says nothing */
};

enum sk_role sk_role_of(struct sk_span text)
{
    for (enum sk_role r = SK_ROLE_READONLY; r <= SK_ROLE_ADMIN; r++)
        if (sk_span_eq(text, sk_role_name(r)))
            return r;
    return SK_ROLE_NONE;
}

const char *sk_role_name(enum sk_role role)
{
    static const char *const names[] = { "", "readonly", "readwrite", "admin" };
    return names[role];
}

/* ---- members of the file ------------------------------------------------------------------------------------------------- */

static yyjson_mut_val *root_of(const struct sk_security *s)
{
    return yyjson_mut_doc_get_root(s->doc);
}

static yyjson_mut_val *member(const yyjson_mut_val *object, const char *name)
{
    return yyjson_mut_obj_get((yyjson_mut_val *)(uintptr_t)object, name);
}

static struct sk_span text_of(const yyjson_mut_val *object, const char *name)
{
    yyjson_mut_val *v = member(object, name);
    return yyjson_mut_is_str(v) ? (struct sk_span){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) } : (struct sk_span){ NULL, 0 };
}

static bool flag(const struct sk_security *s, const char *name, bool otherwise)
{
    yyjson_mut_val *v = member(root_of(s), name);
    return yyjson_mut_is_bool(v) ? yyjson_mut_get_bool(v) : otherwise;
}

/* The list of that name; made when absent or of another type. */
static yyjson_mut_val *list(struct sk_security *s, const char *name)
{
    yyjson_mut_val *v = member(root_of(s), name);
    if (yyjson_mut_is_arr(v))
        return v;
    v = yyjson_mut_arr(s->doc);
    yyjson_mut_obj_put(root_of(s), yyjson_mut_strcpy(s->doc, name), v);
    return v;
}

/* Sets or adds a member in its place. */
static void put(struct sk_security *s, yyjson_mut_val *object, const char *name, yyjson_mut_val *value)
{
    yyjson_mut_val *old = member(object, name);
    if (old != NULL)
        yyjson_mut_obj_replace(object, yyjson_mut_strcpy(s->doc, name), value);
    else
        yyjson_mut_obj_add(object, yyjson_mut_strcpy(s->doc, name), value);
}

static void put_text(struct sk_security *s, yyjson_mut_val *object, const char *name, struct sk_span text)
{
    put(s, object, name, yyjson_mut_strncpy(s->doc, text.p != NULL ? text.p : "", text.n));
}

/* ---- life ----------------------------------------------------------------------------------------------------------------- */

static int read_doc(struct sk_span text, yyjson_mut_doc **ret_doc, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    int r = sk_json_read(text, &doc, em);
    if (r < 0)
        return r;
    if (yyjson_is_obj(yyjson_doc_get_root(doc)))
        *ret_doc = yyjson_doc_mut_copy(doc, NULL);
    else
        r = sk_errmsg_set(em, SK_ERR_INVALID, "not an object");
    yyjson_doc_free(doc);
    return r == 0 && *ret_doc == NULL ? sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory") : r;
}

static void read_file(struct sk_security *s, const char *file)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n;
    struct sk_errmsg em;
    int r = sk_kept_read(file, FILE_MAX, &text, &n, &em);
    if (r == 0 && (r = read_doc((struct sk_span){ text, n }, &s->doc, &em)) < 0)
        sk_errmsg_wrap(&em, r, "%s", file);
    s->lost = r < 0 && r != SK_ERR_NOTFOUND;
    if (s->lost)
        sk_log_error("users and access rights not read, nobody can log in until the file is mended, or taken away to begin with "
                     "a "
                     "new first user: %s",
                     em.text);
    if (r < 0) {
        s->doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_doc_set_root(s->doc, yyjson_mut_obj(s->doc));
    }
}

/* In the file or the environment; else made now, and saved with the first save. */
static void find_key(struct sk_security *s, const char *given)
{
    static const char hex[] = "0123456789abcdef";
    struct sk_span kept = text_of(root_of(s), "secretKey");
    if (kept.n > 0) {
        s->key = sk_xstrndup(kept.p, kept.n);
    } else if (given != NULL && given[0] != '\0') {
        s->key = sk_xstrdup(given);
    } else {
        unsigned char random[KEY_BYTES];
        s->key = sk_xmalloc(2 * KEY_BYTES + 1);
        sk_random_bytes(random, sizeof random);
        for (size_t i = 0; i < KEY_BYTES; i++) {
            s->key[2 * i] = hex[random[i] >> 4];
            s->key[2 * i + 1] = hex[random[i] & 15];
        }
        s->key[2 * KEY_BYTES] = '\0';
        explicit_bzero(random, sizeof random);
    }
    put_text(s, root_of(s), "secretKey", sk_span_of(s->key));
}

static int tri(const char *text)
{
    return text == NULL ? -1 : strcmp(text, "true") == 0;
}

struct sk_security *sk_security_load(const char *file, const struct sk_security_env *env)
{
    struct sk_security *s = sk_xcalloc(1, sizeof *s);
    read_file(s, file);
    find_key(s, env->secret_key);
    s->allow_devices = tri(env->allow_devices);
    s->allow_new_users = tri(env->allow_new_users);
    return s;
}

void sk_security_destroy(struct sk_security *s)
{
    if (s == NULL)
        return;
    yyjson_mut_doc_free(s->doc);
    explicit_bzero(s->key, strlen(s->key));
    free(s->key);
    free(s);
}

int sk_security_set_only_admin(struct sk_security *s, struct sk_span name, const char *hash, struct sk_errmsg *em)
{
    yyjson_mut_arr_clear(list(s, "users"));
    int r = sk_security_add_user(s, name, SK_ROLE_ADMIN, hash, em);
    s->from_env = r == 0;
    return r;
}

int sk_security_restore(struct sk_security *s, struct sk_span text, struct sk_errmsg *em)
{
    yyjson_mut_doc *doc = NULL;
    int r = read_doc(text, &doc, em);
    if (r < 0)
        return r;
    yyjson_mut_doc_free(s->doc);
    s->doc = doc;
    return 0;
}

/* ---- flags ---------------------------------------------------------------------------------------------------------------- */

struct sk_span sk_security_key(const struct sk_security *s)
{
    return sk_span_of(s->key);
}

bool sk_security_allow_readonly(const struct sk_security *s)
{
    return flag(s, "allow_readonly", false);
}

bool sk_security_allow_devices(const struct sk_security *s)
{
    return s->allow_devices >= 0 ? s->allow_devices : flag(s, "allowDeviceAccessRequests", true);
}

bool sk_security_allow_new_users(const struct sk_security *s)
{
    return s->allow_new_users >= 0 ? s->allow_new_users : flag(s, "allowNewUserRegistration", true);
}

int64_t sk_security_expiration_s(const struct sk_security *s)
{
    int64_t seconds = 0;
    struct sk_span text = text_of(root_of(s), "expiration");
    if (text.n > 0 && sk_timespan_parse(text, &seconds, NULL) < 0)
        seconds = 3600; /* not understood: rather a short session than one for ever */
    return seconds;
}

const char *sk_security_origins(const struct sk_security *s)
{
    struct sk_span text = text_of(root_of(s), "allowedCorsOrigins");
    return text.n > 0 ? text.p : NULL;
}

const yyjson_mut_val *sk_security_acls(const struct sk_security *s)
{
    yyjson_mut_val *acls = member(root_of(s), "acls");
    return yyjson_mut_arr_size(acls) > 0 ? acls : NULL;
}

bool sk_security_immutable(const struct sk_security *s)
{
    return s->from_env || flag(s, "immutableConfig", false);
}

/* ---- users and devices ---------------------------------------------------------------------------------------------------- */

static yyjson_mut_val *entry(const struct sk_security *s, const char *which, const char *id_name, struct sk_span id,
                             size_t *ret_i)
{
    size_t i, n;
    yyjson_mut_val *v;
    yyjson_mut_arr_foreach(member(root_of(s), which), i, n, v)
    {
        struct sk_span found = text_of(v, id_name);
        if (found.p == NULL || !sk_span_is(found, id))
            continue;
        if (ret_i != NULL)
            *ret_i = i;
        return v;
    }
    return NULL;
}

static void user_of(const yyjson_mut_val *v, struct sk_user *ret_user)
{
    yyjson_mut_val *oidc = member(v, "oidc");
    *ret_user = (struct sk_user){ .name = text_of(v, "username"),
                                  .role = sk_role_of(text_of(v, "type")),
                                  .password = text_of(v, "password").p,
                                  .oidc = yyjson_mut_is_obj(oidc) ? oidc : NULL };
}

static void device_of(const yyjson_mut_val *v, struct sk_device *ret_device)
{
    *ret_device = (struct sk_device){ .client_id = text_of(v, "clientId"),
                                      .description = text_of(v, "description"),
                                      .role = sk_role_of(text_of(v, "permissions")) };
}

bool sk_security_is_lost(const struct sk_security *s)
{
    return s->lost;
}

size_t sk_security_user_count(const struct sk_security *s)
{
    return yyjson_mut_arr_size(member(root_of(s), "users"));
}

bool sk_security_user_at(const struct sk_security *s, size_t i, struct sk_user *ret_user)
{
    yyjson_mut_val *v = yyjson_mut_arr_get(member(root_of(s), "users"), i);
    if (v != NULL)
        user_of(v, ret_user);
    return v != NULL;
}

bool sk_security_user(const struct sk_security *s, struct sk_span name, struct sk_user *ret_user)
{
    yyjson_mut_val *v = entry(s, "users", "username", name, NULL);
    if (v != NULL)
        user_of(v, ret_user);
    return v != NULL;
}

bool sk_security_user_by_identity(const struct sk_security *s, const char *issuer, const char *subject, struct sk_user *ret_user)
{
    size_t i, n;
    yyjson_mut_val *v;
    yyjson_mut_arr_foreach(member(root_of(s), "users"), i, n, v)
    {
        const yyjson_mut_val *oidc = member(v, "oidc");
        if (!sk_span_eq(text_of(oidc, "issuer"), issuer) || !sk_span_eq(text_of(oidc, "sub"), subject))
            continue;
        user_of(v, ret_user);
        return true;
    }
    return false;
}

size_t sk_security_device_count(const struct sk_security *s)
{
    return yyjson_mut_arr_size(member(root_of(s), "devices"));
}

bool sk_security_device(const struct sk_security *s, struct sk_span client_id, struct sk_device *ret_device)
{
    yyjson_mut_val *v = entry(s, "devices", "clientId", client_id, NULL);
    if (v != NULL)
        device_of(v, ret_device);
    return v != NULL;
}

/* ---- edits ---------------------------------------------------------------------------------------------------------------- */

static int may_edit(const struct sk_security *s, struct sk_errmsg *em)
{
    return sk_security_immutable(s)
               ? sk_errmsg_set(em, SK_ERR_DENIED, "the security configuration cannot be changed: it is set immutable")
               : 0;
}

static int check_name(struct sk_span name, const char *what, struct sk_errmsg *em)
{
    if (name.n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s cannot be empty", what);
    if (name.n > SK_SUBJECT_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s has over %u bytes", what, SK_SUBJECT_MAX);
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f)
            return sk_errmsg_set(em, SK_ERR_INVALID, "%s holds a control character", what);
    return 0;
}

int sk_security_add_user(struct sk_security *s, struct sk_span name, enum sk_role role, const char *hash, struct sk_errmsg *em)
{
    struct sk_user known;
    int r = may_edit(s, em);
    if (r == 0)
        r = check_name(name, "Username", em);
    if (r == 0 && role == SK_ROLE_NONE)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "type is none of readonly, readwrite, admin");
    if (r == 0 && sk_security_user(s, name, &known))
        r = sk_errmsg_set(em, SK_ERR_EXISTS, "User already exists");
    if (r == 0 && sk_security_user_count(s) >= SK_USERS_MAX)
        r = sk_errmsg_set(em, SK_ERR_LIMIT, "there are %u users already", SK_USERS_MAX);
    if (r < 0)
        return r;
    yyjson_mut_val *v = yyjson_mut_obj(s->doc);
    put_text(s, v, "username", name);
    put_text(s, v, "type", sk_span_of(sk_role_name(role)));
    if (hash != NULL)
        put_text(s, v, "password", sk_span_of(hash));
    yyjson_mut_arr_append(list(s, "users"), v);
    return 0;
}

int sk_security_update_user(struct sk_security *s, struct sk_span name, enum sk_role role, const char *hash, struct sk_errmsg *em)
{
    int r = may_edit(s, em);
    if (r < 0)
        return r;
    yyjson_mut_val *v = entry(s, "users", "username", name, NULL);
    if (v == NULL)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "no such user");
    if (role != SK_ROLE_NONE)
        put_text(s, v, "type", sk_span_of(sk_role_name(role)));
    if (hash != NULL)
        put_text(s, v, "password", sk_span_of(hash));
    return 0;
}

int sk_security_set_identity(struct sk_security *s, struct sk_span name, const yyjson_mut_val *identity, struct sk_errmsg *em)
{
    int r = may_edit(s, em);
    yyjson_mut_val *v = entry(s, "users", "username", name, NULL);
    if (r == 0 && v == NULL)
        r = sk_errmsg_set(em, SK_ERR_NOTFOUND, "no such user");
    if (r == 0)
        put(s, v, "oidc", yyjson_mut_val_mut_copy(s->doc, (yyjson_mut_val *)(uintptr_t)identity));
    return r;
}

static int remove_entry(struct sk_security *s, const char *which, const char *id_name, struct sk_span id, struct sk_errmsg *em)
{
    size_t i;
    int r = may_edit(s, em);
    if (r < 0)
        return r;
    if (entry(s, which, id_name, id, &i) == NULL)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "nothing of that name");
    yyjson_mut_arr_remove(list(s, which), i);
    return 0;
}

int sk_security_remove_user(struct sk_security *s, struct sk_span name, struct sk_errmsg *em)
{
    return remove_entry(s, "users", "username", name, em);
}

int sk_security_put_device(struct sk_security *s, struct sk_span client_id, struct sk_span description, enum sk_role role,
                           bool asked_for_role, int64_t expires_s, struct sk_errmsg *em)
{
    int r = may_edit(s, em);
    if (r == 0)
        r = check_name(client_id, "clientId", em);
    if (r == 0 && role == SK_ROLE_NONE)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "permissions are none of readonly, readwrite, admin");
    if (r < 0)
        return r;
    (void)remove_entry(s, "devices", "clientId", client_id, NULL); /* a device that asks anew gets a new row */
    if (sk_security_device_count(s) >= SK_DEVICES_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "there are %u devices already", SK_DEVICES_MAX);
    yyjson_mut_val *v = yyjson_mut_obj(s->doc);
    put_text(s, v, "clientId", client_id);
    put_text(s, v, "permissions", sk_span_of(sk_role_name(role)));
    put_text(s, v, "description", description);
    put(s, v, "config", yyjson_mut_null(s->doc));
    put_text(s, v, "requestedPermissions", asked_for_role ? SK_SPAN("true") : SK_SPAN(""));
    if (expires_s != 0)
        put(s, v, "tokenExpiry", yyjson_mut_sint(s->doc, expires_s));
    yyjson_mut_arr_append(list(s, "devices"), v);
    return 0;
}

int sk_security_update_device(struct sk_security *s, struct sk_span client_id, const struct sk_span *description,
                              enum sk_role role, struct sk_errmsg *em)
{
    int r = may_edit(s, em);
    if (r < 0)
        return r;
    yyjson_mut_val *v = entry(s, "devices", "clientId", client_id, NULL);
    if (v == NULL)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "no such device");
    if (role != SK_ROLE_NONE)
        put_text(s, v, "permissions", sk_span_of(sk_role_name(role)));
    if (description != NULL)
        put_text(s, v, "description", *description);
    return 0;
}

int sk_security_remove_device(struct sk_security *s, struct sk_span client_id, struct sk_errmsg *em)
{
    return remove_entry(s, "devices", "clientId", client_id, em);
}

/* ---- the settings page ---------------------------------------------------------------------------------------------------- */

static int check_changes(const yyjson_val *changes, struct sk_errmsg *em)
{
    static const char *const flags[] = { "allow_readonly", "allowNewUserRegistration", "allowDeviceAccessRequests" };
    int64_t seconds;
    yyjson_val *v;
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)changes))
        return sk_errmsg_set(em, SK_ERR_INVALID, "an object with the settings is wanted");
    for (size_t i = 0; i < SK_COUNT(flags); i++)
        if ((v = sk_json_get(changes, flags[i])) != NULL && !yyjson_is_bool(v))
            return sk_errmsg_set(em, SK_ERR_INVALID, "%s is true or false", flags[i]);
    if ((v = sk_json_get(changes, "allowedCorsOrigins")) != NULL && !yyjson_is_str(v) && !yyjson_is_null(v))
        return sk_errmsg_set(em, SK_ERR_INVALID, "allowedCorsOrigins is a text");
    if ((v = sk_json_get(changes, "expiration")) == NULL)
        return 0;
    return yyjson_is_str(v) ? sk_timespan_parse(sk_json_str(v), &seconds, em)
                            : sk_errmsg_set(em, SK_ERR_INVALID, "expiration is a text such as 1d or NEVER");
}

/* A list of origins must let the admin page in that sets it; a page of this machine is not meant for others. */
static void put_origins(struct sk_security *s, struct sk_span origins, struct sk_span admin)
{
    struct sk_buf b;
    sk_buf_init(&b, FILE_MAX);
    sk_buf_span_append(&b, origins);
    bool local = sk_span_holds(admin, "//localhost");
    if (origins.n > 0 && origins.p[0] != '*' && admin.n > 0 && !local && memmem(origins.p, origins.n, admin.p, admin.n) == NULL) {
        sk_buf_char(&b, ',');
        sk_buf_span_append(&b, admin);
    }
    if (sk_buf_ok(&b))
        put_text(s, root_of(s), "allowedCorsOrigins", sk_buf_span(&b));
    sk_buf_finish(&b);
}

int sk_security_configure(struct sk_security *s, const yyjson_val *changes, struct sk_errmsg *em)
{
    static const char *const taken[] = { "allow_readonly", "expiration", "allowNewUserRegistration",
                                         "allowDeviceAccessRequests" };
    int r = may_edit(s, em);
    if (r == 0)
        r = check_changes(changes, em);
    if (r < 0)
        return r;
    for (size_t i = 0; i < SK_COUNT(taken); i++) {
        yyjson_val *v = sk_json_get(changes, taken[i]);
        if (v != NULL)
            put(s, root_of(s), taken[i], yyjson_val_mut_copy(s->doc, v));
    }
    yyjson_val *origins = sk_json_get(changes, "allowedCorsOrigins");
    if (origins != NULL)
        put_origins(s, sk_json_str(origins), sk_json_str(sk_json_get(changes, "adminUIOrigin")));
    return 0;
}

const yyjson_mut_val *sk_security_oidc(const struct sk_security *s)
{
    yyjson_mut_val *oidc = member(root_of(s), "oidc");
    return yyjson_mut_is_obj(oidc) ? oidc : NULL;
}

int sk_security_set_oidc(struct sk_security *s, const yyjson_mut_val *section, struct sk_errmsg *em)
{
    int r = may_edit(s, em);
    if (r == 0)
        put(s, root_of(s), "oidc", yyjson_mut_val_mut_copy(s->doc, (yyjson_mut_val *)(uintptr_t)section));
    return r;
}

/* ---- out ------------------------------------------------------------------------------------------------------------------ */

void sk_security_write(const struct sk_security *s, struct sk_buf *out)
{
    sk_json_write_mut_pretty(out, root_of(s));
}

static void write_open_oidc(struct sk_security *s, yyjson_mut_val *copy)
{
    yyjson_mut_val *oidc = member(copy, "oidc");
    if (yyjson_mut_is_obj(oidc) && member(oidc, "clientSecret") != NULL)
        put_text(s, oidc, "clientSecret", SK_SPAN(""));
}

void sk_security_write_open(const struct sk_security *s, struct sk_buf *out)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_mut_copy(s->doc, NULL);
    struct sk_security copy = { .doc = doc };
    if (doc == NULL) {
        out->failed = true;
        return;
    }
    yyjson_mut_obj_remove_key(root_of(&copy), "users");
    yyjson_mut_obj_remove_key(root_of(&copy), "secretKey");
    write_open_oidc(&copy, root_of(&copy));
    sk_json_write_mut(out, root_of(&copy));
    yyjson_mut_doc_free(doc);
}

void sk_security_write_devices(const struct sk_security *s, struct sk_buf *out)
{
    yyjson_mut_val *devices = member(root_of(s), "devices");
    if (yyjson_mut_is_arr(devices))
        sk_json_write_mut(out, devices);
    else
        SK_BUF_LIT(out, "[]");
}
