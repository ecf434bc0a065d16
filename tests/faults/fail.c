/*
 * Loaded before a server (LD_PRELOAD): makes calls fail as a full or read-only disk, a used-up table of descriptors or a lack of
 * memory does (tests/scenario/test_faults.py, test_nth_failure.py).
 *
 * FAULT_CONTROL: a file of sizeof(struct control) that the test and all threads of the server share. While `at` is not 0, calls
 * of the kind named there are counted, and number `at` fails with that errno, or each one from there on (`each`). Kinds of calls
 * on files count only below FAULT_FOLDER: open (for writing), openr (for reading), read, write, fsync, rename, mkdir, unlink,
 * stat, readdir, close. Of all others each call counts: accept, socket, epoll, thread, mmap, random, memory (blocks of 16 KiB and
 * more), alloc (of whatever size). Built with NO_MEMORY the last two are left to the sanitizers.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LARGE (16u * 1024u)
#define REAL(name) ((__typeof__(&name))real(#name))

struct control {
    char kind[24];
    uint32_t at, each;
    int32_t error;
    uint32_t calls, failed;
};

static struct control *volatile control;
static int is_traced;

static void *real(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (f == NULL)
        abort();
    return f;
}

static void trace(void)
{
    void *frames[24];
    int n = backtrace(frames, 24);
    backtrace_symbols_fd(frames, n, STDERR_FILENO);
}

/* With raw calls: nothing here shall be counted. Descriptors of 3 and more may be given back behind our back, a mapping not. */
__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("FAULT_CONTROL");
    int fd = file != NULL ? (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC) : -1;
    long p = fd >= 0 ? syscall(SYS_mmap, NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : -1;
    if (fd >= 0)
        syscall(SYS_close, fd);
    void *first;
    is_traced = getenv("FAULT_TRACE") != NULL && backtrace(&first, 1) == 1; /* what it needs is loaded now */
    if (p != -1)
        control = (struct control *)p;
}

/* The errno that this call shall fail with; 0: none. */
static int fails(const char *kind)
{
    struct control *c = control;
    if (c == NULL || c->at == 0 || strcmp(c->kind, kind) != 0)
        return 0;
    uint32_t n = __atomic_add_fetch(&c->calls, 1, __ATOMIC_SEQ_CST);
    if (n != c->at && !(c->each && n > c->at))
        return 0;
    __atomic_add_fetch(&c->failed, 1, __ATOMIC_SEQ_CST);
    if (is_traced)
        trace();
    return c->error;
}

#define FAIL(kind, result)                                                                                                       \
    do {                                                                                                                         \
        int e_ = fails(kind);                                                                                                    \
        if (e_ != 0) {                                                                                                           \
            errno = e_;                                                                                                          \
            return result;                                                                                                       \
        }                                                                                                                        \
    } while (0)

static int is_armed(const char *kind)
{
    struct control *c = control;
    return c != NULL && c->at != 0 && strcmp(c->kind, kind) == 0;
}

static int is_watched(const char *path)
{
    const char *folder = getenv("FAULT_FOLDER");
    size_t n = folder != NULL ? strlen(folder) : 0;
    return n > 0 && strncmp(path, folder, n) == 0;
}

static int is_watched_fd(int fd)
{
    char link[64], path[PATH_MAX];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    errno = before;
    if (n <= 0)
        return 0;
    path[n] = '\0';
    return is_watched(path);
}

#define FAIL_PATH(kind, path, result)                                                                                            \
    if (is_armed(kind) && is_watched(path))                                                                                      \
    FAIL(kind, result)
#define FAIL_FD(kind, fd, result)                                                                                                \
    if (is_armed(kind) && is_watched_fd(fd))                                                                                     \
    FAIL(kind, result)

/* ---- files ---- */

