/* /skServer/settings: what the admin pages show of settings.json, and change in it. Most of it counts from the next start on. */
#include "api/admin/admin.h"
#include "api/admin/save_setting.h"
#include "api/body.h"

#include <stdio.h>
#include <stdlib.h>

#define SETTINGS_MAX ((size_t)4 * 1024 * 1024)
#define TEXT_MAX 1000u
#define NAME_MAX_BYTES 64u

/* Parts of the server that can be switched off, by the names that the admin pages know. */
static const char *const interfaces[] = {
    "applicationData",     "appstore", "logfiles", "nmea-tcp", "plugins", "providers", "rest", "tcp",
    "unitpreferences-api", "wasm",     "webapps",  "ws",
};

enum kind {
    BOOL,
    NUMBER,
    NUMBER_OR_FALSE, /* false: off */
    TEXT,
    PROXY, /* trustProxy: true, false, a number of hops or a list of addresses */
};

/* A member of the page: in which object of the page it stands, under which name, and in which object of settings.json under
   which;
   "" is the root. `usual` is shown when it is not set; NULL: then it is left out. */
static const struct entry {
    const char *group, *name, *inner, *setting;
    enum kind kind;
    double min, max;
    const char *usual;
} entries[] = {
    { "options", "mdns", "", "mdns", BOOL, 0, 0, "true" },
    { "options", "wsCompression", "", "wsCompression", BOOL, 0, 0, "false" },
    { "options", "wsPingInterval", "", "wsPingInterval", NUMBER_OR_FALSE, 0, 86400000, "30000" },
    { "options", "accessLogging", "", "accessLogging", BOOL, 0, 0, "true" },
    { "options", "enablePluginLogging", "", "enablePluginLogging", BOOL, 0, 0, "true" },
    { "options", "trustProxy", "", "trustProxy", PROXY, 0, 0, "false" },
    { "options", "useBLEManager", "", "useBLEManager", BOOL, 0, 0, "false" },
    { "options", "ssl", "", "ssl", BOOL, 0, 0, "false" },
    { "", "pruneContextsMinutes", "", "pruneContextsMinutes", NUMBER, 0, 1000000, "60" },
    { "", "keepMostRecentLogsOnly", "", "keepMostRecentLogsOnly", BOOL, 0, 0, "true" },
    { "", "logCountToKeep", "", "logCountToKeep", NUMBER, 1, 100000, "24" },
    { "", "loggingDirectory", "", "loggingDirectory", TEXT, 0, 0, NULL },
    { "courseApi", "apiOnly", "courseApi", "apiOnly", BOOL, 0, 0, "false" },
    { "notifications", "manageNotifications", "notifications", "manageNotifications", BOOL, 0, 0, "true" },
    { "staleness", "enforceDataTimeouts", "", "enforceDataTimeouts", BOOL, 0, 0, "false" },
    { "staleness", "enforceDataTimeoutsForOthers", "", "enforceDataTimeoutsForOthers", BOOL, 0, 0, NULL },
    { "staleness", "useDefaultTimeouts", "", "useDefaultTimeouts", BOOL, 0, 0, NULL },
    { "staleness", "defaultTimeout", "", "defaultTimeout", NUMBER, 0, 86400, NULL },
    { "staleness", "staleCheckIntervalMs", "", "staleCheckIntervalMs", NUMBER, 100, 60000, NULL },
    { "staleness", "autoTimeoutSamples", "", "autoTimeoutSamples", NUMBER, 2, 1000, NULL },
    { "staleness", "autoTimeoutWarmupSeconds", "", "autoTimeoutWarmupSeconds", NUMBER, 0, 3600, NULL },
    { "", "sslport", "", "sslport", NUMBER, 1, 65535, "3443" },
    { "", "port", "", "port", NUMBER, 1, 65535, "3000" },
};

/* A service manager that hands over the sockets decides about ports and encryption. */
static bool from_systemd(void)
{
    const char *v = getenv("RUN_FROM_SYSTEMD");
    return v != NULL && strcmp(v, "true") == 0;
}

