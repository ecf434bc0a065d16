/* What a plugin may do, in words for its user: the capabilities of its package.json. Owner: main thread. */
#ifndef SK_CLI_MAY_H
#define SK_CLI_MAY_H

#include "plugin/package.h"

#include <stdio.h>

/* "NAME may:", a line for each, and whether it keeps files. */
void sk_cli_print_may(FILE *to, const struct sk_package *p);

#endif
