/* skiff webapp install, remove, list: pages for the browser, from an npm registry or a file. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/packages.h"
#include "store/fs.h"

#include <stdio.h>

#define LOCK_FILE_MAX ((size_t)1024 * 1024)

/* ---- install -----------------------------------------------------------------------------------------------------------------
 */

static int install(struct sk_cli_packages *p, const char *text, const char *integrity)
{
    struct sk_installed done;
    int r = sk_cli_packages_install(p, text, integrity, &done);
    if (r == 0)
        sk_installed_finish(&done);
    return r;
}

static bool is_installed(const struct sk_cli_packages *p, const char *name, const char *version)
{
    struct sk_package *package = NULL;
    bool same = sk_installed_read(p->home.config_dir, name, &package, NULL) == 0 && strcmp(package->version, version) == 0;
    sk_package_unref(package);
    return same;
}

static int install_row(struct sk_cli_packages *p, const char *file, const yyjson_val *row, struct sk_errmsg *em)
{
    char text[SK_PACKAGE_NAME_MAX + 300];
    const char *name = sk_json_get_str(row, "name"), *version = sk_json_get_str(row, "version");
    const char *integrity = sk_json_get_str(row, "integrity");
    if (name == NULL || !sk_npm_name_ok(sk_span_of(name)) || version == NULL || strlen(version) > 256 || integrity == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s: each webapp needs a name, a version and an integrity", file);
    if (is_installed(p, name, version)) {
        if (!p->json && !p->quiet)
            printf("%s %s is there already\n", name, version);
        return 0;
    }
    snprintf(text, sizeof text, "%s@%s", name, version);
    int r = install(p, text, integrity);
    if (r == SK_ERR_IO || r == SK_ERR_TIMEOUT) /* the others would wait as long, for the same answer */
        return sk_errmsg_set(em, r, "what is left of %s was not tried", file);
    return 0;
}

static int install_locked(struct sk_cli_packages *p, const char *file, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t length = 0, i, n;
    yyjson_doc *doc = NULL;
    yyjson_val *row;
    int r = sk_fs_read(file, LOCK_FILE_MAX, &text, &length, em);
    if (r == 0 && (r = sk_json_read((struct sk_span){ text, length }, &doc, em)) < 0)
        sk_errmsg_wrap(em, r, "%s", file);
    if (r < 0)
        return r;
    yyjson_val *list = sk_json_get(yyjson_doc_get_root(doc), "webapps");
    if (!yyjson_is_arr(list))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "%s: \"webapps\" is no list", file);
    yyjson_arr_foreach(list, i, n, row)
        if (r == 0)
            r = install_row(p, file, row, em);
    yyjson_doc_free(doc);
    return r;
}

static void work_install(struct sk_cli_packages *p)
{
    struct sk_errmsg em;
    const char *locked = sk_cli_value(p->args, "locked");
    if (locked != NULL && install_locked(p, locked, &em) < 0)
        sk_cli_packages_error(p, locked, &em);
    for (size_t i = 0; i < p->args->word_count; i++)
        install(p, sk_cli_word(p->args, i), NULL);
}

static int run_install(const struct sk_cli_args *a)
{
    if (a->word_count == 0 && sk_cli_value(a, "locked") == NULL)
        return sk_cli_complain(a->command, "which webapp?");
    return sk_cli_packages_run(a, SK_INSTALL_WEBAPP, work_install);
}

static const struct sk_cli_option install_options[] = {
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { "settings", "FILE", "in that folder (default: as the server)", .letter = 's', .rare = true },
    { "registry", "URL", "npm registry (default: as configured)" },
    { "locked", "FILE", "install what the file pins: {\"webapps\":[...]}" },
    { "quiet", NULL, "no progress" },
    { "json", NULL, "the result as JSON" },
    { NULL },
};

const struct sk_cli_command sk_cli_webapp_install = {
    .group = "webapp",
    .name = "install",
    .words = "[NAME[@VERSION]|FILE.tgz...]",
    .brief = "fetch webapps from an npm registry or a file",
    .text =
        "Installs webapps into the configuration folder, without Node or npm; a running server serves them at once. The registry "
        "is that of the setting npmRegistry, of $NPM_CONFIG_REGISTRY, or of .npmrc. Archives are checked; no script of theirs is "
        "run.",
    .example = "skiff webapp install @signalk/server-admin-ui @signalk/freeboard-sk",
    .options = install_options,
    .run = run_install,
};

/* ---- remove, list ------------------------------------------------------------------------------------------------------------
 */

static void work_remove(struct sk_cli_packages *p)
{
    for (size_t i = 0; i < p->args->word_count; i++)
        sk_cli_packages_remove(p, sk_cli_word(p->args, i));
}

static int run_remove(const struct sk_cli_args *a)
{
    return sk_cli_packages_run(a, SK_INSTALL_WEBAPP, work_remove);
}

static void list_one(void *arg, const struct sk_package *package)
{
    struct sk_cli_packages *p = arg;
    if (!p->json) {
        printf("%-36s %-14s %s\n", package->name, package->version, package->display_name);
        return;
    }
    sk_cli_row_begin(p);
    sk_cli_row_text(p, "name", package->name);
    sk_cli_row_text(p, "version", package->version);
    sk_cli_row_text(p, "displayName", package->display_name);
    sk_cli_row_text(p, "description", package->description);
    sk_cli_row_end(p);
}

static void work_list(struct sk_cli_packages *p)
{
    sk_cli_packages_each(p, list_one, p);
}

static int run_list(const struct sk_cli_args *a)
{
    return sk_cli_packages_run(a, SK_INSTALL_WEBAPP, work_list);
}

static const struct sk_cli_option options[] = {
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { "settings", "FILE", "in that folder (default: as the server)", .letter = 's', .rare = true },
    { "json", NULL, "the result as JSON" },
    { NULL },
};

const struct sk_cli_command sk_cli_webapp_remove = {
    .group = "webapp",
    .name = "remove",
    .words = "NAME...",
    .brief = "take webapps away",
    .text = "Removes webapps from the configuration folder. What they saved on the server stays.",
    .example = "skiff webapp remove @signalk/freeboard-sk",
    .options = options,
    .run = run_remove,
};

const struct sk_cli_command sk_cli_webapp_list = {
    .group = "webapp",
    .name = "list",
    .brief = "which webapps are installed",
    .text = "Lists the webapps of the configuration folder: name, version, and what it calls itself.",
    .example = "skiff webapp list --json",
    .options = options,
    .run = run_list,
};
