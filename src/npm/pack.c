#include "npm/pack.h"

#include "npm/libarchive.h"
#include "store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EPOCH 499162500 /* the time that npm gives to every file */
#define CHUNK ((size_t)64 * 1024)

struct pack {
    const struct sk_archive *lib;
    struct archive *a;
    const char *dir;
    char chunk[CHUNK];
};

static int failed(const struct pack *p, struct sk_errmsg *em)
{
    const char *why = p->lib->error_string(p->a);
    return sk_errmsg_set(em, SK_ERR_IO, "cannot write the archive: %s", why != NULL ? why : "no reason is known");
}

static int write_header(const struct pack *p, const struct sk_packed_file *f, struct sk_errmsg *em)
{
    struct archive_entry *e = p->lib->entry_new();
    SK_CLEANUP(sk_freep) char *path = sk_fs_path("package", f->name);
    if (e == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory");
    p->lib->entry_set_pathname(e, path);
    p->lib->entry_set_filetype(e, AE_IFREG);
    p->lib->entry_set_perm(e, f->executable ? 0755 : 0644);
    p->lib->entry_set_size(e, (la_int64_t)f->size);
    p->lib->entry_set_mtime(e, EPOCH, 0);
    int status = p->lib->write_header(p->a, e);
    p->lib->entry_free(e);
    return status == ARCHIVE_OK ? 0 : failed(p, em);
}

static int copy_bytes(struct pack *p, int fd, const struct sk_packed_file *f, struct sk_errmsg *em)
{
    uint64_t left = f->size;
    while (left > 0) {
        ssize_t n = read(fd, p->chunk, left < CHUNK ? (size_t)left : CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return sk_errmsg_set(em, SK_ERR_IO, "%s changed while it was packed", f->name);
        if (p->lib->write_data(p->a, p->chunk, (size_t)n) != n)
            return failed(p, em);
        left -= (uint64_t)n;
    }
    return 0;
}

static int write_file(struct pack *p, const struct sk_packed_file *f, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *path = sk_fs_path(p->dir, f->name);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return sk_errmsg_errno(em, errno, "%s", path);
    int r = write_header(p, f, em);
    if (r == 0)
        r = copy_bytes(p, fd, f, em);
    close(fd);
    return r;
}

static int write_all(struct pack *p, const struct sk_packlist *list, int fd, struct sk_errmsg *em)
{
    const struct sk_archive *lib = p->lib;
    int r = 0;
    lib->write_set_format_pax_restricted(p->a);
    lib->write_add_filter_gzip(p->a);
    lib->write_set_filter_option(p->a, "gzip", "compression-level", "9");
    lib->write_set_filter_option(p->a, "gzip", "timestamp", NULL);
    lib->write_set_bytes_in_last_block(p->a, 1); /* no padding behind the gzip stream */
    if (lib->write_open_fd(p->a, fd) != ARCHIVE_OK)
        return failed(p, em);
    for (size_t i = 0; i < list->count && r == 0; i++)
        r = write_file(p, &list->list[i], em);
    return r == 0 && lib->write_close(p->a) != ARCHIVE_OK ? failed(p, em) : r;
}

int sk_pack_write(const char *dir, const struct sk_packlist *list, int fd, struct sk_errmsg *em)
{
    const struct sk_archive *lib;
    int r = sk_archive_load(&lib, em);
    if (r < 0)
        return r;
    struct pack *p = sk_xcalloc(1, sizeof *p);
    p->lib = lib;
    p->dir = dir;
    p->a = lib->write_new();
    /* libarchive takes names for text of the thread's locale */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0),
             before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    r = p->a != NULL ? write_all(p, list, fd, em) : sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory");
    if (utf8 != (locale_t)0) {
        uselocale(before);
        freelocale(utf8);
    }
    if (p->a != NULL)
        lib->write_free(p->a);
    free(p);
    return r;
}

char *sk_pack_file_name(const struct sk_packlist *p)
{
    const char *name = p->name[0] == '@' ? p->name + 1 : p->name;
    size_t size = strlen(name) + strlen(p->version) + sizeof "-.tgz";
    char *file = sk_xmalloc(size);
    snprintf(file, size, "%s-%s.tgz", name, p->version);
    for (char *c = file; *c != '\0'; c++)
        if (*c == '/')
            *c = '-';
    return file;
}
