/* Which configuration folder and which registry a sub-command works with. Owner: main thread. */
#ifndef SK_CLI_HOME_H
#define SK_CLI_HOME_H

#include "cli/command.h"
#include "npm/registry.h"

struct sk_cli_home {
    char *config_dir, *settings_file;
    struct sk_registry *registry;
};

/* By the options --config, --settings and --registry, as far as the command has them. Reads the settings. */
int sk_cli_home_find(const struct sk_cli_args *a, struct sk_cli_home *ret, struct sk_errmsg *em);
void sk_cli_home_finish(struct sk_cli_home *h);

#endif
