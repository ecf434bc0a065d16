/* Saving configurations: one write at a time per plugin on the thread pool, then what the new configuration asks for. */
#include "plugin/plugin.h"

#include "base/log.h"
#include "plugin/data.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdlib.h>

struct write {
    uv_work_t work;
    struct sk_plugin *plugin;
    char *file;
    char *text;
    size_t n;
    int result;
    struct sk_errmsg em;
};

static void next(struct sk_plugin *p);

static void save_done(struct sk_save *s, int result, const char *error)
{
    if (s->question != NULL) {
        sk_question_answer(s->question, result, NULL);
        sk_question_unref(s->question);
    }
    if (s->done != NULL)
        s->done(s->arg, error);
    free(s->text);
    free(s);
}

/* A user's save lasts until its start attempt has ended; the plugin's own only until it is on disk. */
static void apply(struct sk_plugin *p, struct sk_save *s)
{
    if (s->question != NULL) {
        save_done(s, 0, NULL);
        return;
    }
    p->applying = s;
    if (p->host->closing || p->host->safe_mode != NULL) /* it counts at the next start */
        sk_plugin_save_outcome(p, NULL);
    else if (p->config.enabled)
        sk_plugin_event(p, SK_SUPER_EV_WANTED);
    else {
        p->start_waits = false;
        sk_plugin_event(p, SK_SUPER_EV_UNWANTED);
        if (p->super.state == SK_SUPER_STOPPED)
            sk_plugin_save_outcome(p, NULL);
    }
}

void sk_plugin_save_outcome(struct sk_plugin *p, const char *error)
{
    struct sk_save *s = p->applying;
    if (s == NULL || p->super.state == SK_SUPER_STOPPING)
        return; /* what ended was the life before */
    p->applying = NULL;
    save_done(s, 0, error);
    if (p->tag == SK_PLUGIN_TAG) {
        sk_host_changed(p->host);
        next(p);
    }
}

static void write_file(uv_work_t *work)
{
    struct write *w = work->data;
    char *dir = sk_xstrdup(w->file);
    *strrchr(dir, '/') = 0;
    w->result = sk_fs_mkdirs(dir, 0755, &w->em);
    if (w->result == 0)
        w->result = sk_kept_write(w->file, (struct sk_span){ w->text, w->n }, 0644, &w->em);
    free(dir);
}

static void written(uv_work_t *work, int status)
{
    struct write *w = work->data;
    struct sk_plugin *p = w->plugin;
    struct sk_save *s = p->saving;
    (void)status;
    p->saving = NULL;
    p->host->works--;
    if (w->result == 0) {
        sk_plugin_config_finish(&p->config);
        p->config = p->saving_config;
        apply(p, s);
    } else {
        sk_plugin_config_finish(&p->saving_config);
        sk_log_error("configuration of %s is not saved: %s", p->package->name, w->em.text);
        save_done(s, w->result, w->em.text);
    }
    p->saving_config = (struct sk_plugin_config){ 0 };
    next(p);
    sk_host_collect_later(p->host);
    sk_host_check_stopped(p->host);
    free(w->file);
    free(w->text);
    free(w);
}

static int prepare(struct sk_plugin *p, const struct sk_save *s, struct write *w, struct sk_errmsg *em)
{
    struct sk_plugin_config *c = &p->saving_config;
    struct sk_buf b;
    *c = p->config;
    c->data = p->config.data != NULL ? sk_xstrdup(p->config.data) : NULL;
    c->configuration = p->config.configuration != NULL ? sk_xstrdup(p->config.configuration) : NULL;
    struct sk_span text = { s->text, s->n };
    int r = s->question != NULL ? sk_plugin_config_replace(c, text, em) : sk_plugin_config_apply(c, text, em);
    sk_buf_init(&b, 4 * SK_PLUGIN_CONFIG_MAX);
    if (r == 0)
        sk_plugin_config_write_file(c, &b);
    if (r == 0 && (w->text = sk_buf_steal(&b, &w->n)) == NULL)
        r = sk_errmsg_set(em, SK_ERR_LIMIT, "configuration is too large");
    sk_buf_finish(&b);
    if (r < 0)
        sk_plugin_config_finish(c);
    return r;
}

static struct sk_save *take_next(struct sk_plugin *p)
{
    for (struct sk_save **at = &p->saves; *at != NULL; at = &(*at)->next) {
        struct sk_save *s = *at;
        if (p->applying != NULL && s->question == NULL)
            continue; /* users wait for each other, a plugin does not wait for users */
        *at = s->next;
        if (p->saves_end == &s->next)
            p->saves_end = at;
        return s;
    }
    return NULL;
}

static void next(struct sk_plugin *p)
{
    while (p->saving == NULL) {
        struct sk_save *s = take_next(p);
        if (s == NULL)
            return;
        struct sk_errmsg em = { 0 };
        struct write *w = sk_xcalloc(1, sizeof *w);
        int r = prepare(p, s, w, &em);
        if (r < 0) {
            free(w);
            save_done(s, r, em.text);
            continue;
        }
        w->file = sk_plugin_data_file(p->host->config_dir, p->package->id);
        w->plugin = p;
        w->work.data = w;
        p->saving = s;
        p->host->works++;
        SK_ASSERT(uv_queue_work(sk_loop_uv(p->host->o.loop), &w->work, write_file, written) == 0);
    }
}

void sk_plugin_save(struct sk_plugin *p, struct sk_save *s)
{
    s->next = NULL;
    *p->saves_end = s;
    p->saves_end = &s->next;
    next(p);
}

void sk_plugin_save_config(struct sk_plugin *p, struct sk_span body, sk_saved done, void *arg)
{
    if (p->host->closing) {
        done(arg, "the server is stopping");
        return;
    }
    struct sk_save *s = sk_xcalloc(1, sizeof *s);
    s->text = sk_xstrndup(body.n > 0 ? body.p : "", body.n);
    s->n = body.n;
    s->done = done;
    s->arg = arg;
    sk_plugin_save(p, s);
}
