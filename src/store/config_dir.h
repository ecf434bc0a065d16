/* Where the configuration lies, in the order in which users of the Node server know it. Thread: main, at the start. */
#ifndef SK_STORE_CONFIG_DIR_H
#define SK_STORE_CONFIG_DIR_H

#include "base/err.h"

/* `given` (from the command line; NULL: none), $SIGNALK_NODE_CONFIG_DIR, ~/.signalk. free() it. */
int sk_config_dir_find(const char *given, char **ret_dir, struct sk_errmsg *em);
/* $SIGNALK_NODE_SETTINGS, `given` (NULL: settings.json) in the folder or as an absolute path. free() it. */
char *sk_config_settings_file(const char *dir, const char *given);

#endif
