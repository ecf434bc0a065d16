/*
 * Loaded before a server (LD_PRELOAD): makes calls fail as a full or read-only disk, a used-up table of descriptors or a lack of
 * memory does (tests/scenario/test_faults.py).
 *
 * FAULT_FOLDER: calls on files count only below it. FAULT_SWITCH: a file; while it is there, its first word names what fails and
 * the second the errno as a number, e.g. "write 28"; "open" means opening for writing. FAULT_NTH: "KIND N ERRNO": the N-th call
 * of that kind fails, once, and stderr says so. Kinds: open, write, fsync, rename, mkdir, memory (blocks of 16 KiB and more:
 * smaller ones the server takes for granted). Threads: any.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGE (16u * 1024u)
#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (f == NULL)
        abort();
    return f;
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
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0)
        return 0;
    path[n] = '\0';
    return is_watched(path);
}

/* By the file FAULT_SWITCH; read with raw calls, so that nothing here is counted. */
static int switched(const char *kind)
{
    const char *file = getenv("FAULT_SWITCH");
    char text[64] = "", named[32] = "";
    int number = 0;
    if (file == NULL)
        return 0;
    int fd = ((int (*)(const char *, int, ...))real("open"))(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 && sscanf(text, "%31s %d", named, &number) == 2 && strcmp(named, kind) == 0 ? number : 0;
}

static int nth(const char *kind)
{
    static atomic_uint calls;
    static char wanted[32];
    static unsigned at;
    static int number = -1;
    if (number < 0) {
        const char *text = getenv("FAULT_NTH");
        int e = 0;
        if (text == NULL || sscanf(text, "%31s %u %d", wanted, &at, &e) != 3)
            wanted[0] = '\0';
        number = e;
    }
    if (strcmp(wanted, kind) != 0 || atomic_fetch_add(&calls, 1) + 1 != at)
        return 0;
    char text[64];
    int n = snprintf(text, sizeof text, "fault: %s %u\n", kind, at);
    return REAL(write)(STDERR_FILENO, text, (size_t)n) == n ? number : 0;
}

/* The errno that this call shall fail with; 0: none. */
static int fails(const char *kind)
{
    int before = errno, e = nth(kind);
    if (e == 0)
        e = switched(kind);
    errno = before;
    return e;
}

#define FAIL(kind, result)                                                                                                       \
    do {                                                                                                                         \
        int e_ = fails(kind);                                                                                                    \
        if (e_ != 0) {                                                                                                           \
            errno = e_;                                                                                                          \
            return result;                                                                                                       \
        }                                                                                                                        \
    } while (0)

#define OPEN(name)                                                                                                               \
    int name(const char *path, int flags, ...)                                                                                   \
    {                                                                                                                            \
        va_list ap;                                                                                                              \
        va_start(ap, flags);                                                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;                                                    \
        va_end(ap);                                                                                                              \
        if ((flags & O_ACCMODE) != O_RDONLY && is_watched(path))                                                                 \
            FAIL("open", -1);                                                                                                    \
        return ((int (*)(const char *, int, ...))real(#name))(path, flags, mode);                                                \
    }

OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *p, size_t n)
{
    if (is_watched_fd(fd))
        FAIL("write", -1);
    return REAL(write)(fd, p, n);
}

int fsync(int fd)
{
    if (is_watched_fd(fd))
        FAIL("fsync", -1);
    return REAL(fsync)(fd);
}

int rename(const char *from, const char *to)
{
    if (is_watched(to))
        FAIL("rename", -1);
    return REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    if (is_watched(path))
        FAIL("mkdir", -1);
    return REAL(mkdir)(path, mode);
}

/* dlsym itself allocates while it looks for these. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
    if (n >= LARGE)
        FAIL("memory", NULL);
    return __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
    if (n != 0 && count >= LARGE / n + 1)
        FAIL("memory", NULL);
    return __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
    if (n >= LARGE)
        FAIL("memory", NULL);
    return __libc_realloc(p, n);
}
