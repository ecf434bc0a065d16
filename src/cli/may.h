/* What a plugin may do, in words for its user: the capabilities of its package.json. Owner: main thread. */
#ifndef SK_CLI_MAY_H
#define SK_CLI_MAY_H

#include "plugin/package.h"

#include <stdio.h>

/* "It may:" and a line for each; or that it may do nothing but compute. */
void sk_cli_print_may(FILE *to, const struct sk_package *p);
/* The words of one capability; never NULL. */
const char *sk_cli_capability_text(enum sk_capability c);
const char *sk_cli_capability_key(enum sk_capability c);

#endif
