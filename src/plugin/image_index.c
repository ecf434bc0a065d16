#include "plugin/image_index.h"

#include "base/buf.h"
#include "base/clock.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define EDITION 1
#define SETTLED_MS 3000 /* coarser than any file system's clock */
#define NOTE_MAX 8192

static char *note_path(const char *dir, const char *file)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (const char *c = file; *c != 0; c++)
        h = (h ^ (unsigned char)*c) * UINT64_C(1099511628211);
    char name[40];
    snprintf(name, sizeof name, "%016llx.index", (unsigned long long)h);
    return sk_fs_path(dir, name);
}

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* All but the image's name; two paths may share a hash, so the path is in it. */
static void write_identity(struct sk_buf *b, const char *file, const struct stat *s)
{
    sk_buf_printf(b, "%d %llu %llu %lld %lld %lld\n%s\n", EDITION, (unsigned long long)s->st_dev, (unsigned long long)s->st_ino,
                  (long long)s->st_size, (long long)ns_of(s->st_mtim), (long long)ns_of(s->st_ctim), file);
}

static bool name_usable(struct sk_span name)
{
    if (name.n == 0 || name.n >= SK_IMAGE_NAME_MAX || name.p[0] == '.')
        return false;
    return memchr(name.p, '/', name.n) == NULL && memchr(name.p, '\n', name.n) == NULL && memchr(name.p, 0, name.n) == NULL;
}

bool sk_image_index_find(const char *dir, const char *file, char name[SK_IMAGE_NAME_MAX])
{
    struct stat s;
    char *path = note_path(dir, file), *text = NULL;
    size_t n = 0;
    struct sk_buf want;
    sk_buf_init(&want, NOTE_MAX);
    bool found = stat(file, &s) == 0 && sk_fs_read(path, NOTE_MAX, &text, &n, NULL) == 0;
    if (found) {
        write_identity(&want, file, &s);
        struct sk_span rest = { text + want.n, n > want.n ? n - want.n : 0 };
        found = sk_buf_ok(&want) && n > want.n && memcmp(text, want.p, want.n) == 0 && name_usable(rest);
        if (found)
            snprintf(name, SK_IMAGE_NAME_MAX, "%.*s", (int)rest.n, rest.p);
    }
    sk_buf_finish(&want);
    free(text);
    free(path);
    return found;
}

void sk_image_index_note(const char *dir, const char *file, const struct stat *as_read, const char *name)
{
    int64_t mtime = ns_of(as_read->st_mtim), ctime = ns_of(as_read->st_ctim);
    if (sk_clock_wall_ms() - (mtime > ctime ? mtime : ctime) / 1000000 < SETTLED_MS)
        return;
    struct sk_buf b;
    sk_buf_init(&b, NOTE_MAX);
    write_identity(&b, file, as_read);
    sk_buf_text(&b, name);
    char *path = note_path(dir, file);
    if (sk_buf_ok(&b))
        sk_fs_write_atomic(path, sk_buf_span(&b), 0600, NULL); /* without it the next start is slower, that is all */
    free(path);
    sk_buf_finish(&b);
}
