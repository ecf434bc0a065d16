/* Switching a plugin on and off: by the server that runs on the configuration folder, or in its file when none does. Owner: main.
 */
#ifndef SK_CLI_SWITCH_H
#define SK_CLI_SWITCH_H

#include "plugin/package.h"

struct sk_cli_switch {
    const char *config_dir;
    const char *url, *token; /* of the server; NULL: found by the folder, and $SIGNALK_TOKEN */
};

/* Blocks, at most some twenty seconds: a server may not have noticed the package yet. `ret_live`: a server did it. */
int sk_cli_switch_plugin(const struct sk_cli_switch *s, const struct sk_package *p, bool on, bool *ret_live,
                         struct sk_errmsg *em);
/* What the file says; false also when there is none. */
bool sk_cli_is_enabled(const char *config_dir, const struct sk_package *p);

#endif
