#include "npm/install.h"

#include "npm/pack.h"
#include "npm/semver.h"
#include "npm/stage.h"
#include "npm/unpack.h"
#include "store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARCHIVE_MAX ((size_t)128 * 1024 * 1024)

struct install {
    const struct sk_install_job *job;
    struct sk_stage stage;
    struct sk_release release; /* of the registry; zero else */
    struct sk_sri sri;
    struct sk_digest own; /* SHA-512 of the archive, whatever the registry gave */
    int fd;               /* the archive */
    uint64_t size;
};

static void tell(const struct install *i, enum sk_install_step step, uint64_t done, uint64_t total)
{
    if (i->job->progress != NULL)
        i->job->progress(i->job->arg, step, done, total);
}

static void note(const struct install *i, const char *text)
{
    if (i->job->note != NULL)
        i->job->note(i->job->arg, text);
}

static bool cancelled(void *arg)
{
    const struct install *i = arg;
    return i->job->cancelled != NULL && i->job->cancelled(i->job->arg);
}

/* ---- what kind ----------------------------------------------------------------------------------------------------------------
 */

int sk_install_check_kind(const struct sk_package *p, enum sk_install_kind kind, struct sk_errmsg *em)
{
    bool plugin = p->is_plugin && p->manifest != NULL;
    if (kind != SK_INSTALL_WEBAPP && plugin)
        return p->manifest_usable ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "%s: its wasmManifest is no path within it", p->name);
    if (kind != SK_INSTALL_PLUGIN && p->is_webapp)
        return 0;
    if (plugin)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is a plugin, not a webapp: skiff plugin install %s", p->name, p->name);
    if (p->is_webapp)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is a webapp, not a plugin: skiff webapp install %s", p->name, p->name);
    if (p->is_plugin)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is a plugin in JavaScript: it needs the Node server", p->name);
    return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is neither a plugin nor a webapp for Signal K (by its keywords)", p->name);
}

/* ---- the archive --------------------------------------------------------------------------------------------------------------
 */

static int archive_bytes(void *arg, struct sk_span bytes, struct sk_errmsg *em)
{
    struct install *i = arg;
    sk_sri_add(&i->sri, bytes);
    sk_digest_add(&i->own, bytes);
    int r = sk_fs_write_all(i->fd, bytes);
    if (r < 0)
        return sk_errmsg_errno(em, -r, "cannot write to %s", i->stage.modules);
    i->size += bytes.n;
    return 0;
}

static void archive_progress(void *arg, uint64_t done, uint64_t total)
{
    tell(arg, SK_STEP_DOWNLOAD, done, total);
}

/* The digest that was promised: of the lock file, else of the registry. */
static int begin_digest(struct install *i, struct sk_errmsg *em)
{
    bool pinned = i->job->integrity != NULL;
    int r = sk_sri_begin(&i->sri, pinned ? i->job->integrity : i->release.integrity, pinned ? "" : i->release.shasum, em);
    if (r == 0 && i->sri.digest.kind == SK_DIGEST_SHA1)
        note(i,
             "The registry gives only a SHA-1 digest for this archive, which protects against accidents, not against forgery.");
    return r == 0 ? sk_digest_begin(SK_DIGEST_SHA512, &i->own, em) : r;
}

static int open_own(struct install *i, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(i->stage.dir, "archive.tgz");
    i->fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return i->fd >= 0 ? 0 : sk_errmsg_errno(em, errno, "cannot make %s", file);
}

static void note_release(const struct install *i)
{
    static const char *const safe[] = { "https://", "http://127.", "http://localhost", "http://[::1]" };
    const struct sk_release *r = &i->release;
    char text[400];
    bool open_way = true;
    for (size_t n = 0; n < SK_COUNT(safe); n++)
        open_way &= strncmp(r->archive, safe[n], strlen(safe[n])) != 0;
    if (open_way)
        note(i, "The registry is asked without encryption: what it says of the archive may be forged on the way.");
    snprintf(text, sizeof text, "%s %s is deprecated: %s", r->name, r->version, r->deprecated);
    if (r->deprecated[0] != '\0')
        note(i, text);
}

static int look_up(struct install *i, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    const struct sk_spec *spec = i->job->spec;
    tell(i, SK_STEP_LOOK_UP, 0, 0);
    int r = sk_registry_packument(i->job->registry, spec->name, cancelled, i, &doc, em);
    if (r == 0)
        r = sk_packument_choose(yyjson_doc_get_root(doc), spec->name, spec->wanted, &i->release, em);
    yyjson_doc_free(doc);
    if (r == 0)
        note_release(i);
    return r;
}

