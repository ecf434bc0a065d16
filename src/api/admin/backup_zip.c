#include "api/admin/backup_zip.h"

#include "base/json.h"
#include "npm/libarchive.h"
#include "store/fs.h"
#include "store/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 40u
#define ROOM ((size_t)8 * 1024 * 1024)
#define CHUNK ((size_t)64 * 1024)
#define JSON_MAX ((size_t)16 * 1024 * 1024)

/* libarchive, which does not survive it when memory ends in the middle, begins only when there is more than it needs. */
static bool has_room(void)
{
    void *volatile probe = malloc(ROOM); /* volatile: or the compiler sees through it */
    free(probe);
    return probe != NULL;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------ */

struct packing {
    const struct sk_archive *lib;
    struct archive *zip;
    bool with_packages;
    bool (*wanted)(struct sk_span name); /* NULL: a backup */
    unsigned files;
    char *chunk;
    struct sk_errmsg *em;
};

static bool is_left_out(const struct packing *p, const char *name, bool top)
{
    size_t n = strlen(name);
    if (p->wanted != NULL)
        return !top || !p->wanted(sk_span_of(name));
    return name[0] == '.' || (n > 4 && strcmp(name + n - 4, ".log") == 0) || (top && strcmp(name, "signalk-server") == 0) ||
           (top && strncmp(name, "skiff-", 6) == 0) || (top && !p->with_packages && strcmp(name, "node_modules") == 0);
}

static int failed(struct packing *p, const char *what)
{
    return sk_errmsg_set(p->em, SK_ERR_IO, "%s: %s", what, p->lib->error_string(p->zip));
}

static int put_header(struct packing *p, const char *name, const struct stat *st)
{
    struct archive_entry *e = p->lib->entry_new();
    if (e == NULL)
        return sk_errmsg_set(p->em, SK_ERR_NOMEM, "no memory for a backup");
    bool folder = S_ISDIR(st->st_mode);
    p->lib->entry_set_pathname(e, name);
    p->lib->entry_set_filetype(e, folder ? AE_IFDIR : AE_IFREG);
    p->lib->entry_set_perm(e, st->st_mode & 0777);
    p->lib->entry_set_mtime(e, st->st_mtime, 0);
    p->lib->entry_set_size(e, folder ? 0 : st->st_size);
    int r = p->lib->write_header(p->zip, e) == ARCHIVE_OK ? 0 : failed(p, name);
    p->lib->entry_free(e);
    return r;
}

/* As many bytes as the head promised: a file that shrinks meanwhile is filled up, one that grows is cut. */
static int put_file(struct packing *p, int fd, const char *name, const struct stat *st)
{
    uint64_t left = (uint64_t)st->st_size;
    int r = put_header(p, name, st);
    while (r == 0 && left > 0) {
        size_t want = left < CHUNK ? (size_t)left : CHUNK;
        ssize_t n = read(fd, p->chunk, want);
        if (n < 0)
            return sk_errmsg_set(p->em, SK_ERR_IO, "%s: %s", name, strerror(errno));
        if (n == 0) {
            memset(p->chunk, ' ', want);
            n = (ssize_t)want;
        }
        if (p->lib->write_data(p->zip, p->chunk, (size_t)n) != n)
            return failed(p, name);
        left -= (uint64_t)n;
    }
    return r;
}

static int put_folder(struct packing *p, const char *folder, const char *inner, unsigned depth);

static int put_entry(struct packing *p, const char *folder, const char *inner, const char *name, unsigned depth)
{
    SK_CLEANUP(sk_freep) char *path = sk_fs_path(folder, name);
    SK_CLEANUP(sk_freep) char *joined = inner[0] != '\0' ? sk_fs_path(inner, name) : sk_xstrdup(name);
    struct stat st = { 0 };
    int r = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) /* a link, or gone meanwhile */
        return errno == ELOOP || errno == ENOENT || errno == ENXIO
                   ? 0
                   : sk_errmsg_set(p->em, SK_ERR_IO, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
        if (++p->files > SK_BACKUP_FILES_MAX)
            r = sk_errmsg_set(p->em, SK_ERR_LIMIT, "a backup holds at most %u files", SK_BACKUP_FILES_MAX);
        else if (S_ISREG(st.st_mode))
            r = put_file(p, fd, joined, &st);
        else
            r = put_header(p, joined, &st);
    }
    close(fd);
    return r == 0 && S_ISDIR(st.st_mode) ? put_folder(p, path, joined, depth + 1) : r;
}

