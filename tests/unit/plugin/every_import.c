#include "every_import.h"

#include "plugin/imports.h"

/* ---- the list ---- */

/* preview1, with its canonical types. Hints: f descriptor, p and l text with its length, o place for an answer, m its size, v and
   n vectors with their number, s subscriptions, t and k flags and other small numbers; i and I anything. */
static const struct {
    const char *name, *type, *hint;
} wasi[] = {
    { "args_get", "ii>i", "oo" },
    { "args_sizes_get", "ii>i", "oo" },
    { "environ_get", "ii>i", "oo" },
    { "environ_sizes_get", "ii>i", "oo" },
    { "clock_res_get", "ii>i", "to" },
    { "clock_time_get", "iIi>i", "tIo" },
    { "fd_advise", "iIIi>i", "fIIt" },
    { "fd_allocate", "iII>i", "fII" },
    { "fd_close", "i>i", "f" },
    { "fd_datasync", "i>i", "f" },
    { "fd_fdstat_get", "ii>i", "fo" },
    { "fd_fdstat_set_flags", "ii>i", "ft" },
    { "fd_fdstat_set_rights", "iII>i", "fII" },
    { "fd_filestat_get", "ii>i", "fo" },
    { "fd_filestat_set_size", "iI>i", "fI" },
    { "fd_filestat_set_times", "iIIi>i", "fIIt" },
    { "fd_pread", "iiiIi>i", "fvnIo" },
    { "fd_prestat_get", "ii>i", "fo" },
    { "fd_prestat_dir_name", "iii>i", "fom" },
    { "fd_pwrite", "iiiIi>i", "fvnIo" },
    { "fd_read", "iiii>i", "fvno" },
    { "fd_readdir", "iiiIi>i", "fomIo" },
    { "fd_renumber", "ii>i", "ff" },
    { "fd_seek", "iIii>i", "fIto" },
    { "fd_sync", "i>i", "f" },
    { "fd_tell", "ii>i", "fo" },
    { "fd_write", "iiii>i", "fvno" },
    { "path_create_directory", "iii>i", "fpl" },
    { "path_filestat_get", "iiiii>i", "ftplo" },
    { "path_filestat_set_times", "iiiiIIi>i", "ftplIIt" },
    { "path_link", "iiiiiii>i", "ftplfpl" },
    { "path_open", "iiiiiIIii>i", "ftplkIIto" },
    { "path_readlink", "iiiiii>i", "fplomo" },
    { "path_remove_directory", "iii>i", "fpl" },
    { "path_rename", "iiiiii>i", "fplfpl" },
    { "path_symlink", "iiiii>i", "plfpl" },
    { "path_unlink_file", "iii>i", "fpl" },
    { "poll_oneoff", "iiii>i", "sono" },
    { "proc_exit", "i>", "t" },
    { "proc_raise", "i>i", "t" },
    { "random_get", "ii>i", "om" },
    { "sched_yield", ">i", "" },
    { "sock_accept", "iii>i", "fto" },
    { "sock_recv", "iiiiii>i", "fvntoo" },
    { "sock_send", "iiiii>i", "fvnto" },
    { "sock_shutdown", "ii>i", "ft" },
};

#define WASI "wasi_snapshot_preview1"

static const char *wasi_hint(const char *name)
{
    for (size_t i = 0; i < SK_COUNT(wasi); i++)
        if (strcmp(wasi[i].name, name) == 0)
            return wasi[i].hint;
    return NULL;
}

static bool ours(const char *wasi_name)
{
    for (size_t i = 0; i < sk_import_count; i++)
        if (strcmp(sk_imports[i].module, WASI) == 0 && strcmp(sk_imports[i].name, wasi_name) == 0)
            return true;
    return false;
}

#define EVERY_MAX 400u
static struct every_import every[EVERY_MAX];
static size_t every_count;

/* First the host's table, then what is Wasmtime's. */
static void collect(void)
{
    SK_ASSERT(sk_import_count + SK_COUNT(wasi) <= EVERY_MAX);
    for (size_t i = 0; i < sk_import_count; i++) {
        const struct sk_import *s = &sk_imports[i];
        const char *hint = strcmp(s->module, WASI) == 0 ? wasi_hint(s->name) : NULL;
        every[every_count++] = (struct every_import){ s->module, s->name, s->type, hint };
    }
    for (size_t k = 0; k < SK_COUNT(wasi); k++)
        if (!ours(wasi[k].name))
            every[every_count++] = (struct every_import){ WASI, wasi[k].name, wasi[k].type, wasi[k].hint };
}

