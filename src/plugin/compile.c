#include "plugin/compile.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "plugin/host.h"
#include "plugin/image_index.h"
#include "plugin/image_prune.h"
#include "sandbox/sandbox.h"
#include "store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#if defined __x86_64__ || defined __i386__
#include <cpuid.h>
#endif

#define NS "signalk:wasm:runtime"
#define CONFIG_EDITION "2" /* raise when sk_engine_config changes what modules are compiled for, or the file its form */
#define CHILD_DATA_MAX ((rlim_t)1536 * 1024 * 1024)
#define CHILD_CPU_S 240

static struct sk_span line_of(struct sk_span text)
{
    const char *end = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
    return (struct sk_span){ text.p, end != NULL ? (size_t)(end - text.p) : text.n };
}

/* The next line of a list of causes, without its indent and number. */
static struct sk_span take_cause(struct sk_span *list)
{
    struct sk_span line = line_of(*list);
    size_t whole = line.n < list->n ? line.n + 1 : line.n;
    list->p += whole;
    list->n -= whole;
    while (line.n > 0 && (*line.p == ' ' || *line.p == ':' || (*line.p >= '0' && *line.p <= '9'))) {
        line.p++;
        line.n--;
    }
    return line;
}

/* A headline; below "Caused by:" the causes, from the nearest to the root. The headline of a failed call is only the head of a
   back-trace, and what a WASI function did not like stands nearest; of compiling, the root tells. */
void sk_engine_words(const wasm_name_t *message, char *ret_words, size_t size)
{
    static const char mark[] = "\nCaused by:\n", trace[] = "error while executing";
    struct sk_span text = { message->data, message->size > 0 ? strnlen(message->data, message->size) : 0 };
    struct sk_span head = line_of(text), cause = { 0 };
    const char *causes = text.n > 0 ? memmem(text.p, text.n, mark, sizeof mark - 1) : NULL;
    bool traced = sk_span_starts(head, trace);
    if (causes != NULL) {
        text.n -= (size_t)(causes - text.p) + sizeof mark - 1;
        text.p = causes + sizeof mark - 1;
        while (text.n > 0 && (cause.n == 0 || !traced)) {
            struct sk_span next = take_cause(&text);
            cause = next.n > 0 ? next : cause;
        }
    }
    if (traced && cause.n > 0)
        head.n = 0;
    snprintf(ret_words, size, "%.*s%s%.*s", (int)head.n, head.n > 0 ? head.p : "", head.n > 0 && cause.n > 0 ? ": " : "",
             (int)cause.n, cause.n > 0 ? cause.p : "");
}

int sk_engine_error(struct sk_errmsg *em, int code, wasmtime_error_t *error, const char *what)
{
    wasm_name_t text;
    char words[400];
    wasmtime_error_message(error, &text);
    sk_engine_words(&text, words, sizeof words);
    sk_errmsg_set(em, code, "%s: %s", what, words);
    wasm_byte_vec_delete(&text);
    wasmtime_error_delete(error);
    return code;
}

static int check_format(const char *text, size_t n, struct sk_errmsg *em)
{
    if (n < 8 || memcmp(text, "\0asm", 4) != 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "Unsupported WASM format: not a WebAssembly file");
    if (text[4] != 1)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "Unsupported WASM format: %s; build a core module (target wasm32-wasip1)",
                             text[4] == 0x0d ? "a component" : "unknown version");
    return 0;
}

/* ---- names in the cache ---- */

/* Images hold code for the features of this CPU; a card that moves to another board must not bring them along. */
static uint32_t cpu_fingerprint(void)
{
    uint32_t words[16] = { (uint32_t)getauxval(AT_HWCAP), (uint32_t)getauxval(AT_HWCAP2) };
#if defined __x86_64__ || defined __i386__
    unsigned a, b, c, d;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        words[2] = b;
        words[3] = c;
        words[4] = d;
    }
    if (__get_cpuid(1, &a, &b, &c, &d)) {
        words[5] = c & ~(1u << 27); /* OSXSAVE may differ in emulation; AVX below tells */
        words[6] = d;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d))
        words[7] = c;
