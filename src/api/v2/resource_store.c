#include "api/v2/resource_store.h"

#include "api/v2/resource_place.h"
#include "api/v2/resource_types.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hub/providers.h"
#include "model/query.h"
#include "store/docstore.h"
#include "store/fs.h"
#include "store/saver.h"

#include <stdlib.h>

#define LIST_MAX (2 * SK_RESOURCES_BYTES_MAX)
#define WAITING_MAX 1000u /* calls before the files are read; changes that wait to be saved */

struct early { /* asked before the files were read */
    struct early *next;
    char *method, *request;
    size_t n;
    sk_provider_done done;
    void *arg;
};

struct place { /* what filters look at */
    struct sk_box box;
    bool somewhere;
    char *href, *group;
};

struct sk_resource_store {
    struct sk_api *api;
    struct sk_docstore *docs;
    struct sk_resource_types types; /* numbered as the kinds of the documents */
    struct sk_saver *saver;
    struct early *early, **early_end;
    unsigned early_count;
};

/* ---- for the document store ---- */

static bool name_ok(size_t kind, struct sk_span name)
{
    enum sk_resource_type type = kind < SK_STANDARD_RESOURCES ? (enum sk_resource_type)kind : SK_CUSTOM_RESOURCE;
    bool looks_temporary = name.n >= 4 && memcmp(name.p + name.n - 4, ".tmp", 4) == 0;
    return sk_resource_id_ok(type, name) && name.p[0] != '.' && !looks_temporary;
}

/* What a client sends back of an earlier answer (timestamp, $source) is not the user's. */
static int tidy(size_t kind, struct sk_span text, struct sk_buf *out, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    yyjson_val *key, *v;
    size_t i, n;
    (void)kind;
    int r = sk_json_read(text, &doc, em);
    if (r == 0 && !yyjson_is_obj(yyjson_doc_get_root(doc)))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "not a JSON object");
    if (r == 0) {
        sk_buf_char(out, '{');
        yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, key, v) {
            struct sk_span name = sk_json_str(key);
            if (sk_span_eq(name, "timestamp") || sk_span_eq(name, "$source"))
                continue;
            sk_buf_append(out, ",", out->n > 1);
            sk_json_write_str(out, name);
            sk_buf_char(out, ':');
            sk_json_write(out, v);
        }
        sk_buf_char(out, '}');
    }
    yyjson_doc_free(doc);
    return r;
}

static char *copy_str(const yyjson_val *v)
{
    struct sk_span s = sk_json_str(v);
    return s.p != NULL ? sk_xstrndup(s.p, s.n) : NULL;
}

static void *derive(size_t kind, struct sk_span text)
{
    yyjson_doc *doc = NULL;
    (void)kind;
    if (sk_json_read(text, &doc, NULL) < 0)
        return NULL;
    const yyjson_val *root = yyjson_doc_get_root(doc);
    struct place *p = sk_xcalloc(1, sizeof *p);
    yyjson_val *group = sk_json_get(root, "group");
    p->somewhere = sk_place_of(root, &p->box);
    p->href = copy_str(sk_json_get(root, "href"));
    p->group = copy_str(group != NULL ? group : sk_json_get(sk_json_get(root, "properties"), "group"));
    yyjson_doc_free(doc);
    return p;
}

static void drop(void *extra)
{
    struct place *p = extra;
    free(p->href);
    free(p->group);
    free(p);
}

/* ---- reading ---- */

/* ,"timestamp":...,"$source":...} */
static void write_tail(const struct sk_doc *doc, bool first, struct sk_buf *out)
{
    char time[SK_ISO_TIME_SIZE];
    sk_iso_time(time, doc->mtime_ms);
    sk_buf_printf(out, "%s\"timestamp\":\"%s\",\"$source\":\"" SK_RESOURCE_STORE_ID "\"}", first ? "" : ",", time);
}

static void write_doc(const struct sk_doc *doc, struct sk_buf *out)
{
    sk_buf_append(out, doc->text, doc->n - 1);
    write_tail(doc, doc->n == 2, out);
}

struct filter {
    bool by_box, by_distance;
    struct sk_box box;
    double longitude, latitude, distance;
    struct sk_span href, group;
    size_t limit;
};

static bool four(const yyjson_val *v, double *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!sk_json_number(yyjson_arr_get((yyjson_val *)(uintptr_t)v, i), &to[i]))
            return false;
    return true;
}

