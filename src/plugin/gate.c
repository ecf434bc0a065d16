#include "plugin/gate.h"

#include "base/log.h"
#include "plugin/compile.h"
#include "plugin/imports.h"

#include <stdlib.h>

#define WASI "wasi_snapshot_preview1"
#define NS "signalk:wasm:storage"
#define GATE_EDITION "gate-1" /* raise when the tiny module changes */
#define ARGS_MAX 9u
#define SCRATCH 64u

/* WASI's error numbers */
enum { OK = 0, FAULT = 21, IO = 29, MFILE = 33, NOSPC = 51 };
#define OFLAG_CREAT 1
#define OFLAG_TRUNC 8
#define FDFLAG_APPEND 1

struct sk_gate_binding {
    struct sk_gate *gate;
    unsigned row;
};

#define ROWS(X)                                                                                                                  \
    X(FD_WRITE, "fd_write", "iiii", may_write)                                                                                   \
    X(FD_PWRITE, "fd_pwrite", "iiiIi", may_pwrite)                                                                               \
    X(FD_ALLOCATE, "fd_allocate", "iII", may_allocate)                                                                           \
    X(FD_SET_SIZE, "fd_filestat_set_size", "iI", may_set_size)                                                                   \
    X(FD_RENUMBER, "fd_renumber", "ii", may_renumber)                                                                            \
    X(PATH_OPEN, "path_open", "iiiiiIIii", may_open)                                                                             \
    X(PATH_MKDIR, "path_create_directory", "iii", may_make)                                                                      \
    X(PATH_SYMLINK, "path_symlink", "iiiii", may_make)                                                                           \
    X(PATH_LINK, "path_link", "iiiiiii", may_make)                                                                               \
    X(PATH_UNLINK, "path_unlink_file", "iii", may_free)                                                                          \
    X(PATH_RMDIR, "path_remove_directory", "iii", may_free)                                                                      \
    X(PATH_RENAME, "path_rename", "iiiiii", may_free)                                                                            \
    /* for the gate itself */                                                                                                    \
    X(FD_CLOSE, "fd_close", "i", NULL)                                                                                           \
    X(FD_TELL, "fd_tell", "ii", NULL)                                                                                            \
    X(FD_FDSTAT, "fd_fdstat_get", "ii", NULL)                                                                                    \
    X(FD_FILESTAT, "fd_filestat_get", "ii", NULL)

enum row_id {
#define AS_ENUM(id, name, type, check) ROW_##id,
    ROWS(AS_ENUM)
#undef AS_ENUM
        ROW_COUNT
};

struct sk_gate {
    struct sk_guest *g;
    const wasmtime_module_t *module;
    struct sk_quota *quota;
    wasmtime_func_t wasi[ROW_COUNT], pass[ROW_COUNT];
    bool ready;      /* the tiny module is instantiated */
    bool is_file[3]; /* fds 0 to 2 may be files by now */
    struct sk_gate_binding bindings[ROW_COUNT];
};

/* ---- calls through the tiny module ---- */

static int make_ready(struct sk_gate *gate)
{
    struct sk_guest *g = gate->g;
    wasmtime_extern_t imports[ROW_COUNT + 1], item;
    wasmtime_instance_t instance;
    wasm_trap_t *trap = NULL;
    if (gate->ready)
        return OK;
    if (!g->has_memory)
        return FAULT;
    imports[0] = (wasmtime_extern_t){ .kind = WASMTIME_EXTERN_MEMORY, .of.memory = g->memory };
    for (unsigned i = 0; i < ROW_COUNT; i++)
        imports[i + 1] = (wasmtime_extern_t){ .kind = WASMTIME_EXTERN_FUNC, .of.func = gate->wasi[i] };
    wasmtime_error_t *error = wasmtime_instance_new(g->ctx, gate->module, imports, ROW_COUNT + 1, &instance, &trap);
    if (error != NULL || trap != NULL) {
        struct sk_errmsg em = { 0 };
        if (error != NULL)
            sk_engine_error(&em, SK_ERR_INTERNAL, error, "files");
        if (trap != NULL)
            wasm_trap_delete(trap);
        sk_log_debug(NS, "[%s] %s", g->o.package->name, em.text);
        return FAULT;
    }
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        char name[2] = { (char)('a' + i), 0 };
        if (!wasmtime_instance_export_get(g->ctx, &instance, name, 1, &item))
            return FAULT;
        gate->pass[i] = item.of.func;
    }
    gate->ready = true;
    return OK;
}

