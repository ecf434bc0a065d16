#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *group, *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "plugin", "check", sk_cli_plugin_check },
    { "plugin", "stats", sk_cli_plugin_stats },
};

bool sk_cli_run(int argc, char **argv, int *ret_status)
{
    bool group = false;
    for (size_t i = 0; argc > 1 && i < SK_COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i].group) != 0)
            continue;
        group = true;
        if (argc > 2 && strcmp(argv[2], commands[i].name) == 0) {
            *ret_status = commands[i].run(argc - 3, argv + 3);
            return true;
        }
    }
    if (!group)
        return false;
    fprintf(stderr, "skiff: unknown command '%s %s'; there are:", argv[1], argc > 2 ? argv[2] : "");
    for (size_t i = 0; i < SK_COUNT(commands); i++)
        fprintf(stderr, " %s %s", commands[i].group, commands[i].name);
    fprintf(stderr, "\n");
    *ret_status = 2;
    return true;
}
