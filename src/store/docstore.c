#include "store/docstore.h"

#include "store/docstore_impl.h"
#include "store/fs.h"

#include <stdlib.h>
#include <sys/stat.h>

static void start_next(struct sk_docstore *s);

/* ---- in memory ---- */

/* Index of the name, or of the place where it belongs. */
static size_t place_of(const struct sk_docs *d, struct sk_span name, bool *ret_found)
{
    size_t low = 0, high = d->count;
    *ret_found = false;
    while (low < high && !*ret_found) {
        size_t mid = low + (high - low) / 2, n = strlen(d->list[mid].name), shared = n < name.n ? n : name.n;
        int c = memcmp(d->list[mid].name, name.p, shared);
        if (c == 0)
            c = (n > name.n) - (n < name.n);
        if (c == 0) {
            *ret_found = true;
            return mid;
        }
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void free_doc(struct sk_docstore *s, struct sk_doc *doc)
{
    if (doc->extra != NULL)
        s->o.drop(doc->extra);
    free(doc->name);
    free(doc->text);
}

static void forget(struct sk_docstore *s, size_t kind, size_t i)
{
    struct sk_docs *d = &s->docs[kind];
    s->count--;
    s->bytes -= d->list[i].n;
    free_doc(s, &d->list[i]);
    memmove(&d->list[i], &d->list[i + 1], (--d->count - i) * sizeof *d->list);
}

static void keep(struct sk_docstore *s, struct sk_doc_change *c)
{
    struct sk_docs *d = &s->docs[c->kind];
    bool found;
    size_t i = place_of(d, sk_span_of(c->name), &found);
    if (found)
        forget(s, c->kind, i);
    struct sk_doc doc = { .name = c->name, .text = c->text, .n = c->n, .mtime_ms = c->mtime_ms };
    doc.extra = s->o.derive(c->kind, (struct sk_span){ c->text, c->n });
    sk_docs_append(d, doc);
    memmove(&d->list[i + 1], &d->list[i], (d->count - 1 - i) * sizeof *d->list);
    d->list[i] = doc;
    s->count++;
    s->bytes += doc.n;
    c->name = c->text = NULL;
}

const struct sk_doc *sk_docstore_find(const struct sk_docstore *s, size_t kind, struct sk_span name)
{
    bool found;
    size_t i = place_of(&s->docs[kind], name, &found);
    return found ? &s->docs[kind].list[i] : NULL;
}

const struct sk_doc *sk_docstore_at(const struct sk_docstore *s, size_t kind, size_t index)
{
    return &s->docs[kind].list[index];
}

size_t sk_docstore_count(const struct sk_docstore *s, size_t kind)
{
    return s->docs[kind].count;
}

/* ---- on the thread pool ---- */

static void write_one(struct sk_docstore *s, struct sk_doc_change *c)
{
    char *file = NULL;
    struct stat st;
    c->result = sk_fs_join(s->folders[c->kind], sk_span_of(c->name), &file, &c->em);
    if (c->result == 0 && c->text == NULL)
        c->result = sk_fs_remove(file, &c->em);
    else if (c->result == 0)
        c->result = sk_fs_mkdirs(s->folders[c->kind], 0755, &c->em);
    if (c->result == 0 && c->text != NULL)
        c->result = sk_fs_write_atomic(file, (struct sk_span){ c->text, c->n }, 0644, &c->em);
    if (c->result == 0 && c->text != NULL && stat(file, &st) == 0)
        c->mtime_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    free(file);
}

static void write_all(uv_work_t *work)
{
    struct sk_docstore *s = SK_CONTAINER(work, struct sk_docstore, work);
    for (struct sk_doc_change *c = s->writing; c != NULL; c = c->next)
        if (c->name != NULL)
            write_one(s, c);
        else
            sk_docstore_load(s, c->kind, &c->room, &c->found);
}

static void load_all(uv_work_t *work)
{
    struct sk_docstore *s = SK_CONTAINER(work, struct sk_docstore, work);
    struct sk_docs_room room = { s->o.docs_max, s->o.bytes_max };
    for (size_t kind = 0; kind < s->first_kinds; kind++) /* nobody else uses these yet */
        sk_docstore_load(s, kind, &room, &s->docs[kind]);
}

/* ---- changes ---- */

static void change_over(struct sk_doc_change *c)
{
    c->done(c->arg, c->result, c->result < 0 ? c->em.text : NULL);
    free(c->name);
    free(c->text);
    free(c);
}

/* Into memory. */
static void take_over(struct sk_docstore *s, size_t kind)
{
    for (size_t i = 0; i < s->docs[kind].count; i++) {
        struct sk_doc *doc = &s->docs[kind].list[i];
        doc->extra = s->o.derive(kind, (struct sk_span){ doc->text, doc->n });
        s->count++;
        s->bytes += doc->n;
    }
}

static void apply(struct sk_docstore *s, struct sk_doc_change *c)
{
    if (c->name == NULL) {
        s->docs[c->kind] = c->found;
        take_over(s, c->kind);
        return;
    }
    bool found;
    size_t i = place_of(&s->docs[c->kind], sk_span_of(c->name), &found);
    if (c->text != NULL && c->result == 0)
        keep(s, c);
    else if (c->text == NULL && found && (c->result == 0 || c->result == SK_ERR_NOTFOUND))
        forget(s, c->kind, i); /* also what somebody else removed */
}

static void written(uv_work_t *work, int status)
{
    struct sk_docstore *s = SK_CONTAINER(work, struct sk_docstore, work);
    struct sk_doc_change *next, *c = s->writing;
    (void)status;
    s->busy = false;
    s->writing = NULL;
    for (; c != NULL; c = next) {
        next = c->next;
        apply(s, c);
        change_over(c);
    }
    start_next(s);
}

static void loaded(uv_work_t *work, int status)
{
    struct sk_docstore *s = SK_CONTAINER(work, struct sk_docstore, work);
    (void)status;
    for (size_t kind = 0; kind < s->first_kinds; kind++)
        take_over(s, kind);
    s->busy = false;
    s->ready = true;
    if (s->o.ready != NULL)
        s->o.ready(s->o.arg);
    start_next(s);
}

static void start_next(struct sk_docstore *s)
{
    if (s->busy || !s->ready || s->waiting == NULL)
        return;
    s->writing = s->waiting;
    s->waiting = NULL;
    s->waiting_end = &s->waiting;
    s->waiting_count = 0;
    s->waiting_bytes = 0;
    s->busy = true;
    for (struct sk_doc_change *c = s->writing; c != NULL; c = c->next) {
        c->room.docs = s->o.docs_max > s->count ? s->o.docs_max - s->count : 0;
        c->room.bytes = s->o.bytes_max > s->bytes ? s->o.bytes_max - s->bytes : 0;
    }
    SK_ASSERT(uv_queue_work(sk_loop_uv(s->o.loop), &s->work, write_all, written) == 0);
}

static int room_for(const struct sk_docstore *s, size_t kind, struct sk_span name, size_t n, struct sk_errmsg *em)
{
    const struct sk_doc *old = s->ready ? sk_docstore_find(s, kind, name) : NULL; /* until then the pool's thread has them */
    if (s->waiting_count >= s->o.queue_max)
        return sk_errmsg_set(em, SK_ERR_BUSY, "too many changes are waiting to be saved");
    if (n > 0 && n > s->o.doc_max)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "%zu bytes, at most %zu can be kept", n, s->o.doc_max);
    if (n > 0 && old == NULL && s->count + s->waiting_count >= s->o.docs_max)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "%zu resources are kept, there is no room for more", s->count);
    if (n > 0 && s->bytes + s->waiting_bytes + n > s->o.bytes_max + (old != NULL ? old->n : 0))
        return sk_errmsg_set(em, SK_ERR_LIMIT, "%zu bytes of resources are kept, there is no room for %zu more", s->bytes, n);
    return 0;
}