#endif
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < SK_COUNT(words); i++)
        h = (h ^ words[i]) * 16777619u;
    return h;
}

/* Behind the hash in an image's name: everything but the module that it depends on. */
static void image_suffix(char *out, size_t size)
{
    snprintf(out, size, "-" WASMTIME_VERSION "-%08x%s.cwasm", (unsigned)cpu_fingerprint(), CONFIG_EDITION);
}

/* False: no digest can be made, so nothing is cached. */
static bool image_name(struct sk_span module, char name[SK_IMAGE_NAME_MAX])
{
    unsigned char sha[SK_SHA256_SIZE];
    struct sk_errmsg em;
    if (sk_sha256(module, sha, &em) < 0) {
        sk_log_warn("compiled plugins are not kept: %s", em.text);
        return false;
    }
    for (size_t i = 0; i < sizeof sha; i++)
        snprintf(name + 2 * i, 3, "%02x", sha[i]);
    image_suffix(name + 2 * sizeof sha, SK_IMAGE_NAME_MAX - 2 * sizeof sha);
    return true;
}

/* An image is native code: nobody else may have written it. */
static bool only_ours(int fd, bool dir)
{
    struct stat s;
    return fstat(fd, &s) == 0 && (dir ? S_ISDIR(s.st_mode) : S_ISREG(s.st_mode)) && s.st_uid == geteuid() &&
           (s.st_mode & 022) == 0;
}

static int cache_folder(const char *cache_dir, char **ret_dir, struct sk_errmsg *em)
{
    char *dir = sk_fs_path(cache_dir, "wasm");
    int r = sk_fs_mkdirs(dir, 0700, em);
    if (r == 0) {
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || !only_ours(fd, true))
            r = sk_errmsg_set(em, SK_ERR_DENIED, "cache folder %s is writable by others; compiled modules are not kept there",
                              dir);
        if (fd >= 0)
            close(fd);
    }
    if (r < 0)
        free(dir);
    else
        *ret_dir = dir;
    return r;
}

/*
 * Behind the image, where Wasmtime does not look: a checksum of all before it. Wasmtime trusts what it loads; a card that forgets
 * a bit would otherwise run wrong machine code in the server, at each start again.
 */
struct footer {
    char mark[8];
    uint32_t crc, size;
};
#define FOOTER_MARK "sk-image"

/* Reads it once, through a small buffer: mapping it for this would make all of it resident. */
static bool is_whole(int fd)
{
    unsigned char part[4096]; /* plugin threads have small stacks */
    struct footer f;
    struct stat s;
    if (fstat(fd, &s) < 0 || s.st_size <= (off_t)sizeof f || s.st_size > UINT32_MAX ||
        pread(fd, &f, sizeof f, s.st_size - (off_t)sizeof f) != (ssize_t)sizeof f ||
        memcmp(f.mark, FOOTER_MARK, sizeof f.mark) != 0 || f.size != (uint64_t)s.st_size - sizeof f)
        return false;
    uint32_t crc = 0;
    size_t at = 0;
    while (at < f.size) {
        size_t want = f.size - at < sizeof part ? f.size - at : sizeof part;
        ssize_t n = pread(fd, part, want, (off_t)at);
        if (n <= 0)
            break;
        crc = (uint32_t)crc32(crc, part, (unsigned)n);
        at += (size_t)n;
    }
    return at == f.size && crc == f.crc;
}

static int check_image(int fd, const char *image, struct sk_errmsg *em)
{
    if (!only_ours(fd, false))
        return sk_errmsg_set(em, SK_ERR_DENIED, "%s may have been written by others: not used", image);
    if (!is_whole(fd))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s is damaged: not used", image);
    return 0;
}

