#include "api/data/priorities.h"

#include "api/body.h"
#include "api/stream/events.h"
#include "base/log.h"
#include "hub/priority.h"
#include "model/query.h"
#include "store/fs.h"
#include "store/kept.h"
#include "store/saver.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)4 * 1024 * 1024)

/* The members of priorities.json. */
enum member { GROUPS, OVERRIDES, DEFAULTS, ALIASES, CONFLICTS, MEMBER_COUNT };
static const struct {
    const char *file_name; /* also the name of its route */
    const char *event;
    const char *in_whole; /* its name in /skServer/priorities, or NULL */
    const char *empty;
} members[MEMBER_COUNT] = {
    [GROUPS] = { "priorityGroups", "PRIORITYGROUPS", "groups", "[]" },
    [OVERRIDES] = { "priorityOverrides", "PRIORITYOVERRIDES", "overrides", "{}" },
    [DEFAULTS] = { "priorityDefaults", "PRIORITYDEFAULTS", "defaults", "{}" },
    [ALIASES] = { "sourceAliases", "SOURCEALIASES", NULL, "{}" },
    [CONFLICTS] = { "ignoredInstanceConflicts", "IGNOREDINSTANCECONFLICTS", NULL, "{}" },
};

struct sk_priority_store {
    struct sk_api *api;
    struct sk_saver *saver;
    yyjson_mut_doc *doc; /* root: an object; unknown members are kept */
    struct sk_route routes[3 + 2 * MEMBER_COUNT + 3];
    struct field {
        struct sk_priority_store *store;
        enum member member;
    } fields[MEMBER_COUNT];
};

/* ---- content ------------------------------------------------------------------------------------------------------------ */

static int check_texts(const yyjson_val *v, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *key, *text, *object = (yyjson_val *)(uintptr_t)v;
    if (!yyjson_is_obj(object))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s", "");
    yyjson_obj_foreach(object, i, n, key, text)
        if (!yyjson_is_str(text))
            return sk_errmsg_set(em, SK_ERR_INVALID, "/%.200s", yyjson_get_str(key));
    return 0;
}

static int check(enum member m, const yyjson_val *v, struct sk_errmsg *em)
{
    switch (m) {
    case GROUPS:
        return sk_priority_check(SK_PRIORITY_GROUPS, v, em);
    case OVERRIDES:
        return sk_priority_check(SK_PRIORITY_OVERRIDES, v, em);
    case DEFAULTS:
        return sk_priority_check(SK_PRIORITY_DEFAULTS, v, em);
    case ALIASES:
        return check_texts(v, em);
    default:
        return yyjson_is_obj((yyjson_val *)(uintptr_t)v) ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "%s", "");
    }
}

static yyjson_mut_val *get(const struct sk_priority_store *s, enum member m)
{
    return yyjson_mut_obj_get(yyjson_mut_doc_get_root(s->doc), members[m].file_name);
}

static void write_member(const struct sk_priority_store *s, enum member m, struct sk_buf *out)
{
    yyjson_mut_val *v = get(s, m);
    if (v != NULL)
        sk_json_write_mut(out, v);
    else
        sk_buf_text(out, members[m].empty);
}

/* Timeouts given as numeric texts become numbers. */
static void numbers_for_texts(yyjson_mut_doc *doc, yyjson_mut_val *overrides)
{
    size_t i, n, k, count;
    yyjson_mut_val *key, *rows, *row;
    yyjson_mut_obj_foreach(overrides, i, n, key, rows)
    {
        yyjson_mut_arr_foreach(rows, k, count, row)
        {
            yyjson_mut_val *t = yyjson_mut_obj_get(row, "timeout");
            double ms;
            if (yyjson_mut_is_str(t) && sk_parse_double((struct sk_span){ yyjson_mut_get_str(t), yyjson_mut_get_len(t) }, &ms))
                yyjson_mut_obj_put(row, yyjson_mut_str(doc, "timeout"),
                                   (double)(int64_t)ms == ms ? yyjson_mut_sint(doc, (int64_t)ms) : yyjson_mut_real(doc, ms));
        }
    }
}

static bool is_empty(const yyjson_val *v)
{
    yyjson_val *x = (yyjson_val *)(uintptr_t)v;
    return yyjson_is_arr(x) ? yyjson_arr_size(x) == 0 : yyjson_obj_size(x) == 0;
}

static void set(struct sk_priority_store *s, enum member m, const yyjson_val *v)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(s->doc);
    yyjson_mut_obj_remove_key(root, members[m].file_name);
    if (v == NULL || is_empty(v))
        return;
    yyjson_mut_val *copy = yyjson_val_mut_copy(s->doc, (yyjson_val *)(uintptr_t)v);
    if (m == OVERRIDES)
        numbers_for_texts(s->doc, copy);
    yyjson_mut_obj_add(root, yyjson_mut_str(s->doc, members[m].file_name), copy);
}

