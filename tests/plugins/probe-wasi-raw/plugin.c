/*
 * POST /api/calls, body {"hex":"…"}: a list of file operations, done one after the other with WASI's own functions, so that no C
 * library looks at the paths first. Each is: u8 operation, u8 directory, u8 second directory, u8 flags, u16 length and bytes of
 * the first path, the same of the second. Answers {"results":[[error number, "what was read"],…]}.
 */
#include "skiff/plugin.h"

SKP_PLUGIN("probe-wasi-raw", "WASI by hand", "{\"type\":\"object\",\"properties\":{}}")

#define WASI(name, ...)                                                                                                          \
    __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) int32_t wasi_##name(__VA_ARGS__);

struct vector {
    void *at;
    uint32_t size;
};
WASI(path_open, int32_t, int32_t, const char *, uint32_t, int32_t, int64_t, int64_t, int32_t, int32_t *)
WASI(path_create_directory, int32_t, const char *, uint32_t)
WASI(path_remove_directory, int32_t, const char *, uint32_t)
WASI(path_unlink_file, int32_t, const char *, uint32_t)
WASI(path_link, int32_t, int32_t, const char *, uint32_t, int32_t, const char *, uint32_t)
WASI(path_symlink, const char *, uint32_t, int32_t, const char *, uint32_t)
WASI(path_rename, int32_t, const char *, uint32_t, int32_t, const char *, uint32_t)
WASI(path_readlink, int32_t, const char *, uint32_t, char *, uint32_t, uint32_t *)
WASI(path_filestat_get, int32_t, int32_t, const char *, uint32_t, void *)
WASI(path_filestat_set_times, int32_t, int32_t, const char *, uint32_t, int64_t, int64_t, int32_t)
WASI(fd_read, int32_t, const struct vector *, uint32_t, uint32_t *)
WASI(fd_write, int32_t, const struct vector *, uint32_t, uint32_t *)
WASI(fd_readdir, int32_t, char *, uint32_t, int64_t, uint32_t *)
WASI(fd_prestat_dir_name, int32_t, char *, uint32_t)
WASI(fd_filestat_set_size, int32_t, int64_t)
WASI(fd_close, int32_t)

enum {
    READ,
    WRITE,
    MKDIR,
    RMDIR,
    UNLINK,
    LINK,
    SYMLINK,
    RENAME,
    READLINK,
    STAT,
    TIMES,
    OPEN_DIR,
    READ_DIR,
    READ_FD,
    WRITE_FD,
    NAME_FD,
    CUT_FD,
    CLOSE,
    TRUNCATE
};

enum {
    DIRECTORY = 2,
    CREATE = 1,
    CUT = 8,
    ALL_RIGHTS = 0x1fffffff,
    READ_RIGHTS = 0x1fffffff & ~(1 << 6 | 1 << 8 | 1 << 22) /* not: write, allocate, set size */
};

struct call {
    uint8_t what, dir, dir2, flags;
    const char *path, *path2;
    uint16_t len, len2;
};

static char got[300];
static uint32_t got_len;

static int32_t read_from(int32_t fd)
{
    struct vector v = { got, sizeof(got) };
    return wasi_fd_read(fd, &v, 1, &got_len);
}

static int32_t write_to(int32_t fd)
{
    static char text[] = "escaped";
    struct vector v = { text, 7 };
    uint32_t n;
    return wasi_fd_write(fd, &v, 1, &n);
}

static int32_t with_file(const struct call *c, int32_t how, int32_t (*then)(int32_t fd))
{
    int32_t fd = -1;
    int32_t e = wasi_path_open(c->dir, c->flags & 1, c->path, c->len, how | (c->flags >> 4), how == 0 ? READ_RIGHTS : ALL_RIGHTS,
                               ALL_RIGHTS, 0, &fd);
    if (e != 0)
        return e;
    e = then(fd);
    wasi_fd_close(fd);
    return e;
}