static int load_image(const struct sk_compile_options *o, const char *image, wasmtime_module_t **ret_module, struct sk_errmsg *em)
{
    int fd = open(image, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return sk_errmsg_errno(em, errno, "%s", image);
    int r = check_image(fd, image, em);
    char opened[40]; /* the very file that was checked, whatever its name means by now */
    snprintf(opened, sizeof opened, "/proc/self/fd/%d", fd);
    wasmtime_error_t *e = r == 0 ? wasmtime_module_deserialize_file(sk_engine_wasm(o->engine), opened, ret_module) : NULL;
    if (r == 0 && e == NULL)
        sk_image_used(fd);
    close(fd);
    return e == NULL ? r : sk_engine_error(em, SK_ERR_INVALID, e, image);
}

/* ---- compiling ---- */

static int compile_text(wasm_engine_t *engine, const char *text, size_t n, wasmtime_module_t **ret_module, struct sk_errmsg *em)
{
    wasmtime_error_t *e = wasmtime_module_new(engine, (const uint8_t *)text, n, ret_module);
    return e == NULL ? 0 : sk_engine_error(em, SK_ERR_INVALID, e, "not a valid module");
}

static int store_image(const wasmtime_module_t *module, const char *image, struct sk_errmsg *em)
{
    wasm_byte_vec_t bytes;
    wasmtime_error_t *e = wasmtime_module_serialize(module, &bytes);
    if (e != NULL)
        return sk_engine_error(em, SK_ERR_INTERNAL, e, "serialise");
    struct footer f = { .mark = FOOTER_MARK,
                        .size = (uint32_t)bytes.size,
                        .crc = (uint32_t)crc32(0, (const unsigned char *)bytes.data, (unsigned)bytes.size) };
    struct sk_buf b;
    sk_buf_init(&b, UINT32_MAX);
    sk_buf_append(&b, bytes.data, bytes.size);
    sk_buf_append(&b, &f, sizeof f);
    wasm_byte_vec_delete(&bytes);
    int r = sk_buf_ok(&b) ? sk_fs_write_atomic(image, sk_buf_span(&b), 0600, em) : sk_errmsg_set(em, SK_ERR_LIMIT, "too large");
    sk_buf_finish(&b);
    return r;
}

static void limit(int what, rlim_t max)
{
    struct rlimit l;
    if (getrlimit(what, &l) == 0 && (l.rlim_cur == RLIM_INFINITY || l.rlim_cur > max)) {
        l.rlim_cur = max;
        setrlimit(what, &l);
    }
}

int sk_compile_main(int argc, char **argv)
{
    struct sk_errmsg em = { 0 };
    char *text = NULL;
    size_t n = 0;
    wasmtime_module_t *module = NULL;
    if (argc < 4) {
        fprintf(stderr, "usage: %s IN.wasm OUT.cwasm\n", SK_COMPILE_FLAG);
        return 2;
    }
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory would not fit */
    limit(RLIMIT_DATA, CHILD_DATA_MAX);
#endif
    limit(RLIMIT_CPU, CHILD_CPU_S);
    limit(RLIMIT_CORE, 0);
    sk_sandbox_adopt();
    sk_sandbox_enter(SK_THREAD_COMPILER);
    if (nice(10) == -1) /* the boat's data goes first */
        fprintf(stderr, "nice: %s\n", strerror(errno));
    int r = sk_fs_read(argv[2], (size_t)256 * 1024 * 1024, &text, &n, &em);
    wasm_engine_t *engine = r == 0 ? wasm_engine_new_with_config(sk_engine_config()) : NULL;
    if (r == 0)
        r = compile_text(engine, text, n, &module, &em);
    if (r == 0)
        r = store_image(module, argv[3], &em);
    if (r < 0)
        fprintf(stderr, "%s\n", em.text);
    if (module != NULL)
        wasmtime_module_delete(module);
    if (engine != NULL)
        wasm_engine_delete(engine);
    free(text);
    return r < 0;
}

static int pidfd_of(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Reads what the child says and waits for its end, in slices so that a cancel is seen. */
static int wait_child(const struct sk_compile_options *o, pid_t pid, int said, struct sk_buf *words, struct sk_errmsg *em)
{
    uint64_t until = sk_clock_mono_ms() + o->ms;
    int pidfd = pidfd_of(pid), status = 0, r = 0;
    bool talking = true;
    for (;;) {
        struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN }, { .fd = talking ? said : -1, .events = POLLIN } };
        poll(p, 2, pidfd < 0 ? 10 : 100);
        if (p[1].revents != 0) {
            char part[512];
            ssize_t n = read(said, part, sizeof part);
            talking = n > 0;
            if (n > 0)
                sk_buf_append(words, part, (size_t)n);
            continue;
        }
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid)
            break;
        bool late = sk_clock_mono_ms() > until, cancel = o->cancel != NULL && atomic_load(o->cancel);
        if (got < 0 || late || cancel) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            r = sk_errmsg_set(em, late ? SK_ERR_TIMEOUT : SK_ERR_CLOSED,
                              late ? "compiling took longer than %u s" : "compiling was given up", o->ms / 1000);
            break;
        }
    }
    if (pidfd >= 0)
        close(pidfd);
    if (r == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
        const char *text = words->n > 0 ? sk_buf_cstr(words) : NULL;
        r = text != NULL
                ? sk_errmsg_set(em, SK_ERR_INVALID, "%.*s", (int)strcspn(text, "\n"), text)
                : sk_errmsg_set(em, SK_ERR_LIMIT, "the compiler ended with signal %d (out of memory or time)", WTERMSIG(status));
    }
    return r;
}

