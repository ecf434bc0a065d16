/*
 * What skiff needs of a package.json. The text is foreign: sizes, types and names are checked here, once.
 * Thread: any; once parsed (and placed by discovery) a package does not change, and whoever uses it holds a reference. Links
 * without the engine, so that it can be fuzzed alone.
 */
#ifndef SK_PLUGIN_PACKAGE_H
#define SK_PLUGIN_PACKAGE_H

#include "base/base.h"
#include "base/err.h"

#include <stdatomic.h>

#define SK_PACKAGE_JSON_MAX ((size_t)1024 * 1024)
#define SK_PACKAGE_NAME_MAX 214 /* npm's own limit */

/* Capabilities of wasmCapabilities: id, key in package.json, default. */
#define SK_CAPABILITIES(X)                                                                                                       \
    X(NETWORK, "network", false)                                                                                                 \
    X(DATA_READ, "dataRead", true)                                                                                               \
    X(DATA_WRITE, "dataWrite", true)                                                                                             \
    X(SERIAL_PORTS, "serialPorts", false)                                                                                        \
    X(PUT_HANDLERS, "putHandlers", false)                                                                                        \
    X(HTTP_ENDPOINTS, "httpEndpoints", false)                                                                                    \
    X(RESOURCE_PROVIDER, "resourceProvider", false)                                                                              \
    X(WEATHER_PROVIDER, "weatherProvider", false)                                                                                \
    X(RADAR_PROVIDER, "radarProvider", false)                                                                                    \
    X(RAW_SOCKETS, "rawSockets", false)

enum sk_capability {
#define SK_AS_ENUM(id, key, otherwise) SK_CAP_##id,
    SK_CAPABILITIES(SK_AS_ENUM)
#undef SK_AS_ENUM
        SK_CAP_COUNT,
    SK_CAP_NONE = SK_CAP_COUNT /* "needs none", in tables */
};

const char *sk_capability_key(enum sk_capability cap); /* as package.json has it; not of SK_CAP_NONE */

struct sk_package {
    atomic_int refs;
    char *name, *version, *description;
    char *dir;            /* where it was found; set by discovery */
    char *id;             /* plugin id: the name with @ and / as _ */
    char *manifest;       /* path of the .wasm within dir; NULL: no WASM plugin */
    bool manifest_usable; /* it stays within dir; otherwise the plugin is listed with an error */
    char *keywords_json;  /* the array, compact */
    char *display_name;   /* signalk.displayName, or the name */
    char *json;           /* the whole object, compact; only when files of it are served */
    uint32_t caps;        /* bit per sk_capability */
    bool no_storage;      /* storage: "none" */
    bool is_plugin;       /* has a plugin keyword */
    bool is_webapp;
    bool is_embeddable, is_addon, is_configurator; /* has a page within the admin page, a panel, a form for its configuration */
    bool is_module;                                /* "type": "module" */
    bool bundled;                                  /* set by discovery */
    uint64_t text_hash;                            /* of package.json */
    struct sk_file_mark {
        uint64_t dev, ino;
        int64_t size, mtime_ns;
    } module_mark; /* of the .wasm when it was found; set by discovery; zero: no such file */
};

/* The same package, unchanged: neither its package.json nor its module was replaced. */
bool sk_package_same(const struct sk_package *a, const struct sk_package *b);

static inline bool sk_package_can(const struct sk_package *p, enum sk_capability cap)
{
    return cap == SK_CAP_NONE || (p->caps & (UINT32_C(1) << cap)) != 0;
}

/* Its files are served at /<name>/. */
static inline bool sk_package_served(const struct sk_package *p)
{
    return p->is_webapp || p->is_addon || p->is_configurator;
}

/* One reference. SK_ERR_INVALID: not JSON, no usable name. */
int sk_package_parse(struct sk_span text, struct sk_package **ret_package, struct sk_errmsg *em);
struct sk_package *sk_package_ref(struct sk_package *p);
void sk_package_unref(struct sk_package *p); /* NULL is fine */

#endif
