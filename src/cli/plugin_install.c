/* skiff plugin install, remove, list. */
#include "cli/cli.h"
#include "cli/may.h"
#include "cli/packages.h"
#include "cli/switch.h"
#include "plugin/data.h"

#include <stdio.h>

/* ---- install -----------------------------------------------------------------------------------------------------------------
 */

static void work_install(struct sk_cli_packages *p)
{
    for (size_t i = 0; i < p->args->word_count; i++) {
        struct sk_installed done;
        if (sk_cli_packages_install(p, sk_cli_word(p->args, i), NULL, &done) < 0)
            continue;
        bool on = sk_cli_is_enabled(p->home.config_dir, done.package);
        if (!p->json) {
            sk_cli_print_may(stdout, done.package);
            printf(on ? "It is enabled.\n" : "It does not run yet: skiff plugin enable %s\n", done.package->name);
        }
        sk_installed_finish(&done);
    }
}

static int run_install(const struct sk_cli_args *a)
{
    return sk_cli_packages_run(a, SK_INSTALL_PLUGIN, work_install);
}

static const struct sk_cli_option install_options[] = {
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { "settings", "FILE", "in that folder (default: as the server)", .letter = 's', .rare = true },
    { "registry", "URL", "npm registry (default: as configured)" },
    { "quiet", NULL, "no progress" },
    { "json", NULL, "the result as JSON" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_install = {
    .group = "plugin",
    .name = "install",
    .words = "NAME[@VERSION]|FILE.tgz|FOLDER...",
    .brief = "install from an npm registry, a file or a folder",
    .text = "Installs plugins into the configuration folder, without Node or npm, and shows what they may do. A running server "
            "lists them "
            "at once; they run when you enable them. Archives are checked; no script of theirs is run.",
    .example = "skiff plugin install ./my-plugin && skiff plugin enable my-plugin",
    .options = install_options,
    .run = run_install,
};

/* ---- remove ------------------------------------------------------------------------------------------------------------------
 */

static void remove_one(struct sk_cli_packages *p, const char *name)
{
    struct sk_errmsg em;
    struct sk_package *package = NULL;
    (void)sk_installed_read(p->home.config_dir, name, &package, NULL);
    if (sk_cli_packages_remove(p, name) && sk_cli_has(p->args, "data") &&
        sk_plugin_data_remove(p->home.config_dir, package->id, &em) < 0)
        sk_cli_packages_error(p, name, &em);
    sk_package_unref(package);
}

static void work_remove(struct sk_cli_packages *p)
{
    for (size_t i = 0; i < p->args->word_count; i++)
        remove_one(p, sk_cli_word(p->args, i));
}

static int run_remove(const struct sk_cli_args *a)
{
    return sk_cli_packages_run(a, SK_INSTALL_PLUGIN, work_remove);
}

static const struct sk_cli_option remove_options[] = {
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { "settings", "FILE", "in that folder (default: as the server)", .letter = 's', .rare = true },
    { "data", NULL, "its configuration and its own files too" },
    { "json", NULL, "errors as JSON" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_remove = {
    .group = "plugin",
    .name = "remove",
    .words = "NAME...",
    .brief = "take plugins away",
    .text = "Removes plugins from the configuration folder; a running server stops them at once. Their configuration and their "
            "own files "
            "stay, for the day they come back, unless --data is given.",
    .example = "skiff plugin remove @me/my-plugin",
    .options = remove_options,
    .run = run_remove,
};

/* ---- list --------------------------------------------------------------------------------------------------------------------
 */

static void list_one(void *arg, const struct sk_package *package)
{
    struct sk_cli_packages *p = arg;
    bool on = sk_cli_is_enabled(p->home.config_dir, package);
    if (!p->json) {
        printf("%-36s %-14s %-9s %s\n", package->name, package->version, on ? "enabled" : "disabled", package->display_name);
        return;
    }
    sk_cli_row_begin(p);
    sk_cli_row_text(p, "name", package->name);
    sk_cli_row_text(p, "version", package->version);
    sk_cli_row_text(p, "id", package->id);
    sk_cli_row_text(p, "displayName", package->display_name);
    sk_cli_row_text(p, "description", package->description);
    sk_cli_row_json(p, "enabled", on ? "true" : "false");
    sk_cli_row_end(p);
}

static void work_list(struct sk_cli_packages *p)
{
    sk_cli_packages_each(p, list_one, p);
}

static int run_list(const struct sk_cli_args *a)
{
    return sk_cli_packages_run(a, SK_INSTALL_PLUGIN, work_list);
}

static const struct sk_cli_option list_options[] = {
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { "settings", "FILE", "in that folder (default: as the server)", .letter = 's', .rare = true },
    { "json", NULL, "the result as JSON" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_list = {
    .group = "plugin",
    .name = "list",
    .brief = "which plugins are installed",
    .text = "Lists the plugins of the configuration folder: name, version, whether they are enabled. What those of a running "
            "server do "
            "is told by skiff plugin stats.",
    .example = "skiff plugin list --json",
    .options = list_options,
    .run = run_list,
};