/* The child gets the bytes that were hashed, not the file's name: the file may be replaced at any time. */
static int as_file(struct sk_span text, struct sk_errmsg *em)
{
    int fd = memfd_create("wasm", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < text.n;) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        if (n <= 0) {
            close(fd);
            fd = -1;
        } else {
            at += (size_t)n;
        }
    }
    return fd >= 0 ? fd : sk_errmsg_errno(em, errno, "handing the module to the compiler");
}

static int compile_in_child(const struct sk_compile_options *o, struct sk_span module, const char *image, struct sk_errmsg *em)
{
    int pipes[2], in = as_file(module, em);
    if (in < 0)
        return in;
    if (pipe2(pipes, O_CLOEXEC) < 0) {
        close(in);
        return sk_errmsg_errno(em, errno, "pipe");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    char *argv[] = { sk_xstrdup("skiff"), sk_xstrdup(SK_COMPILE_FLAG), sk_xstrdup("/proc/self/fd/0"), sk_xstrdup(image), NULL };
    pid_t pid = 0;
    int spawned = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), r;
    close(pipes[1]);
    close(in);
    posix_spawn_file_actions_destroy(&actions);
    if (spawned != 0) {
        r = sk_errmsg_errno(em, spawned, "starting the compiler");
    } else {
        struct sk_buf words;
        sk_buf_init(&words, 8192);
        r = wait_child(o, pid, pipes[0], &words, em);
        sk_buf_finish(&words);
    }
    close(pipes[0]);
    for (size_t i = 0; argv[i] != NULL; i++)
        free(argv[i]);
    return r;
}

static void prune_folder_of(const char *image)
{
    char *dir = sk_xstrdup(image);
    *strrchr(dir, '/') = 0;
    size_t n = sk_image_prune(dir, SK_IMAGES_MAX, SK_IMAGES_BYTES_MAX);
    if (n > 0)
        sk_log_debug(NS, "%zu compiled modules not used for long were removed", n);
    free(dir);
}

static int compile_and_load(const struct sk_compile_options *o, const char *file, struct sk_span text, const char *image,
                            wasmtime_module_t **ret_module, struct sk_errmsg *em)
{
    uint64_t began = sk_clock_mono_ms();
    if (!sk_engine_compile_begin(o->engine, o->ms))
        return sk_errmsg_set(em, SK_ERR_BUSY, "no compiler became free");
    int r;
    if (o->cancel != NULL && atomic_load(o->cancel)) {
        r = sk_errmsg_set(em, SK_ERR_CLOSED, "compiling was given up");
    } else if (image == NULL || o->in_process) {
        r = compile_text(sk_engine_wasm(o->engine), text.p, text.n, ret_module, em);
        if (r == 0 && image != NULL && store_image(*ret_module, image, NULL) < 0)
            sk_log_debug(NS, "%s: not kept in the cache", file);
    } else {
        r = compile_in_child(o, text, image, em);
        if (r == 0)
            r = load_image(o, image, ret_module, em);
    }
    sk_engine_compile_end(o->engine);
    if (r == 0 && image != NULL)
        prune_folder_of(image);
    if (r == 0)
        sk_log_debug(NS, "%s compiled in %u ms", file, (unsigned)(sk_clock_mono_ms() - began));
    return r;
}