/* Where the boat is; false while it does not know. */
static bool own_position(struct sk_api *api, struct filter *f)
{
    struct sk_buf b;
    yyjson_doc *doc = NULL;
    sk_buf_init(&b, 4096);
    bool ok = sk_model_query(api->model, SK_SPAN("navigation.position.value"), false, &b) == 0 &&
              sk_json_read(sk_buf_span(&b), &doc, NULL) == 0 &&
              sk_json_number(sk_json_get(yyjson_doc_get_root(doc), "longitude"), &f->longitude) &&
              sk_json_number(sk_json_get(yyjson_doc_get_root(doc), "latitude"), &f->latitude);
    yyjson_doc_free(doc);
    sk_buf_finish(&b);
    return ok;
}

static int read_filter(struct sk_api *api, const yyjson_val *q, struct filter *f, const char **ret_why)
{
    double d[4];
    *f = (struct filter){ .limit = SIZE_MAX,
                          .href = sk_json_str(sk_json_get(q, "href")),
                          .group = sk_json_str(sk_json_get(q, "group")) };
    if (sk_json_number(sk_json_get(q, "limit"), &d[0]) && d[0] >= 0 && d[0] < 1e9)
        f->limit = (size_t)d[0];
    f->by_box = four(sk_json_get(q, "bbox"), d, 4);
    if (f->by_box)
        f->box = (struct sk_box){ d[0], d[1], d[2], d[3] };
    f->by_distance = sk_json_number(sk_json_get(q, "distance"), &f->distance);
    if (!f->by_distance)
        return 0;
    if (four(sk_json_get(q, "position"), d, 2)) {
        f->longitude = d[0];
        f->latitude = d[1];
        return 0;
    }
    *ret_why = "distance needs a position: none is given, and the vessel's own is not known";
    return own_position(api, f) ? 0 : SK_ERR_INVALID;
}

static bool equal(struct sk_span wanted, const char *text)
{
    return wanted.p == NULL || (text != NULL && sk_span_eq(wanted, text));
}

static bool passes(const struct filter *f, const struct place *p)
{
    if (p == NULL || !equal(f->href, p->href) || !equal(f->group, p->group))
        return p == NULL && f->href.p == NULL && f->group.p == NULL && !f->by_box && !f->by_distance;
    if (f->by_box && !(p->somewhere && sk_place_touches(&p->box, &f->box)))
        return false;
    return !f->by_distance || (p->somewhere && sk_place_distance(&p->box, f->longitude, f->latitude) <= f->distance);
}

static void list(struct sk_resource_store *s, size_t kind, const yyjson_val *q, sk_provider_done done, void *arg)
{
    const char *why = NULL;
    struct filter f;
    struct sk_buf b;
    int r = read_filter(s->api, q, &f, &why);
    if (r < 0) {
        done(arg, r, sk_span_of(why));
        return;
    }
    sk_buf_init(&b, LIST_MAX);
    sk_buf_char(&b, '{');
    for (size_t i = 0, n = 0; i < sk_docstore_count(s->docs, kind) && n < f.limit; i++) {
        const struct sk_doc *doc = sk_docstore_at(s->docs, kind, i);
        if (!passes(&f, doc->extra))
            continue;
        sk_buf_append(&b, ",", n++ > 0);
        sk_json_write_str(&b, sk_span_of(doc->name));
        sk_buf_char(&b, ':');
        write_doc(doc, &b);
    }
    sk_buf_char(&b, '}');
    done(arg, sk_buf_ok(&b) ? 0 : SK_ERR_LIMIT, sk_buf_ok(&b) ? sk_buf_span(&b) : SK_SPAN("too much for one answer"));
    sk_buf_finish(&b);
}

/* Member by member; arrays by index. */
static yyjson_val *descend(yyjson_val *v, struct sk_span dotted)
{
    for (size_t from = 0, i = 0; i <= dotted.n && v != NULL; i++) {
        if (i < dotted.n && dotted.p[i] != '.')
            continue;
        struct sk_span name = { dotted.p + from, i - from };
        int64_t index;
        if (yyjson_is_arr(v))
            v = sk_parse_int(name, 0, INT32_MAX, &index) ? yyjson_arr_get(v, (size_t)index) : NULL;
        else
            v = yyjson_obj_getn(v, name.p, name.n);
        from = i + 1;
    }
    return v;
}

static void write_property(const struct sk_doc *doc, struct sk_span property, struct sk_buf *out)
{
    yyjson_doc *json = NULL;
    yyjson_val *v = sk_json_read((struct sk_span){ doc->text, doc->n }, &json, NULL) == 0
                        ? descend(yyjson_doc_get_root(json), property)
                        : NULL;
    if (v != NULL) {
        SK_BUF_LIT(out, "{\"value\":");
        sk_json_write(out, v);
        write_tail(doc, false, out);
    } else {
        SK_BUF_LIT(out, "null");
    }
    yyjson_doc_free(json);
}

