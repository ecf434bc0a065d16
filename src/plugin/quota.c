#include "plugin/quota.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEASURE_SHARE 20u /* of the time at most one part is spent measuring */

void sk_quota_init(struct sk_quota *q, const char *root, uint64_t bytes_max, uint64_t files_max, unsigned open_max)
{
    *q = (struct sk_quota){ .root = sk_xstrdup(root), .bytes_max = bytes_max, .files_max = files_max, .open_max = open_max };
}

void sk_quota_finish(struct sk_quota *q)
{
    free(q->root);
    q->root = NULL;
}

struct sum {
    uint64_t bytes, files, files_max;
};

/* By descriptors, as paths may be longer than the system takes. The descriptor is closed. */
static bool add_folder(struct sum *sum, int fd, unsigned depth)
{
    DIR *d = depth <= SK_QUOTA_DEPTH_MAX ? fdopendir(fd) : NULL;
    struct dirent *e;
    bool ok = d != NULL;
    if (!ok)
        close(fd);
    while (ok && (e = readdir(d)) != NULL) {
        struct stat s;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (fstatat(dirfd(d), e->d_name, &s, AT_SYMLINK_NOFOLLOW) < 0)
            continue; /* gone meanwhile */
        uint64_t blocks = (uint64_t)s.st_blocks * 512, size = (uint64_t)s.st_size;
        sum->bytes += S_ISDIR(s.st_mode) ? 0 : blocks > size && size > 0 ? blocks : size;
        ok = ++sum->files <= sum->files_max;
        if (!ok || !S_ISDIR(s.st_mode))
            continue;
        int child = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        ok = child >= 0 && add_folder(sum, child, depth + 1);
    }
    if (d != NULL)
        closedir(d);
    return ok;
}

bool sk_quota_measure(struct sk_quota *q)
{
    struct sum sum = { .files_max = q->files_max + 3 }; /* the three folders that it is given are free */
    uint64_t began = sk_clock_mono_ns();
    int fd = open(q->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && add_folder(&sum, fd, 1);
    q->bytes = ok ? sum.bytes : q->bytes_max;
    q->files = ok ? (sum.files > 3 ? sum.files - 3 : 0) : q->files_max;
    q->measured = true;
    q->freed = false;
    q->measured_at_ns = sk_clock_mono_ns();
    q->cost_ns = q->measured_at_ns - began;
    return ok;
}

static bool fits(const struct sk_quota *q, uint64_t bytes, uint64_t files)
{
    return q->bytes <= q->bytes_max && bytes <= q->bytes_max - q->bytes && q->files <= q->files_max &&
           files <= q->files_max - q->files;
}

bool sk_quota_admit(struct sk_quota *q, uint64_t bytes, uint64_t files)
{
    bool may_measure = q->freed || sk_clock_mono_ns() - q->measured_at_ns > MEASURE_SHARE * q->cost_ns;
    if (!q->measured || (!fits(q, bytes, files) && may_measure))
        sk_quota_measure(q);
    if (!fits(q, bytes, files))
        return false;
    q->bytes += bytes;
    q->files += files;
    return true;
}
