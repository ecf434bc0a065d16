/* skiff plugin new: a package that builds, passes `check` and does something. */
#include "cli/cli.h"
#include "cli/templates.h"
#include "npm/spec.h"
#include "store/fs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 128 /* of a name without its scope */
#define FILE_MAX ((size_t)1024 * 1024)
#define LANGUAGES "rust|c|assemblyscript|go"
#define TEMPLATES "minimal|put|http|poll|delta|resources|weather|radar|fetch"

/* What stands for the holes of the texts. */
struct names {
    const char *name;             /* of the package */
    char id[WORD_MAX * 2];        /* of the plugin: the name with @ and / as _ */
    char title[WORD_MAX];         /* "my-plugin": "My plugin" */
    char key[WORD_MAX];           /* "myPlugin", for paths */
    char crate[WORD_MAX * 2 + 8]; /* a name that Cargo and Go take as well */
    const struct sk_template *template;
};

/* ---- names -------------------------------------------------------------------------------------------------------------------
 */

/* What the user may have meant: lower case, everything else that is wrong as a dash. */
static void suggest(const char *name, char out[WORD_MAX])
{
    size_t n = 0;
    for (const char *c = name; *c != '\0' && n < WORD_MAX - 1; c++) {
        if (isalnum((unsigned char)*c))
            out[n++] = (char)tolower((unsigned char)*c);
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = '\0';
}

static int check_name(const char *name, struct sk_errmsg *em)
{
    char better[WORD_MAX];
    const char *slash = strchr(name, '/'), *word = slash != NULL ? slash + 1 : name;
    size_t n = strlen(name);
    bool letter = false, upper = false;
    for (const char *c = name; *c != '\0'; c++)
        upper |= isupper((unsigned char)*c) != 0;
    for (const char *c = word; *c != '\0'; c++)
        letter |= islower((unsigned char)*c) != 0;
    if (sk_npm_name_ok(sk_span_of(name)) && !upper && letter && n < WORD_MAX && strchr(name, '~') == NULL)
        return 0;
    suggest(name, better);
    return sk_errmsg_set(em, SK_ERR_INVALID,
                         "'%s' is no name for a package: lower-case letters, digits, '-', '_' and '.', beginning with a letter "
                         "or "
                         "digit and fewer than %d in all, and in front perhaps a scope, as in @me/anchor.%s%s%s",
                         name, WORD_MAX, better[0] != '\0' ? " How about " : "", better, better[0] != '\0' ? "?" : "");
}

static void make_title(struct names *s, const char *word)
{
    size_t title = 0, key = 0;
    bool begin = true, space = false;
    for (const char *c = word; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c)) {
            begin = space = true;
            continue;
        }
        if (space && title > 0)
            s->title[title++] = ' ';
        s->title[title] = title == 0 ? (char)toupper((unsigned char)*c) : *c;
        title++;
        s->key[key] = begin && key > 0 ? (char)toupper((unsigned char)*c) : *c;
        key++;
        begin = space = false;
    }
    s->title[title] = s->key[key] = '\0';
}

/* Of the words that mean something else to Cargo or Go, one may not be the name of a crate or module. */
static void make_crate(struct names *s)
{
    static const char *const taken[] = { "signalk-plugin", "serde", "serde_json", "std", "core", "alloc", "test", "main", NULL };
    size_t n = 0;
    bool clash = false;
    const char *from = s->name[0] == '@' ? s->name + 1 : s->name;
    if (isdigit((unsigned char)*from))
        n = (size_t)snprintf(s->crate, sizeof s->crate, "plugin-");
    for (; *from != '\0'; from++)
        s->crate[n++] = isalnum((unsigned char)*from) || *from == '_' ? *from : '-';
    s->crate[n] = '\0';
    for (size_t i = 0; taken[i] != NULL; i++)
        clash |= strcmp(taken[i], s->crate) == 0;
    if (clash)
        snprintf(s->crate + n, sizeof s->crate - n, "-wasm");
}

static int make_names(const char *name, const struct sk_template *t, struct names *ret, struct sk_errmsg *em)
{
    int r = check_name(name, em);
    if (r < 0)
        return r;
    const char *slash = strchr(name, '/');
    *ret = (struct names){ .name = name, .template = t };
    for (size_t i = 0; name[i] != '\0'; i++)
        ret->id[i] = name[i] == '@' || name[i] == '/' ? '_' : name[i];
    make_title(ret, slash != NULL ? slash + 1 : name);
    make_crate(ret);
    return 0;
}

/* ---- texts -------------------------------------------------------------------------------------------------------------------
 */

static void fill(struct sk_buf *out, const char *text, size_t n, const struct names *s);

static void fill_hole(struct sk_buf *out, struct sk_span hole, const struct names *s)
{
    const struct {
        const char *hole, *text;
    } all[] = {
        { "name", s->name },
        { "id", s->id },
        { "title", s->title },
        { "key", s->key },
        { "crate", s->crate },
        { "module", s->crate },
        { "capabilities", s->template->capabilities },
    };
    for (size_t i = 0; i < SK_COUNT(all); i++) {
        if (sk_span_eq(hole, all[i].hole)) {
            sk_buf_text(out, all[i].text);
            return;
        }
    }
    SK_ASSERT(sk_span_eq(hole, "about"));
    fill(out, s->template->about, strlen(s->template->about), s);
}

