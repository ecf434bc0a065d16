#include "api/data/sources_cache.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "model/query.h"
#include "store/fs.h"
#include "store/kept.h"
#include "store/saver.h"

#include <stdlib.h>

#define FILE_NAME "sources-cache.json"
#define FILE_MAX ((size_t)16 * 1024 * 1024)
#define SAVE_EVERY_MS 5000

struct sk_sources_cache {
    struct sk_api *api;
    struct sk_saver *saver;
    uint32_t saved_revision;
    uv_timer_t timer;
};

/* ---- from the file ------------------------------------------------------------------------------------------------------ */

/* A delta without values, whose source object says what the device said. */
static void write_delta(struct sk_buf *b, struct sk_span label, struct sk_span src, yyjson_val *n2k)
{
    size_t i, n;
    yyjson_val *key, *v;
    char now[SK_ISO_TIME_SIZE];
    sk_iso_time(now, sk_clock_wall_ms());
    sk_buf_printf(b, "{\"updates\":[{\"timestamp\":\"%s\",\"values\":[],\"source\":{\"type\":\"NMEA2000\",\"label\":", now);
    sk_json_write_str(b, label);
    SK_BUF_LIT(b, ",\"src\":");
    sk_json_write_str(b, src);
    yyjson_obj_foreach(n2k, i, n, key, v) {
        if (sk_span_eq(sk_json_str(key), "pgns") || sk_span_eq(sk_json_str(key), "src"))
            continue;
        sk_buf_char(b, ',');
        sk_json_write_str(b, sk_json_str(key));
        sk_buf_char(b, ':');
        sk_json_write(b, v);
    }
    SK_BUF_LIT(b, "}}]}");
}

static void restore(struct sk_api *api, yyjson_val *tree)
{
    size_t i, n, k, count;
    yyjson_val *label, *bus, *src, *device;
    struct sk_buf b;
    struct sk_errmsg em;
    sk_buf_init(&b, SK_DELTA_MAX);
    yyjson_obj_foreach(tree, i, n, label, bus) {
        if (!sk_span_eq(sk_json_str(sk_json_get(bus, "type")), "NMEA2000"))
            continue;
        yyjson_obj_foreach(bus, k, count, src, device) {
            yyjson_val *n2k = sk_json_get(device, "n2k");
            if (!yyjson_is_obj(n2k))
                continue;
            sk_buf_clear(&b);
            write_delta(&b, sk_json_str(label), sk_json_str(src), n2k);
            struct sk_origin origin = { .provider = yyjson_get_str(label) };
            if (!sk_buf_ok(&b) || sk_hub_ingest(api->hub, &origin, sk_buf_span(&b), &em) < 0)
                sk_log_warn(FILE_NAME ": a device is left out: %s", sk_buf_ok(&b) ? em.text : "it says too much");
        }
    }
    sk_buf_finish(&b);
}

static void load(struct sk_api *api, const char *file)
{
    struct sk_errmsg em;
    yyjson_doc *doc;
    int r = sk_kept_read_json(file, FILE_MAX, &doc, &em);
    if (r == 0)
        restore(api, yyjson_doc_get_root(doc));
    else if (r != SK_ERR_NOTFOUND)
        sk_log_warn(FILE_NAME " not read: %s", em.text);
    yyjson_doc_free(doc);
}

/* ---- to the file -------------------------------------------------------------------------------------------------------- */

void sk_sources_cache_flush(struct sk_sources_cache *c)
{
    if (c == NULL)
        return;
    const struct sk_sources *sources = sk_model_sources(c->api->model);
    if (sources->devices_revision == c->saved_revision)
        return;
    struct sk_buf b;
    size_t n;
    sk_buf_init(&b, FILE_MAX);
    sk_sources_write(sources, &b);
    char *text = sk_buf_steal(&b, &n);
    sk_buf_finish(&b);
    c->saved_revision = sources->devices_revision;
    if (text != NULL)
        sk_saver_put(c->saver, text, n, NULL, NULL); /* a failure is logged there; the next change tries again */
}

static void on_time(uv_timer_t *t)
{
    sk_sources_cache_flush(t->data);
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct sk_sources_cache *sk_sources_cache_create(struct sk_api *api)
{
    struct sk_sources_cache *c = sk_xcalloc(1, sizeof *c);
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(api->config_dir, FILE_NAME);
    c->api = api;
    c->saver = sk_saver_create(api->loop, file, 0644);
    load(api, file);
    c->saved_revision = sk_model_sources(api->model)->devices_revision;
    uv_timer_init(sk_loop_uv(api->loop), &c->timer);
    c->timer.data = c;
    uv_timer_start(&c->timer, on_time, SAVE_EVERY_MS, SAVE_EVERY_MS);
    return c;
}

bool sk_sources_cache_idle(const struct sk_sources_cache *c)
{
    return c == NULL || sk_saver_idle(c->saver);
}

static void timer_closed(uv_handle_t *h)
{
    free(h->data);
}

void sk_sources_cache_destroy(struct sk_sources_cache *c)
{
    if (c == NULL)
        return;
    sk_saver_destroy(c->saver);
    uv_close((uv_handle_t *)&c->timer, timer_closed);
}
