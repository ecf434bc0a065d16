/* Safe mode over HTTP: why plugins are off, and the way back. */
#include "api/body.h"
#include "api/pool.h"
#include "base/log.h"
#include "plugin/host.h"
#include "store/run_record.h"

#include <stdlib.h>

static void reply_state(struct sk_http_req *r, const struct sk_api *api)
{
    const char *reason = api->plugins != NULL ? sk_host_safe_mode(api->plugins) : NULL;
    struct sk_buf b;
    sk_buf_init(&b, 2048);
    sk_buf_printf(&b, "{\"active\":%s,\"reason\":", reason != NULL ? "true" : "false");
    sk_json_write_str(&b, sk_span_of(reason != NULL ? reason : ""));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

static void get_state(struct sk_http_req *r, void *arg)
{
    reply_state(r, arg);
}

struct leaving {
    struct sk_api *api;
    int result;
    struct sk_errmsg em;
};

static void save(void *arg)
{
    struct leaving *l = arg;
    l->result = sk_run_leave_safe_mode(l->api->config_dir, l->api->run, &l->em);
}

static void saved(void *arg)
{
    struct leaving *l = arg;
    l->api->leaving_safe_mode = false;
    if (l->result < 0)
        sk_log_warn("the next start may be in safe mode again: %s", l->em.text);
    free(l);
}

static void leave(struct sk_api *api)
{
    if (api->plugins == NULL || sk_host_safe_mode(api->plugins) == NULL || api->leaving_safe_mode)
        return;
    sk_log_info("safe mode is left, plugins start");
    sk_host_leave_safe_mode(api->plugins);
    struct leaving *l = sk_xcalloc(1, sizeof *l);
    l->api = api;
    api->leaving_safe_mode = true;
    sk_pool_run(api, save, saved, l);
}

static void post_state(struct sk_http_req *r, void *arg)
{
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    bool enter = sk_json_get_bool(yyjson_doc_get_root(doc), "active", true);
    yyjson_doc_free(doc);
    if (enter) {
        sk_http_reply_error_page(r, 400, "only {\"active\":false} can be asked for; start with --safe-mode to enter it");
        return;
    }
    leave(arg);
    reply_state(r, arg);
}

void sk_safe_mode_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skServer/safeMode", SK_ACCESS_READ, get_state, api },
        { "POST", "/skServer/safeMode", SK_ACCESS_ADMIN, post_state, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