/* A file that has not changed since its image was noted need not be read. */
static bool load_noted(const struct sk_compile_options *o, const char *dir, const char *file, wasmtime_module_t **ret_module)
{
    char name[SK_IMAGE_NAME_MAX], suffix[SK_IMAGE_NAME_MAX];
    if (!sk_image_index_find(dir, file, name))
        return false;
    image_suffix(suffix, sizeof suffix);
    size_t n = strlen(name), tail = strlen(suffix);
    if (n < tail || strcmp(name + n - tail, suffix) != 0) /* of another version or machine */
        return false;
    char *image = sk_fs_path(dir, name);
    bool loaded = load_image(o, image, ret_module, NULL) == 0;
    free(image);
    return loaded;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           memcmp(&a->st_mtim, &b->st_mtim, sizeof a->st_mtim) == 0 && memcmp(&a->st_ctim, &b->st_ctim, sizeof a->st_ctim) == 0;
}

static int load_read(const struct sk_compile_options *o, const char *dir, const char *file, wasmtime_module_t **ret_module,
                     struct sk_errmsg *em)
{
    struct stat before = { 0 }, after = { 0 };
    struct sk_errmsg why = { 0 };
    char name[SK_IMAGE_NAME_MAX], *text = NULL, *image = NULL;
    size_t n = 0;
    bool known = stat(file, &before) == 0;
    int r = sk_fs_read(file, o->module_max, &text, &n, em);
    if (r == 0)
        r = check_format(text, n, em);
    if (r < 0) {
        free(text);
        return r;
    }
    known = known && stat(file, &after) == 0 && unchanged(&before, &after);
    struct sk_span module = { text, n };
    if (dir != NULL && image_name(module, name))
        image = sk_fs_path(dir, name);
    r = image != NULL ? load_image(o, image, ret_module, &why) : SK_ERR_NOTFOUND;
    if (r < 0 && image != NULL && r != SK_ERR_NOTFOUND)
        sk_log_debug(NS, "compiling anew: %s", why.text);
    if (r < 0)
        r = compile_and_load(o, file, module, image, ret_module, em);
    if (r == 0 && image != NULL && known)
        sk_image_index_note(dir, file, &after, name);
    free(image);
    free(text);
    return r;
}

/* NULL: nothing is cached. */
static char *usable_cache(const struct sk_compile_options *o)
{
    struct sk_errmsg why = { 0 };
    char *dir = NULL;
    if (o->cache_dir != NULL && cache_folder(o->cache_dir, &dir, &why) < 0)
        sk_log_warn("%s", why.text);
    return dir;
}

int sk_module_load(const struct sk_compile_options *o, const char *file, wasmtime_module_t **ret_module, struct sk_errmsg *em)
{
    if (sk_engine_wasm(o->engine) == NULL)
        return sk_errmsg_set(em, SK_ERR_INTERNAL, "the WebAssembly engine cannot be created");
    char *dir = usable_cache(o);
    int r = 0;
    if (dir == NULL || !load_noted(o, dir, file, ret_module))
        r = load_read(o, dir, file, ret_module, em);
    free(dir);
    return r;
}

int sk_module_load_own(const struct sk_compile_options *o, const char *name, struct sk_span module,
                       wasmtime_module_t **ret_module, struct sk_errmsg *em)
{
    char suffix[SK_IMAGE_NAME_MAX], full[2 * SK_IMAGE_NAME_MAX], *dir = usable_cache(o), *image = NULL;
    image_suffix(suffix, sizeof suffix);
    snprintf(full, sizeof full, "%s%s", name, suffix);
    if (dir != NULL)
        image = sk_fs_path(dir, full);
    int r = image != NULL ? load_image(o, image, ret_module, NULL) : SK_ERR_NOTFOUND;
    if (r < 0)
        r = compile_and_load(o, name, module, image, ret_module, em);
    free(image);
    free(dir);
    return r;
}
