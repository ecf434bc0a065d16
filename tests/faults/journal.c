/*
 * Loaded before a server (LD_PRELOAD), writes down every change that it makes below one folder, in order, so that a test can
 * build what a disk might hold after the power failed at any of these points (tests/scenario/test_power_loss.py).
 *
 * FAULT_FOLDER: the folder (absolute). FAULT_JOURNAL: where the record goes; each entry is one line, bytes in hexadecimal:
 *   create PATH | write PATH BYTES | truncate PATH SIZE | sync PATH | rename FROM TO | unlink PATH | mkdir PATH | rmdir PATH
 * Threads: any. An entry is written before the caller learns that its call succeeded.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *real(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (f == NULL)
        abort();
    return f;
}

static int journal(void)
{
    static int fd = -1;
    const char *file = getenv("FAULT_JOURNAL");
    if (fd < 0 && file != NULL)
        fd = ((int (*)(const char *, int, ...))real("open"))(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return fd;
}

static int watched(const char *path)
{
    const char *folder = getenv("FAULT_FOLDER");
    size_t n = folder != NULL ? strlen(folder) : 0;
    return n > 0 && strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static int path_of(int fd, char out[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    if (n <= 0)
        return 0;
    out[n] = '\0';
    return watched(out);
}

static void entry(const char *what, const char *a, const char *b, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    int e = errno;
    size_t room = strlen(a) + (b != NULL ? strlen(b) : 0) + 2 * n + 64;
    char *line = malloc(room);
    if (line == NULL)
        abort();
    size_t at = (size_t)snprintf(line, room, "%s\t%s\t%s\t", what, a, b != NULL ? b : "");
    for (size_t i = 0; i < n; i++) {
        line[at++] = digits[p[i] >> 4];
        line[at++] = digits[p[i] & 15];
    }
    line[at++] = '\n';
    pthread_mutex_lock(&lock);
    if (((ssize_t(*)(int, const void *, size_t))real("write"))(journal(), line, at) != (ssize_t)at)
        abort();
    pthread_mutex_unlock(&lock);
    free(line);
    errno = e;
}

/* ---- opening ---- */

static void opened(const char *path, int flags, int existed, int fd)
{
    char full[PATH_MAX];
    if (fd < 0 || (flags & O_ACCMODE) == O_RDONLY || !path_of(fd, full))
        return;
    (void)path;
    if (!existed)
        entry("create", full, NULL, NULL, 0);
    else if (flags & O_TRUNC)
        entry("truncate", full, "0", NULL, 0);
}

static int is_there(int folder, const char *path)
{
    struct stat st;
    return fstatat(folder, path, &st, 0) == 0;
}

static int open_with(const char *function, int folder, const char *path, int flags, mode_t mode)
{
    int existed = is_there(folder, path), fd;
    if (strstr(function, "at") != NULL)
        fd = ((int (*)(int, const char *, int, ...))real(function))(folder, path, flags, mode);
    else
        fd = ((int (*)(const char *, int, ...))real(function))(path, flags, mode);
    opened(path, flags, existed, fd);
    return fd;
}

#define MODE_OF(flags, mode)                                                                                                     \
    va_list ap;                                                                                                                  \
    va_start(ap, flags);                                                                                                         \
    mode_t mode = (flags) & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;                                                      \
    va_end(ap)

int open(const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return open_with("open", AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return open_with("open64", AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return open_with("openat", folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags, mode);
    return open_with("openat64", folder, path, flags, mode);
}

/* ---- bytes ---- */

ssize_t write(int fd, const void *p, size_t n)
{
    char full[PATH_MAX];
    ssize_t r = REAL(write)(fd, p, n);
    if (r > 0 && path_of(fd, full))
        entry("write", full, NULL, p, (size_t)r);
    return r;
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
    char full[PATH_MAX];
    ssize_t r = REAL(writev)(fd, v, count);
    if (r <= 0 || !path_of(fd, full))
        return r;
    size_t left = (size_t)r;
    for (int i = 0; i < count && left > 0; i++) {
        size_t n = v[i].iov_len < left ? v[i].iov_len : left;
        entry("write", full, NULL, v[i].iov_base, n);
        left -= n;
    }
    return r;
}

int ftruncate(int fd, off_t size)
{
    char full[PATH_MAX], text[32];
    int r = REAL(ftruncate)(fd, size);
    snprintf(text, sizeof text, "%lld", (long long)size);
    if (r == 0 && path_of(fd, full))
        entry("truncate", full, text, NULL, 0);
    return r;
}

static int synced(int fd, int r)
{
    char full[PATH_MAX];
    if (r == 0 && path_of(fd, full))
        entry("sync", full, NULL, NULL, 0);
    return r;
}

int fsync(int fd)
{
    return synced(fd, REAL(fsync)(fd));
}

int fdatasync(int fd)
{
    return synced(fd, REAL(fdatasync)(fd));
}

/* ---- names ---- */

int rename(const char *from, const char *to)
{
    int r = REAL(rename)(from, to);
    if (r == 0 && (watched(from) || watched(to)))
        entry("rename", from, to, NULL, 0);
    return r;
}

int unlink(const char *path)
{
    int r = REAL(unlink)(path);
    if (r == 0 && watched(path))
        entry("unlink", path, NULL, NULL, 0);
    return r;
}

int mkdir(const char *path, mode_t mode)
{
    int r = REAL(mkdir)(path, mode);
    if (r == 0 && watched(path))
        entry("mkdir", path, NULL, NULL, 0);
    return r;
}

int rmdir(const char *path)
{
    int r = REAL(rmdir)(path);
    if (r == 0 && watched(path))
        entry("rmdir", path, NULL, NULL, 0);
    return r;
}