static int32_t keep_open(const struct call *c)
{
    int32_t fd = -1;
    int32_t e = wasi_path_open(c->dir, c->flags & 1, c->path, c->len, DIRECTORY, READ_RIGHTS, ALL_RIGHTS, 0, &fd);
    if (e == 0) {
        got[0] = (char)('0' + fd / 10);
        got[1] = (char)('0' + fd % 10);
        got_len = 2;
    }
    return e;
}

static int32_t nothing(int32_t fd)
{
    (void)fd;
    return 0;
}

static int32_t run(const struct call *c)
{
    static char stat[64];
    switch (c->what) {
    case READ:
        return with_file(c, 0, read_from);
    case WRITE:
        return with_file(c, CREATE, write_to);
    case TRUNCATE:
        return with_file(c, CUT, nothing);
    case MKDIR:
        return wasi_path_create_directory(c->dir, c->path, c->len);
    case RMDIR:
        return wasi_path_remove_directory(c->dir, c->path, c->len);
    case UNLINK:
        return wasi_path_unlink_file(c->dir, c->path, c->len);
    case LINK:
        return wasi_path_link(c->dir, c->flags & 1, c->path, c->len, c->dir2, c->path2, c->len2);
    case SYMLINK:
        return wasi_path_symlink(c->path, c->len, c->dir, c->path2, c->len2);
    case RENAME:
        return wasi_path_rename(c->dir, c->path, c->len, c->dir2, c->path2, c->len2);
    case READLINK:
        return wasi_path_readlink(c->dir, c->path, c->len, got, sizeof(got), &got_len);
    case STAT:
        return wasi_path_filestat_get(c->dir, c->flags & 1, c->path, c->len, stat);
    case TIMES:
        return wasi_path_filestat_set_times(c->dir, c->flags & 1, c->path, c->len, 1000, 1000, 5);
    case OPEN_DIR:
        return keep_open(c);
    case READ_DIR:
        return wasi_fd_readdir(c->dir, got, sizeof(got), 0, &got_len);
    case READ_FD:
        return read_from(c->dir);
    case WRITE_FD:
        return write_to(c->dir);
    case NAME_FD:
        return wasi_fd_prestat_dir_name(c->dir, got, sizeof(got));
    case CUT_FD:
        return wasi_fd_filestat_set_size(c->dir, 0);
    case CLOSE:
        return wasi_fd_close(c->dir);
    default:
        return -1;
    }
}

static char hex[60000], program[30000];

static uint8_t digit(char c)
{
    return (uint8_t)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

static const char *take_path(const char *at, const char **ret_path, uint16_t *ret_len)
{
    *ret_len = (uint16_t)((uint8_t)at[0] | (uint8_t)at[1] << 8);
    *ret_path = at + 2;
    return at + 2 + *ret_len;
}

/* What was read as letters and dots: it need not be text. */
static void write_result(struct skp_writer *w, int32_t error)
{
    for (uint32_t i = 0; i < got_len && i < sizeof(got); i++)
        if (got[i] < ' ' || got[i] > '~')
            got[i] = '.';
    skp_write_array(w);
    skp_write_number(w, error);
    skp_write_text_n(w, got, got_len < sizeof(got) ? got_len : sizeof(got));
    skp_write_array_end(w);
}

SKP_HTTP_ENDPOINTS("[{\"method\":\"POST\",\"path\":\"/api/calls\",\"handler\":\"http_calls\"}]")

SKP_ON_HTTP(http_calls, request, reply)
{
    skp_json_text(request, "body.hex", hex, sizeof(hex));
    size_t n = skp_len(hex) / 2;
    for (size_t i = 0; i < n; i++)
        program[i] = (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_write_key(reply, "results");
    skp_write_array(reply);
    for (const char *at = program; at < program + n;) {
        struct call c = { (uint8_t)at[0], (uint8_t)at[1], (uint8_t)at[2], (uint8_t)at[3], 0, 0, 0, 0 };
        at = take_path(at + 4, &c.path, &c.len);
        at = take_path(at, &c.path2, &c.len2);
        got_len = 0;
        write_result(reply, run(&c));
    }
    skp_write_array_end(reply);
    skp_write_object_end(reply);
    skp_http_end(reply);
}

SKP_ON_START(config)
{
    (void)config;
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}
