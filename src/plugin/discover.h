/*
 * Finds packages in node_modules folders: scopes (@name/...), symbolic links at both levels, first hit of a name wins.
 * Thread: any; it reads many small files, so the host runs it on the thread pool.
 */
#ifndef SK_PLUGIN_DISCOVER_H
#define SK_PLUGIN_DISCOVER_H

#include "plugin/package.h"

#define SK_DISCOVER_PACKAGES_MAX 1000 /* plugins and webapps; further ones are left out with a warning */
#define SK_DISCOVER_UNREAD_MAX 64
#define SK_DISCOVER_ENTRIES_MAX 20000 /* directory entries looked at */

struct sk_packages {
    struct sk_package **list; /* sorted: official packages (@signalk/) first, then by name */
    size_t count, cap, entries;
    bool javascript_too;                  /* set before: plugins that need another server count as well */
    char *unread[SK_DISCOVER_UNREAD_MAX]; /* folders whose package.json is missing or broken: perhaps not yet complete */
    size_t unread_count;
    char *scopes[SK_DISCOVER_UNREAD_MAX]; /* folders "@name" */
    size_t scope_count;
};

/* Adds what the roots hold and sorts. Folders that are missing and packages that cannot be read are passed over. */
void sk_discover(const char *const *roots, size_t root_count, const char *bundled_root, struct sk_packages *ret_found);
void sk_packages_finish(struct sk_packages *f);

#endif
