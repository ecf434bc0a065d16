/* skiff plugin enable, disable. */
#include "cli/cli.h"
#include "cli/may.h"
#include "cli/packages.h"
#include "cli/switch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool agreed(const struct sk_package *p)
{
    char answer[16];
    sk_cli_print_may(stdout, p);
    printf("Enable it? [y/N] ");
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int find_and_switch(struct sk_cli_packages *p, const char *name, bool on, bool asked, struct sk_errmsg *em)
{
    bool live = false;
    struct sk_package *package = NULL;
    struct sk_cli_switch s = { .config_dir = p->home.config_dir,
                               .url = sk_cli_value(p->args, "url"),
                               .token = sk_cli_value(p->args, "token") };
    int r = sk_installed_read(p->home.config_dir, name, &package, em);
    if (r == 0)
        r = sk_install_check_kind(package, SK_INSTALL_PLUGIN, em);
    if (r == 0 && on && asked && !agreed(package))
        r = sk_errmsg_set(em, SK_ERR_DENIED, "%s stays off", name);
    if (r == 0)
        r = sk_cli_switch_plugin(&s, package, on, &live, em);
    if (r == 0 && !p->json)
        printf("%s is %s%s\n", name, on ? "enabled" : "disabled", live ? "" : ", from the next start of the server");
    sk_package_unref(package);
    return r;
}

static void work(struct sk_cli_packages *p, bool on, bool asked)
{
    struct sk_errmsg em;
    for (size_t i = 0; i < p->args->word_count; i++) {
        const char *name = sk_cli_word(p->args, i);
        if (find_and_switch(p, name, on, asked, &em) < 0)
            sk_cli_packages_error(p, name, &em);
    }
}

static void work_enable(struct sk_cli_packages *p)
{
    work(p, true, isatty(STDIN_FILENO) && !p->json && !sk_cli_has(p->args, "yes"));
}

static void work_disable(struct sk_cli_packages *p)
{
    work(p, false, false);
}

static int run_enable(const struct sk_cli_args *a)
{
    return sk_cli_packages_run(a, SK_INSTALL_PLUGIN, work_enable);
}

static int run_disable(const struct sk_cli_args *a)
{
    return sk_cli_packages_run(a, SK_INSTALL_PLUGIN, work_disable);
}

#define OPTIONS                                                                                                                  \
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },                                         \
        { "settings", "FILE", "in that folder (default: as the server)", .letter = 's', .rare = true },                          \
        { "url", "URL", "of the server (default: the one of the folder)" },                                                      \
        { "token", "TOKEN", "of an administrator (default: $SIGNALK_TOKEN)" }, { "json", NULL, "errors as JSON" },               \
    {                                                                                                                            \
        NULL                                                                                                                     \
    }

static const struct sk_cli_option enable_options[] = { { "yes", NULL, "do not ask", .letter = 'y' }, OPTIONS };
static const struct sk_cli_option disable_options[] = { OPTIONS };

const struct sk_cli_command sk_cli_plugin_enable = {
    .group = "plugin",
    .name = "enable",
    .words = "NAME...",
    .brief = "let a plugin run",
    .text = "Shows what the plugin may do, asks (on a terminal), and lets it run: at once when a server runs on the folder, else "
            "from "
            "its next start.",
    .example = "skiff plugin enable @me/my-plugin",
    .options = enable_options,
    .run = run_enable,
};

const struct sk_cli_command sk_cli_plugin_disable = {
    .group = "plugin",
    .name = "disable",
    .words = "NAME...",
    .brief = "stop a plugin, and do not start it again",
    .text =
        "Stops the plugin: at once when a server runs on the folder, else from its next start. Its configuration and files stay.",
    .example = "skiff plugin disable @me/my-plugin",
    .options = disable_options,
    .run = run_disable,
};