/* The hub works by what is set now. The document is copied: what was removed from it is given back with the old one. */
static void apply(struct sk_priority_store *s)
{
    yyjson_doc *now = yyjson_mut_doc_imut_copy(s->doc, NULL);
    yyjson_val *root = yyjson_doc_get_root(now);
    sk_hub_set_priorities(s->api->hub, sk_json_get(root, members[GROUPS].file_name),
                          sk_json_get(root, members[OVERRIDES].file_name), sk_json_get(root, members[DEFAULTS].file_name));
    yyjson_doc_free(now);
    yyjson_mut_doc *fresh = yyjson_mut_doc_mut_copy(s->doc, NULL);
    yyjson_mut_doc_free(s->doc);
    s->doc = fresh;
}

/* ---- answers ------------------------------------------------------------------------------------------------------------ */

static void saved(void *arg, int result, const char *error)
{
    struct sk_http_req *r = arg;
    if (result == 0)
        sk_http_reply_json(r, 200, SK_SPAN("{\"result\":\"ok\"}"));
    else
        sk_http_reply_text(r, 500, error);
}

static void save(struct sk_priority_store *s, struct sk_http_req *r)
{
    struct sk_buf out;
    size_t n;
    apply(s);
    sk_buf_init(&out, FILE_MAX);
    sk_json_write_mut_pretty(&out, yyjson_mut_doc_get_root(s->doc));
    char *text = sk_buf_steal(&out, &n);
    sk_buf_finish(&out);
    if (text != NULL)
        sk_saver_put(s->saver, text, n, saved, r);
    else
        sk_http_reply_text(r, 500, "the priorities are too many to be saved");
}

static void tell(struct sk_priority_store *s, enum member m)
{
    struct sk_buf out;
    sk_buf_init(&out, FILE_MAX);
    write_member(s, m, &out);
    if (sk_buf_ok(&out))
        sk_events_send(s->api, members[m].event, sk_buf_span(&out));
    sk_buf_finish(&out);
}

static void refuse(struct sk_http_req *r, const char *member, const char *where)
{
    char text[700];
    snprintf(text, sizeof text, "Invalid priorities payload at /%s%s", member, where);
    sk_http_reply_text(r, 400, text);
}

static void get_field(struct sk_http_req *r, void *arg)
{
    const struct field *f = arg;
    struct sk_buf out;
    sk_buf_init(&out, FILE_MAX);
    write_member(f->store, f->member, &out);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    sk_buf_finish(&out);
}

static void put_field(struct sk_http_req *r, void *arg)
{
    const struct field *f = arg;
    struct sk_errmsg em;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    if (check(f->member, yyjson_doc_get_root(doc), &em) < 0) {
        refuse(r, members[f->member].file_name, em.text);
    } else {
        set(f->store, f->member, yyjson_doc_get_root(doc));
        tell(f->store, f->member);
        save(f->store, r);
    }
    yyjson_doc_free(doc);
}

static void get_all(struct sk_http_req *r, void *arg)
{
    struct sk_priority_store *s = arg;
    struct sk_buf out;
    sk_buf_init(&out, FILE_MAX);
    for (int m = 0; m < MEMBER_COUNT; m++) {
        if (members[m].in_whole == NULL)
            continue;
        sk_buf_char(&out, m == 0 ? '{' : ',');
        sk_json_write_str(&out, sk_span_of(members[m].in_whole));
        sk_buf_char(&out, ':');
        write_member(s, (enum member)m, &out);
    }
    sk_buf_char(&out, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    sk_buf_finish(&out);
}

/* All three, or nothing: a member that is absent is emptied. */
static void replace_all(struct sk_priority_store *s, struct sk_http_req *r, const yyjson_val *whole)
{
    struct sk_errmsg em;
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)whole)) {
        refuse(r, "", "");
        return;
    }
    for (int m = 0; m < MEMBER_COUNT; m++) {
        yyjson_val *v = members[m].in_whole != NULL ? sk_json_get(whole, members[m].in_whole) : NULL;
        if (v != NULL && check((enum member)m, v, &em) < 0) {
            refuse(r, members[m].in_whole, em.text);
            return;
        }
    }
    for (int m = 0; m < MEMBER_COUNT; m++)
        if (members[m].in_whole != NULL) {
            set(s, (enum member)m, sk_json_get(whole, members[m].in_whole));
            tell(s, (enum member)m);
        }
    save(s, r);
}

