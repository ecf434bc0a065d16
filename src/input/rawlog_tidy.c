/* Housekeeping of raw logs: compresses the hours that are over, and lets the oldest go. Runs on the thread pool. */
#include "input/rawlog.h"

#include "base/log.h"
#include "store/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FILES_MAX 100000u
#define PREFIX "skserver-raw_"
#define STAMP "dddd-dd-ddTdd"

struct file {
    char name[48];
    uint64_t bytes;
};

/* skserver-raw_YYYY-MM-DDTHH.log or .log.gz: nothing else is ever touched. */
static bool is_raw_log(const char *name)
{
    size_t n = sizeof PREFIX - 1;
    if (strncmp(name, PREFIX, n) != 0)
        return false;
    for (const char *s = STAMP; *s != '\0'; s++, n++)
        if (*s == 'd' ? name[n] < '0' || name[n] > '9' : name[n] != *s)
            return false;
    return strcmp(name + n, ".log") == 0 || strcmp(name + n, ".log.gz") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

static size_t list(const char *directory, struct file **ret_files)
{
    size_t n = 0, cap = 0;
    struct file *files = NULL;
    DIR *d = opendir(directory);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL && n < FILES_MAX;) {
        struct stat st;
        if (!is_raw_log(e->d_name) || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        if (n == cap)
            files = sk_xrealloc(files, (cap = cap != 0 ? 2 * cap : 64) * sizeof *files);
        memcpy(files[n].name, e->d_name, strlen(e->d_name) + 1); /* fits: the form says how long it is */
        files[n++].bytes = (uint64_t)st.st_size;
    }
    if (d != NULL)
        closedir(d);
    if (n > 0)
        qsort(files, n, sizeof *files, by_name);
    *ret_files = files;
    return n;
}

/* False: `to` is not whole. */
static bool squeeze(const char *from, const char *to)
{
    static const size_t piece = 65536;
    FILE *in = fopen(from, "rbe");
    gzFile out = in != NULL ? gzopen(to, "wbe6") : NULL;
    SK_CLEANUP(sk_freep) char *bytes = sk_xmalloc(piece);
    bool ok = in != NULL && out != NULL;
    for (size_t n; ok && (n = fread(bytes, 1, piece, in)) > 0;)
        ok = gzwrite(out, bytes, (unsigned)n) == (int)n;
    if (in != NULL) {
        ok = ok && ferror(in) == 0;
        fclose(in);
    }
    return (out == NULL || gzclose(out) == Z_OK) && ok;
}

static void compress_one(const char *directory, struct file *f)
{
    char packed[sizeof f->name], part[sizeof f->name + 8];
    struct stat st;
    if (snprintf(packed, sizeof packed, "%s.gz", f->name) >= (int)sizeof packed)
        return;
    (void)snprintf(part, sizeof part, "%s.part", packed);
    SK_CLEANUP(sk_freep) char *from = sk_fs_path(directory, f->name);
    SK_CLEANUP(sk_freep) char *tmp = sk_fs_path(directory, part);
    SK_CLEANUP(sk_freep) char *to = sk_fs_path(directory, packed);
    if (access(to, F_OK) == 0) /* the clock went back: both stay */
        return;
    if (!squeeze(from, tmp) || rename(tmp, to) < 0) {
        sk_log_warn("raw log %s could not be compressed: %s", from, strerror(errno));
        unlink(tmp);
        return;
    }
    unlink(from);
    memcpy(f->name, packed, sizeof packed);
    f->bytes = stat(to, &st) == 0 ? (uint64_t)st.st_size : f->bytes;
}

void sk_rawlog_tidy(const char *directory, const char *now_name, unsigned keep_files, uint64_t keep_bytes, bool compress)
{
    struct file *files;
    size_t n = list(directory, &files);
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        if (compress && strcmp(files[i].name, now_name) < 0 && strstr(files[i].name, ".gz") == NULL)
            compress_one(directory, &files[i]);
        bytes += files[i].bytes;
    }
    for (size_t i = 0; i < n && strcmp(files[i].name, now_name) < 0; i++) {
        if ((keep_files == 0 || n - i <= keep_files) && (keep_bytes == 0 || bytes <= keep_bytes))
            break;
        SK_CLEANUP(sk_freep) char *path = sk_fs_path(directory, files[i].name);
        unlink(path);
        bytes -= files[i].bytes;
    }
    free(files);
}
