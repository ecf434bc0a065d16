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

static void note(const char *text)
{
    pthread_mutex_lock(&notes.lock);
    if (notes.count < SK_KEPT_NOTES_MAX)
        notes.text[notes.count++] = sk_xstrdup(text);
    pthread_mutex_unlock(&notes.lock);
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

static bool is_sound(struct sk_span text, struct sk_errmsg *em)
{
    yyjson_doc *doc;
    if (sk_json_read(text, &doc, em) < 0)
        return false;
    yyjson_doc_free(doc);
    return true;
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

/* Somebody has edited the file since, or it comes from another server: what was read is good from now on. */
static void refresh_copy(const char *file, struct sk_span text)
{
    SK_CLEANUP(sk_freep) char *copy = copy_of(file);
    SK_CLEANUP(sk_freep) char *there = NULL;
    size_t n;
    if (sk_fs_read(copy, text.n, &there, &n, NULL) < 0 || !sk_span_is((struct sk_span){ there, n }, text))
        write_copy(copy, text, mode_of(file));
}

/* Files of other kinds (a list of names) have no copy. */
static bool has_copy(const char *file)
{
    size_t n = strlen(file);
    return n > 5 && strcmp(file + n - 5, ".json") == 0;
}

static void put_back(const char *file, struct sk_span found, struct sk_span good)
{
    size_t size = strlen(file) + 8;
    SK_CLEANUP(sk_freep) char *broken = sk_xmalloc(size);
    unsigned mode = mode_of(file);
    struct sk_errmsg em;
    snprintf(broken, size, "%s.broken", file);
    if (sk_fs_write_atomic(broken, found, mode, &em) < 0 || sk_fs_write_atomic(file, good, mode, &em) < 0)
        sk_log_warn("%s; the file stays as it is", em.text);
}

static int read_copy(const char *file, size_t max, char **ret_text, size_t *ret_n)
{
    SK_CLEANUP(sk_freep) char *copy = copy_of(file);
    struct sk_errmsg em;
    int r = sk_fs_read(copy, max, ret_text, ret_n, &em);
    if (r == 0 && !is_sound((struct sk_span){ *ret_text, *ret_n }, &em)) {
        free(*ret_text);
        r = em.code;
    }
    return r;
}

static void tell(const char *file, const char *why, bool is_put_back)
{
    char words[600];
    if (is_put_back)
        snprintf(words, sizeof words, "%s was broken (%s): its last good copy is used, and what was found is kept as %s.broken",
                 file, why, file);
    else
        snprintf(words, sizeof words, "%s cannot be read (%s): its last good copy is used", file, why);
    sk_log_error("%s", words);
    note(words);
}

int sk_kept_read(const char *file, size_t max, char **ret_text, size_t *ret_n, struct sk_errmsg *em)
{
    char *text = NULL, *good = NULL;
    size_t n = 0, good_n = 0;
    struct sk_errmsg why;
    int r = sk_fs_read(file, max, &text, &n, &why);
    bool is_read = r == 0, sound = is_read && is_sound((struct sk_span){ text, n }, &why);
    if (sound) {
        refresh_copy(file, (struct sk_span){ text, n });
    } else if (r != SK_ERR_NOTFOUND && read_copy(file, max, &good, &good_n) == 0) {
        tell(file, why.text, is_read);
        if (is_read)
            put_back(file, (struct sk_span){ text, n }, (struct sk_span){ good, good_n });
        free(text);
        text = good;
        n = good_n;
    } else if (!is_read) {
        return sk_errmsg_set(em, r, "%s", why.text);
    }
    *ret_text = text;
    if (ret_n != NULL)
        *ret_n = n;
    return 0;
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
