/* Reading what lies in the folders, once, on the thread pool. */
#include "base/log.h"
#include "store/docstore_impl.h"
#include "store/fs.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX 100000u /* of one folder that are looked at */

void sk_docs_append(struct sk_docs *d, struct sk_doc doc)
{
    if (d->count == d->cap) {
        d->cap = d->cap != 0 ? 2 * d->cap : 16;
        d->list = sk_xrealloc(d->list, d->cap * sizeof *d->list);
    }
    d->list[d->count++] = doc;
}

static bool is_leftover(const char *name) /* of a write that a crash ended */
{
    size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".tmp") == 0;
}

static int read_doc(const struct sk_docstore *s, size_t kind, const char *file, struct sk_doc *ret, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n = 0;
    struct stat st;
    int r = sk_fs_read(file, s->o.doc_max, &text, &n, em);
    if (r < 0)
        return r;
    struct sk_buf b;
    sk_buf_init(&b, s->o.doc_max);
    r = s->o.tidy(kind, (struct sk_span){ text, n }, &b, em);
    ret->text = r == 0 ? sk_buf_steal(&b, &ret->n) : NULL;
    sk_buf_finish(&b);
    if (r == 0 && ret->text == NULL)
        r = sk_errmsg_set(em, SK_ERR_LIMIT, "too large");
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%s", file);
    ret->mtime_ms = stat(file, &st) == 0 ? (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 : 0;
    return 0;
}

static void take(const struct sk_docstore *s, size_t kind, const char *name, struct sk_docs_room *room, struct sk_docs *to)
{
    struct sk_errmsg em = { 0 };
    char *file = sk_fs_path(s->folders[kind], name);
    struct sk_doc doc = { 0 };
    if (is_leftover(name))
        unlink(file);
    else if (!s->o.name_ok(kind, sk_span_of(name)))
        sk_log_debug("signalk-server:resources", "%s: left out, not a name of a resource", file);
    else if (room->docs == 0 || room->bytes == 0)
        sk_log_warn("%s: left out, there are too many resources", file);
    else if (read_doc(s, kind, file, &doc, &em) < 0)
        sk_log_warn("left out: %s", em.text);
    else {
        doc.name = sk_xstrdup(name);
        sk_docs_append(to, doc);
        room->docs--;
        room->bytes -= doc.n < room->bytes ? doc.n : room->bytes;
    }
    free(file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sk_doc *)a)->name, ((const struct sk_doc *)b)->name);
}

void sk_docstore_load(const struct sk_docstore *s, size_t kind, struct sk_docs_room *room, struct sk_docs *ret)
{
    DIR *dir = opendir(s->folders[kind]);
    const struct dirent *e;
    unsigned looked = 0;
    while (dir != NULL && (e = readdir(dir)) != NULL && looked++ < ENTRIES_MAX)
        if (e->d_name[0] != '.')
            take(s, kind, e->d_name, room, ret);
    if (dir != NULL)
        closedir(dir);
    if (ret->count > 1)
        qsort(ret->list, ret->count, sizeof(struct sk_doc), by_name);
}
