#include "npm/packlist.h"

#include "base/json.h"
#include "npm/ignore.h"
#include "npm/semver.h"
#include "npm/spec.h"
#include "npm/tarball.h"
#include "plugin/package.h"
#include "store/fs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define IGNORE_FILE_MAX ((size_t)256 * 1024)
#define DEPTH_MAX 24

struct layer { /* of one folder on the way down */
    const struct layer *above;
    struct sk_ignore rules;
    size_t from; /* where its own names begin in a path */
};

struct walk {
    const char *dir;
    struct sk_packlist *out;
    bool has_files;               /* package.json says which */
    struct sk_ignore files;       /* those */
    struct sk_ignore must;        /* in, whatever else is said */
    struct sk_ignore never, junk; /* out; junk unless it must be in */
    unsigned looked_at;
};

/* ---- rules -------------------------------------------------------------------------------------------------------------------
 */

static void add_all(struct sk_ignore *to, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sk_ignore_add(to, sk_span_of(patterns[i]), false);
}

static void set_usual_rules(struct walk *w)
{
    static const char *const must[] = { "/package.json", "/readme",         "/readme.*[!~$]", "/copying",       "/copying.*[!~$]",
                                        "/license",      "/license.*[!~$]", "/licence",       "/licence.*[!~$]" };
    static const char *const never[] = {
        "/node_modules", ".npmrc", "/package-lock.json", "/yarn.lock", "/pnpm-lock.yaml", "/bun.lockb", ".git", ".svn",
        ".hg",           "CVS"
    };
    static const char *const junk[] = { ".npmignore",    ".gitignore",         "/.lock-wscript",
                                        "/.wafpickle-*", "/build/config.gypi", "npm-debug.log",
                                        ".*.swp",        ".DS_Store",          "._*",
                                        "*.orig",        "/archived-packages" };
    add_all(&w->must, must, SK_COUNT(must));
    add_all(&w->never, never, SK_COUNT(never));
    add_all(&w->junk, junk, SK_COUNT(junk));
}

static void must_have(struct walk *w, const yyjson_val *path)
{
    struct sk_span s = sk_json_str(path);
    if (s.n > 0)
        sk_ignore_add(&w->must, s, true);
}

/* An entry of "files": a folder with all in it, a file that must be there, or a pattern. */
static void add_wanted(struct walk *w, struct sk_span s)
{
    char pattern[1002];
    if (s.n == 0 || s.n > 1000 || memchr(s.p, 0, s.n) != NULL)
        return;
    memcpy(pattern, s.p, s.n);
    pattern[s.n] = '\0';
    SK_CLEANUP(sk_freep) char *path = sk_fs_path(w->dir, pattern);
    if (sk_fs_is_file(path))
        sk_ignore_add(&w->must, s, true);
    if (s.n > 2 && memcmp(s.p + s.n - 2, "/*", 2) == 0) /* npm takes the folders in it too */
        s.n--;
    sk_ignore_add(&w->files, s, sk_fs_is_dir(path));
}

static void set_package_rules(struct walk *w, const yyjson_val *root)
{
    size_t i, n;
    yyjson_val *key, *v, *files = sk_json_get(root, "files"), *bin = sk_json_get(root, "bin");
    w->has_files = yyjson_is_arr(files);
    yyjson_arr_foreach(files, i, n, v)
        add_wanted(w, sk_json_str(v));
    must_have(w, sk_json_get(root, "main"));
    must_have(w, sk_json_get(root, "browser"));
    must_have(w, bin);
    yyjson_obj_foreach(bin, i, n, key, v) {
        (void)key;
        must_have(w, v);
    }
}

static bool read_rules(const char *folder, const char *name, struct sk_ignore *to)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(folder, name);
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n = 0;
    if (sk_fs_read(file, IGNORE_FILE_MAX, &text, &n, NULL) < 0)
        return false;
    sk_ignore_add_text(to, (struct sk_span){ text, n });
    return true;
}

static bool kept(const struct walk *w, struct sk_span path, const struct layer *layers, bool folder)
{
    if (sk_ignore_match(&w->never, path, folder, false) > 0)
        return false;
    if (!folder && sk_ignore_match(&w->must, path, false, false) > 0)
        return true;
    if (sk_ignore_match(&w->junk, path, folder, false) > 0)
        return false;
    if (w->has_files && !folder && sk_ignore_match(&w->files, path, false, true) <= 0)
        return false;
    for (const struct layer *l = layers; l != NULL; l = l->above)
        if (sk_ignore_match(&l->rules, (struct sk_span){ path.p + l->from, path.n - l->from }, folder, true) > 0)
            return false;
    return true;
}

/* A folder that is left out may hold a file that must be in. */
static bool must_enter(const struct walk *w, struct sk_span path)
{
    return sk_ignore_match(&w->never, path, true, false) <= 0 && w->must.count > 0;
}

/* ---- the folders -------------------------------------------------------------------------------------------------------------
 */

static int add_file(struct walk *w, const char *name, const struct stat *st, struct sk_errmsg *em)
{
    struct sk_packlist *p = w->out;
    if (p->count == SK_PACKLIST_FILES_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "it holds more than %d files: say in \"files\" of package.json which are needed",
                             SK_PACKLIST_FILES_MAX);
    if (!sk_tarball_name_ok(sk_span_of(name), DEPTH_MAX))
        return sk_errmsg_set(em, SK_ERR_INVALID, "'%.200s' is no name for a file of a package", name);
    if (p->count == p->cap) {
        p->cap = p->cap == 0 ? 32 : 2 * p->cap;
        p->list = sk_xrealloc(p->list, p->cap * sizeof *p->list);
    }
    p->list[p->count++] = (struct sk_packed_file){ .name = sk_xstrdup(name),
                                                   .size = (uint64_t)st->st_size,
                                                   .executable = (st->st_mode & 0111) != 0 };
    p->bytes += (uint64_t)st->st_size;
    return 0;
}

