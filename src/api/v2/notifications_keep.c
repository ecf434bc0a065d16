/* Alarms over a restart: neither lost nor raised again when they were acknowledged. */
#include "api/v2/notifications_private.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdlib.h>

#define FILE_MAX ((size_t)32 * 1024 * 1024)
#define PAUSE_MS 2000 /* between saves that nobody waits for: an alarm that flaps shall not wear out a memory card */

static void save_timer(uv_timer_t *t);

void sk_notifications_save(struct sk_notifications *n, sk_saver_done done, void *arg)
{
    struct sk_buf out;
    size_t len;
    sk_buf_init(&out, FILE_MAX);
    sk_alarms_write_saved(n->alarms, &out);
    char *text = sk_buf_steal(&out, &len);
    uv_timer_stop(n->timer);
    if (text == NULL) { /* the alarms' own limit is far below: there is no memory for it */
        n->unsaved = true;
        uv_timer_start(n->timer, save_timer, PAUSE_MS, 0);
        sk_log_error("no memory to save the alarms; it is tried again");
        if (done != NULL)
            done(arg, SK_ERR_NOMEM, "no memory to save the alarms");
        return;
    }
    n->unsaved = false;
    n->saved_ms = uv_now(sk_loop_uv(n->api->loop));
    sk_saver_put(n->saver, text, len, done, arg);
}

static void save_timer(uv_timer_t *t)
{
    sk_notifications_save(t->data, NULL, NULL);
}

static void changed(void *arg)
{
    struct sk_notifications *n = arg;
    if (n->unsaved)
        return;
    uint64_t due = n->saved_ms + PAUSE_MS, now = uv_now(sk_loop_uv(n->api->loop));
    n->unsaved = true;
    uv_timer_start(n->timer, save_timer, n->saved_ms != 0 && due > now ? due - now : 0, 0);
}

static void restore(struct sk_notifications *n, const char *file)
{
    struct sk_errmsg em;
    yyjson_doc *doc;
    int r = sk_kept_read_json(file, FILE_MAX, &doc, &em);
    if (r == SK_ERR_NOTFOUND)
        return;
    if (r < 0) {
        sk_log_error("alarms of the last run are not known: %s", em.text);
        return;
    }
    size_t count = sk_alarms_restore(n->alarms, yyjson_doc_get_root(doc));
    if (count != 0)
        sk_log_info("%zu alarms of the last run are still active", count);
    yyjson_doc_free(doc);
}

struct sk_notifications *sk_notifications_start(struct sk_api *api, bool managed)
{
    struct sk_notifications *n = sk_xcalloc(1, sizeof *n);
    n->api = api;
    sk_puts_set_subtree(api->puts, "notifications", sk_notifications_put, n);
    if (!managed)
        return n;
    SK_CLEANUP(sk_freep) char *folder = sk_fs_path(api->config_dir, "serverState/notifications");
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(folder, "alarms.json");
    n->saver = sk_saver_create(api->loop, file, 0644);
    n->timer = sk_xcalloc(1, sizeof *n->timer);
    uv_timer_init(sk_loop_uv(api->loop), n->timer);
    n->timer->data = n;
    n->alarms = sk_alarms_create(api->hub, changed, n);
    restore(n, file);
    return n;
}

void sk_notifications_settle(struct sk_notifications *n)
{
    if (n->alarms != NULL)
        sk_alarms_settle(n->alarms);
}

void sk_notifications_flush(struct sk_notifications *n)
{
    if (n != NULL && n->unsaved)
        sk_notifications_save(n, NULL, NULL);
}

bool sk_notifications_idle(const struct sk_notifications *n)
{
    return n == NULL || (!n->unsaved && sk_saver_idle(n->saver));
}

static void timer_closed(uv_handle_t *t)
{
    free(t);
}

void sk_notifications_destroy(struct sk_notifications *n)
{
    if (n == NULL)
        return;
    sk_puts_set_subtree(n->api->puts, NULL, NULL, NULL);
    sk_alarms_destroy(n->alarms);
    sk_saver_destroy(n->saver);
    if (n->timer != NULL)
        uv_close((uv_handle_t *)n->timer, timer_closed);
    free(n);
}
