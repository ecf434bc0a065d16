/* All commands, in the order in which help and the manual show them. How to add one: command.h. */
#include "cli/cli.h"

const struct sk_cli_command *const sk_cli_commands[] = {
    &sk_cli_server,
    /* plugin ... */
    &sk_cli_plugin_new,
    &sk_cli_plugin_check,
    &sk_cli_plugin_run,
    &sk_cli_plugin_test,
    &sk_cli_plugin_pack,
    &sk_cli_plugin_install,
    &sk_cli_plugin_remove,
    &sk_cli_plugin_list,
    &sk_cli_plugin_enable,
    &sk_cli_plugin_disable,
    &sk_cli_plugin_info,
    &sk_cli_plugin_stats,
    /* webapp ... */
    &sk_cli_webapp_install,
    &sk_cli_webapp_remove,
    &sk_cli_webapp_list,
    /* tls ... */
    &sk_cli_tls_new,
    &sk_cli_tls_show,
    /* words of their own */
    &sk_cli_token,
    &sk_cli_completion,
    &sk_cli_man,
    &sk_cli_help,
    NULL,
};

const struct sk_cli_group sk_cli_groups[] = {
    { "plugin", "write, check, install and watch plugins" },
    { "webapp", "install and remove pages for the browser" },
    { "tls", "make and show certificates for HTTPS" },
    { NULL, NULL },
};
