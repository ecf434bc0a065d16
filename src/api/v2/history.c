/* /signalk/v2/api/history: values in time windows, and of which contexts and paths there are any. */
#include "api/v2/history.h"

#include "api/access/acl_filter.h"
#include "api/admin/save_setting.h"
#include "api/stream/events.h"
#include "api/v2/history_query.h"
#include "api/v2/v2.h"
#include "base/clock.h"
#include "model/meta.h"
#include "model/query.h"
#include "store/settings.h"

#include <stdlib.h>

#define API "/signalk/v2/api/history"
#define MISTAKES_MAX ((size_t)16 * 1024)

/* ---- who may see what: a copy of the access lists goes along to the reader's thread -------------------------------------- */

struct lists {
    yyjson_mut_doc *copy;
    const char *self_context; /* the model's, which outlives all questions */
    char user[SK_SUBJECT_MAX + 1];
};

static bool may_see(void *arg, struct sk_span context, struct sk_span path, struct sk_span source)
{
    const struct lists *l = arg;
    if (sk_span_eq(context, l->self_context))
        context = SK_SPAN("vessels.self");
    return sk_acl_allows(yyjson_mut_doc_get_root(l->copy), sk_span_of(l->user), SK_ACL_READ, context, path, source);
}

static void free_lists(void *arg)
{
    struct lists *l = arg;
    yyjson_mut_doc_free(l->copy);
    free(l);
}

void sk_history_set_who(const struct sk_api *api, const struct sk_principal *p, struct sk_history_who *ret)
{
    const yyjson_mut_val *acls = sk_acl_lists(api);
    *ret = (struct sk_history_who){ 0 };
    if (acls == NULL)
        return;
    struct lists *l = sk_xcalloc(1, sizeof *l);
    l->copy = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(l->copy, yyjson_mut_val_mut_copy(l->copy, (yyjson_mut_val *)(uintptr_t)acls));
    l->self_context = sk_model_self_context(api->model);
    memcpy(l->user, p->name, sizeof l->user);
    *ret = (struct sk_history_who){ may_see, l, free_lists };
}

static void set_who(struct sk_api *api, struct sk_http_req *r, struct sk_history_who *ret)
{
    struct sk_principal p = { 0 };
    if (sk_auth_on(api->auth))
        (void)sk_auth_identify(api->auth, r, false, &p);
    sk_history_set_who(api, &p, ret);
}

/* ---- answers ------------------------------------------------------------------------------------------------------------ */

static void reply_error(struct sk_http_req *r, int status, const char *head, struct sk_span text)
{
    struct sk_buf b;
    sk_buf_init(&b, 2 * MISTAKES_MAX);
    SK_CLEANUP(sk_freep) char *whole = sk_xmalloc(strlen(head) + text.n + 1);
    size_t n = strlen(head);
    memcpy(whole, head, n);
    memcpy(whole + n, text.n > 0 ? text.p : "", text.n);
    SK_BUF_LIT(&b, "{\"error\":");
    sk_json_write_str(&b, (struct sk_span){ whole, n + text.n });
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, status, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static int status_of(int result)
{
    switch (result) {
    case SK_ERR_TIMEOUT:
        return 504;
    case SK_ERR_BUSY:
    case SK_ERR_CLOSED:
    case SK_ERR_UNSUPPORTED:
        return 503;
    case SK_ERR_LIMIT:
        return 400;
    default:
        return 500;
    }
}

static void reply(struct sk_http_req *r, const struct sk_history_job *j, struct sk_buf *out)
{
    if (j->result < 0)
        reply_error(r, status_of(j->result), "", sk_span_of(j->em.text));
    else
        sk_http_reply_buf(r, 200, SK_HTTP_JSON, out);
}

/* False: answered, there is none or not the one that was asked for. */
static bool has_provider(struct sk_api *api, struct sk_http_req *r)
{
    struct sk_span id = sk_http_query_param(r, "provider");
    if (id.n > 0 && (api->history == NULL || !sk_span_eq(id, SK_HISTORY_ID)))
        reply_error(r, 400, "Requested provider not found! ", id);
    else if (api->history == NULL)
        reply_error(r, 501, "", SK_SPAN("No history api provider configured"));
    return api->history != NULL && (id.n == 0 || sk_span_eq(id, SK_HISTORY_ID));
}

/* The context in full; NULL: not given. */
static char *context_of(const struct sk_api *api, struct sk_http_req *r)
{
    struct sk_span c = sk_http_query_param(r, "context");
    if (sk_span_eq(c, "vessels.self"))
        c = sk_span_of(sk_model_self_context(api->model));
    return c.n > 0 ? sk_xstrndup(c.p, c.n) : NULL;
}

static void parse_range(struct sk_http_req *r, int64_t *ret_from, int64_t *ret_to, struct sk_buf *mistakes)
{
    sk_history_parse_range(sk_http_query_param(r, "from"), sk_http_query_param(r, "to"), sk_http_query_param(r, "duration"),
                           sk_clock_wall_ms(), ret_from, ret_to, mistakes);
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

/* The average of directions is not that of their numbers. */
static bool is_angle(struct sk_api *api, const char *path)
{
    struct sk_path *p = sk_path_find(sk_model_paths(api->model), sk_span_of(path));
    yyjson_doc *doc = NULL;
    if (p == NULL && sk_meta_known(sk_span_of(path)))
        (void)sk_path_intern(sk_model_paths(api->model), sk_span_of(path), &p, NULL);
    const struct sk_meta *m = p != NULL ? sk_meta_of(p) : NULL;
    if (m == NULL || sk_json_read((struct sk_span){ m->json, m->len }, &doc, NULL) < 0)
        return false;
    bool angle = sk_span_eq(sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "units")), "rad");
    yyjson_doc_free(doc);
    return angle;
}

