/*
 * The npm registry that this machine is told to use. skiff knows no address of its own; the first of these that has one counts:
 * the setting npmRegistry, NPM_CONFIG_REGISTRY, .npmrc of the configuration folder, of the user, of the machine, and what an
 * installed npm answers. A scope may have a registry of its own (@scope:registry). Logins (_authToken, _auth) come from the same
 * files, and go to their own place only.
 * Owner: one thread at a time; everything here blocks.
 */
#ifndef SK_NPM_REGISTRY_H
#define SK_NPM_REGISTRY_H

#include "npm/download.h"
#include "npm/packument.h"

struct sk_registry;

/* Reads the files; asks nobody yet. `setting` NULL or "": none. */
struct sk_registry *sk_registry_create(const char *config_dir, const char *setting);
void sk_registry_destroy(struct sk_registry *r);

/* The three questions end with SK_ERR_NOTFOUND and how to set an address when none is configured. */
/* What the registry says about the package; free with yyjson_doc_free. `cancelled` may be NULL. */
int sk_registry_packument(struct sk_registry *r, const char *name, bool (*cancelled)(void *arg), void *arg, yyjson_doc **ret,
                          struct sk_errmsg *em);
/* What package.json of that version says; free with yyjson_doc_free. */
int sk_registry_manifest(struct sk_registry *r, const char *name, const char *version, yyjson_doc **ret, struct sk_errmsg *em);
/* Packages with that keyword, as the registry's search answers; free with yyjson_doc_free. SK_ERR_UNSUPPORTED: it has no search.
 */
int sk_registry_search(struct sk_registry *r, const char *keyword, unsigned count, unsigned from, bool (*cancelled)(void *arg),
                       void *arg, yyjson_doc **ret, struct sk_errmsg *em);
/* Fills in login, certificates and proxy for an address, and downloads. */
int sk_registry_download(struct sk_registry *r, struct sk_download *d, struct sk_errmsg *em);

#endif
