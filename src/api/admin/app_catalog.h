/*
 * What the app store page shows of packages: entries made from a registry's search results and from what is installed. Pure.
 * Thread: any; a catalog does not change once made, and whoever uses it holds a reference.
 */
#ifndef SK_API_APP_CATALOG_H
#define SK_API_APP_CATALOG_H

#include "base/json.h"
#include "base/map.h"
#include "plugin/package.h"

#include <stdatomic.h>

#define SK_CATALOG_ENTRIES_MAX 5000
#define SK_CATALOG_BYTES_MAX ((size_t)6 * 1024 * 1024)

struct sk_catalog {
    atomic_int refs;
    yyjson_doc *doc; /* array of entries; their strings are the keys of by_name */
    struct sk_map by_name;
};

/* Appends the entries of one page of search results to a JSON array that is being written; names that were there are left out.
   Packages of plugins in JavaScript are marked "needsNodeServer". Returns the number of results on the page. */
size_t sk_catalog_add_page(struct sk_buf *array, struct sk_map *seen, const yyjson_val *answer, int64_t now_ms);
void sk_catalog_finish_seen(struct sk_map *seen);
/* Takes the array's text. NULL: it is none. */
struct sk_catalog *sk_catalog_create(struct sk_span array);
struct sk_catalog *sk_catalog_ref(struct sk_catalog *c); /* NULL is fine */
void sk_catalog_unref(struct sk_catalog *c);
const yyjson_val *sk_catalog_find(const struct sk_catalog *c, struct sk_span name); /* the entry; NULL: unknown */

/* The members of an installed package's entry, without braces, "," in front of each: what only the package knows. */
void sk_catalog_write_installed(struct sk_buf *out, const struct sk_package *p);

/* "All" and the names of all categories, as the page offers them. */
void sk_catalog_write_categories(struct sk_buf *out);

#endif