static void put_all(struct sk_http_req *r, void *arg)
{
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    replace_all(arg, r, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

static void delete_all(struct sk_http_req *r, void *arg)
{
    yyjson_doc *nothing = NULL;
    SK_ASSERT(sk_json_read(SK_SPAN("{}"), &nothing, NULL) == 0);
    replace_all(arg, r, yyjson_doc_get_root(nothing));
    yyjson_doc_free(nothing);
}

/* ---- what the sources do ------------------------------------------------------------------------------------------------ */

/* Calls `each` for the own vessel's nodes. */
static void walk(const struct sk_node *n, struct sk_api *api, struct sk_buf *out,
                 void (*each)(const struct sk_node *n, struct sk_api *api, struct sk_buf *out))
{
    for (; n != NULL; n = n->next) {
        each(n, api, out);
        walk(n->first, api, out, each);
    }
}

static void comma(struct sk_buf *out)
{
    sk_buf_append(out, ",", out->n > 1 && !sk_buf_ends(out, '['));
}

static void write_refs(const struct sk_node *n, struct sk_buf *out)
{
    for (unsigned i = 0; n->leaf != NULL && i < n->leaf->count; i++) {
        comma(out);
        sk_buf_span_append(out, n->leaf->values[i].source->json);
    }
    for (unsigned i = 0; n->rejected != NULL && i < n->rejected->count; i++) {
        if (sk_node_value_of(n, n->rejected->values[i].source, false) != NULL)
            continue;
        comma(out);
        sk_buf_span_append(out, n->rejected->values[i].source->json);
    }
}

static void several_sources(const struct sk_node *n, struct sk_api *api, struct sk_buf *out)
{
    (void)api;
    bool notification = sk_span_starts(n->path->text, "notifications");
    unsigned count = (n->leaf != NULL ? n->leaf->count : 0u) + (n->rejected != NULL ? n->rejected->count : 0u);
    if (notification || count < 2)
        return;
    comma(out);
    sk_buf_span_append(out, n->path->json);
    SK_BUF_LIT(out, ":[");
    write_refs(n, out);
    sk_buf_char(out, ']');
}

/* {"<context>\u0000<path>": ref} of the paths that a ranking decides. */
static void preferred_source(const struct sk_node *n, struct sk_api *api, struct sk_buf *out)
{
    struct sk_priority_engine *e = sk_hub_priority(api->hub);
    const struct sk_source *s = e != NULL && sk_priority_governs(e, n->path) ? sk_priority_winner(e, n->path) : NULL;
    if (s == NULL)
        return;
    comma(out);
    sk_buf_append(out, n->context->json.p, n->context->json.n - 1);
    SK_BUF_LIT(out, "\\u0000");
    sk_buf_append(out, n->path->json.p + 1, n->path->json.n - 1);
    sk_buf_char(out, ':');
    sk_buf_span_append(out, s->json);
}

static void position_source(const struct sk_node *n, struct sk_api *api, struct sk_buf *out)
{
    (void)api;
    if (sk_span_eq(n->path->text, "navigation.position"))
        write_refs(n, out);
}

static void write_walk(struct sk_api *api, const char *brackets,
                       void (*each)(const struct sk_node *n, struct sk_api *api, struct sk_buf *out), struct sk_buf *out)
{
    sk_buf_char(out, brackets[0]);
    walk(sk_model_self(api->model)->first, api, out, each);
    sk_buf_char(out, brackets[1]);
}

void sk_priorities_write_sources(struct sk_api *api, enum sk_source_list list, struct sk_buf *out)
{
    if (list == SK_SOURCES_SEVERAL)
        write_walk(api, "{}", several_sources, out);
    else
        write_walk(api, "[]", position_source, out);
}

static void reply_list(struct sk_http_req *r, const struct sk_priority_store *s, enum sk_source_list list)
{
    struct sk_buf out;
    sk_buf_init(&out, FILE_MAX);
    sk_priorities_write_sources(s->api, list, &out);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    sk_buf_finish(&out);
}

static void get_multi_source_paths(struct sk_http_req *r, void *arg)
{
    reply_list(r, arg, SK_SOURCES_SEVERAL);
}

static void get_position_sources(struct sk_http_req *r, void *arg)
{
    reply_list(r, arg, SK_SOURCES_POSITION);
}

static void get_live_preferred(struct sk_http_req *r, void *arg)
{
    const struct sk_priority_store *s = arg;
    struct sk_buf out;
    sk_buf_init(&out, FILE_MAX);
    write_walk(s->api, "{}", preferred_source, &out);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    sk_buf_finish(&out);
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static void take_checked(struct sk_priority_store *s, const yyjson_val *from, const char *file)
{
    struct sk_errmsg em;
    for (int m = 0; m < MEMBER_COUNT; m++) {
        yyjson_val *v = sk_json_get(from, members[m].file_name);
        if (v != NULL && check((enum member)m, v, &em) < 0)
            sk_log_error("%s: %s is not used, it is wrong at '%s'", file, members[m].file_name, em.text);
        else if (v != NULL)
            set(s, (enum member)m, v);
    }
}

/* Members that we do not know come first; they go back into the file with the next save. */
static void read_file(struct sk_priority_store *s, const char *file, const yyjson_val *settings)
{
    struct sk_errmsg em;
    yyjson_doc *doc;
    int r = sk_kept_read_json(file, FILE_MAX, &doc, &em);
    if (r == SK_ERR_NOTFOUND) {
        take_checked(s, settings, "settings.json");
        return;
    }
    if (r < 0) {
        sk_log_error("source priorities not read, going on without: %s", em.text);
        return;
    }
    if (yyjson_is_obj(yyjson_doc_get_root(doc))) {
        yyjson_mut_doc_free(s->doc);
        s->doc = yyjson_doc_mut_copy(doc, NULL);
        for (int m = 0; m < MEMBER_COUNT; m++)
            yyjson_mut_obj_remove_key(yyjson_mut_doc_get_root(s->doc), members[m].file_name);
    }
    take_checked(s, yyjson_doc_get_root(doc), file);
    yyjson_doc_free(doc);
}

struct sk_priority_store *sk_priority_store_load(struct sk_api *api, const yyjson_val *settings)
{
    struct sk_priority_store *s = sk_xcalloc(1, sizeof *s);
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(api->config_dir, "priorities.json");
    s->api = api;
    s->saver = sk_saver_create(api->loop, file, 0644);
    s->doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(s->doc, yyjson_mut_obj(s->doc));
    read_file(s, file, settings);
    apply(s);
    return s;
}

void sk_priority_store_destroy(struct sk_priority_store *s)
{
    if (s == NULL)
        return;
    sk_saver_destroy(s->saver);
    yyjson_mut_doc_free(s->doc);
    free(s);
}

bool sk_priority_store_idle(const struct sk_priority_store *s)
{
    return s == NULL || sk_saver_idle(s->saver);
}

void sk_priorities_add_routes(struct sk_api *api)
{
    static const char *const patterns[MEMBER_COUNT] = {
        "/skServer/priorityGroups", "/skServer/priorityOverrides",        "/skServer/priorityDefaults",
        "/skServer/sourceAliases",  "/skServer/ignoredInstanceConflicts",
    };
    struct sk_priority_store *s = api->priorities;
    size_t n = 0;
    s->routes[n++] = (struct sk_route){ "GET", "/skServer/priorities", SK_ACCESS_ADMIN, get_all, s };
    s->routes[n++] = (struct sk_route){ "PUT", "/skServer/priorities", SK_ACCESS_ADMIN, put_all, s };
    s->routes[n++] = (struct sk_route){ "DELETE", "/skServer/priorities", SK_ACCESS_ADMIN, delete_all, s };
    for (int m = 0; m < MEMBER_COUNT; m++) {
        s->fields[m] = (struct field){ s, (enum member)m };
        s->routes[n++] = (struct sk_route){ "GET", patterns[m], SK_ACCESS_ADMIN, get_field, &s->fields[m] };
        s->routes[n++] = (struct sk_route){ "PUT", patterns[m], SK_ACCESS_ADMIN, put_field, &s->fields[m] };
    }
    s->routes[n++] = (struct sk_route){ "GET", "/skServer/multiSourcePaths", SK_ACCESS_ADMIN, get_multi_source_paths, s };
    s->routes[n++] = (struct sk_route){ "GET", "/skServer/livePreferredSources", SK_ACCESS_ADMIN, get_live_preferred, s };
    s->routes[n++] = (struct sk_route){ "GET", "/skServer/positionSources", SK_ACCESS_ADMIN, get_position_sources, s };
    SK_ASSERT(n == SK_COUNT(s->routes));
    sk_http_server_add(api->http, s->routes, n);
    sk_source_groups_add_routes(api);
}

void sk_priorities_write_groups(const struct sk_api *api, struct sk_buf *out)
{
    write_member(api->priorities, GROUPS, out);
}

void sk_priorities_greet(struct sk_api *api, void (*send)(void *arg, const char *type, struct sk_span json), void *arg)
{
    static const enum member order[] = { OVERRIDES, ALIASES, GROUPS, DEFAULTS };
    struct sk_buf out;
    sk_buf_init(&out, FILE_MAX);
    for (size_t i = 0; i < SK_COUNT(order); i++) {
        sk_buf_clear(&out);
        write_member(api->priorities, order[i], &out);
        if (sk_buf_ok(&out))
            send(arg, members[order[i]].event, sk_buf_span(&out));
    }
    sk_buf_finish(&out);
}