size_t every_import_count(void)
{
    if (every_count == 0)
        collect();
    return every_count;
}

const struct every_import *every_import(size_t i)
{
    SK_ASSERT(i < every_import_count());
    return &every[i];
}

/* ---- the module's bytes (WebAssembly core specification, chapter 5) ---- */

static void u32(struct sk_buf *b, uint32_t v)
{
    do {
        sk_buf_char(b, (char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0)));
        v >>= 7;
    } while (v > 0);
}

/* Signed LEB128 of a number below 2^31. */
static void i32_const(struct sk_buf *b, uint32_t v)
{
    sk_buf_char(b, 0x41);
    while (v > 0x3f) {
        sk_buf_char(b, (char)((v & 0x7f) | 0x80));
        v >>= 7;
    }
    sk_buf_char(b, (char)v);
}

static void name(struct sk_buf *b, const char *text)
{
    u32(b, (uint32_t)strlen(text));
    sk_buf_text(b, text);
}

static void with_size(struct sk_buf *b, struct sk_buf *content)
{
    u32(b, (uint32_t)content->n);
    sk_buf_append(b, content->p, content->n);
    sk_buf_clear(content);
}

static void section(struct sk_buf *b, char id, struct sk_buf *content)
{
    sk_buf_char(b, id);
    with_size(b, content);
}

static char valtype(char letter)
{
    return letter == 'd' ? 0x7c : letter == 'I' ? 0x7e : 0x7f;
}

static void functype(struct sk_buf *b, const char *type)
{
    const char *end = strchr(type, '>');
    sk_buf_char(b, 0x60);
    u32(b, (uint32_t)(end - type));
    for (const char *c = type; c < end; c++)
        sk_buf_char(b, valtype(*c));
    u32(b, (uint32_t)strlen(end + 1));
    for (const char *c = end + 1; *c != 0; c++)
        sk_buf_char(b, valtype(*c));
}

enum { TYPE_CALL, TYPE_I_I, TYPE_II_I, TYPE_II, TYPE_IIII_I, OWN_TYPES };
static const char *const own_types[OWN_TYPES] = { "i>", "i>i", "ii>i", "ii>", "iiii>i" };
static const struct {
    const char *name;
    uint32_t type;
} own[] = { { "allocate", TYPE_I_I },      { "deallocate", TYPE_II },     { "plugin_id", TYPE_II_I },
            { "plugin_start", TYPE_II_I }, { "http_calls", TYPE_IIII_I }, { "__new", TYPE_II_I } };
enum { OWN = SK_COUNT(own) };

#define LOCAL(n) 0x20, (n)
#define BYTES(b, ...) sk_buf_append((b), (const char[]){ __VA_ARGS__ }, sizeof((const char[]){ __VA_ARGS__ }))

/* Puts a finished body behind its size and its list of locals (`i32s` of them). */
static void body(struct sk_buf *b, struct sk_buf *code, char i32s)
{
    struct sk_buf whole;
    sk_buf_init(&whole, 100000);
    if (i32s > 0)
        BYTES(&whole, 1, i32s, 0x7f);
    else
        BYTES(&whole, 0);
    sk_buf_append(&whole, code->p, code->n);
    BYTES(&whole, 0x0b);
    with_size(b, &whole);
    sk_buf_finish(&whole);
    sk_buf_clear(code);
}

static void constant_body(struct sk_buf *b, struct sk_buf *code, uint32_t v)
{
    i32_const(code, v);
    body(b, code, 0);
}

/* Long blocks at EVERY_REQUEST, short ones behind it. */
static void allocate_body(struct sk_buf *b, struct sk_buf *code)
{
    i32_const(code, EVERY_REQUEST);
    i32_const(code, EVERY_REQUEST + EVERY_REQUEST_MAX);
    BYTES(code, LOCAL(0));
    i32_const(code, 16);
    BYTES(code, 0x4b /* i32.gt_u */, 0x1b /* select */);
    body(b, code, 0);
}

