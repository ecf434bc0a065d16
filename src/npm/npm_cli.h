/* What an npm that happens to be installed is configured to. Thread: any but the loop; starts a process and waits some seconds.
 */
#ifndef SK_NPM_NPM_CLI_H
#define SK_NPM_NPM_CLI_H

#include <stdbool.h>
#include <stddef.h>

/* `npm config get KEY`. False: there is no npm on PATH, it knows no value, or does not answer in time. */
bool sk_npm_cli_get(const char *key, char *out, size_t size);

#endif
