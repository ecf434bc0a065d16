#include "store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#define DESCRIPTORS 16

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)where;
    return (type == FTW_DP || type == FTW_DNR ? rmdir(path) : unlink(path)) < 0 && errno != ENOENT ? errno : 0;
}

int sk_tree_remove(const char *path, struct sk_errmsg *em)
{
    struct stat st;
    if (lstat(path, &st) < 0 && errno == ENOENT)
        return 0;
    int r = nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    return r == 0 ? 0 : sk_errmsg_errno(em, r > 0 ? r : errno, "cannot remove %s", path);
}

int sk_tree_sync(const char *dir, struct sk_errmsg *em)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    if (fd < 0 || syncfs(fd) < 0)
        r = sk_errmsg_errno(em, errno, "cannot sync %s", dir);
    if (fd >= 0)
        close(fd);
    return r;
}