static int download(struct install *i, struct sk_errmsg *em)
{
    struct sk_download d = { .url = i->release.archive,
                             .max = ARCHIVE_MAX,
                             .bytes = archive_bytes,
                             .progress = archive_progress,
                             .cancelled = cancelled,
                             .arg = i };
    int r = begin_digest(i, em);
    if (r == 0)
        r = open_own(i, em);
    if (r == 0)
        r = sk_registry_download(i->job->registry, &d, em);
    return r == 0 ? sk_sri_end(&i->sri, em) : r;
}

/* A file of the user's: he has chosen it; a digest is checked only when he gave one. */
static int read_archive(struct install *i, struct sk_errmsg *em)
{
    char part[65536];
    ssize_t n = 0;
    bool pinned = i->job->integrity != NULL;
    int r = pinned ? sk_sri_begin(&i->sri, i->job->integrity, "", em) : 0;
    if (r == 0)
        r = sk_digest_begin(SK_DIGEST_SHA512, &i->own, em);
    if (r < 0)
        return r;
    while ((n = read(i->fd, part, sizeof part)) > 0) {
        i->size += (uint64_t)n;
        if (i->size > ARCHIVE_MAX)
            return sk_errmsg_set(em, SK_ERR_LIMIT, "it is larger than %zu MiB", ARCHIVE_MAX >> 20);
        sk_digest_add(&i->own, (struct sk_span){ part, (size_t)n });
        if (pinned)
            sk_sri_add(&i->sri, (struct sk_span){ part, (size_t)n });
    }
    if (n < 0)
        return sk_errmsg_errno(em, errno, "%s", i->job->spec->path);
    return pinned ? sk_sri_end(&i->sri, em) : 0;
}

static int read_file(struct install *i, struct sk_errmsg *em)
{
    i->fd = open(i->job->spec->path, O_RDONLY | O_CLOEXEC);
    return i->fd >= 0 ? read_archive(i, em) : sk_errmsg_errno(em, errno, "%s", i->job->spec->path);
}

/* What would be published is what is installed. */
static int pack_folder(struct install *i, struct sk_errmsg *em)
{
    struct sk_packlist list = { 0 };
    int r = sk_packlist_read(i->job->spec->path, &list, em);
    if (r == 0)
        r = open_own(i, em);
    if (r == 0)
        r = sk_pack_write(i->job->spec->path, &list, i->fd, em);
    sk_packlist_finish(&list);
    if (r == 0 && lseek(i->fd, 0, SEEK_SET) < 0)
        r = sk_errmsg_errno(em, errno, "archive");
    return r == 0 ? read_archive(i, em) : r;
}

/* ---- the package --------------------------------------------------------------------------------------------------------------
 */

static int read_package(const char *dir, struct sk_package **ret, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(dir, "package.json");
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n = 0;
    int r = sk_fs_read(file, SK_PACKAGE_JSON_MAX, &text, &n, em);
    if (r == SK_ERR_NOTFOUND)
        return sk_errmsg_set(em, SK_ERR_INVALID, "it holds no package.json");
    r = r == 0 ? sk_package_parse((struct sk_span){ text, n }, ret, em) : r;
    return r < 0 ? sk_errmsg_wrap(em, r, "its package.json") : 0;
}

static int check_module(const char *dir, const struct sk_package *p, struct sk_errmsg *em)
{
    if (!p->is_plugin || p->manifest == NULL || !p->manifest_usable)
        return 0;
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(dir, p->manifest);
    return sk_fs_is_file(file)
               ? 0
               : sk_errmsg_set(em, SK_ERR_INVALID, "it does not hold its module, %.200s: it was packed without", p->manifest);
}

