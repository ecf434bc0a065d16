/*
 * The stored configuration of one plugin, <config>/plugin-config-data/<plugin id>.json, as texts: what the file says, what a save
 * makes of it, what plugin_start gets. Pure; the caller reads and writes the file. Owner: one thread at a time.
 */
#ifndef SK_PLUGIN_CONFIG_H
#define SK_PLUGIN_CONFIG_H

#include "base/buf.h"
#include "base/err.h"

#define SK_PLUGIN_CONFIG_MAX ((size_t)4 * 1024 * 1024)

struct sk_plugin_config {
    char *data;          /* the file's object, compact; NULL: no file, or one that cannot be read */
    char *configuration; /* compact, NULL when there is none */
    bool enabled, enable_debug;
    bool has_enabled, has_debug; /* the file says so itself */
};

/* From the file's text. On an error the config is "no file" (and stays on disk as it is until the user saves). */
int sk_plugin_config_parse(struct sk_plugin_config *c, struct sk_span text, struct sk_errmsg *em);
/* What the user posted; keys of the old file that nobody here knows stay. An empty body wipes the configuration to {}. */
int sk_plugin_config_apply(struct sk_plugin_config *c, struct sk_span body, struct sk_errmsg *em);
/* What the plugin itself saves: a new `configuration`; without a file yet the plugin counts as enabled. */
int sk_plugin_config_replace(struct sk_plugin_config *c, struct sk_span configuration, struct sk_errmsg *em);
void sk_plugin_config_finish(struct sk_plugin_config *c);

/* The file: two-space JSON; configuration, enabled, enableDebug, then the unknown keys. */
void sk_plugin_config_write_file(const struct sk_plugin_config *c, struct sk_buf *out);
/* GET .../config: enabled and enableDebug always, then what the file has. */
void sk_plugin_config_write(const struct sk_plugin_config *c, struct sk_buf *out);
/* plugin_start's argument: the configuration with `enableDebug` as its last member, or in place where it has one. */
void sk_plugin_config_write_start(const struct sk_plugin_config *c, struct sk_buf *out);

#endif