static void get(struct sk_resource_store *s, size_t kind, const yyjson_val *q, sk_provider_done done, void *arg)
{
    const struct sk_doc *doc = sk_docstore_find(s->docs, kind, sk_json_str(sk_json_get(q, "id")));
    struct sk_span property = sk_json_str(sk_json_get(q, "property"));
    struct sk_buf b;
    sk_buf_init(&b, 2 * SK_RESOURCE_MAX);
    if (doc == NULL)
        SK_BUF_LIT(&b, "null");
    else if (property.p != NULL)
        write_property(doc, property, &b);
    else
        write_doc(doc, &b);
    done(arg, sk_buf_ok(&b) ? 0 : SK_ERR_LIMIT, sk_buf_span(&b));
    sk_buf_finish(&b);
}

/* ---- writing ---- */

struct change {
    sk_provider_done done;
    void *arg;
    bool removal;
};

static void changed(void *arg, int result, const char *error)
{
    struct change *c = arg;
    if (c->removal && result == SK_ERR_NOTFOUND)
        c->done(c->arg, 0, SK_SPAN("null"));
    else if (result == SK_ERR_NOTFOUND || result == SK_ERR_DENIED) /* these codes mean something else to who asked */
        c->done(c->arg, SK_ERR_IO, sk_span_of(error));
    else
        c->done(c->arg, result, result < 0 ? sk_span_of(error) : SK_SPAN("true"));
    free(c);
}

static void set(struct sk_resource_store *s, size_t kind, const yyjson_val *q, bool removal, sk_provider_done done, void *arg)
{
    struct change *c = sk_xmalloc(sizeof *c);
    struct sk_span id = sk_json_str(sk_json_get(q, "id"));
    *c = (struct change){ .done = done, .arg = arg, .removal = removal };
    if (removal) {
        sk_docstore_remove(s->docs, kind, id, changed, c);
        return;
    }
    struct sk_buf b;
    sk_buf_init(&b, 2 * SK_RESOURCE_MAX);
    if (sk_json_get(q, "value") != NULL)
        sk_json_write(&b, sk_json_get(q, "value"));
    if (sk_buf_ok(&b))
        sk_docstore_put(s->docs, kind, id, sk_buf_span(&b), changed, c);
    else
        changed(c, SK_ERR_LIMIT, "the resource is too large, or nested too deeply");
    sk_buf_finish(&b);
}

/* ---- as a provider ---- */

static void dispatch(struct sk_resource_store *s, const char *method, struct sk_span request, sk_provider_done done, void *arg)
{
    yyjson_doc *doc = NULL;
    struct sk_errmsg em = { 0 };
    if (sk_json_read(request, &doc, &em) < 0) {
        done(arg, SK_ERR_INVALID, sk_span_of(em.text));
        return;
    }
    const yyjson_val *q = yyjson_doc_get_root(doc);
    size_t kind = sk_resource_types_find(&s->types, sk_json_str(sk_json_get(q, "resourceType")));
    if (kind >= sk_docstore_kinds(s->docs))
        done(arg, SK_ERR_NOTFOUND, (struct sk_span){ 0 });
    else if (strcmp(method, "resources_list_resources") == 0)
        list(s, kind, q, done, arg);
    else if (strcmp(method, "resources_get_resource") == 0)
        get(s, kind, q, done, arg);
    else if (strcmp(method, "resources_set_resource") == 0)
        set(s, kind, q, false, done, arg);
    else if (strcmp(method, "resources_delete_resource") == 0)
        set(s, kind, q, true, done, arg);
    else
        done(arg, SK_ERR_NOTFOUND, (struct sk_span){ 0 });
    yyjson_doc_free(doc);
}

static void call(void *store, const char *method, struct sk_span request, sk_provider_done done, void *arg)
{
    struct sk_resource_store *s = store;
    if (sk_docstore_ready(s->docs)) {
        dispatch(s, method, request, done, arg);
        return;
    }
    if (s->early_count >= WAITING_MAX) {
        done(arg, SK_ERR_BUSY, SK_SPAN("the resources are still being read"));
        return;
    }
    struct early *e = sk_xcalloc(1, sizeof *e);
    e->method = sk_xstrdup(method);
    e->request = sk_xstrndup(request.p, request.n);
    e->n = request.n;
    e->done = done;
    e->arg = arg;
    *s->early_end = e;
    s->early_end = &e->next;
    s->early_count++;
    sk_docstore_begin(s->docs);
}

static void ready(void *store)
{
    struct sk_resource_store *s = store;
    while (s->early != NULL) {
        struct early *e = s->early;
        s->early = e->next;
        dispatch(s, e->method, (struct sk_span){ e->request, e->n }, e->done, e->arg);
        free(e->method);
        free(e->request);
        free(e);
    }
}

/* ---- types ---- */