static int check_package(const struct install *i, const char *dir, const struct sk_package *p, struct sk_errmsg *em)
{
    struct sk_semver v;
    if (!sk_npm_name_ok(sk_span_of(p->name)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "'%s' is no name for a package", p->name);
    if (!sk_semver_parse(sk_span_of(p->version), &v))
        return sk_errmsg_set(em, SK_ERR_INVALID, "its version '%.80s' is none (as in 1.2.3)", p->version);
    if (i->release.name != NULL && (strcmp(p->name, i->release.name) != 0 || strcmp(p->version, i->release.version) != 0))
        return sk_errmsg_set(em, SK_ERR_INVALID, "the archive holds %s %.80s instead", p->name, p->version);
    int r = sk_install_check_kind(p, i->job->kind, em);
    return r == 0 ? check_module(dir, p, em) : r;
}

/* What npm would write: the range that was asked for, the version itself when that or a file was, else "^version". */
static char *range_to_keep(const struct install *i, const struct sk_package *p)
{
    struct sk_semver v;
    char text[SK_SEMVER_TEXT_MAX + 2];
    const char *wanted = i->job->spec->wanted;
    if (i->job->spec->kind != SK_SPEC_REGISTRY || sk_semver_parse(sk_span_of(wanted), &v))
        return sk_xstrdup(p->version);
    if (wanted[0] != '\0' && sk_semver_range_ok(sk_span_of(wanted)))
        return sk_xstrdup(wanted);
    snprintf(text, sizeof text, "^%s", p->version);
    return sk_xstrdup(text);
}

static int unpack(struct install *i, const char *dir, struct sk_installed *ret, struct sk_errmsg *em)
{
    struct sk_unpacked sum = { 0 };
    if (lseek(i->fd, 0, SEEK_SET) < 0)
        return sk_errmsg_errno(em, errno, "archive");
    tell(i, SK_STEP_UNPACK, 0, 0);
    int r = sk_unpack(i->fd, dir, &sum, em);
    ret->files = sum.files;
    ret->bytes = sum.bytes;
    return r;
}

static int fetch(struct install *i, struct sk_errmsg *em)
{
    if (i->job->spec->kind == SK_SPEC_REGISTRY)
        return download(i, em);
    return i->job->spec->kind == SK_SPEC_FOLDER ? pack_folder(i, em) : read_file(i, em);
}

static int install_in_stage(struct install *i, struct sk_installed *ret, struct sk_errmsg *em)
{
    int r = sk_stage_begin(&i->stage, em);
    if (r < 0)
        return r;
    SK_CLEANUP(sk_freep) char *dir = sk_fs_path(i->stage.dir, "new");
    r = fetch(i, em);
    if (r == 0)
        r = unpack(i, dir, ret, em);
    if (r == 0)
        r = read_package(dir, &ret->package, em);
    if (r == 0)
        r = check_package(i, dir, ret->package, em);
    if (r == 0 && cancelled(i))
        r = sk_errmsg_set(em, SK_ERR_CLOSED, "given up");
    if (r < 0)
        return r;
    tell(i, SK_STEP_SAVE, 0, 0);
    sk_sri_write(&i->own, ret->integrity);
    SK_CLEANUP(sk_freep) char *range = range_to_keep(i, ret->package);
    return sk_stage_commit(&i->stage, ret->package->name, ret->package->version, range, em);
}

int sk_install(const struct sk_install_job *job, struct sk_installed *ret, struct sk_errmsg *em)
{
    struct install i = { .job = job, .fd = -1, .stage = { .lock = -1 } };
    struct sk_installed out = { 0 };
    const struct sk_spec *spec = job->spec;
    int r = spec->kind == SK_SPEC_REGISTRY ? look_up(&i, em) : 0;
    if (r == 0)
        r = sk_stage_open(job->config_dir, cancelled, &i, &i.stage, em);
    if (r == 0)
        r = install_in_stage(&i, &out, em);
    if (i.fd >= 0)
        close(i.fd);
    sk_stage_close(&i.stage);
    if (r == 0)
        *ret = out;
    else
        sk_installed_finish(&out);
    bool named = i.release.name != NULL;
    if (r < 0 && (named || spec->kind != SK_SPEC_REGISTRY))
        sk_errmsg_wrap(em, r, "%.300s%s%s not installed", named ? i.release.name : spec->path, named ? " " : "",
                       named ? i.release.version : "");
    sk_release_finish(&i.release);
    return r;
}

void sk_installed_finish(struct sk_installed *i)
{
    sk_package_unref(i->package);
    *i = (struct sk_installed){ 0 };
}

int sk_uninstall(const char *config_dir, const char *name, struct sk_errmsg *em)
{
    struct sk_stage s;
    if (!sk_npm_name_ok(sk_span_of(name)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "'%.200s' is no package name", name);
    int r = sk_stage_open(config_dir, NULL, NULL, &s, em);
    if (r < 0)
        return r;
    r = sk_stage_remove(&s, name, em);
    sk_stage_close(&s);
    return r;
}

int sk_installed_read(const char *config_dir, const char *name, struct sk_package **ret, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *modules = sk_fs_path(config_dir, "node_modules");
    SK_CLEANUP(sk_freep) char *dir = sk_fs_path(modules, name);
    if (!sk_fs_is_dir(dir))
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "%s is not installed in %s", name, modules);
    return read_package(dir, ret, em);
}