static bool is_managers(const struct entry *e)
{
    return strcmp(e->name, "port") == 0 || strcmp(e->name, "sslport") == 0 || strcmp(e->name, "ssl") == 0;
}

static const yyjson_val *in(const yyjson_val *root, const char *group)
{
    return group[0] != '\0' ? sk_json_get(root, group) : root;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static void comma(struct sk_buf *b)
{
    sk_buf_append(b, ",", !sk_buf_ends(b, '{'));
}

static void write_entry(const struct entry *e, const yyjson_val *settings, struct sk_buf *b)
{
    yyjson_val *v = sk_json_get(in(settings, e->inner), e->setting);
    if ((v == NULL && e->usual == NULL) || (is_managers(e) && from_systemd()))
        return;
    comma(b);
    sk_json_write_str(b, sk_span_of(e->name));
    sk_buf_char(b, ':');
    if (v != NULL)
        sk_json_write(b, v);
    else
        sk_buf_text(b, e->usual);
}

static void write_group(const char *group, const yyjson_val *settings, struct sk_buf *b)
{
    if (group[0] != '\0') {
        comma(b);
        sk_buf_printf(b, "\"%s\":{", group);
    }
    for (size_t i = 0; i < SK_COUNT(entries); i++)
        if (strcmp(entries[i].group, group) == 0)
            write_entry(&entries[i], settings, b);
    if (group[0] != '\0')
        sk_buf_char(b, '}');
}

static void get_settings(struct sk_http_req *r, void *arg)
{
    static const char *const groups[] = { "options", "", "courseApi", "notifications", "staleness" };
    struct sk_api *api = arg;
    struct sk_buf b;
    sk_buf_init(&b, SETTINGS_MAX);
    SK_BUF_LIT(&b, "{\"interfaces\":{");
    for (size_t i = 0; i < SK_COUNT(interfaces); i++)
        sk_buf_printf(&b, "%s\"%s\":%s", i > 0 ? "," : "", interfaces[i],
                      sk_settings_interface(api->settings, interfaces[i]) ? "true" : "false");
    sk_buf_printf(&b, "},\"runFromSystemd\":%s", from_systemd() ? "true" : "false");
    for (size_t i = 0; i < SK_COUNT(groups); i++)
        write_group(groups[i], sk_settings_root(api->settings), &b);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

/* ---- checking ----------------------------------------------------------------------------------------------------------- */

static int wrong(const struct entry *e, const char *what, struct sk_errmsg *em)
{
    return sk_errmsg_set(em, SK_ERR_INVALID, "%s%s%s must be %s", e->group, e->group[0] != '\0' ? "." : "", e->name, what);
}

static int write_number(const struct entry *e, const yyjson_val *v, struct sk_buf *out, struct sk_errmsg *em)
{
    double d;
    char range[80];
    bool ok = yyjson_is_str((yyjson_val *)(uintptr_t)v) ? sk_parse_double(sk_json_str(v), &d) : sk_json_number(v, &d);
    if (!ok || d < e->min || d > e->max) {
        snprintf(range, sizeof range, "a number from %.0f to %.0f", e->min, e->max);
        return wrong(e, range, em);
    }
    sk_json_write_double(out, d);
    return 0;
}

/* The value as it shall stand in settings.json; "" removes it. */
static int write_value(const struct entry *e, yyjson_val *v, struct sk_buf *out, struct sk_errmsg *em)
{
    bool is_text = yyjson_is_str(v), is_bool = yyjson_is_bool(v);
    switch (e->kind) {
    case BOOL:
        if (!is_bool)
            return wrong(e, "true or false", em);
        break;
    case NUMBER_OR_FALSE:
        if (yyjson_is_false(v))
            break;
        return write_number(e, v, out, em);
    case NUMBER:
        return write_number(e, v, out, em);
    case TEXT:
        if (yyjson_is_null(v) || (is_text && yyjson_get_len(v) == 0))
            return 0;
        if (!is_text || yyjson_get_len(v) > TEXT_MAX)
            return wrong(e, "a text of at most 1000 bytes", em);
        break;
    case PROXY:
        if (!is_bool && !yyjson_is_num(v) && (!is_text || yyjson_get_len(v) > TEXT_MAX))
            return wrong(e, "true, false, a number of proxies or a list of addresses", em);
        break;
    }
    sk_json_write(out, v);
    return 0;
}

/* ---- changing ----------------------------------------------------------------------------------------------------------- */

/* Puts it under its name in `object`; without text it is removed. */
static void put_member(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, struct sk_span json)
{
    yyjson_doc *value = NULL;
    if (json.n > 0)
        SK_ASSERT(sk_json_read(json, &value, NULL) == 0);
    yyjson_mut_obj_put(object, yyjson_mut_strcpy(doc, name),
                       value != NULL ? yyjson_val_mut_copy(doc, yyjson_doc_get_root(value)) : NULL);
    yyjson_doc_free(value);
}

static yyjson_mut_val *object_in(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *name)
{
    if (name[0] == '\0')
        return root;
    yyjson_mut_val *v = yyjson_mut_obj_get(root, name);
    if (!yyjson_mut_is_obj(v)) {
        v = yyjson_mut_obj(doc);
        yyjson_mut_obj_put(root, yyjson_mut_strcpy(doc, name), v);
    }
    return v;
}

static int change_entries(yyjson_mut_doc *doc, const yyjson_val *body, struct sk_errmsg *em)
{
    struct sk_buf b;
    int r = 0;
    sk_buf_init(&b, 16384);
    for (size_t i = 0; r == 0 && i < SK_COUNT(entries); i++) {
        const struct entry *e = &entries[i];
        yyjson_val *v = sk_json_get(in(body, e->group), e->name);
        if (v == NULL || (is_managers(e) && from_systemd()))
            continue;
        sk_buf_clear(&b);
        r = write_value(e, v, &b, em);
        if (r == 0)
            put_member(doc, object_in(doc, yyjson_mut_doc_get_root(doc), e->inner), e->setting, sk_buf_span(&b));
    }
    sk_buf_finish(&b);
    return r;
}

static int change_interfaces(yyjson_mut_doc *doc, yyjson_val *wanted, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *key, *v;
    if (wanted == NULL)
        return 0;
    if (!yyjson_is_obj(wanted) || yyjson_obj_size(wanted) > 100)
        return sk_errmsg_set(em, SK_ERR_INVALID, "interfaces must be an object of at most 100 members");
    yyjson_mut_val *all = object_in(doc, yyjson_mut_doc_get_root(doc), "interfaces");
    yyjson_obj_foreach(wanted, i, n, key, v) {
        if (!yyjson_is_bool(v) || yyjson_get_len(key) > NAME_MAX_BYTES)
            return sk_errmsg_set(em, SK_ERR_INVALID, "interfaces.%.64s must be true or false", yyjson_get_str(key));
        yyjson_mut_obj_put(all, yyjson_val_mut_copy(doc, key), yyjson_mut_bool(doc, yyjson_get_bool(v)));
    }
    return 0;
}

static void saved(void *arg, int result, const char *error)
{
    char text[sizeof((struct sk_errmsg *)NULL)->text + 40];
    snprintf(text, sizeof text, "Unable to save to settings file: %s", error);
    sk_http_reply_text(arg, result == 0 ? 200 : 500, result == 0 ? "Settings changed" : text);
}

static void put_settings(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_errmsg em;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    const yyjson_val *body = yyjson_doc_get_root(doc);
    yyjson_mut_doc *changed = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(changed, yyjson_val_mut_copy(changed, sk_settings_root(api->settings)));
    if (!yyjson_is_obj(sk_json_get(body, "options")))
        sk_http_reply_error_page(r, 500, "the settings have no options");
    else if (change_entries(changed, body, &em) < 0 || change_interfaces(changed, sk_json_get(body, "interfaces"), &em) < 0)
        sk_http_reply_text(r, 400, em.text);
    else
        sk_save_settings(api, changed, saved, r);
    yyjson_mut_doc_free(changed);
    yyjson_doc_free(doc);
}

void sk_settings_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skServer/settings", SK_ACCESS_ADMIN, get_settings, api },
        { "PUT", "/skServer/settings", SK_ACCESS_ADMIN, put_settings, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
