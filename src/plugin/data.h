/*
 * Where a plugin's configuration and its own files lie: <config>/plugin-config-data/<id>.json and the folder <id> beside it.
 * `id`: the plugin's (package.h), safe as a file name. Thread: any.
 */
#ifndef SK_PLUGIN_DATA_H
#define SK_PLUGIN_DATA_H

#include "base/base.h"
#include "base/err.h"

char *sk_plugin_data_file(const char *config_dir, const char *id);   /* the configuration; free() it */
char *sk_plugin_data_folder(const char *config_dir, const char *id); /* free() it */
/* Both, with the copy that is kept of the configuration (store/kept.h). What is not there is no error. Blocks. */
int sk_plugin_data_remove(const char *config_dir, const char *id, struct sk_errmsg *em);

#endif