static void parse_values(struct sk_api *api, struct sk_http_req *r, struct sk_history_values *v, struct sk_buf *mistakes)
{
    struct sk_span resolution = sk_http_query_param(r, "resolution"), policy = sk_http_query_param(r, "sourcePolicy");
    parse_range(r, &v->from, &v->to, mistakes);
    if (resolution.n > 0 && !sk_history_parse_resolution(resolution, &v->resolution_ms))
        sk_buf_printf(mistakes,
                      "%sresolution parameter must be a number of seconds or a time expression like '1s', '1m', '1h', '1d'",
                      mistakes->n > 0 ? ", " : "");
    sk_history_parse_paths(sk_http_query_param(r, "paths"), v, mistakes);
    if (policy.n > 0 && !sk_span_eq(policy, "all") && !sk_span_eq(policy, "preferred"))
        sk_buf_printf(mistakes, "%ssourcePolicy parameter must be 'preferred' or 'all'", mistakes->n > 0 ? ", " : "");
    if (mistakes->n > 0)
        return;
    if (resolution.n == 0)
        v->resolution_ms = sk_history_choose_resolution(v->from, v->to);
    v->each_source = sk_span_eq(policy, "all");
    v->context = context_of(api, r);
    if (v->context == NULL)
        v->context = sk_xstrdup(sk_model_self_context(api->model));
    for (size_t i = 0; i < v->column_count; i++)
        v->columns[i].angle = is_angle(api, v->columns[i].path);
    set_who(api, r, &v->who);
}

static void values_done(struct sk_history_job *j)
{
    struct sk_history_values *v = SK_CONTAINER(j, struct sk_history_values, job);
    reply(v->job.asker, j, &v->out);
    sk_history_values_destroy(v);
}

static void names_done(struct sk_history_job *j)
{
    struct sk_history_names *n = SK_CONTAINER(j, struct sk_history_names, job);
    reply(n->job.asker, j, &n->out);
    sk_history_names_destroy(n);
}

/* Mistakes, or no room, are answered here; then the job is done at once. */
static void submit(struct sk_api *api, struct sk_http_req *r, struct sk_history_job *j, void (*done)(struct sk_history_job *),
                   const struct sk_buf *mistakes)
{
    j->asker = r;
    j->done = done;
    if (mistakes->n > 0)
        j->result = sk_errmsg_set(&j->em, SK_ERR_LIMIT, "Validation errors: %.*s", (int)mistakes->n, mistakes->p);
    else
        j->result = sk_history_submit(api->history, j, &j->em);
    if (j->result < 0)
        done(j);
}

static void get_values(struct sk_http_req *r, void *arg)
{
    struct sk_buf mistakes;
    if (!has_provider(arg, r))
        return;
    sk_buf_init(&mistakes, MISTAKES_MAX);
    struct sk_history_values *v = sk_history_values_create();
    parse_values(arg, r, v, &mistakes);
    submit(arg, r, &v->job, values_done, &mistakes);
    sk_buf_finish(&mistakes);
}

static void get_names(struct sk_http_req *r, struct sk_api *api, bool paths)
{
    struct sk_buf mistakes;
    if (!has_provider(api, r))
        return;
    sk_buf_init(&mistakes, MISTAKES_MAX);
    struct sk_history_names *n = sk_history_names_create();
    n->paths = paths;
    n->context = paths ? context_of(api, r) : NULL;
    parse_range(r, &n->from, &n->to, &mistakes);
    if (mistakes.n == 0)
        set_who(api, r, &n->who);
    submit(api, r, &n->job, names_done, &mistakes);
    sk_buf_finish(&mistakes);
}