static void fill(struct sk_buf *out, const char *text, size_t n, const struct names *s)
{
    const char *end = text + n;
    while (text < end) {
        const char *open = memmem(text, (size_t)(end - text), "{{", 2);
        const char *close = open != NULL ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
        /* Rust's and Go's own braces: what is no word between them is no hole. */
        bool hole = close != NULL && close > open + 2;
        for (const char *c = open + 2; hole && c < close; c++)
            hole = islower((unsigned char)*c) != 0;
        const char *stop = open == NULL ? end : hole ? open : open + 1;
        sk_buf_append(out, text, (size_t)(stop - text));
        if (hole)
            fill_hole(out, (struct sk_span){ open + 2, (size_t)(close - open - 2) }, s);
        text = hole ? close + 2 : stop;
    }
}

/* ---- the folder --------------------------------------------------------------------------------------------------------------
 */

static int check_folder(const char *folder, struct sk_errmsg *em)
{
    DIR *dir = opendir(folder);
    bool empty = true;
    if (dir == NULL && errno == ENOENT)
        return 0;
    if (dir == NULL && errno == ENOTDIR)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s is a file; nothing was changed", folder);
    if (dir == NULL)
        return sk_errmsg_errno(em, errno, "%s", folder);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        empty &= strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(dir);
    return empty ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "the folder %s is not empty; nothing was changed", folder);
}

static int write_file(const char *folder, const struct sk_template_file *f, const struct names *s, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *path = sk_fs_path(folder, f->path);
    SK_CLEANUP(sk_freep) char *parent = strdup(path);
    struct sk_buf text;
    SK_ASSERT(parent != NULL);
    *strrchr(parent, '/') = '\0';
    int r = sk_fs_mkdirs(parent, 0777, em);
    if (r < 0)
        return r;
    sk_buf_init(&text, FILE_MAX);
    if (f->holes)
        fill(&text, f->text, f->n, s);
    else
        sk_buf_append(&text, f->text, f->n);
    r = sk_buf_ok(&text) ? sk_fs_write_unsynced(path, sk_buf_span(&text), f->executable ? 0755 : 0644, em)
                         : sk_errmsg_set(em, SK_ERR_NOMEM, "%s: no memory", path);
    sk_buf_finish(&text);
    return r;
}

static int write_all(const char *folder, const struct names *s, struct sk_errmsg *em)
{
    int r = check_folder(folder, em);
    for (const struct sk_template_file *f = s->template->files; r == 0 && f->path != NULL; f++)
        r = write_file(folder, f, s, em);
    return r;
}

/* ---- the command -------------------------------------------------------------------------------------------------------------
 */

static const struct sk_template *find_template(const char *lang, const char *name)
{
    for (const struct sk_template *t = sk_templates; t->lang != NULL; t++)
        if (strcmp(t->lang, lang) == 0 && strcmp(t->name, name) == 0)
            return t;
    return NULL;
}

static void print_next(const char *folder, const struct sk_template *t)
{
    static const struct {
        const char *lang, *build;
    } how[] = {
        { "rust", "./build.sh                  # cargo build --release --target wasm32-wasip1" },
        { "c", "make" },
        { "assemblyscript", "npm install && npm run build" },
        { "go", "GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o plugin.wasm ." },
    };
    printf("%s/: a plugin that %s.\n\nNext:\n  cd %s\n", folder, t->brief, folder);
    for (size_t i = 0; i < SK_COUNT(how); i++)
        if (strcmp(how[i].lang, t->lang) == 0)
            printf("  %s\n", how[i].build);
    puts("  skiff plugin check .        # mistakes, each with its cure\n"
         "  skiff plugin test .         # the stories in scenarios/\n"
         "  skiff plugin run .          # the plugin alone\n"
         "  skiff plugin pack .         # a .tgz to install or to publish\n"
         "\nREADME.md says more.");
}

static int run(const struct sk_cli_args *a)
{
    struct names names;
    struct sk_errmsg em;
    const char *name = sk_cli_word(a, 0), *lang = sk_cli_value(a, "lang"), *folder = sk_cli_value(a, "folder");
    const char *wanted = sk_cli_value(a, "template"), *slash = strchr(name, '/');
    if (lang == NULL)
        return sk_cli_complain(a->command, "in which language? --lang rust, c, assemblyscript or go");
    const struct sk_template *t = find_template(lang, wanted != NULL ? wanted : "minimal");
    SK_ASSERT(t != NULL); /* the row of the command lists what there is */
    if (folder == NULL)
        folder = slash != NULL ? slash + 1 : name;
    int r = make_names(name, t, &names, &em);
    if (r == 0)
        r = write_all(folder, &names, &em);
    if (r < 0) {
        fprintf(stderr, "skiff plugin new: %s\n", em.text);
        return 1;
    }
    print_next(folder, t);
    return 0;
}

static const struct sk_cli_option options[] = {
    { "lang", LANGUAGES, "the language to write it in", 'l' },
    { "template", TEMPLATES, "what it does at first (default: minimal)", 't' },
    { "folder", "FOLDER", "where to put it (default: a new folder of that name)" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_new = {
    .group = "plugin",
    .name = "new",
    .words = "NAME",
    .brief = "begin a plugin: a package that builds and runs",
    .text = "Makes a package with source, tests, README and all that building it takes besides the language's own tools. "
            "minimal starts and stops; put and http answer requests; poll does something every second; delta listens; resources, "
            "weather and radar provide these; fetch asks the network.",
    .example = "skiff plugin new anchor-light --lang rust --template put",
    .ends = "Ends with 1 when the name cannot be, or the folder is not empty.",
    .options = options,
    .run = run,
};