/* Arguments in `raw`, WASI's error number in raw[0]. A trap is the call's end. */
static wasm_trap_t *pass_on(struct sk_gate *gate, enum row_id row, wasmtime_val_raw_t *raw)
{
    wasm_trap_t *trap = NULL;
    wasmtime_error_t *error = wasmtime_func_call_unchecked(gate->g->ctx, &gate->pass[row], raw, ARGS_MAX, &trap);
    if (error != NULL) { /* the deadline, or a pointer or flag that WASI cannot take */
        wasm_name_t text;
        char words[400];
        wasmtime_error_message(error, &text);
        sk_engine_words(&text, words, sizeof words);
        wasm_byte_vec_delete(&text);
        wasmtime_error_delete(error);
        trap = wasmtime_trap_new(words, strlen(words));
    }
    return trap;
}

static uint64_t le64(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 8; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

/* One of the functions (fd, result pointer). The result lands in the guest's first bytes, which are put back at once. */
static bool ask(struct sk_gate *gate, enum row_id row, uint32_t fd, uint8_t result[SCRATCH])
{
    uint8_t kept[SCRATCH], *at = sk_guest_view(gate->g, 0, SCRATCH);
    wasmtime_val_raw_t raw[ARGS_MAX] = { { .i32 = (int32_t)fd }, { .i32 = 0 } };
    if (at == NULL)
        return false;
    memcpy(kept, at, SCRATCH);
    wasm_trap_t *trap = pass_on(gate, row, raw);
    at = sk_guest_view(gate->g, 0, SCRATCH);
    bool ok = trap == NULL && raw[0].i32 == OK && at != NULL;
    if (at != NULL) {
        memcpy(result, at, SCRATCH);
        memcpy(at, kept, SCRATCH);
    }
    if (trap != NULL)
        wasm_trap_delete(trap);
    return ok;
}

/* ---- what may pass ---- */

static int refuse(struct sk_gate *gate, int error)
{
    if (gate->g->o.ops->file_refused != NULL)
        gate->g->o.ops->file_refused(gate->g->o.owner);
    return error;
}

static int admit(struct sk_gate *gate, uint64_t bytes, uint64_t files)
{
    return sk_quota_admit(gate->quota, bytes, files) ? OK : refuse(gate, NOSPC);
}

/* The file shall reach up to `end`. */
static int reach(struct sk_gate *gate, uint32_t fd, uint64_t end)
{
    uint8_t stat[SCRATCH];
    uint64_t size = ask(gate, ROW_FD_FILESTAT, fd, stat) ? le64(stat + 32) : 0;
    return end > size ? admit(gate, end - size, 0) : OK;
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

static uint64_t bytes_of(struct sk_guest *g, uint32_t iovs, uint32_t n)
{
    uint64_t sum = 0;
    const uint8_t *p = n <= UINT32_MAX / 8 ? sk_guest_view(g, iovs, n * 8) : NULL;
    for (uint32_t i = 0; p != NULL && i < n; i++)
        sum += (uint32_t)(le64(p + 8 * (size_t)i) >> 32);
    return sum;
}

static int may_write(struct sk_gate *gate, const wasmtime_val_raw_t *raw)
{
    uint32_t fd = (uint32_t)raw[0].i32;
    uint64_t bytes = bytes_of(gate->g, (uint32_t)raw[1].i32, (uint32_t)raw[2].i32);
    uint8_t at[SCRATCH], flags[SCRATCH];
    if (fd <= 2 && !gate->is_file[fd])
        return OK;
    if (sk_quota_admit(gate->quota, bytes, 0))
        return OK;
    /* at the limit it matters how much of it is new */
    if (ask(gate, ROW_FD_FDSTAT, fd, flags) && (flags[2] & FDFLAG_APPEND) == 0 && ask(gate, ROW_FD_TELL, fd, at))
        return reach(gate, fd, sum_of(le64(at), bytes));
    return admit(gate, bytes, 0);
}

static int may_pwrite(struct sk_gate *gate, const wasmtime_val_raw_t *raw)
{
    uint64_t bytes = bytes_of(gate->g, (uint32_t)raw[1].i32, (uint32_t)raw[2].i32);
    uint8_t flags[SCRATCH];
    if (ask(gate, ROW_FD_FDSTAT, (uint32_t)raw[0].i32, flags) && (flags[2] & FDFLAG_APPEND) != 0)
        return admit(gate, bytes, 0); /* Linux appends then, whatever the offset */
    return reach(gate, (uint32_t)raw[0].i32, sum_of((uint64_t)raw[3].i64, bytes));
}

static int may_allocate(struct sk_gate *gate, const wasmtime_val_raw_t *raw)
{
    return reach(gate, (uint32_t)raw[0].i32, sum_of((uint64_t)raw[1].i64, (uint64_t)raw[2].i64));
}

static int may_set_size(struct sk_gate *gate, const wasmtime_val_raw_t *raw)
{
    gate->quota->freed = true;
    return reach(gate, (uint32_t)raw[0].i32, (uint64_t)raw[1].i64);
}

static int may_renumber(struct sk_gate *gate, const wasmtime_val_raw_t *raw)
{
    if ((uint32_t)raw[1].i32 <= 2)
        gate->is_file[raw[1].i32] = true;
    return OK;
}

static int may_open(struct sk_gate *gate, const wasmtime_val_raw_t *raw)
{
    gate->quota->freed |= (raw[4].i32 & OFLAG_TRUNC) != 0;
    return raw[4].i32 & OFLAG_CREAT ? admit(gate, 0, 1) : OK;
}

static int may_free(struct sk_gate *gate, const wasmtime_val_raw_t *raw)
{
    (void)raw;
    gate->quota->freed = true;
    return OK;
}

static int may_make(struct sk_gate *gate, const wasmtime_val_raw_t *raw)
{
    (void)raw;
    return admit(gate, 0, 1);
}

static const struct row {
    const char *name, *type;
    int (*check)(struct sk_gate *gate, const wasmtime_val_raw_t *raw);
} rows[ROW_COUNT] = {
#define AS_ROW(id, name, type, check) { name, type, check },
    ROWS(AS_ROW)
#undef AS_ROW
};

/* Wasmtime gives the lowest free number: one above the limit means that so many are open. */
static wasm_trap_t *opened(struct sk_gate *gate, uint32_t where, wasmtime_val_raw_t *raw)
{
    const uint8_t *p = sk_guest_view(gate->g, where, 4);
    uint32_t fd = p != NULL ? p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
    if (p == NULL)
        return NULL;
    if (fd <= 2)
        gate->is_file[fd] = true;
    if (fd < 4 + gate->quota->open_max)
        return NULL;
    wasmtime_val_raw_t close[ARGS_MAX] = { { .i32 = (int32_t)fd } };
    wasm_trap_t *trap = pass_on(gate, ROW_FD_CLOSE, close);
    raw[0].i32 = refuse(gate, MFILE);
    return trap;
}

static wasm_trap_t *call(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw, size_t n)
{
    struct sk_gate_binding *b = env;
    struct sk_gate *gate = b->gate;
    wasmtime_val_raw_t args[ARGS_MAX] = { 0 };
    wasm_trap_t *trap = NULL;
    size_t count = strlen(rows[b->row].type);
    memcpy(args, raw, (count < n ? count : n) * sizeof args[0]);
    uint32_t where = b->row == ROW_PATH_OPEN ? (uint32_t)args[8].i32 : 0;
    wasmtime_context_t *outside = sk_guest_enter_host(gate->g, caller);
    int refused = make_ready(gate);
    if (refused == OK)
        refused = rows[b->row].check(gate, args);
    if (refused == OK)
        trap = pass_on(gate, b->row, args);
    else
        args[0].i32 = refused;
    if (trap == NULL && b->row == ROW_PATH_OPEN && args[0].i32 == OK)
        trap = opened(gate, where, args);
    gate->g->ctx = outside;
    raw[0].i32 = args[0].i32;
    return trap;
}

/* ---- linking ---- */

static int row_of(const wasm_name_t *name)
{
    for (int i = 0; i < ROW_COUNT; i++)
        if (rows[i].check != NULL && sk_wasm_name_is(name, rows[i].name))
            return i;
    return -1;
}

bool sk_gate_has(const wasm_name_t *name)
{
    return row_of(name) >= 0;
}

static bool type_fits(const wasm_functype_t *t, const char *type)
{
    const wasm_valtype_vec_t *params = wasm_functype_params(t), *results = wasm_functype_results(t);
    if (params->size != strlen(type) || results->size != 1 || sk_guest_valkind(results->data[0]) != WASM_I32)
        return false;
    for (size_t i = 0; i < params->size; i++)
        if (sk_guest_valkind(params->data[i]) != (type[i] == 'I' ? WASM_I64 : WASM_I32))
            return false;
    return true;
}

int sk_gate_bind(struct sk_gate *gate, const wasm_name_t *name, const wasm_functype_t *type, wasmtime_extern_t *ret_extern,
                 struct sk_errmsg *em)
{
    int row = row_of(name);
    SK_ASSERT(row >= 0);
    if (!type_fits(type, rows[row].type))
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "import " WASI ".%s has another type than WASI preview 1 gives it",
                             rows[row].name);
    gate->bindings[row] = (struct sk_gate_binding){ gate, (unsigned)row };
    ret_extern->kind = WASMTIME_EXTERN_FUNC;
    wasmtime_func_new_unchecked(gate->g->ctx, type, call, &gate->bindings[row], NULL, &ret_extern->of.func);
    return 0;
}

int sk_gate_create(struct sk_guest *g, const wasmtime_module_t *module, struct sk_quota *quota, const wasmtime_linker_t *linker,
                   struct sk_gate **ret_gate, struct sk_errmsg *em)
{
    struct sk_gate *gate = sk_xcalloc(1, sizeof *gate);
    gate->g = g;
    gate->module = module;
    gate->quota = quota;
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        wasmtime_extern_t item;
        if (!wasmtime_linker_get(linker, g->ctx, WASI, strlen(WASI), rows[i].name, strlen(rows[i].name), &item)) {
            free(gate);
            return sk_errmsg_set(em, SK_ERR_INTERNAL, "WASI has no %s", rows[i].name);
        }
        gate->wasi[i] = item.of.func;
    }
    *ret_gate = gate;
    return 0;
}

