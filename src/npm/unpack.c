#include "npm/unpack.h"

#include "npm/tarball.h"
#include "store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct unpack {
    const char *dir;
    int fd;
    struct sk_unpacked sum;
};

static int make_parents(char *path, size_t from, struct sk_errmsg *em)
{
    for (char *slash = strchr(path + from, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return sk_errmsg_errno(em, errno, "cannot make the folder %s", path);
        *slash = '/';
    }
    return 0;
}

static int begin_file(void *arg, const char *name, struct sk_errmsg *em)
{
    struct unpack *u = arg;
    SK_CLEANUP(sk_freep) char *path = sk_fs_path(u->dir, name);
    int r = make_parents(path, strlen(u->dir) + 1, em);
    if (r < 0)
        return r;
    /* there are no links in the folder: none was made */
    u->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    return u->fd >= 0 ? 0 : sk_errmsg_errno(em, errno, "cannot make the file '%.200s'", name);
}

static int write_bytes(void *arg, struct sk_span bytes, struct sk_errmsg *em)
{
    struct unpack *u = arg;
    int r = sk_fs_write_all(u->fd, bytes);
    if (r < 0)
        return sk_errmsg_errno(em, -r, "cannot write");
    u->sum.bytes += bytes.n;
    return 0;
}

static int end_file(void *arg, struct sk_errmsg *em)
{
    struct unpack *u = arg;
    int fd = u->fd;
    u->fd = -1;
    u->sum.files++;
    return close(fd) == 0 ? 0 : sk_errmsg_errno(em, errno, "cannot write");
}

int sk_unpack(int archive, const char *dir, struct sk_unpacked *ret, struct sk_errmsg *em)
{
    static const struct sk_tarball_ops ops = { .file = begin_file, .bytes = write_bytes, .file_end = end_file };
    struct unpack u = { .dir = dir, .fd = -1 };
    int r = sk_tarball_walk_fd(archive, &sk_tarball_default_limits, &ops, &u, em);
    if (u.fd >= 0)
        close(u.fd);
    *ret = u.sum;
    return r;
}