static void enqueue(struct sk_docstore *s, struct sk_doc_change *c)
{
    *s->waiting_end = c;
    s->waiting_end = &c->next;
    s->waiting_count++;
    s->waiting_bytes += c->n;
    sk_docstore_begin(s);
    start_next(s);
}

static void change(struct sk_docstore *s, size_t kind, struct sk_span name, struct sk_buf *text, sk_docstore_done done, void *arg)
{
    struct sk_errmsg em = { 0 };
    int r = s->o.name_ok(kind, name) ? 0 : sk_errmsg_set(&em, SK_ERR_INVALID, "not a name for a resource");
    if (r == 0)
        r = room_for(s, kind, name, text != NULL ? text->n : 0, &em);
    if (r < 0) {
        done(arg, r, em.text);
        return;
    }
    struct sk_doc_change *c = sk_xcalloc(1, sizeof *c);
    *c = (struct sk_doc_change){ .kind = kind, .name = sk_xstrndup(name.p, name.n), .done = done, .arg = arg };
    if (text != NULL)
        c->text = sk_buf_steal(text, &c->n);
    enqueue(s, c);
}

void sk_docstore_add_kind(struct sk_docstore *s, const char *name, sk_docstore_done done, void *arg)
{
    if (s->o.kind_count == s->o.kinds_max) {
        done(arg, SK_ERR_LIMIT, "there are too many kinds");
        return;
    }
    struct sk_doc_change *c = sk_xcalloc(1, sizeof *c);
    *c = (struct sk_doc_change){ .kind = s->o.kind_count++, .done = done, .arg = arg };
    s->folders[c->kind] = sk_fs_path(s->root, name);
    enqueue(s, c);
}

