#include "store/saver.h"

#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"

#include <libgen.h>
#include <stdlib.h>

struct waiter {
    struct waiter *next;
    sk_saver_done done;
    void *arg;
};

struct sk_saver {
    struct sk_loop *loop;
    char *file, *folder;
    unsigned mode;
    bool next;       /* something waits for the write under way: */
    char *next_text; /* NULL: the file shall be gone */
    size_t next_n;
    struct waiter *next_waiters, **next_last;
    uv_work_t work;
    bool writing;
    char *text; /* under way */
    size_t n;
    struct waiter *waiters;
    int result;
    struct sk_errmsg em;
};

struct sk_saver *sk_saver_create(struct sk_loop *loop, const char *file, unsigned mode)
{
    struct sk_saver *s = sk_xcalloc(1, sizeof *s);
    s->loop = loop;
    s->file = sk_xstrdup(file);
    SK_CLEANUP(sk_freep) char *copy = sk_xstrdup(file);
    s->folder = sk_xstrdup(dirname(copy));
    s->mode = mode;
    s->next_last = &s->next_waiters;
    return s;
}

void sk_saver_destroy(struct sk_saver *s)
{
    if (s == NULL)
        return;
    SK_ASSERT(sk_saver_idle(s));
    free(s->file);
    free(s->folder);
    free(s);
}

bool sk_saver_idle(const struct sk_saver *s)
{
    return s == NULL || (!s->writing && !s->next);
}

static void write_file(uv_work_t *w)
{
    struct sk_saver *s = SK_CONTAINER(w, struct sk_saver, work);
    s->em.text[0] = '\0';
    if (s->text == NULL) {
        s->result = sk_kept_remove(s->file, &s->em);
        if (s->result == SK_ERR_NOTFOUND)
            s->result = 0;
        return;
    }
    s->result = sk_fs_mkdirs(s->folder, 0755, &s->em);
    if (s->result == 0)
        s->result = sk_kept_write(s->file, (struct sk_span){ s->text, s->n }, s->mode, &s->em);
}

static void start(struct sk_saver *s);

static void written(uv_work_t *w, int status)
{
    struct sk_saver *s = SK_CONTAINER(w, struct sk_saver, work);
    (void)status;
    if (s->result < 0)
        sk_log_error("%s", s->em.text);
    free(s->text);
    struct waiter *all = s->waiters;
    int result = s->result;
    struct sk_errmsg em = s->em;
    s->writing = false;
    start(s);
    while (all != NULL) { /* last: a waiter may put again */
        struct waiter *one = all;
        all = one->next;
        one->done(one->arg, result, em.text);
        free(one);
    }
}

static void start(struct sk_saver *s)
{
    if (s->writing || !s->next)
        return;
    s->next = false;
    s->writing = true;
    s->text = s->next_text;
    s->n = s->next_n;
    s->waiters = s->next_waiters;
    s->next_text = NULL;
    s->next_waiters = NULL;
    s->next_last = &s->next_waiters;
    SK_ASSERT(uv_queue_work(sk_loop_uv(s->loop), &s->work, write_file, written) == 0);
}

static void put(struct sk_saver *s, char *text, size_t n, sk_saver_done done, void *arg)
{
    SK_ASSERT(sk_loop_is_current(s->loop));
    free(s->next_text);
    s->next = true;
    s->next_text = text;
    s->next_n = n;
    if (done != NULL) {
        struct waiter *one = sk_xcalloc(1, sizeof *one);
        *one = (struct waiter){ NULL, done, arg };
        *s->next_last = one;
        s->next_last = &one->next;
    }
    start(s);
}

void sk_saver_put(struct sk_saver *s, char *text, size_t n, sk_saver_done done, void *arg)
{
    SK_ASSERT(text != NULL);
    put(s, text, n, done, arg);
}

void sk_saver_remove(struct sk_saver *s, sk_saver_done done, void *arg)
{
    put(s, NULL, 0, done, arg);
}