static int put_folder(struct packing *p, const char *folder, const char *inner, unsigned depth)
{
    DIR *d = depth < DEPTH_MAX ? opendir(folder) : NULL;
    int r = 0;
    if (d == NULL)
        return sk_errmsg_set(p->em, SK_ERR_IO, "%s: %s", folder, depth < DEPTH_MAX ? strerror(errno) : "too deep");
    for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;)
        if (!is_left_out(p, e->d_name, depth == 0))
            r = put_entry(p, folder, inner, e->d_name, depth);
    closedir(d);
    return r;
}

static int pack(struct packing p, const char *folder, const char *file)
{
    struct sk_errmsg *em = p.em;
    int r = has_room() ? sk_archive_load(&p.lib, em) : sk_errmsg_set(em, SK_ERR_NOMEM, "no memory for a backup");
    if (r < 0)
        return r;
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return sk_errmsg_set(em, SK_ERR_IO, "%s: %s", file, strerror(errno));
    p.chunk = malloc(CHUNK);
    p.zip = p.lib->write_new();
    if (p.chunk == NULL || p.zip == NULL)
        r = sk_errmsg_set(em, SK_ERR_NOMEM, "no memory for a backup");
    else if (p.lib->write_set_format_zip(p.zip) != ARCHIVE_OK || p.lib->write_open_fd(p.zip, fd) != ARCHIVE_OK)
        r = failed(&p, file);
    if (r == 0)
        r = put_folder(&p, folder, "", 0);
    if (r == 0 && p.lib->write_close(p.zip) != ARCHIVE_OK)
        r = failed(&p, file);
    if (p.zip != NULL)
        p.lib->write_free(p.zip);
    close(fd);
    free(p.chunk);
    if (r < 0)
        unlink(file);
    return r;
}

int sk_backup_write(const char *folder, bool with_packages, const char *file, struct sk_errmsg *em)
{
    return pack((struct packing){ .with_packages = with_packages, .em = em }, folder, file);
}

int sk_backup_write_some(const char *folder, bool (*wanted)(struct sk_span name), const char *file, struct sk_errmsg *em)
{
    return pack((struct packing){ .wanted = wanted, .em = em }, folder, file);
}

/* ---- unpacking ---------------------------------------------------------------------------------------------------------- */

struct unpacking {
    const struct sk_archive *lib;
    struct archive *zip;
    const struct sk_backup_zip *source;
    uint64_t at;  /* in the zip file */
    char *window; /* CHUNK bytes of it */
    const char *folder;
    struct sk_buf *list;
    unsigned files;
    uint64_t bytes;
    char *chunk;
    struct sk_errmsg *em;
};

static la_ssize_t read_source(struct archive *zip, void *arg, const void **ret)
{
    struct unpacking *u = arg;
    uint64_t left = u->source->length - u->at;
    (void)zip;
    ssize_t n = pread(u->source->fd, u->window, left < CHUNK ? (size_t)left : CHUNK, (off_t)(u->source->from + u->at));
    u->at += n > 0 ? (uint64_t)n : 0;
    *ret = u->window;
    return n;
}

static la_int64_t seek_source(struct archive *zip, void *arg, la_int64_t offset, int whence)
{
    struct unpacking *u = arg;
    la_int64_t length = (la_int64_t)u->source->length;
    la_int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (la_int64_t)u->at : length;
    (void)zip;
    if (offset < -base || offset > length - base)
        return ARCHIVE_FATAL;
    u->at = (uint64_t)(base + offset);
    return base + offset;
}

static bool open_source(struct unpacking *u)
{
    const struct sk_archive *lib = u->lib;
    return lib->read_support_format_zip(u->zip) == ARCHIVE_OK && lib->read_set_read_callback(u->zip, read_source) == ARCHIVE_OK &&
           lib->read_set_seek_callback(u->zip, seek_source) == ARCHIVE_OK &&
           lib->read_set_callback_data(u->zip, u) == ARCHIVE_OK && lib->read_open1(u->zip) == ARCHIVE_OK;
}

static int copy_data(struct unpacking *u, int fd, const char *name)
{
    for (;;) {
        la_ssize_t n = u->lib->read_data(u->zip, u->chunk, CHUNK);
        if (n == 0)
            return 0;
        if (n < 0)
            return sk_errmsg_set(u->em, SK_ERR_INVALID, "%s: %s", name, u->lib->error_string(u->zip));
        u->bytes += (uint64_t)n;
        if (u->bytes > SK_BACKUP_BYTES_MAX)
            return sk_errmsg_set(u->em, SK_ERR_LIMIT, "the backup holds more than 1 GiB");
        if (write(fd, u->chunk, (size_t)n) != n)
            return sk_errmsg_set(u->em, SK_ERR_IO, "%s: %s", name, strerror(errno));
    }
}

/* Secrets stay readable for their owner only, whatever the archive says. */
static unsigned mode_for(const char *name)
{
    return strstr(name, "security.json") != NULL || strstr(name, ".pem") != NULL ? 0600 : 0644;
}

