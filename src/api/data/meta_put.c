/* Metadata the user edits: kept in baseDeltas.json, durable before the answer says so. */
#include "api/api.h"

#include "base/json.h"
#include "base/log.h"
#include "model/meta.h"
#include "model/units.h"
#include "store/fs.h"

#include <stdlib.h>

/* A request that waits for its edit to be on disk. */
struct meta_job {
    struct sk_api *api;
    struct sk_request *request;
    char *path;
};

/* Registry and user fields merged, sent by the configuration for the own vessel. */
static void send_delta(struct sk_api *api, const char *path)
{
    struct sk_path *p = sk_path_find(sk_model_paths(api->model), sk_span_of(path));
    const struct sk_meta *meta = p != NULL ? sk_meta_of(p) : NULL;
    struct sk_buf b;
    sk_buf_init(&b, 4 * SK_META_LEN_MAX);
    SK_BUF_LIT(&b, "{\"context\":\"vessels.self\",\"updates\":[{\"meta\":[{\"path\":");
    sk_json_write_str(&b, sk_span_of(path));
    SK_BUF_LIT(&b, ",\"value\":");
    if (meta != NULL)
        sk_buf_append(&b, meta->json, meta->len);
    else
        SK_BUF_LIT(&b, "{}");
    SK_BUF_LIT(&b, "}]}]}");
    if (sk_buf_ok(&b))
        (void)sk_hub_ingest(api->hub, &(struct sk_origin){ .provider = "defaults", .defaults = true }, sk_buf_span(&b), NULL);
    sk_buf_finish(&b);
}

/* The registry as the seed and the user's file have it; what plugins said of the path stays until restart otherwise. */
static void apply(struct sk_api *api, const char *path)
{
    struct sk_path *p;
    if (sk_path_intern(sk_model_paths(api->model), sk_span_of(path), &p, NULL) < 0)
        return;
    yyjson_mut_val *user = sk_basedeltas_meta(api->base, sk_span_of(path));
    yyjson_doc *copy = user != NULL ? yyjson_mut_val_imut_copy(user, NULL) : NULL;
    (void)sk_meta_reset(p, yyjson_doc_get_root(copy), NULL);
    yyjson_doc_free(copy);
}

static void job_destroy(struct meta_job *j)
{
    sk_request_unref(j->request);
    free(j->path);
    free(j);
}

static void written(void *arg, int result, const char *error)
{
    struct meta_job *j = arg;
    if (result < 0) {
        sk_log_error("metadata of '%s' not saved: %s", j->path, error);
        sk_request_update(j->request, SK_REQUEST_COMPLETED, 502, "Unable to save to defaults file");
    } else {
        apply(j->api, j->path);
        send_delta(j->api, j->path);
        sk_request_update(j->request, SK_REQUEST_COMPLETED, 200, NULL);
    }
    job_destroy(j);
}

/* SI unit of the path: as the edit says, else as it is known. It lives as long as both documents. */
static struct sk_span si_of(struct sk_api *api, struct sk_span path, const yyjson_val *edited, yyjson_doc **ret_known)
{
    struct sk_span si = sk_json_str(sk_json_get(edited, "units"));
    struct sk_path *p = NULL;
    if (si.n == 0 && sk_path_intern(sk_model_paths(api->model), path, &p, NULL) == 0) {
        const struct sk_meta *m = sk_meta_of(p);
        if (m != NULL && sk_json_read((struct sk_span){ m->json, m->len }, ret_known, NULL) == 0)
            si = sk_json_str(sk_json_get(yyjson_doc_get_root(*ret_known), "units"));
    }
    return si;
}

/* Display units must be of the kind that the path's unit is. */
static int check_units(struct sk_api *api, struct sk_span path, struct sk_span field, const yyjson_val *value,
                       struct sk_errmsg *em)
{
    bool whole = field.n == 0;
    const yyjson_val *display = whole ? sk_json_get(value, "displayUnits") : sk_span_eq(field, "displayUnits") ? value : NULL;
    yyjson_val *category = sk_json_get(display, "category");
    struct sk_units *u = sk_model_units(api->model);
    yyjson_doc *known = NULL;
    if (category == NULL || u == NULL)
        return 0;
    struct sk_span si = si_of(api, path, whole ? value : NULL, &known);
    int r = sk_units_check_category(u, sk_json_str(category), si, em);
    yyjson_doc_free(known);
    return r;
}

void sk_meta_edit(struct sk_api *api, struct sk_request *r, struct sk_span path, struct sk_span field, struct sk_span value_json)
{
    yyjson_doc *doc = NULL;
    struct sk_errmsg em = { 0 };
    int result = value_json.p != NULL ? sk_json_read(value_json, &doc, &em) : 0;
    yyjson_val *value = yyjson_doc_get_root(doc);
    if (result == 0 && doc != NULL && yyjson_is_null(value))
        result = sk_errmsg_set(&em, SK_ERR_INVALID, "metadata cannot be null");
    if (result == 0)
        result = check_units(api, path, field, value, &em);
    if (result == 0)
        result = sk_basedeltas_set_meta(api->base, path, field, value, &em);
    yyjson_doc_free(doc);
    if (result < 0) {
        sk_request_update(r, SK_REQUEST_COMPLETED, result == SK_ERR_NOTFOUND ? 404 : 400, em.text);
        return;
    }
    struct meta_job *j = sk_xcalloc(1, sizeof *j);
    j->api = api;
    j->request = sk_request_ref(r);
    j->path = sk_xstrndup(path.p, path.n);
    sk_request_update(r, SK_REQUEST_PENDING, 202, NULL);
    sk_api_save_base(api, written, j);
}
