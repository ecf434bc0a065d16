/*
 * Documents that webapps keep on the server (applicationData): names, reading and changing, as pure functions. Thread: any.
 * Errors: SK_ERR_INVALID what the client sent is wrong, SK_ERR_NOTFOUND nothing at that path, SK_ERR_PROTOCOL a patch that does
 * not fit the document, SK_ERR_LIMIT it would grow too large.
 */
#ifndef SK_API_APP_DATA_EDIT_H
#define SK_API_APP_DATA_EDIT_H

#include "base/json.h"

#define SK_APP_ID_MAX 29u
#define SK_APP_VERSION_SIZE 32
#define SK_APP_DATA_MAX ((size_t)4 * 1024 * 1024) /* bytes of a document */
#define SK_APP_PATH_MAX 64u                       /* steps of a path */

/* Letters, digits, '.', '_', '-', not beginning with a dot: it becomes the name of a folder. */
bool sk_app_data_id_ok(struct sk_span id);
/* The first "1", "1.2" or "1.2.3" in the text, as "1.2.3". False: there is none. */
bool sk_app_data_version(struct sk_span text, char out[SK_APP_VERSION_SIZE]);

/* Steps of a path, "a/b/0" without escapes. SK_ERR_INVALID: too many, or one that JavaScript clients must not be given. */
struct sk_app_path {
    struct sk_span step[SK_APP_PATH_MAX];
    size_t count;
};
int sk_app_data_path(struct sk_span text, struct sk_app_path *ret, struct sk_errmsg *em);

/* The value at the path; with `keys` the names of its members. `document` "" is an empty one. */
int sk_app_data_read(struct sk_span document, const struct sk_app_path *path, bool keys, struct sk_buf *out,
                     struct sk_errmsg *em);
/* The new document: without path `body` replaces it (an object) or changes it (an array: RFC 6902), else it is set at the path.
 */
int sk_app_data_change(struct sk_span document, const struct sk_app_path *path, struct sk_span body, struct sk_buf *out,
                       struct sk_errmsg *em);

#endif
