#include "plugin/image_prune.h"

#include "base/buf.h"
#include "store/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES_MAX 10000
#define DAY_S 86400

struct image {
    char *path;
    int64_t used_ns;
    uint64_t bytes;
};

void sk_image_used(int fd)
{
    struct stat s;
    if (fstat(fd, &s) == 0 && time(NULL) - s.st_mtim.tv_sec > DAY_S)
        futimens(fd, NULL);
}

static bool is_image(const char *name)
{
    static const char end[] = ".cwasm";
    size_t n = strlen(name);
    return n > sizeof end - 1 && strcmp(name + n - (sizeof end - 1), end) == 0;
}

static int latest_first(const void *a, const void *b)
{
    const struct image *x = a, *y = b;
    return x->used_ns < y->used_ns ? 1 : x->used_ns > y->used_ns ? -1 : 0;
}

static size_t read_images(const char *dir, struct image *list)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    size_t n = 0;
    while (d != NULL && n < ENTRIES_MAX && (e = readdir(d)) != NULL) {
        struct stat s;
        if (!is_image(e->d_name) || fstatat(dirfd(d), e->d_name, &s, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        list[n++] = (struct image){ .path = sk_fs_path(dir, e->d_name),
                                    .used_ns = (int64_t)s.st_mtim.tv_sec * 1000000000 + s.st_mtim.tv_nsec,
                                    .bytes = (uint64_t)s.st_size };
    }
    if (d != NULL)
        closedir(d);
    return n;
}

size_t sk_image_prune(const char *dir, size_t images_max, uint64_t bytes_max)
{
    struct image *list = sk_xcalloc(ENTRIES_MAX, sizeof *list);
    size_t n = read_images(dir, list), removed = 0;
    uint64_t bytes = 0;
    qsort(list, n, sizeof *list, latest_first);
    for (size_t i = 0; i < n; i++) {
        bytes += list[i].bytes;
        if (i > 0 && (i >= images_max || bytes > bytes_max) && unlink(list[i].path) == 0) /* never the one just made */
            removed++;
        free(list[i].path);
    }
    free(list);
    return removed;
}