#define OPEN(name)                                                                                                               \
    int name(const char *path, int flags, ...)                                                                                   \
    {                                                                                                                            \
        va_list ap;                                                                                                              \
        va_start(ap, flags);                                                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;                                                    \
        va_end(ap);                                                                                                              \
        if ((flags & O_ACCMODE) != O_RDONLY)                                                                                     \
            FAIL_PATH("open", path, -1);                                                                                         \
        else                                                                                                                     \
            FAIL_PATH("openr", path, -1);                                                                                        \
        return ((int (*)(const char *, int, ...))real(#name))(path, flags, mode);                                                \
    }

OPEN(open)
OPEN(open64)

ssize_t read(int fd, void *p, size_t n)
{
    FAIL_FD("read", fd, -1);
    return REAL(read)(fd, p, n);
}

ssize_t write(int fd, const void *p, size_t n)
{
    FAIL_FD("write", fd, -1);
    return REAL(write)(fd, p, n);
}

int fsync(int fd)
{
    FAIL_FD("fsync", fd, -1);
    return REAL(fsync)(fd);
}

/* A descriptor whose close failed is closed all the same. */
int close(int fd)
{
    int e = is_armed("close") && is_watched_fd(fd) ? fails("close") : 0;
    int r = REAL(close)(fd);
    if (e != 0)
        errno = e;
    return e != 0 ? -1 : r;
}

int rename(const char *from, const char *to)
{
    FAIL_PATH("rename", to, -1);
    return REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    FAIL_PATH("mkdir", path, -1);
    return REAL(mkdir)(path, mode);
}

int unlink(const char *path)
{
    FAIL_PATH("unlink", path, -1);
    return REAL(unlink)(path);
}

int stat(const char *restrict path, struct stat *restrict st)
{
    FAIL_PATH("stat", path, -1);
    return REAL(stat)(path, st);
}

int lstat(const char *restrict path, struct stat *restrict st)
{
    FAIL_PATH("stat", path, -1);
    return REAL(lstat)(path, st);
}

int fstat(int fd, struct stat *st)
{
    FAIL_FD("stat", fd, -1);
    return REAL(fstat)(fd, st);
}

int statx(int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict st)
{
    FAIL_PATH("stat", path, -1);
    return REAL(statx)(folder, path, flags, mask, st);
}

DIR *opendir(const char *path)
{
    FAIL_PATH("readdir", path, NULL);
    return REAL(opendir)(path);
}

struct dirent *readdir(DIR *d)
{
    if (is_armed("readdir") && is_watched_fd(dirfd(d)))
        FAIL("readdir", NULL);
    return REAL(readdir)(d);
}

/* ---- the rest of the kernel ---- */

int accept4(int fd, struct sockaddr *restrict a, socklen_t *restrict n, int flags)
{
    FAIL("accept", -1);
    return REAL(accept4)(fd, a, n, flags);
}

int accept(int fd, struct sockaddr *restrict a, socklen_t *restrict n)
{
    FAIL("accept", -1);
    return REAL(accept)(fd, a, n);
}

int socket(int domain, int type, int protocol)
{
    FAIL("socket", -1);
    return REAL(socket)(domain, type, protocol);
}

int epoll_ctl(int fd, int what, int other, struct epoll_event *event)
{
    FAIL("epoll", -1);
    return REAL(epoll_ctl)(fd, what, other, event);
}

int pthread_create(pthread_t *restrict t, const pthread_attr_t *restrict a, void *(*run)(void *), void *restrict arg)
{
    int e = fails("thread");
    return e != 0 ? e : REAL(pthread_create)(t, a, run, arg);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    FAIL("mmap", MAP_FAILED);
    return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

ssize_t getrandom(void *p, size_t n, unsigned flags)
{
    FAIL("random", -1);
    return REAL(getrandom)(p, n, flags);
}

#ifndef NO_MEMORY
/* ---- memory; dlsym itself allocates while it looks for these ---- */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);

#define FAIL_MEMORY(is_large, result)                                                                                            \
    do {                                                                                                                         \
        FAIL("alloc", result);                                                                                                   \
        if (is_large)                                                                                                            \
            FAIL("memory", result);                                                                                              \
    } while (0)

void *malloc(size_t n)
{
    FAIL_MEMORY(n >= LARGE, NULL);
    return __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
    FAIL_MEMORY(n != 0 && count >= LARGE / n + 1, NULL);
    return __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
    FAIL_MEMORY(n >= LARGE, NULL);
    return __libc_realloc(p, n);
}

int posix_memalign(void **ret, size_t alignment, size_t n)
{
    int e = fails("alloc");
    if (e == 0 && n >= LARGE)
        e = fails("memory");
    if (e != 0)
        return ENOMEM;
    *ret = __libc_memalign(alignment, n);
    return *ret != NULL ? 0 : ENOMEM;
}
#endif