void sk_gate_destroy(struct sk_gate *gate)
{
    free(gate);
}

/* ---- the tiny module ---- */

static void section(struct sk_buf *out, char id, struct sk_buf *body)
{
    sk_buf_char(out, id);
    SK_ASSERT(body->n < 16384);
    sk_buf_char(out, (char)(0x80 | (body->n & 0x7f))); /* two bytes of LEB128 for all */
    sk_buf_char(out, (char)(body->n >> 7));
    sk_buf_span_append(out, sk_buf_span(body));
    sk_buf_clear(body);
}

static void write_module(struct sk_buf *out)
{
    struct sk_buf b;
    sk_buf_init(&b, 16384);
    sk_buf_append(out, "\0asm\1\0\0\0", 8);
    sk_buf_char(&b, ROW_COUNT); /* types: of row i, number i */
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        sk_buf_char(&b, 0x60);
        sk_buf_char(&b, (char)strlen(rows[i].type));
        for (const char *c = rows[i].type; *c != 0; c++)
            sk_buf_char(&b, *c == 'I' ? 0x7e : 0x7f);
        sk_buf_append(&b, "\1\x7f", 2);
    }
    section(out, 1, &b);
    sk_buf_char(&b, ROW_COUNT + 1); /* imports: the memory, then a function per row */
    sk_buf_append(&b, "\0\1m\2\0\0", 6);
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        sk_buf_append(&b, "\0\1", 2);
        sk_buf_char(&b, (char)('a' + i));
        sk_buf_char(&b, 0);
        sk_buf_char(&b, (char)i);
    }
    section(out, 2, &b);
    sk_buf_char(&b, ROW_COUNT); /* functions of its own, behind the imported ones */
    for (unsigned i = 0; i < ROW_COUNT; i++)
        sk_buf_char(&b, (char)i);
    section(out, 3, &b);
    sk_buf_char(&b, ROW_COUNT + 1); /* exports: the memory under the name that WASI looks for */
    sk_buf_append(&b, "\6memory\2\0", 9);
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        sk_buf_char(&b, 1);
        sk_buf_char(&b, (char)('a' + i));
        sk_buf_char(&b, 0);
        sk_buf_char(&b, (char)(ROW_COUNT + i));
    }
    section(out, 7, &b);
    sk_buf_char(&b, ROW_COUNT);
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        size_t n = strlen(rows[i].type);
        sk_buf_char(&b, (char)(2 * n + 4)); /* size; no locals */
        sk_buf_char(&b, 0);
        for (size_t k = 0; k < n; k++) {
            sk_buf_char(&b, 0x20); /* local.get */
            sk_buf_char(&b, (char)k);
        }
        sk_buf_char(&b, 0x10); /* call */
        sk_buf_char(&b, (char)i);
        sk_buf_char(&b, 0x0b);
    }
    section(out, 10, &b);
    sk_buf_finish(&b);
}

int sk_gate_module(const struct sk_compile_options *o, const wasmtime_module_t **ret_module, struct sk_errmsg *em)
{
    struct sk_engine_shared *shared = sk_engine_shared(o->engine);
    struct sk_buf b;
    int r = 0;
    pthread_mutex_lock(&shared->lock);
    if (shared->gate == NULL) {
        sk_buf_init(&b, 16384);
        write_module(&b);
        r = sk_module_load_own(o, GATE_EDITION, sk_buf_span(&b), &shared->gate, em);
        sk_buf_finish(&b);
    }
    *ret_module = shared->gate;
    pthread_mutex_unlock(&shared->lock);
    return r;
}

bool sk_gate_needed(const wasmtime_module_t *module)
{
    wasm_importtype_vec_t types;
    bool needed = false;
    wasmtime_module_imports(module, &types);
    for (size_t i = 0; i < types.size; i++)
        needed |= sk_import_is_wasi(wasm_importtype_module(types.data[i])) && sk_gate_has(wasm_importtype_name(types.data[i]));
    wasm_importtype_vec_delete(&types);
    return needed;
}