static void calls_body(struct sk_buf *b, struct sk_buf *code, uint32_t n)
{
    BYTES(code, LOCAL(0), 0x28 /* i32.load */, 2, 0, LOCAL(0), 0x6a /* add */, 0x21, 4 /* local.set */);
    BYTES(code, 0x03, 0x40 /* loop */, LOCAL(4), LOCAL(0), LOCAL(1), 0x6a, 0x49 /* lt_u */, 0x04, 0x40 /* if */);
    BYTES(code, LOCAL(4), LOCAL(4), 0x28, 2, 0);
    i32_const(code, n);
    BYTES(code, 0x70 /* rem_u: an answer may have been written over it */, 0x11 /* call_indirect */, TYPE_CALL, 0, LOCAL(4));
    i32_const(code, EVERY_STRIDE);
    BYTES(code, 0x6a, 0x21, 4, 0x0c, 1 /* br */, 0x0b, 0x0b);
    i32_const(code, 0);
    body(b, code, 1);
}

/* Calls import `i` with the arguments of the record that local 0 points to. */
static void wrapper_body(struct sk_buf *b, struct sk_buf *code, uint32_t i, const char *type)
{
    const char *end = strchr(type, '>');
    if (end[1] == 'i')
        BYTES(code, LOCAL(0));
    for (const char *c = type; c < end; c++) {
        BYTES(code, LOCAL(0), *c == 'd' ? 0x2b : *c == 'I' ? 0x29 : 0x28, 0);
        u32(code, 8 + 8 * (uint32_t)(c - type));
    }
    BYTES(code, 0x10);
    u32(code, i);
    if (end[1] == 'i')
        BYTES(code, 0x36 /* i32.store */, 0, 4);
    else if (end[1] != 0)
        BYTES(code, 0x1a /* drop */);
    body(b, code, 0);
}

static void declarations(struct sk_buf *b, struct sk_buf *s, uint32_t n)
{
    u32(s, n + OWN_TYPES);
    for (uint32_t i = 0; i < OWN_TYPES; i++)
        functype(s, own_types[i]);
    for (uint32_t i = 0; i < n; i++)
        functype(s, every_import(i)->type);
    section(b, 1, s);
    u32(s, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct every_import *e = every_import(i);
        name(s, e->module);
        name(s, e->name);
        BYTES(s, 0);
        u32(s, i + OWN_TYPES);
    }
    section(b, 2, s);
    u32(s, OWN + n);
    for (uint32_t i = 0; i < OWN; i++)
        u32(s, own[i].type);
    for (uint32_t i = 0; i < n; i++)
        u32(s, TYPE_CALL);
    section(b, 3, s);
    BYTES(s, 1, 0x70, 0);
    u32(s, n);
    section(b, 4, s);
    BYTES(s, 1, 1, EVERY_MEMORY / 65536, EVERY_MEMORY / 65536);
    section(b, 5, s);
    u32(s, OWN + 1);
    name(s, "memory");
    BYTES(s, 2, 0);
    for (uint32_t i = 0; i < OWN; i++) {
        name(s, own[i].name);
        BYTES(s, 0);
        u32(s, n + i);
    }
    section(b, 7, s);
    BYTES(s, 1, 0, 0x41, 0, 0x0b);
    u32(s, n);
    for (uint32_t i = 0; i < n; i++)
        u32(s, n + OWN + i);
    section(b, 9, s);
}

void every_import_module(struct sk_buf *out)
{
    struct sk_buf s, code;
    uint32_t n = (uint32_t)every_import_count();
    sk_buf_init(&s, 1 << 20);
    sk_buf_init(&code, 1 << 16);
    BYTES(out, 0, 'a', 's', 'm', 1, 0, 0, 0);
    declarations(out, &s, n);
    u32(&s, OWN + n);
    allocate_body(&s, &code);
    body(&s, &code, 0); /* deallocate */
    constant_body(&s, &code, 0);
    constant_body(&s, &code, 0);
    calls_body(&s, &code, n);
    constant_body(&s, &code, 0x18000); /* __new: always the same place */
    for (uint32_t i = 0; i < n; i++)
        wrapper_body(&s, &code, i, every_import(i)->type);
    section(out, 10, &s);
    sk_buf_finish(&code);
    sk_buf_finish(&s);
}