static void register_type(struct sk_resource_store *s, size_t kind)
{
    struct sk_span name = sk_span_of(s->types.names[kind]);
    if (s->types.on[kind] && s->types.enabled)
        (void)sk_providers_add(s->api->providers, SK_PROVIDES_RESOURCES, SK_RESOURCE_STORE_ID, name, call, s, NULL);
    else
        sk_providers_remove_type(s->api->providers, SK_RESOURCE_STORE_ID, name);
}

struct turning { /* a type on or off, until that is saved */
    struct sk_resource_store *store;
    size_t kind;
    sk_docstore_done done;
    void *arg;
};

static void turned(void *arg, int result, const char *error)
{
    struct turning *t = arg;
    t->done(t->arg, result, result < 0 ? error : NULL);
    free(t);
}

static void save_types(void *arg, int result, const char *error)
{
    struct turning *t = arg;
    struct sk_resource_store *s = t->store;
    struct sk_errmsg em = { 0 };
    struct sk_buf b;
    if (result < 0) { /* the folder could not be taken up: the type stays off */
        s->types.on[t->kind] = false;
        turned(t, result, error);
        return;
    }
    register_type(s, t->kind);
    sk_buf_init(&b, 2 * SK_PLUGIN_CONFIG_MAX);
    result = sk_resource_types_write_file(&s->types, &b, &em);
    size_t n = 0;
    char *text = result == 0 ? sk_buf_steal(&b, &n) : NULL;
    if (text != NULL)
        sk_saver_put(s->saver, text, n, turned, t);
    else
        turned(t, result < 0 ? result : SK_ERR_LIMIT, em.text);
    sk_buf_finish(&b);
}

void sk_resource_store_turn(struct sk_resource_store *s, struct sk_span name, struct sk_span description, bool on,
                            sk_docstore_done done, void *arg)
{
    struct sk_errmsg em = { 0 };
    size_t kind = sk_resource_types_find(&s->types, name);
    bool known = kind < s->types.count;
    int r = 0;
    if (!on && (!known || !s->types.on[kind]))
        r = sk_errmsg_set(&em, SK_ERR_NOTFOUND, "there is no such type");
    else if (!known)
        r = sk_resource_types_add(&s->types, name, description, &em);
    if (r < 0) {
        done(arg, r, em.text);
        return;
    }
    struct turning *t = sk_xmalloc(sizeof *t);
    *t = (struct turning){ .store = s, .kind = kind, .done = done, .arg = arg };
    s->types.on[kind] = on;
    if (known)
        save_types(t, 0, NULL);
    else
        sk_docstore_add_kind(s->docs, s->types.names[kind], save_types, t);
}

void sk_resource_store_write_types(const struct sk_resource_store *s, struct sk_buf *out)
{
    sk_resource_types_write(&s->types, out);
}

bool sk_resource_store_enabled(const struct sk_resource_store *s)
{
    return s->types.enabled;
}

/* ---- existence ---- */

struct sk_resource_store *sk_resource_store_create(struct sk_api *api)
{
    struct sk_resource_store *s = sk_xcalloc(1, sizeof *s);
    s->api = api;
    s->early_end = &s->early;
    sk_resource_types_init(&s->types, api->config_dir);
    s->saver = sk_saver_create(api->loop, s->types.file, 0644);
    SK_CLEANUP(sk_freep) char *root = sk_fs_path(api->config_dir, "plugin-config-data/" SK_RESOURCE_STORE_ID "/resources");
    struct sk_docstore_options o = {
        .loop = api->loop,
        .root = root,
        .kinds = (const char *const *)s->types.names,
        .kind_count = s->types.count,
        .kinds_max = SK_RESOURCE_TYPES_MAX,
        .doc_max = SK_RESOURCE_MAX,
        .docs_max = SK_RESOURCES_MAX,
        .bytes_max = SK_RESOURCES_BYTES_MAX,
        .queue_max = WAITING_MAX,
        .name_ok = name_ok,
        .tidy = tidy,
        .derive = derive,
        .drop = drop,
        .ready = ready,
        .arg = s,
    };
    s->docs = sk_docstore_create(&o);
    for (size_t k = 0; k < s->types.count; k++)
        register_type(s, k);
    return s;
}

bool sk_resource_store_idle(const struct sk_resource_store *s)
{
    return s == NULL || (sk_docstore_idle(s->docs) && sk_saver_idle(s->saver));
}

void sk_resource_store_destroy(struct sk_resource_store *s)
{
    if (s == NULL)
        return;
    sk_providers_remove(s->api->providers, SK_RESOURCE_STORE_ID);
    sk_docstore_destroy(s->docs);
    sk_saver_destroy(s->saver);
    sk_resource_types_finish(&s->types);
    free(s);
}
