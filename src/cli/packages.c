#include "cli/packages.h"

#include "base/json.h"
#include "plugin/discover.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define OUT_MAX ((size_t)16 * 1024 * 1024)

/* ---- what is told ------------------------------------------------------------------------------------------------------------
 */

void sk_cli_row_begin(struct sk_cli_packages *p)
{
    sk_buf_append(&p->out, ",", p->out.n > 0);
    sk_buf_char(&p->out, '{');
}

void sk_cli_row_json(struct sk_cli_packages *p, const char *name, const char *json)
{
    sk_buf_append(&p->out, ",", p->out.n > 0 && !sk_buf_ends(&p->out, '{'));
    sk_json_write_str(&p->out, sk_span_of(name));
    sk_buf_char(&p->out, ':');
    sk_buf_text(&p->out, json);
}

void sk_cli_row_text(struct sk_cli_packages *p, const char *name, const char *text)
{
    sk_cli_row_json(p, name, "");
    sk_json_write_str(&p->out, sk_span_of(text));
}

void sk_cli_row_end(struct sk_cli_packages *p)
{
    sk_buf_char(&p->out, '}');
}

void sk_cli_packages_error(struct sk_cli_packages *p, const char *what, const struct sk_errmsg *em)
{
    p->failed++;
    if (!p->json) {
        fprintf(stderr, "skiff: %s\n", em->text);
        return;
    }
    sk_cli_row_begin(p);
    sk_cli_row_text(p, "name", what);
    sk_cli_row_text(p, "error", em->text);
    sk_cli_row_end(p);
}

static void tell_installed(struct sk_cli_packages *p, const struct sk_installed *i)
{
    char size[24], number[24];
    const struct sk_package *package = i->package;
    if (!p->json) {
        printf("%s %s is installed: %zu files, %s\n", package->name, package->version, i->files, sk_size_text(i->bytes, size));
        return;
    }
    sk_cli_row_begin(p);
    sk_cli_row_text(p, "name", package->name);
    sk_cli_row_text(p, "version", package->version);
    sk_cli_row_text(p, "integrity", i->integrity);
    snprintf(number, sizeof number, "%zu", i->files);
    sk_cli_row_json(p, "files", number);
    snprintf(number, sizeof number, "%ju", (uintmax_t)i->bytes);
    sk_cli_row_json(p, "bytes", number);
    sk_cli_row_end(p);
}

static void on_progress(void *arg, enum sk_install_step step, uint64_t done, uint64_t total)
{
    static const char *const doing[] = { "looking it up", "downloading", "unpacking", "saving" };
    struct sk_cli_packages *p = arg;
    sk_progress_show(&p->progress, p->what, doing[step], done, total);
}

static void on_note(void *arg, const char *text)
{
    struct sk_cli_packages *p = arg;
    sk_progress_clear(&p->progress);
    fprintf(stderr, "skiff: note: %s\n", text);
}

/* ---- what is done ------------------------------------------------------------------------------------------------------------
 */

int sk_cli_packages_install(struct sk_cli_packages *p, const char *text, const char *integrity, struct sk_installed *ret)
{
    struct sk_spec spec = { 0 };
    struct sk_errmsg em;
    int r = sk_spec_read(text, &spec, &em);
    struct sk_install_job job = { .config_dir = p->home.config_dir,
                                  .registry = p->home.registry,
                                  .spec = &spec,
                                  .kind = p->kind,
                                  .integrity = integrity,
                                  .progress = on_progress,
                                  .note = on_note,
                                  .arg = p };
    p->what = text;
    if (r == 0)
        r = sk_install(&job, ret, &em);
    sk_progress_clear(&p->progress);
    sk_spec_finish(&spec);
    if (r == 0)
        tell_installed(p, ret);
    else
        sk_cli_packages_error(p, text, &em);
    return r;
}

bool sk_cli_packages_remove(struct sk_cli_packages *p, const char *name)
{
    struct sk_errmsg em;
    struct sk_package *package = NULL;
    int r = sk_installed_read(p->home.config_dir, name, &package, &em);
    if (r == 0)
        r = sk_install_check_kind(package, p->kind, &em);
    if (r == 0)
        r = sk_uninstall(p->home.config_dir, name, &em);
    sk_package_unref(package);
    if (r < 0)
        sk_cli_packages_error(p, name, &em);
    else if (!p->json)
        printf("%s is removed\n", name);
    return r == 0;
}

void sk_cli_packages_each(const struct sk_cli_packages *p, void (*fn)(void *arg, const struct sk_package *package), void *arg)
{
    SK_CLEANUP(sk_freep) char *root = sk_fs_path(p->home.config_dir, "node_modules");
    const char *const roots[] = { root };
    struct sk_packages found = { 0 };
    sk_discover(roots, 1, NULL, &found);
    for (size_t i = 0; i < found.count; i++)
        if (sk_install_check_kind(found.list[i], p->kind, NULL) == 0)
            fn(arg, found.list[i]);
    sk_packages_finish(&found);
}

int sk_cli_packages_run(const struct sk_cli_args *a, enum sk_install_kind kind, void (*work)(struct sk_cli_packages *p))
{
    struct sk_cli_packages p = { .args = a, .kind = kind, .json = sk_cli_has(a, "json") };
    struct sk_errmsg em;
    p.quiet = sk_cli_takes(a->command, "quiet") && sk_cli_has(a, "quiet");
    if (sk_cli_home_find(a, &p.home, &em) < 0) {
        fprintf(stderr, "skiff: %s\n", em.text);
        return 1;
    }
    sk_progress_init(&p.progress, p.quiet || p.json);
    sk_buf_init(&p.out, OUT_MAX);
    work(&p);
    if (p.json)
        printf("[%.*s]\n", (int)p.out.n, p.out.n > 0 ? p.out.p : "");
    sk_buf_finish(&p.out);
    sk_cli_home_finish(&p.home);
    return p.failed > 0;
}
