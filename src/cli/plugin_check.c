/* skiff plugin check: what an author should mend before others find it. */
#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "npm/unpack.h"
#include "plugin/check.h"
#include "solo/solo.h"
#include "store/fs.h"
#include "store/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REPORT_MAX ((size_t)16 * 1024 * 1024)

struct report {
    bool json, colour;
    unsigned counts[SK_FINDING_NOTE + 1];
    struct sk_buf out; /* JSON */
};

static const char *const level_names[] = { "error", "warning", "note" };

static void add_json(struct report *r, const struct sk_finding *f)
{
    sk_buf_append(&r->out, ",", r->out.n > 0);
    sk_buf_printf(&r->out, "{\"level\":\"%s\",\"where\":", level_names[f->level]);
    sk_json_write_str(&r->out, sk_span_of(f->where));
    SK_BUF_LIT(&r->out, ",\"what\":");
    sk_json_write_str(&r->out, sk_span_of(f->what));
    SK_BUF_LIT(&r->out, ",\"cure\":");
    sk_json_write_str(&r->out, sk_span_of(f->cure));
    sk_buf_char(&r->out, '}');
}

static void found(void *arg, const struct sk_finding *f)
{
    static const char *const colours[] = { "\033[31m", "\033[33m", "\033[36m" };
    struct report *r = arg;
    r->counts[f->level]++;
    if (r->json) {
        add_json(r, f);
        return;
    }
    printf("%s%s%s: %s: %s", r->colour ? colours[f->level] : "", level_names[f->level], r->colour ? "\033[0m" : "", f->where,
           f->what);
    printf(f->cure[0] != '\0' ? " %s\n" : "%s\n", f->cure);
}

static void print_end(struct report *r, const char *path)
{
    if (r->json)
        printf("{\"findings\":[%.*s],\"errors\":%u,\"warnings\":%u}\n", (int)r->out.n, r->out.n > 0 ? r->out.p : "",
               r->counts[SK_FINDING_ERROR], r->counts[SK_FINDING_WARNING]);
    else if (r->counts[SK_FINDING_ERROR] + r->counts[SK_FINDING_WARNING] == 0)
        printf("%s: nothing to mend\n", path);
    else
        printf("%s: %u errors, %u warnings\n", path, r->counts[SK_FINDING_ERROR], r->counts[SK_FINDING_WARNING]);
}

/* What only shows when it is loaded: that it links and initialises, and its schema. Nothing else of it runs. */
static void check_loaded(struct report *r, const char *dir)
{
    struct sk_solo_options o = { .dir = dir, .asleep = true };
    struct sk_solo *solo = NULL;
    struct sk_errmsg em;
    struct sk_buf schema;
    sk_buf_init(&schema, REPORT_MAX);
    int e = sk_solo_create(&o, &solo, &em);
    if (e == 0)
        e = sk_solo_read_schema(solo, &schema, &em);
    char what[sizeof em.text + 32];
    snprintf(what, sizeof what, "It does not load: %s", e < 0 ? em.text : "");
    if (e < 0)
        found(r, &(struct sk_finding){ SK_FINDING_ERROR, "module", what, "" });
    else
        sk_plugin_check_schema(sk_buf_span(&schema), found, r);
    sk_solo_destroy(solo);
    sk_buf_finish(&schema);
}

static int check_path(struct report *r, const char *path, const struct sk_check_options *o, struct sk_errmsg *em)
{
    int e = sk_plugin_check(path, o, found, r, em);
    if (e == 0 && r->counts[SK_FINDING_ERROR] == 0 && sk_fs_is_dir(path))
        check_loaded(r, path);
    return e;
}

/* ---- an archive, as it would be installed ---- */

static bool is_archive(int fd)
{
    unsigned char magic[2] = { 0 };
    return pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

static int check_archive(struct report *r, int fd, const struct sk_check_options *o, struct sk_errmsg *em)
{
    struct sk_unpacked unpacked;
    SK_CLEANUP(sk_freep) char *dir = NULL;
    int e = sk_solo_make_folder(&dir, em);
    if (e < 0)
        return e;
    e = sk_unpack(fd, dir, &unpacked, em);
    if (e == 0)
        e = check_path(r, dir, o, em);
    (void)sk_tree_remove(dir, NULL);
    return e;
}

static int check(const char *path, const struct sk_check_options *o, bool json)
{
    struct report r = { .json = json, .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL };
    struct sk_errmsg em;
    sk_buf_init(&r.out, REPORT_MAX);
    sk_log_set_quiet(true);
    int fd = sk_fs_is_file(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    int e = fd >= 0 && is_archive(fd) ? check_archive(&r, fd, o, &em) : check_path(&r, path, o, &em);
    if (fd >= 0)
        close(fd);
    if (e < 0)
        fprintf(stderr, "skiff: %s\n", em.text);
    else
        print_end(&r, path);
    sk_buf_finish(&r.out);
    return e < 0 ? 2 : r.counts[SK_FINDING_ERROR] > 0;
}

static int run(const struct sk_cli_args *a)
{
    struct sk_check_options o = { .portable = sk_cli_has(a, "portable") };
    return check(sk_cli_word(a, 0), &o, sk_cli_has(a, "json"));
}

static const struct sk_cli_option options[] = {
    { "portable", NULL, "also refuse what other Signal K servers do not offer" },
    { "json", NULL, "print the findings as JSON, for programs" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_check = {
    .group = "plugin",
    .name = "check",
    .words = "FOLDER|FILE.wasm|TARBALL",
    .brief = "find an author's mistakes, each with its cure",
    .text =
        "Looks at a plugin without running it: package.json, what the module was built for, its imports and exports and their "
        "types, the capabilities it uses and those it declares, its size. Each finding comes with its cure.",
    .example = "skiff plugin check .",
    .ends = "Ends with 0 when there are no errors, 1 when there are, 2 when there is nothing to check.",
    .options = options,
    .run = run,
};
