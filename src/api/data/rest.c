/* GET /signalk/v1/api/...: the full tree and the metadata, member by member. */
#include "api/access/acl_filter.h"
#include "api/data/segments.h"
#include "api/data/unit_users.h"

#include "base/json.h"
#include "model/meta.h"
#include "model/query.h"
#include "model/units.h"

#define ANSWER_MAX ((size_t)512 * 1024 * 1024)

/* Dotted path of the segments [from, to); NULL when nobody has ever named it and the table cannot know it. */
static struct sk_path *path_of(struct sk_model *m, const struct sk_segments *s, size_t from, size_t to)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_PATH_LEN_MAX);
    for (size_t i = from; i < to; i++) {
        if (i > from)
            sk_buf_char(&b, '.');
        sk_buf_span_append(&b, s->at[i]);
    }
    struct sk_path *p = NULL;
    if (sk_buf_ok(&b) && (p = sk_path_find(sk_model_paths(m), sk_buf_span(&b))) == NULL && sk_meta_known(sk_buf_span(&b)))
        (void)sk_path_intern(sk_model_paths(m), sk_buf_span(&b), &p, NULL);
    sk_buf_finish(&b);
    return p;
}

static bool write_meta(struct sk_model *m, const struct sk_segments *s, size_t to, struct sk_buf *out)
{
    struct sk_path *p = path_of(m, s, 2, to);
    struct sk_units *u = sk_span_eq(s->at[0], "vessels") ? sk_model_units(m) : NULL;
    struct sk_span meta = p != NULL ? sk_units_shown(u, p) : (struct sk_span){ 0 };
    sk_buf_span_append(out, meta);
    return meta.n != 0;
}

static bool write_meta_member(struct sk_model *m, const struct sk_segments *s, struct sk_buf *out)
{
    struct sk_path *p = path_of(m, s, 2, s->count - 2);
    const struct sk_meta *meta = p != NULL ? sk_meta_of(p) : NULL;
    yyjson_doc *doc = NULL;
    if (meta == NULL || sk_json_read((struct sk_span){ meta->json, meta->len }, &doc, NULL) < 0)
        return false;
    struct sk_span name = s->at[s->count - 1];
    yyjson_val *v = yyjson_obj_getn(yyjson_doc_get_root(doc), name.p, name.n);
    bool found = sk_json_truthy(v);
    if (found)
        sk_json_write(out, v);
    yyjson_doc_free(doc);
    return found;
}

/* Metadata reads that work without a value at the path; false: look in the tree. */
static bool answer_meta(struct sk_model *m, const struct sk_segments *s, struct sk_buf *out)
{
    const struct sk_span *last = &s->at[s->count - 1];
    if (s->count == 3 && sk_span_eq(s->at[0], "vessels") && sk_span_eq(*last, "meta")) {
        char text[SK_CONTEXT_LEN_MAX];
        if (s->at[1].n + 8 > sizeof text)
            return false;
        memcpy(text, "vessels.", 8);
        memcpy(text + 8, s->at[1].p, s->at[1].n);
        struct sk_context *c = sk_context_find(m, (struct sk_span){ text, 8 + s->at[1].n });
        if (c != NULL)
            sk_context_write_meta(c, out);
        return c != NULL;
    }
    if (s->count > 4 && sk_span_eq(*last, "meta"))
        return write_meta(m, s, s->count - 1, out);
    return s->count > 5 && sk_span_eq(s->at[s->count - 2], "meta") && write_meta_member(m, s, out);
}

/* Access lists, where there are any, hide what this user may not see. */
static bool may_see(struct sk_api *api, struct sk_http_req *r, const struct sk_segments *s, struct sk_buf *out)
{
    struct sk_principal who = { 0 };
    if (sk_acl_lists(api) == NULL)
        return true;
    (void)sk_auth_identify(api->auth, r, false, &who);
    return sk_acl_filter_tree(api, who.name, s->at, s->count, out);
}

/* Metadata of one path is shown to whoever may read that path; the list of all, which names the paths, only without access lists.
 */
static bool may_see_meta(struct sk_api *api, struct sk_http_req *r, const struct sk_segments *s)
{
    struct sk_principal who = { 0 };
    if (sk_acl_lists(api) == NULL)
        return true;
    size_t end = sk_span_eq(s->at[s->count - 1], "meta") ? s->count - 1 : s->count - 2;
    struct sk_path *p = path_of(api->model, s, 2, end);
    (void)sk_auth_identify(api->auth, r, false, &who);
    return p != NULL && p->text.n > 0 &&
           sk_acl_may(api, who.name, SK_ACL_READ, (struct sk_span){ 0 }, p->text, (struct sk_span){ "", 0 });
}

static bool answer(struct sk_api *api, struct sk_http_req *r, struct sk_span rest, struct sk_buf *out)
{
    struct sk_segments s;
    if (!sk_segments_split(sk_http_arena(r), rest, &s))
        return false;
    if (s.count > 0 && sk_span_eq(s.at[0], "resources"))
        return false;
    if (s.count == 1 && sk_span_eq(s.at[0], "self"))
        return rest.p[rest.n - 1] != '/' && sk_tree_query(api->model, s.at, 1, out) == 0;
    sk_segments_resolve_self(&s, sk_model_self_id(api->model));
    if (s.count > 2 && answer_meta(api->model, &s, out))
        return may_see_meta(api, r, &s);
    return sk_tree_query(api->model, s.at, s.count, out) == 0 && may_see(api, r, &s, out);
}

void sk_rest_get(struct sk_http_req *r, void *arg)
{
    static const char prefix[] = "/signalk/v1/api/";
    struct sk_span path = sk_http_path(r);
    if (!sk_span_starts(path, prefix)) {
        sk_http_reply_cannot(r);
        return;
    }
    if (sk_acl_lists(arg) == NULL && /* with access lists everybody's model is their own */
        sk_full_model_get(arg, r, (struct sk_span){ path.p + sizeof prefix - 1, path.n - (sizeof prefix - 1) }))
        return;
    struct sk_buf out;
    char user[SK_SUBJECT_MAX + 1];
    sk_unit_users_name(arg, r, user);
    sk_unit_users_see(arg, user);
    sk_buf_init(&out, ANSWER_MAX);
    if (answer(arg, r, (struct sk_span){ path.p + sizeof prefix - 1, path.n - (sizeof prefix - 1) }, &out))
        sk_http_reply_buf(r, 200, SK_HTTP_JSON, &out);
    else
        sk_http_reply_cannot(r);
    sk_buf_finish(&out);
    sk_unit_users_see(arg, "");
}
