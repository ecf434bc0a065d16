#include "store/fs.h"

#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static int read_all(int fd, char *p, size_t size, size_t *ret_n)
{
    size_t n = 0;
    while (n < size) {
        ssize_t r = read(fd, p + n, size - n);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -errno;
        if (r == 0)
            break;
        n += (size_t)r;
    }
    *ret_n = n;
    return 0;
}

int sk_fs_read(const char *file, size_t max, char **ret_text, size_t *ret_n, struct sk_errmsg *em)
{
    SK_CLEANUP(closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait for its writer */
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return sk_errmsg_errno(em, errno, "%s", file);
    if (!S_ISREG(st.st_mode))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s: not a file", file);
    if ((uintmax_t)st.st_size > max)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "%s: %jd bytes, at most %zu are read", file, (intmax_t)st.st_size, max);
    size_t size = (size_t)st.st_size, n = 0;
    char *text = malloc(size + 1);
    if (text == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "%s", file);
    int r = read_all(fd, text, size, &n);
    if (r < 0) {
        free(text);
        return sk_errmsg_errno(em, -r, "%s", file);
    }
    text[n] = '\0';
    *ret_text = text;
    if (ret_n != NULL)
        *ret_n = n;
    return 0;
}

int sk_fs_write_all(int fd, struct sk_span s)
{
    while (s.n > 0) {
        ssize_t w = write(fd, s.p, s.n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -errno;
        s.p += w;
        s.n -= (size_t)w;
    }
    return 0;
}

int sk_fs_sync_folder_of(const char *file, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *copy = sk_xstrdup(file);
    SK_CLEANUP(closep) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? sk_errmsg_errno(em, errno, "cannot sync the folder of %s", file) : 0;
}

/* One number for this run of the program: process ids come back, in a container always the same. */
static unsigned run_mark(void)
{
    static atomic_uint mark;
    unsigned none = 0, mine;
    sk_random_bytes(&mine, sizeof mine);
    atomic_compare_exchange_strong(&mark, &none, mine | 1u);
    return atomic_load(&mark);
}

/* A file of our own beside `file`, so that writers of the same file never see each other's half; -errno, or the descriptor. */
static int open_temp(const char *file, unsigned mode, char **ret_name)
{
    static atomic_uint serial;
    size_t size = strlen(file) + 48;
    char *name = sk_xmalloc(size);
    for (int tries = 0; tries < 100; tries++) {
        snprintf(name, size, "%s.%d-%x-%x.tmp", file, (int)getpid(), run_mark(), atomic_fetch_add(&serial, 1));
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd >= 0) {
            *ret_name = name;
            return fd;
        }
        if (errno != EEXIST) /* a leftover of an earlier crash */
            break;
    }
    int e = errno;
    free(name);
    return -e;
}

/* A number that ends with `end`; where the rest begins, NULL when there is none. */
static const char *skip_number(const char *at, int base, char end, unsigned long *ret)
{
    char *stop;
    if (!isxdigit((unsigned char)*at))
        return NULL;
    errno = 0;
    *ret = strtoul(at, &stop, base);
    return errno == 0 && *stop == end ? stop + 1 : NULL;
}

bool sk_fs_is_leftover(const char *name)
{
    unsigned long pid, mark, serial;
    size_t n = strlen(name);
    const char *at = name + n;
    if (n < 5 || strcmp(name + n - 4, ".tmp") != 0)
        return false;
    for (at -= 4; at > name && at[-1] != '.';)
        at--;
    if ((at = skip_number(at, 10, '-', &pid)) == NULL || (at = skip_number(at, 16, '-', &mark)) == NULL ||
        (at = skip_number(at, 16, '.', &serial)) == NULL || strcmp(at, "tmp") != 0 || pid == 0 || pid > INT_MAX)
        return false;
    if ((pid_t)pid == getpid())
        return mark != run_mark();
    return kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static int replace(const char *file, struct sk_span content, unsigned mode, bool sync, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *temp = NULL;
    SK_CLEANUP(closep) int fd = open_temp(file, mode, &temp);
    if (fd < 0)
        return sk_errmsg_errno(em, -fd, "cannot save %s", file);
    int r = sk_fs_write_all(fd, content);
    if (r == 0 && sync && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && rename(temp, file) < 0)
        r = -errno;
    if (r < 0) {
        unlink(temp);
        return sk_errmsg_errno(em, -r, "cannot save %s", file);
    }
    return 0;
}

int sk_fs_write_atomic(const char *file, struct sk_span content, unsigned mode, struct sk_errmsg *em)
{
    int r = replace(file, content, mode, true, em);
    return r < 0 ? r : sk_fs_sync_folder_of(file, em);
}

int sk_fs_write_unsynced(const char *file, struct sk_span content, unsigned mode, struct sk_errmsg *em)
{
    return replace(file, content, mode, false, em);
}

int sk_fs_remove(const char *file, struct sk_errmsg *em)
{
    if (unlink(file) < 0)
        return sk_errmsg_errno(em, errno, "cannot remove %s", file);
    return sk_fs_sync_folder_of(file, em);
}

int sk_fs_rename(const char *from, const char *to, struct sk_errmsg *em)
{
    if (rename(from, to) < 0)
        return sk_errmsg_errno(em, errno, "cannot rename %s", from);
    return sk_fs_sync_folder_of(to, em);
}

/* A new folder's own entry must last as well, or the files in it do not. */
static int make_folder(const char *path, unsigned mode)
{
    if (mkdir(path, mode) < 0) {
        int why = errno;
        bool there = why == EEXIST || sk_fs_is_dir(path); /* whatever the disk says first */
        errno = why;
        return there ? 0 : -1;
    }
    (void)sk_fs_sync_folder_of(path, NULL); /* a parent that may not be opened is no reason to fail */
    return 0;
}

int sk_fs_mkdirs(const char *dir, unsigned mode, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *path = sk_xstrdup(dir);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_folder(path, mode) < 0)
            return sk_errmsg_errno(em, errno, "cannot create folder %s", path);
        *slash = '/';
    }
    if (make_folder(path, mode) < 0)
        return sk_errmsg_errno(em, errno, "cannot create folder %s", path);
    if (!sk_fs_is_dir(path))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s is in the way: not a folder", path);
    return 0;
}

bool sk_fs_is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool sk_fs_is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool sk_fs_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static bool part_ok(struct sk_span part)
{
    return part.n > 0 && part.p[0] != '.' && memchr(part.p, '\0', part.n) == NULL && memchr(part.p, '\\', part.n) == NULL;
}

int sk_fs_join(const char *root, struct sk_span rel, char **ret_path, struct sk_errmsg *em)
{
    if (rel.n > 1024)
        return sk_errmsg_set(em, SK_ERR_DENIED, "file name of %zu bytes refused", rel.n);
    for (size_t at = 0; at < rel.n;) {
        const char *slash = memchr(rel.p + at, '/', rel.n - at);
        size_t end = slash != NULL ? (size_t)(slash - rel.p) : rel.n;
        if (!part_ok((struct sk_span){ rel.p + at, end - at }))
            return sk_errmsg_set(em, SK_ERR_DENIED, "file name refused");
        at = end + 1;
    }
    size_t n = strlen(root);
    char *path = sk_xmalloc(n + rel.n + 2);
    memcpy(path, root, n);
    path[n] = '/';
    if (rel.n != 0)
        memcpy(path + n + 1, rel.p, rel.n);
    path[n + 1 + rel.n] = '\0';
    *ret_path = path;
    return 0;
}

char *sk_fs_path(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = sk_xmalloc(size);
    snprintf(path, size, "%s/%s", dir, name);
    return path;
}
