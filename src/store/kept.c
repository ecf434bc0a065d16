#include "store/kept.h"

#include "base/json.h"
#include "base/log.h"

#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct {
    pthread_mutex_t lock;
    char *text[SK_KEPT_NOTES_MAX];
    size_t count;
} notes = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* True when it is new: a document that is asked for again and again is told of once. */
bool sk_kept_add_note(const char *text)
{
    bool is_new = true;
    pthread_mutex_lock(&notes.lock);
    for (size_t i = 0; i < notes.count; i++)
        is_new = is_new && strcmp(notes.text[i], text) != 0;
    if (is_new && notes.count < SK_KEPT_NOTES_MAX)
        notes.text[notes.count++] = sk_xstrdup(text);
    pthread_mutex_unlock(&notes.lock);
    return is_new;
}

const char *sk_kept_note(size_t n)
{
    pthread_mutex_lock(&notes.lock);
    const char *text = n < notes.count ? notes.text[n] : NULL;
    pthread_mutex_unlock(&notes.lock);
    return text;
}

/* "/boat/.settings.json.good" of "/boat/settings.json". */
static char *copy_of(const char *file)
{
    SK_CLEANUP(sk_freep) char *folder = sk_xstrdup(file);
    SK_CLEANUP(sk_freep) char *name = sk_xstrdup(file);
    const char *base = basename(name);
    size_t size = strlen(base) + 8;
    SK_CLEANUP(sk_freep) char *hidden = sk_xmalloc(size);
    snprintf(hidden, size, ".%s.good", base);
    return sk_fs_path(dirname(folder), hidden);
}

/* An object or an array, which every such file is; NULL, and why, when it is neither or no JSON. */
static yyjson_doc *parse(struct sk_span text, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    if (sk_json_read(text, &doc, em) < 0 || yyjson_is_ctn(yyjson_doc_get_root(doc)))
        return doc;
    sk_errmsg_set(em, SK_ERR_INVALID, "neither an object nor an array");
    yyjson_doc_free(doc);
    return NULL;
}

static unsigned mode_of(const char *file)
{
    struct stat st;
    return stat(file, &st) == 0 ? st.st_mode & 0777 : 0600;
}

static void write_copy(const char *copy, struct sk_span content, unsigned mode)
{
    struct sk_errmsg em;
    if (sk_fs_write_atomic(copy, content, mode, &em) < 0)
        sk_log_debug("skiff:store", "no good copy: %s", em.text);
}

/* Files of other kinds (a list of names) have no copy. */
static bool has_copy(const char *file)
{
    size_t n = strlen(file);
    return n > 5 && strcmp(file + n - 5, ".json") == 0;
}

static int set_aside(const char *file, struct sk_span found, struct sk_errmsg *em)
{
    static const char end[] = ".broken";
    size_t n = strlen(file);
    SK_CLEANUP(sk_freep) char *broken = sk_xmalloc(n + sizeof end);
    memcpy(broken, file, n);
    memcpy(broken + n, end, sizeof end);
    return sk_fs_write_atomic(broken, found, mode_of(file), em);
}

static void put_back(const char *file, struct sk_span found, struct sk_span good)
{
    struct sk_errmsg em;
    if (set_aside(file, found, &em) < 0 || sk_fs_write_atomic(file, good, mode_of(file), &em) < 0)
        sk_log_warn("%s; the file stays as it is", em.text);
}

/* With a good copy; `is_read`: there were bytes in it, which are set aside. */
static void tell_of_copy(const char *file, const char *why, bool is_read)
{
    char words[1200];
    if (is_read)
        snprintf(words, sizeof words, "%s was broken (%s): its last good copy is used, and what was found is kept as %s.broken",
                 file, why, file);
    else
        snprintf(words, sizeof words, "%s cannot be read (%s): its last good copy is used", file, why);
    if (sk_kept_add_note(words))
        sk_log_error("%s", words);
}

/* Without one. The caller says in the log what becomes of it; here what the user can do. */
static void tell_of_loss(const char *file, const char *why, struct sk_span found)
{
    char words[1200];
    bool kept = found.n > 0 && set_aside(file, found, NULL) == 0;
    snprintf(words, sizeof words, "%s cannot be used (%s), and there is no good copy of it: mend it and start again%s", file, why,
             kept ? "; what was found is also kept with .broken behind its name" : "");
    sk_kept_add_note(words);
}

