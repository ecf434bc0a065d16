#include "npm/tarball.h"

#include "base/utf8.h"
#include "npm/libarchive.h"

#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 1000
#define CHUNK ((size_t)64 * 1024)

const struct sk_tarball_limits sk_tarball_default_limits = {
    .bytes_max = UINT64_C(512) * 1024 * 1024,
    .file_max = UINT64_C(256) * 1024 * 1024, /* larger ones would not be served */
    .entries_max = 20000,
    .depth_max = 24,
    .ratio_max = 200,
    .ratio_from = UINT64_C(16) * 1024 * 1024,
};

struct walk {
    const struct sk_archive *lib;
    struct archive *a;
    const struct sk_tarball_limits *limits;
    const struct sk_tarball_ops *ops;
    void *arg;
    uint64_t bytes;
    unsigned entries;
    char chunk[CHUNK];
};

/* ---- names ----------------------------------------------------------------------------------------------------------------- */

bool sk_tarball_name_ok(struct sk_span name, unsigned depth_max)
{
    unsigned depth = 0;
    if (name.n == 0 || name.n > NAME_MAX_BYTES || !sk_utf8_valid(name.p, name.n))
        return false;
    for (size_t at = 0; at <= name.n;) {
        const char *slash = at < name.n ? memchr(name.p + at, '/', name.n - at) : NULL;
        size_t n = slash != NULL ? (size_t)(slash - name.p) - at : name.n - at;
        struct sk_span part = { name.p + at, n };
        if (n == 0 || n > 255 || sk_span_eq(part, ".") || sk_span_eq(part, "..") || depth++ > depth_max)
            return false;
        at += n + 1;
    }
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f || name.p[i] == '\\')
            return false;
    return true;
}

/* Without "./" in front and without the first folder, which npm calls "package" and others as they like. */
static struct sk_span inner_name(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    const char *slash = strchr(path, '/');
    if (slash == NULL || slash == path)
        return (struct sk_span){ path, 0 };
    /* ".." is no folder to be left out */
    if (slash - path == 2 && path[0] == '.' && path[1] == '.')
        return (struct sk_span){ path, strlen(path) };
    return sk_span_of(slash + 1);
}

/* Control characters of a foreign name do not reach the terminal. */
static const char *shown(const char *path, char out[160])
{
    size_t n = 0;
    for (; path[n] != '\0' && n < 159; n++)
        out[n] = (unsigned char)path[n] < 0x20 || (unsigned char)path[n] >= 0x7f ? '?' : path[n];
    out[n] = '\0';
    return out;
}

/* ---- entries --------------------------------------------------------------------------------------------------------------- */

static int check_growth(struct walk *w, uint64_t in_file, const char *path, struct sk_errmsg *em)
{
    char name[160];
    int64_t packed = w->lib->filter_bytes(w->a, -1);
    const struct sk_tarball_limits *l = w->limits;
    if (in_file > l->file_max)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "'%s' is larger than %ju MiB", shown(path, name), (uintmax_t)(l->file_max >> 20));
    if (w->bytes > l->bytes_max)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "unpacked it is larger than %ju MiB", (uintmax_t)(l->bytes_max >> 20));
    if (w->bytes > l->ratio_from && packed > 0 && w->bytes / (uint64_t)packed > l->ratio_max)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "it unpacks to more than %u times its size: that is a bomb, not a package",
                             l->ratio_max);
    return 0;
}

static int broken(const struct walk *w, struct sk_errmsg *em)
{
    const char *why = w->lib->error_string(w->a);
    char text[160];
    return sk_errmsg_set(em, SK_ERR_INVALID, "the archive is damaged: %s", shown(why != NULL ? why : "it ends too early", text));
}

