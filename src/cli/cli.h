/*
 * Sub-commands of the program, which talk to a running server over HTTP. Thread: main, before any loop. Each prints its result on
 * standard output, and what went wrong on standard error.
 */
#ifndef SK_CLI_CLI_H
#define SK_CLI_CLI_H

#include "base/buf.h"
#include "base/err.h"

/* True: the command line was that of a sub-command, which has run; `ret_status` is the exit code. */
bool sk_cli_run(int argc, char **argv, int *ret_status);

/* `skiff plugin check FOLDER|FILE.wasm [--portable] [--json]`; argv begins behind "check". */
int sk_cli_plugin_check(int argc, char **argv);
/* `skiff plugin stats [ID] [--url URL] [--token TOKEN] [--json]`; argv begins behind "stats". */
int sk_cli_plugin_stats(int argc, char **argv);

/* GET of `path` at "http://host[:port]"; blocks, at most about ten seconds. A status other than 200 is an error that says it. */
int sk_cli_get(const char *url, const char *path, const char *token, struct sk_buf *ret_body, struct sk_errmsg *em);

#endif