struct found {
    char *text;
    size_t n;
    yyjson_doc *doc; /* NULL: not sound */
    int result;
    struct sk_errmsg why; /* not sound */
};

static void found_finish(struct found *f)
{
    free(f->text);
    yyjson_doc_free(f->doc);
    *f = (struct found){ .result = f->result, .why = f->why };
}

static struct sk_span text_of(const struct found *f)
{
    return (struct sk_span){ f->text, f->n };
}

static void look(const char *file, size_t max, struct found *f)
{
    *f = (struct found){ 0 };
    f->result = sk_fs_read(file, max, &f->text, &f->n, &f->why);
    if (f->result == 0)
        f->doc = parse(text_of(f), &f->why);
    if (f->result == 0 && f->doc == NULL && f->why.code == SK_ERR_LIMIT) { /* no memory to read it: not the file's fault */
        f->result = SK_ERR_NOMEM;
        found_finish(f);
    }
}

/* True: the copy took the place of what was found. */
static bool replace(const char *file, struct found *f, struct found *good)
{
    good->doc = parse(text_of(good), &good->why);
    if (good->doc != NULL && f->doc != NULL &&
        yyjson_is_obj(yyjson_doc_get_root(good->doc)) != yyjson_is_obj(yyjson_doc_get_root(f->doc))) {
        yyjson_doc_free(f->doc); /* JSON, but not what this file is about */
        f->doc = NULL;
        sk_errmsg_set(&f->why, SK_ERR_INVALID, "%s expected",
                      yyjson_is_obj(yyjson_doc_get_root(good->doc)) ? "an object was" : "an array was");
    }
    if (f->doc != NULL || good->doc == NULL)
        return false;
    tell_of_copy(file, f->why.text, f->result == 0);
    if (f->result == 0)
        put_back(file, text_of(f), text_of(good));
    found_finish(f);
    *f = *good;
    *good = (struct found){ 0 };
    return true;
}

/* What is in the file, or in its copy. */
static void find(const char *file, size_t max, struct found *f)
{
    SK_CLEANUP(sk_freep) char *copy = copy_of(file);
    struct found good = { 0 };
    look(file, max, f);
    if (f->result == SK_ERR_NOTFOUND)
        return;
    good.result = sk_fs_read(copy, max, &good.text, &good.n, &good.why);
    bool same = f->doc != NULL && good.result == 0 && sk_span_is(text_of(f), text_of(&good));
    bool replaced = !same && good.result == 0 && replace(file, f, &good);
    if (f->doc == NULL)
        tell_of_loss(file, f->why.text, text_of(f));
    else if (!same && !replaced) /* somebody may have edited it since, or it comes from another server: it is good from now on */
        write_copy(copy, text_of(f), mode_of(file));
    found_finish(&good);
}

int sk_kept_read(const char *file, size_t max, char **ret_text, size_t *ret_n, struct sk_errmsg *em)
{
    struct found f;
    find(file, max, &f);
    if (f.result < 0)
        return sk_errmsg_set(em, f.result, "%s", f.why.text);
    yyjson_doc_free(f.doc);
    *ret_text = f.text;
    if (ret_n != NULL)
        *ret_n = f.n;
    return 0;
}

int sk_kept_read_json(const char *file, size_t max, yyjson_doc **ret_doc, struct sk_errmsg *em)
{
    struct found f;
    find(file, max, &f);
    free(f.text);
    *ret_doc = f.doc;
    if (f.result < 0)
        return sk_errmsg_set(em, f.result, "%s", f.why.text);
    return f.doc != NULL ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "%s: %s", file, f.why.text);
}

int sk_kept_write(const char *file, struct sk_span content, unsigned mode, struct sk_errmsg *em)
{
    int r = sk_fs_write_atomic(file, content, mode, em);
    if (r < 0)
        return r;
    SK_CLEANUP(sk_freep) char *copy = has_copy(file) ? copy_of(file) : NULL;
    if (copy != NULL)
        write_copy(copy, content, mode);
    return 0;
}

int sk_kept_remove(const char *file, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *copy = copy_of(file);
    int r = sk_fs_remove(file, em);
    if (r == 0 || r == SK_ERR_NOTFOUND)
        (void)sk_fs_remove(copy, NULL);
    return r;
}
