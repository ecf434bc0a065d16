/*
 * Which types the built-in provider of resources keeps: its configuration, plugin-config-data/resources-provider.json, as the
 * Node server's provider of that name has it
 * ({"configuration":{"standard":{"routes":true,...},"custom":[{"name","description"}]}}). Owner: loop thread.
 */
#ifndef SK_API_RESOURCE_TYPES_H
#define SK_API_RESOURCE_TYPES_H

#include "api/v2/resource_check.h"
#include "plugin/config.h"

#define SK_CUSTOM_TYPES_MAX 50u
#define SK_RESOURCE_TYPES_MAX (SK_STANDARD_RESOURCES + SK_CUSTOM_TYPES_MAX)

struct sk_resource_types { /* the standard ones first; a type keeps its number while the server runs */
    char *file;
    struct sk_plugin_config config;
    bool enabled; /* false: none of them */
    size_t count;
    char *names[SK_RESOURCE_TYPES_MAX], *descriptions[SK_RESOURCE_TYPES_MAX];
    bool on[SK_RESOURCE_TYPES_MAX];
};

/* Reads the file (blocks). Without one, or with a broken one, the five standard types are on. */
void sk_resource_types_init(struct sk_resource_types *t, const char *config_dir);
void sk_resource_types_finish(struct sk_resource_types *t);
size_t sk_resource_types_find(const struct sk_resource_types *t, struct sk_span name); /* count: unknown */
/* A custom type that is not known yet. SK_ERR_INVALID: no name for one, SK_ERR_LIMIT: too many in this run. */
int sk_resource_types_add(struct sk_resource_types *t, struct sk_span name, struct sk_span description, struct sk_errmsg *em);
/* {"standard":{...},"custom":[...]} */
void sk_resource_types_write(const struct sk_resource_types *t, struct sk_buf *out);
/* The file's new text: what it else holds stays. */
int sk_resource_types_write_file(struct sk_resource_types *t, struct sk_buf *out, struct sk_errmsg *em);

#endif