static int unpack_file(struct unpacking *u, const char *path, const char *name)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_for(name));
    if (fd < 0)
        return sk_errmsg_set(u->em, errno == EEXIST ? SK_ERR_INVALID : SK_ERR_IO, "%s: %s", name, strerror(errno));
    int r = copy_data(u, fd, name);
    close(fd);
    return r;
}

static int unpack_entry(struct unpacking *u, struct archive_entry *e)
{
    const char *name = u->lib->entry_pathname_utf8(e);
    bool folder = u->lib->entry_filetype(e) == AE_IFDIR, file = u->lib->entry_filetype(e) == AE_IFREG;
    char *path = NULL;
    if (name == NULL || (!folder && !file) || sk_fs_join(u->folder, sk_span_of(name), &path, NULL) < 0)
        return sk_errmsg_set(u->em, SK_ERR_INVALID, "an entry that no backup holds: %.200s", name != NULL ? name : "?");
    int r = ++u->files <= SK_BACKUP_FILES_MAX ? 0 : sk_errmsg_set(u->em, SK_ERR_LIMIT, "more than %u files", SK_BACKUP_FILES_MAX);
    char *slash = strrchr(path, '/');
    while (slash != NULL && slash[1] == '\0') {
        *slash = '\0';
        slash = strrchr(path, '/');
    }
    if (r == 0 && file && slash != NULL) {
        *slash = '\0';
        r = sk_fs_mkdirs(path, 0755, u->em);
        *slash = '/';
    }
    if (r == 0)
        r = folder ? sk_fs_mkdirs(path, 0755, u->em) : unpack_file(u, path, name);
    free(path);
    return r;
}

static bool is_json(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".json") == 0;
}

static int check_json(const char *path, const char *name, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n;
    yyjson_doc *doc = NULL;
    int r = sk_fs_read(path, JSON_MAX, &text, &n, em);
    if (r == 0)
        r = sk_json_read((struct sk_span){ text, n }, &doc, em);
    yyjson_doc_free(doc);
    return r < 0 ? sk_errmsg_wrap(em, r, "%s", name) : 0;
}

static int list_top(struct unpacking *u, bool folders)
{
    DIR *d = opendir(u->folder);
    int r = d != NULL ? 0 : sk_errmsg_set(u->em, SK_ERR_IO, "%s: %s", u->folder, strerror(errno));
    for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;) {
        SK_CLEANUP(sk_freep) char *path = sk_fs_path(u->folder, e->d_name);
        bool folder = sk_fs_is_dir(path);
        if (e->d_name[0] == '.' || folder != folders)
            continue;
        if (!folder && is_json(e->d_name))
            r = check_json(path, e->d_name, u->em);
        SK_CLEANUP(sk_freep) char *shown = sk_fs_path(e->d_name, "");
        if (!folder)
            shown[strlen(shown) - 1] = '\0';
        sk_buf_append(u->list, ",", !sk_buf_ends(u->list, '['));
        sk_json_write_str(u->list, sk_span_of(shown));
    }
    if (d != NULL)
        closedir(d);
    return r;
}

int sk_backup_unpack(const struct sk_backup_zip *zip, const char *folder, struct sk_buf *list, struct sk_errmsg *em)
{
    struct unpacking u = { .source = zip, .folder = folder, .list = list, .em = em };
    struct archive_entry *e;
    int r = sk_archive_load(&u.lib, em), status = ARCHIVE_OK;
    if (r < 0)
        return r;
    u.chunk = malloc(CHUNK);
    u.window = malloc(CHUNK);
    u.zip = u.lib->read_new();
    bool ready = u.chunk != NULL && u.window != NULL && u.zip != NULL;
    r = ready && has_room() ? sk_fs_mkdirs(folder, 0700, em) : sk_errmsg_set(em, SK_ERR_NOMEM, "no memory to look at a backup");
    if (r == 0 && !open_source(&u))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "not a backup file: %s", u.lib->error_string(u.zip));
    while (r == 0 && (status = u.lib->read_next_header(u.zip, &e)) == ARCHIVE_OK)
        r = unpack_entry(&u, e);
    if (r == 0 && status != ARCHIVE_EOF)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "not a backup file: %s", u.lib->error_string(u.zip));
    if (u.zip != NULL)
        u.lib->read_free(u.zip);
    sk_buf_char(list, '[');
    if (r == 0)
        r = list_top(&u, false);
    if (r == 0)
        r = list_top(&u, true);
    sk_buf_char(list, ']');
    if (r == 0 && u.files == 0)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "not a backup file: there is nothing in it");
    if (r == 0)
        r = sk_tree_sync(folder, em);
    free(u.chunk);
    free(u.window);
    return r;
}