static int walk_folder(struct walk *w, const char *rel, const struct layer *above, bool only_must, unsigned depth,
                       struct sk_errmsg *em);

static int walk_entry(struct walk *w, const char *rel, const struct layer *layers, bool only_must, unsigned depth,
                      struct sk_errmsg *em)
{
    struct stat st;
    struct sk_span path = sk_span_of(rel);
    SK_CLEANUP(sk_freep) char *full = sk_fs_path(w->dir, rel);
    if (++w->looked_at > 50 * SK_PACKLIST_FILES_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "the folder is too large to look through");
    if (lstat(full, &st) < 0)
        return errno == ENOENT ? 0 : sk_errmsg_errno(em, errno, "%s", full);
    if (S_ISREG(st.st_mode)) {
        bool in = only_must ? sk_ignore_match(&w->must, path, false, false) > 0 : kept(w, path, layers, false);
        return in && strchr(rel, '*') == NULL ? add_file(w, rel, &st, em) : 0;
    }
    if (!S_ISDIR(st.st_mode) || depth > DEPTH_MAX)
        return 0;
    bool in = !only_must && kept(w, path, layers, true);
    return in || must_enter(w, path) ? walk_folder(w, rel, layers, !in, depth + 1, em) : 0;
}

static int walk_folder(struct walk *w, const char *rel, const struct layer *above, bool only_must, unsigned depth,
                       struct sk_errmsg *em)
{
    struct layer own = { .above = above, .from = rel[0] != '\0' ? strlen(rel) + 1 : 0 };
    SK_CLEANUP(sk_freep) char *folder = rel[0] != '\0' ? sk_fs_path(w->dir, rel) : sk_xstrdup(w->dir);
    struct dirent *e;
    int r = 0;
    DIR *d = opendir(folder);
    if (d == NULL)
        return sk_errmsg_errno(em, errno, "cannot read the folder %s", folder);
    if ((rel[0] != '\0' || !w->has_files) &&
        !read_rules(folder, ".npmignore", &own.rules)) /* "files" stands for the ones at the top */
        read_rules(folder, ".gitignore", &own.rules);
    while (r == 0 && (e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char *child = rel[0] != '\0' ? sk_fs_path(rel, e->d_name) : sk_xstrdup(e->d_name);
        r = walk_entry(w, child, &own, only_must, depth, em);
        free(child);
    }
    closedir(d);
    sk_ignore_finish(&own.rules);
    return r;
}

/* ---- the package -------------------------------------------------------------------------------------------------------------
 */

static int compare(const void *a, const void *b)
{
    const struct sk_packed_file *x = a, *y = b;
    bool first = strcmp(x->name, "package.json") == 0, second = strcmp(y->name, "package.json") == 0;
    return first != second ? second - first : strcmp(x->name, y->name);
}

static int check_names(struct sk_packlist *p, const yyjson_val *root, struct sk_errmsg *em)
{
    struct sk_semver v;
    struct sk_span name = sk_json_str(sk_json_get(root, "name")), version = sk_json_str(sk_json_get(root, "version"));
    if (!sk_npm_name_ok(name))
        return sk_errmsg_set(em, SK_ERR_INVALID, "package.json: \"name\" is missing or cannot be published");
    if (!sk_semver_parse(version, &v))
        return sk_errmsg_set(em, SK_ERR_INVALID, "package.json: \"version\" is missing or none (as in 1.2.3)");
    p->name = sk_xstrndup(name.p, name.n);
    p->version = sk_xstrndup(version.p, version.n);
    const char *module = sk_json_get_str(root, "wasmManifest");
    p->module = module != NULL ? sk_xstrdup(module) : NULL;
    return 0;
}

static int read_package(const char *dir, yyjson_doc **ret, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(dir, "package.json");
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n = 0;
    int r = sk_fs_read(file, SK_PACKAGE_JSON_MAX, &text, &n, em);
    if (r < 0)
        return r;
    r = sk_json_read((struct sk_span){ text, n }, ret, em);
    return r < 0 ? sk_errmsg_wrap(em, r, "%s", file) : 0;
}

int sk_packlist_read(const char *dir, struct sk_packlist *ret, struct sk_errmsg *em)
{
    struct sk_packlist out = { 0 };
    struct walk w = { .dir = dir, .out = &out };
    yyjson_doc *doc = NULL;
    int r = read_package(dir, &doc, em);
    if (r == 0)
        r = check_names(&out, yyjson_doc_get_root(doc), em);
    if (r == 0) {
        set_usual_rules(&w);
        set_package_rules(&w, yyjson_doc_get_root(doc));
        r = walk_folder(&w, "", NULL, false, 0, em);
    }
    yyjson_doc_free(doc);
    struct sk_ignore *rules[] = { &w.files, &w.must, &w.never, &w.junk };
    for (size_t i = 0; i < SK_COUNT(rules); i++)
        sk_ignore_finish(rules[i]);
    if (r < 0) {
        sk_packlist_finish(&out);
        return r;
    }
    qsort(out.list, out.count, sizeof *out.list, compare);
    *ret = out;
    return 0;
}

bool sk_packlist_has(const struct sk_packlist *p, const char *name)
{
    while (strncmp(name, "./", 2) == 0)
        name += 2;
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->list[i].name, name) == 0)
            return true;
    return false;
}

void sk_packlist_finish(struct sk_packlist *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->list[i].name);
    free(p->list);
    free(p->name);
    free(p->version);
    free(p->module);
    *p = (struct sk_packlist){ 0 };
}
