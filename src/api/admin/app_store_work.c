/* The operations of the app store, each on a thread of its own that ends with it. */
#include "api/admin/app_store_private.h"
#include "npm/install.h"
#include "npm/semver.h"
#include "plugin/data.h"
#include "sandbox/sandbox.h"
#include "store/settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define LOG_MAX ((size_t)16 * 1024)
#define PAGE 250u
#define PAGES_MAX 12u
#define TELL_MS 500

static bool cancelled(void *arg)
{
    struct sk_app_work *w = arg;
    return atomic_load(&w->cancelled);
}

static void add_log(void *arg, const char *text)
{
    struct sk_app_work *w = arg;
    sk_buf_text(&w->log, text);
    sk_buf_char(&w->log, '\n');
}

static void tell(void *arg, enum sk_install_step step, uint64_t done, uint64_t total)
{
    struct sk_app_work *w = arg;
    uint64_t now = sk_clock_mono_ms();
    bool moved = (unsigned)step != atomic_load(&w->step);
    atomic_store(&w->step, (unsigned)step);
    atomic_store(&w->bytes, done);
    atomic_store(&w->total, total);
    if ((!moved && now < w->next_tell_ms) || atomic_exchange(&w->telling, true))
        return;
    w->next_tell_ms = now + TELL_MS;
    sk_loop_post(w->store->api->loop, &w->told);
}

/* ---- thread ------------------------------------------------------------------------------------------------------------------
 */

static int install(struct sk_app_work *w, struct sk_errmsg *em)
{
    char text[SK_PACKAGE_NAME_MAX + SK_SEMVER_TEXT_MAX + 2], line[400];
    struct sk_spec spec = { 0 };
    struct sk_installed done = { 0 };
    snprintf(text, sizeof text, "%s@%s", w->op->name, w->op->version);
    int r = sk_spec_read(text, &spec, em);
    if (r < 0)
        return r;
    struct sk_registry *registry = sk_registry_create(w->config_dir, w->registry);
    struct sk_install_job job = { .config_dir = w->config_dir,
                                  .registry = registry,
                                  .spec = &spec,
                                  .kind = SK_INSTALL_ANY,
                                  .progress = tell,
                                  .note = add_log,
                                  .cancelled = cancelled,
                                  .arg = w };
    r = sk_install(&job, &done, em);
    if (r == 0) {
        snprintf(line, sizeof line, "%.214s %.100s is installed: %zu files, %ju bytes", done.package->name, done.package->version,
                 done.files, (uintmax_t)done.bytes);
        add_log(w, line);
    }
    sk_installed_finish(&done);
    sk_registry_destroy(registry);
    sk_spec_finish(&spec);
    return r;
}

static int take_away(struct sk_app_work *w, struct sk_errmsg *em)
{
    struct sk_package *p = NULL;
    int r = sk_installed_read(w->config_dir, w->op->name, &p, em);
    if (r == 0)
        r = sk_uninstall(w->config_dir, w->op->name, em);
    if (r == 0)
        add_log(w, "It is removed.");
    if (r == 0 && w->op->delete_data)
        r = sk_plugin_data_remove(w->config_dir, p->id, em);
    sk_package_unref(p);
    return r;
}

static int search(struct sk_app_work *w, struct sk_registry *registry, const char *keyword, struct sk_map *seen,
                  struct sk_buf *array, struct sk_errmsg *em)
{
    for (unsigned page = 0; page < PAGES_MAX; page++) {
        yyjson_doc *doc = NULL;
        int r = sk_registry_search(registry, keyword, PAGE, page * PAGE, cancelled, w, &doc, em);
        if (r < 0)
            return r;
        size_t n = sk_catalog_add_page(array, seen, yyjson_doc_get_root(doc), sk_clock_wall_ms());
        yyjson_doc_free(doc);
        if (n < PAGE)
            break;
    }
    return 0;
}

static int refresh(struct sk_app_work *w, struct sk_errmsg *em)
{
    static const char *const keywords[] = { "signalk-wasm-plugin", "signalk-webapp", "signalk-embeddable-webapp",
                                            "signalk-node-server-plugin" };
    struct sk_registry *registry = sk_registry_create(w->config_dir, w->registry);
    struct sk_map seen = { 0 };
    struct sk_buf array;
    int r = 0;
    sk_buf_init(&array, SK_CATALOG_BYTES_MAX);
    sk_buf_char(&array, '[');
    for (size_t i = 0; i < SK_COUNT(keywords) && r == 0; i++)
        r = search(w, registry, keywords[i], &seen, &array, em);
    sk_buf_char(&array, ']');
    if (r == 0 && sk_buf_ok(&array))
        w->catalog = sk_catalog_create(sk_buf_span(&array));
    if (r == 0 && w->catalog == NULL)
        r = sk_errmsg_set(em, SK_ERR_LIMIT, "the registry knows more packages than can be shown");
    sk_buf_finish(&array);
    sk_catalog_finish_seen(&seen);
    sk_registry_destroy(registry);
    return r;
}

static void run(void *arg)
{
    static int (*const runs[])(struct sk_app_work * w, struct sk_errmsg * em) = {
        [SK_APP_INSTALL] = install, [SK_APP_REMOVE] = take_away, [SK_APP_REFRESH] = refresh
    };
    struct sk_app_work *w = arg;
    struct sk_errmsg em = { 0 };
    pthread_setname_np(pthread_self(), "app-store");
    sk_sandbox_enter(SK_THREAD_STORE);
    w->code = runs[w->op->kind](w, &em);
    if (w->code < 0)
        add_log(w, em.text);
    sk_loop_post(w->store->api->loop, &w->ended);
}

/* ---- loop --------------------------------------------------------------------------------------------------------------------
 */

static void ended(struct sk_loop_task *task)
{
    struct sk_app_work *w = SK_CONTAINER(task, struct sk_app_work, ended);
    if (w->has_thread)
        uv_thread_join(&w->thread); /* it has nothing left to do; a `told` of it came before */
    sk_app_store_ended(w->store, w);
}

static void told(struct sk_loop_task *task)
{
    struct sk_app_work *w = SK_CONTAINER(task, struct sk_app_work, told);
    atomic_store(&w->telling, false);
    sk_app_store_told(w->store, w);
}

void sk_app_work_start(struct sk_app_store *s, struct sk_app_op *op)
{
    struct sk_app_work *w = sk_xcalloc(1, sizeof *w);
    const char *setting = sk_json_get_str(sk_settings_root(s->api->settings), "npmRegistry");
    w->store = s;
    w->op = op;
    w->config_dir = s->api->config_dir;
    w->registry = setting != NULL ? sk_xstrdup(setting) : NULL;
    w->ended.run = ended;
    w->told.run = told;
    atomic_init(&w->step, UINT32_MAX);
    sk_buf_init(&w->log, LOG_MAX);
    op->state = SK_APP_RUNNING;
    s->work = w;
    w->has_thread = uv_thread_create(&w->thread, run, w) == 0;
    if (!w->has_thread) {
        w->code = SK_ERR_BUSY;
        add_log(w, "the machine has no room for another thread; try again later");
        sk_loop_post(s->api->loop, &w->ended);
    }
}