static void get_contexts(struct sk_http_req *r, void *arg)
{
    get_names(r, arg, false);
}

static void get_paths(struct sk_http_req *r, void *arg)
{
    get_names(r, arg, true);
}

/* ---- providers: the server itself, or nobody ------------------------------------------------------------------------------ */

static struct sk_span configured(const struct sk_api *api)
{
    return sk_json_str(sk_json_get(sk_json_get(sk_settings_root(api->settings), "historyApi"), "defaultProvider"));
}

static void get_providers(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    sk_http_reply_json(r, 200, api->history != NULL ? SK_SPAN("{\"" SK_HISTORY_ID "\":{\"isDefault\":true}}") : SK_SPAN("{}"));
}

static void write_member(struct sk_buf *b, const char *name, struct sk_span value)
{
    if (value.n == 0)
        return;
    sk_buf_append(b, ",", !sk_buf_ends(b, '{'));
    sk_buf_printf(b, "\"%s\":", name);
    sk_json_write_str(b, value);
}

static void get_default(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    struct sk_buf b;
    sk_buf_init(&b, MISTAKES_MAX);
    sk_buf_char(&b, '{');
    write_member(&b, "id", api->history != NULL ? SK_SPAN(SK_HISTORY_ID) : (struct sk_span){ 0 });
    write_member(&b, "configured", configured(api));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_history_write_providers_event(const struct sk_api *api, struct sk_buf *out)
{
    sk_buf_text(out,
                api->history != NULL ? "{\"ids\":[\"" SK_HISTORY_ID "\"],\"defaultId\":\"" SK_HISTORY_ID "\"" : "{\"ids\":[]");
    if (configured(api).n > 0) {
        SK_BUF_LIT(out, ",\"configuredId\":");
        sk_json_write_str(out, configured(api));
    }
    bool there = api->history != NULL && sk_span_eq(configured(api), SK_HISTORY_ID);
    sk_buf_text(out, there ? ",\"configuredAvailable\":true}" : ",\"configuredAvailable\":false}");
}

struct choice {
    struct sk_api *api;
    struct sk_http_req *r;
};

static void choice_saved(void *arg, int result, const char *error)
{
    struct choice *c = arg;
    struct sk_buf event;
    if (result < 0) {
        sk_v2_fail(c->r, 500, "Failed to save settings: %s", error);
    } else {
        sk_v2_reply(c->r, 200, SK_SPAN("Default provider set to " SK_HISTORY_ID "."));
        sk_buf_init(&event, MISTAKES_MAX);
        sk_history_write_providers_event(c->api, &event);
        sk_events_send(c->api, "HISTORYPROVIDERS", sk_buf_span(&event));
        sk_buf_finish(&event);
    }
    free(c);
}

static void post_default(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_span id = sk_http_param(r, "id");
    if (!sk_v2_may_write(api, r, "history"))
        return;
    if (api->history == NULL || !sk_span_eq(id, SK_HISTORY_ID)) {
        sk_v2_fail(r, 400, "Provider %.*s not found!", (int)(id.n < 200 ? id.n : 200), id.p != NULL ? id.p : "");
        return;
    }
    struct choice *c = sk_xcalloc(1, sizeof *c);
    *c = (struct choice){ api, r };
    sk_save_setting(api, SK_SETTING(SK_SPAN("historyApi"), SK_SPAN("defaultProvider")), SK_SPAN("\"" SK_HISTORY_ID "\""),
                    choice_saved, c);
}

/* ---- figures -------------------------------------------------------------------------------------------------------------- */

static void get_info(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    struct sk_buf b;
    sk_buf_init(&b, MISTAKES_MAX);
    if (api->history != NULL)
        sk_history_write_info(api->history, &b);
    else
        SK_BUF_LIT(&b, "{\"state\":\"off\"}");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_history_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/signalk/v1/playback", SK_ACCESS_OPEN, sk_playback_get, api }, /* decides by itself: tokens in the address */
        { "GET", "/signalk/v1/snapshot/*", SK_ACCESS_READ, sk_snapshot_get, api },
        { "GET", "/signalk/v1/api/snapshot/*", SK_ACCESS_READ, sk_snapshot_get, api },
        { "GET", API "/values", SK_ACCESS_READ, get_values, api },
        { "GET", API "/contexts", SK_ACCESS_READ, get_contexts, api },
        { "GET", API "/paths", SK_ACCESS_READ, get_paths, api },
        { "GET", API "/_providers", SK_ACCESS_READ, get_providers, api },
        { "GET", API "/_providers/_default", SK_ACCESS_READ, get_default, api },
        { "POST", API "/_providers/_default/:id", SK_ACCESS_WRITE, post_default, api },
        { "GET", "/skServer/history", SK_ACCESS_ADMIN, get_info, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
