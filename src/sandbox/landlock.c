#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From the kernel's documentation ("Landlock: unprivileged access control"): headers of Debian 12 are older than what kernels
   know. The numbers are the same on every architecture. */
enum {
    CREATE_RULESET = 444,
    ADD_RULE = 445,
    RESTRICT_SELF = 446,
    ASK_VERSION = 1,
    PATH_BENEATH = 1,
};

enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_DIR = 1 << 3,
    REMOVE_DIR = 1 << 4,
    REMOVE_FILE = 1 << 5,
    MAKE_CHAR = 1 << 6,
    MAKE_DIR = 1 << 7,
    MAKE_REG = 1 << 8,
    MAKE_SOCK = 1 << 9,
    MAKE_FIFO = 1 << 10,
    MAKE_BLOCK = 1 << 11,
    MAKE_SYM = 1 << 12,
    REFER = 1 << 13,    /* version 2: rename and link from one folder to another */
    TRUNCATE = 1 << 14, /* version 3 */
    IOCTL_DEV = 1 << 15 /* version 5 */
};

#define SCOPE_ABSTRACT_UNIX (1u << 0) /* version 6 */
#define SCOPE_SIGNAL (1u << 1)

struct rules_attr {
    uint64_t files, net, scopes;
};

struct path_attr {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

static uint64_t known(int version)
{
    uint64_t files = (1u << 13) - 1;
    if (version >= 2)
        files |= REFER;
    if (version >= 3)
        files |= TRUNCATE;
    if (version >= 5)
        files |= IOCTL_DEV;
    return files;
}

int sk_landlock_version(void)
{
    long v = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    return v > 0 ? (int)v : 0;
}

int sk_landlock_create(int version)
{
    struct rules_attr a = { .files = known(version) };
    size_t size = sizeof a.files;
    if (version >= 6) {
        a.scopes = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
        size = sizeof a;
    }
    long fd = syscall(CREATE_RULESET, &a, size, 0); /* close-on-exec */
    return fd >= 0 ? (int)fd : -errno;
}

static uint64_t allowed(enum sk_reach reach, bool folder)
{
    uint64_t all = reach != SK_REACH_LIST ? READ_FILE : 0;
    if (reach == SK_REACH_RUN)
        all |= EXECUTE;
    if (reach == SK_REACH_WRITE || reach == SK_REACH_DEVICE)
        all |= WRITE_FILE | TRUNCATE;
    if (reach == SK_REACH_DEVICE)
        all |= IOCTL_DEV;
    if (folder)
        all |= READ_DIR;
    if (folder && reach == SK_REACH_WRITE)
        all |= REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM | REFER;
    return all;
}

bool sk_landlock_add(int rules, int version, const char *path, enum sk_reach reach)
{
    struct stat st;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR;
    bool ok = fstat(fd, &st) == 0;
    struct path_attr a = { .allowed = allowed(reach, ok && S_ISDIR(st.st_mode)) & known(version), .fd = fd };
    ok = ok && syscall(ADD_RULE, rules, PATH_BENEATH, &a, 0) == 0;
    close(fd);
    return ok;
}

int sk_landlock_enforce(int rules)
{
    int r = syscall(RESTRICT_SELF, rules, 0) == 0 ? 0 : -errno;
    close(rules);
    return r;
}
