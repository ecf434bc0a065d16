/*
 * Sub-commands of the program. Thread: main, before any loop. Each prints its result on standard output, and what went wrong on
 * standard error. How to add one: command.h.
 */
#ifndef SK_CLI_CLI_H
#define SK_CLI_CLI_H

#include "cli/command.h"

/* True: the command line was that of a sub-command, or asked for help, or was wrong; `ret_status` is the exit code. False: it
   starts the server, whose options are in `ret_server`. */
bool sk_cli_run(int argc, char **argv, struct sk_cli_args *ret_server, int *ret_status);

extern const struct sk_cli_command sk_cli_server;
extern const struct sk_cli_command sk_cli_plugin_new;
extern const struct sk_cli_command sk_cli_plugin_check;
extern const struct sk_cli_command sk_cli_plugin_stats;
extern const struct sk_cli_command sk_cli_plugin_pack;
extern const struct sk_cli_command sk_cli_plugin_install;
extern const struct sk_cli_command sk_cli_plugin_remove;
extern const struct sk_cli_command sk_cli_plugin_list;
extern const struct sk_cli_command sk_cli_plugin_enable;
extern const struct sk_cli_command sk_cli_plugin_disable;
extern const struct sk_cli_command sk_cli_plugin_info;
extern const struct sk_cli_command sk_cli_webapp_install;
extern const struct sk_cli_command sk_cli_webapp_remove;
extern const struct sk_cli_command sk_cli_webapp_list;
extern const struct sk_cli_command sk_cli_tls_new;
extern const struct sk_cli_command sk_cli_tls_show;
extern const struct sk_cli_command sk_cli_plugin_run;
extern const struct sk_cli_command sk_cli_plugin_test;
extern const struct sk_cli_command sk_cli_token;
extern const struct sk_cli_command sk_cli_completion;
extern const struct sk_cli_command sk_cli_man;
extern const struct sk_cli_command sk_cli_help;

/* How often the exports of a plugin were called, and how long they took: "exports" of its stats. */
struct yyjson_val;
void sk_cli_print_exports(struct yyjson_val *list);

#endif