size_t sk_docstore_kinds(const struct sk_docstore *s)
{
    return s->o.kind_count;
}

void sk_docstore_put(struct sk_docstore *s, size_t kind, struct sk_span name, struct sk_span text, sk_docstore_done done,
                     void *arg)
{
    struct sk_errmsg em = { 0 };
    struct sk_buf b;
    sk_buf_init(&b, s->o.doc_max);
    int r = s->o.tidy(kind, text, &b, &em);
    if (r == 0 && !sk_buf_ok(&b))
        r = sk_errmsg_set(&em, SK_ERR_LIMIT, "more than %zu bytes", s->o.doc_max);
    if (r < 0)
        done(arg, r, em.text);
    else
        change(s, kind, name, &b, done, arg);
    sk_buf_finish(&b);
}

void sk_docstore_remove(struct sk_docstore *s, size_t kind, struct sk_span name, sk_docstore_done done, void *arg)
{
    change(s, kind, name, NULL, done, arg);
}

/* ---- existence ---- */

struct sk_docstore *sk_docstore_create(const struct sk_docstore_options *o)
{
    struct sk_docstore *s = sk_xcalloc(1, sizeof *s);
    s->o = *o;
    s->o.kinds_max = o->kinds_max > o->kind_count ? o->kinds_max : o->kind_count;
    s->root = sk_xstrdup(o->root);
    s->folders = sk_xcalloc(s->o.kinds_max + 1, sizeof *s->folders); /* never moved: the pool's thread reads them */
    s->docs = sk_xcalloc(s->o.kinds_max + 1, sizeof *s->docs);
    for (size_t i = 0; i < o->kind_count; i++)
        s->folders[i] = sk_fs_path(o->root, o->kinds[i]);
    s->o.kinds = NULL;
    s->first_kinds = o->kind_count;
    s->waiting_end = &s->waiting;
    return s;
}

void sk_docstore_begin(struct sk_docstore *s)
{
    if (s->begun)
        return;
    s->begun = s->busy = true;
    SK_ASSERT(uv_queue_work(sk_loop_uv(s->o.loop), &s->work, load_all, loaded) == 0);
}

bool sk_docstore_ready(const struct sk_docstore *s)
{
    return s->ready;
}

bool sk_docstore_idle(const struct sk_docstore *s)
{
    return !s->busy && s->waiting == NULL;
}

void sk_docstore_destroy(struct sk_docstore *s)
{
    if (s == NULL)
        return;
    SK_ASSERT(sk_docstore_idle(s));
    for (size_t kind = 0; kind < s->o.kind_count; kind++) {
        for (size_t i = 0; i < s->docs[kind].count; i++)
            free_doc(s, &s->docs[kind].list[i]);
        free(s->docs[kind].list);
        free(s->folders[kind]);
    }
    free(s->docs);
    free(s->folders);
    free(s->root);
    free(s);
}