static int walk_file(struct walk *w, const char *path, struct sk_span inner, struct sk_errmsg *em)
{
    char name[NAME_MAX_BYTES + 1];
    uint64_t in_file = 0;
    snprintf(name, sizeof name, "%.*s", (int)inner.n, inner.p);
    int r = w->ops->file(w->arg, name, em);
    while (r >= 0) {
        la_ssize_t n = w->lib->read_data(w->a, w->chunk, sizeof w->chunk);
        if (n < 0)
            r = broken(w, em);
        if (n <= 0)
            break;
        in_file += (uint64_t)n;
        w->bytes += (uint64_t)n;
        r = check_growth(w, in_file, path, em);
        if (r >= 0)
            r = w->ops->bytes(w->arg, (struct sk_span){ w->chunk, (size_t)n }, em);
    }
    return r < 0 ? r : w->ops->file_end(w->arg, em);
}

static int walk_entry(struct walk *w, struct archive_entry *e, struct sk_errmsg *em)
{
    char name[160];
    const char *path = w->lib->entry_pathname_utf8(e);
    if (path == NULL)
        path = w->lib->entry_pathname(e);
    if (path == NULL || path[0] == '\0')
        return sk_errmsg_set(em, SK_ERR_INVALID, "an entry has no usable name");
    if (++w->entries > w->limits->entries_max)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "it holds more than %u files", w->limits->entries_max);
    __typeof__(w->lib->entry_filetype(e)) type = w->lib->entry_filetype(e);
    bool link = w->lib->entry_hardlink(e) != NULL || type == AE_IFLNK;
    struct sk_span inner = inner_name(path);
    if (type == AE_IFDIR && !link) {
        if (inner.n > 0 && inner.p[inner.n - 1] == '/')
            inner.n--;
        if (inner.n > 0 && !sk_tarball_name_ok(inner, w->limits->depth_max))
            return sk_errmsg_set(em, SK_ERR_DENIED, "'%s' would lie outside the package, or is no name", shown(path, name));
        return 0;
    }
    if (path[0] == '/' || !sk_tarball_name_ok(inner, w->limits->depth_max))
        return sk_errmsg_set(em, SK_ERR_DENIED, "'%s' would lie outside the package, or is no name", shown(path, name));
    if (link || type != AE_IFREG)
        return sk_errmsg_set(em, SK_ERR_DENIED, "'%s' is %s: packages hold plain files only", shown(path, name),
                             link ? "a link" : "a device or the like");
    return walk_file(w, path, inner, em);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------- */

static int walk_entries(struct walk *w, struct sk_errmsg *em)
{
    struct archive_entry *e = NULL;
    for (;;) {
        int status = w->lib->read_next_header(w->a, &e);
        if (status == ARCHIVE_EOF)
            return w->entries > 0 ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "the archive is empty, or is none");
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
            return broken(w, em);
        int r = walk_entry(w, e, em);
        if (r < 0)
            return r;
    }
}

/* Exactly one of fd and bytes. */
static int walk(int fd, struct sk_span bytes, const struct sk_tarball_limits *limits, const struct sk_tarball_ops *ops, void *arg,
                struct sk_errmsg *em)
{
    const struct sk_archive *lib;
    int r = sk_archive_load(&lib, em);
    if (r < 0)
        return r;
    struct walk *w = sk_xcalloc(1, sizeof *w);
    w->lib = lib;
    w->limits = limits;
    w->ops = ops;
    w->arg = arg;
    w->a = lib->read_new();
    if (w->a == NULL) {
        free(w);
        return sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory");
    }
    lib->read_support_filter_gzip(w->a);
    lib->read_support_format_tar(w->a);
    int status = fd >= 0 ? lib->read_open_fd(w->a, fd, CHUNK) : lib->read_open_memory(w->a, bytes.p, bytes.n);
    r = status == ARCHIVE_OK ? walk_entries(w, em) : broken(w, em);
    lib->read_free(w->a);
    free(w);
    return r;
}

int sk_tarball_walk_fd(int fd, const struct sk_tarball_limits *limits, const struct sk_tarball_ops *ops, void *arg,
                       struct sk_errmsg *em)
{
    return walk(fd, SK_SPAN(""), limits, ops, arg, em);
}

int sk_tarball_walk_memory(struct sk_span bytes, const struct sk_tarball_limits *limits, const struct sk_tarball_ops *ops,
                           void *arg, struct sk_errmsg *em)
{
    return walk(-1, bytes, limits, ops, arg, em);
}
