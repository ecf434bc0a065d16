#include "plugin/folder_watch.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <sys/stat.h>

struct watched {
    uv_fs_event_t event;
    struct watched *next;
    struct sk_folder_watch *owner; /* NULL: being closed */
    struct sk_folder folder;
};

struct sk_folder_watch {
    struct sk_loop *loop;
    void (*changed)(void *arg);
    void *arg;
    struct watched *list;
    uv_timer_t timer;
    uint64_t first_ms; /* of what has not been told; 0: nothing */
    bool complained;
};

void sk_folders_add(struct sk_folders *f, const char *path)
{
    struct stat s;
    char *real = realpath(path, NULL);
    bool usable = real != NULL && stat(real, &s) == 0 && S_ISDIR(s.st_mode) && f->count < SK_FOLDERS_MAX;
    for (size_t i = 0; usable && i < f->count; i++)
        usable = strcmp(f->list[i].path, real) != 0;
    if (usable)
        f->list[f->count++] = (struct sk_folder){ .path = real, .dev = s.st_dev, .ino = s.st_ino };
    else
        free(real);
}

void sk_folders_finish(struct sk_folders *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->list[i].path);
    f->count = 0;
}

static void tell(uv_timer_t *t)
{
    struct sk_folder_watch *w = t->data;
    w->first_ms = 0;
    w->changed(w->arg);
}

void sk_folder_watch_poke(struct sk_folder_watch *w, unsigned ms)
{
    uint64_t now = sk_clock_mono_ms();
    if (w->first_ms == 0)
        w->first_ms = now;
    uint64_t latest = w->first_ms + (ms > SK_FOLDER_LATEST_MS ? ms : SK_FOLDER_LATEST_MS);
    uv_timer_start(&w->timer, tell, now + ms < latest ? ms : latest > now ? latest - now : 0, 0);
}

static void on_event(uv_fs_event_t *e, const char *name, int events, int status)
{
    struct watched *f = e->data;
    (void)name, (void)events, (void)status;
    if (f->owner != NULL)
        sk_folder_watch_poke(f->owner, SK_FOLDER_QUIET_MS);
}

struct sk_folder_watch *sk_folder_watch_create(struct sk_loop *loop, void (*changed)(void *arg), void *arg)
{
    struct sk_folder_watch *w = sk_xcalloc(1, sizeof *w);
    w->loop = loop;
    w->changed = changed;
    w->arg = arg;
    uv_timer_init(sk_loop_uv(loop), &w->timer);
    w->timer.data = w;
    return w;
}

static void on_event_closed(uv_handle_t *h)
{
    struct watched *f = h->data;
    free(f->folder.path);
    free(f);
}

static void unwatch(struct watched *f)
{
    f->owner = NULL;
    uv_close((uv_handle_t *)&f->event, on_event_closed);
}

static void on_timer_closed(uv_handle_t *h)
{
    free(h->data);
}

void sk_folder_watch_destroy(struct sk_folder_watch *w)
{
    if (w == NULL)
        return;
    while (w->list != NULL) {
        struct watched *f = w->list;
        w->list = f->next;
        unwatch(f);
    }
    uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}

static bool same(const struct sk_folder *a, const struct sk_folder *b)
{
    return a->dev == b->dev && a->ino == b->ino && strcmp(a->path, b->path) == 0;
}

static bool wanted(const struct sk_folders *folders, const struct sk_folder *f)
{
    for (size_t i = 0; i < folders->count; i++)
        if (same(&folders->list[i], f))
            return true;
    return false;
}

static bool is_watched(const struct sk_folder_watch *w, const struct sk_folder *f)
{
    for (const struct watched *at = w->list; at != NULL; at = at->next)
        if (same(&at->folder, f))
            return true;
    return false;
}

static bool watch(struct sk_folder_watch *w, const struct sk_folder *folder)
{
    struct watched *f = sk_xcalloc(1, sizeof *f);
    f->owner = w;
    f->folder = *folder;
    f->folder.path = sk_xstrdup(folder->path);
    uv_fs_event_init(sk_loop_uv(w->loop), &f->event);
    f->event.data = f;
    int r = uv_fs_event_start(&f->event, on_event, folder->path, 0);
    if (r < 0) {
        if (!w->complained)
            sk_log_warn("changes in %s are only noticed at the next start: %s", folder->path, uv_strerror(r));
        w->complained = true;
        unwatch(f);
        return false;
    }
    f->next = w->list;
    w->list = f;
    return true;
}

bool sk_folder_watch_set(struct sk_folder_watch *w, const struct sk_folders *folders)
{
    bool any_new = false;
    for (struct watched **at = &w->list; *at != NULL;) {
        struct watched *f = *at;
        if (wanted(folders, &f->folder)) {
            at = &f->next;
        } else {
            *at = f->next;
            unwatch(f);
        }
    }
    for (size_t i = 0; i < folders->count; i++)
        if (!is_watched(w, &folders->list[i]))
            any_new |= watch(w, &folders->list[i]);
    return any_new;
}
