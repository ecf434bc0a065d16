/*
 * settings.json: what the user configured. Members that skiff does not know are kept. Owner: loop thread; load and save block.
 */
#ifndef SK_STORE_SETTINGS_H
#define SK_STORE_SETTINGS_H

#include "base/json.h"

#define SK_SETTINGS_MAX ((size_t)4 * 1024 * 1024) /* of the file */

struct sk_settings;

/* A missing file is the default settings; a broken one too, with an error in the log, and it is left as it is. */
struct sk_settings *sk_settings_load(const char *file);
void sk_settings_destroy(struct sk_settings *s);
/* There is a file, and it could not be read: the root is that of the defaults. */
bool sk_settings_is_broken(const struct sk_settings *s);
yyjson_val *sk_settings_root(const struct sk_settings *s); /* an object; valid until the next sk_settings_set */
/*
 * Replaces one member, or removes it (`value_json` without text), and appends the whole file's new text to `out` (with a limit of
 * SK_SETTINGS_MAX), for the caller to save. `path`: names from the root on, the last followed by an empty one; objects on the way
 * are made where there are none, what they else hold stays. SK_ERR_DENIED: the file is a broken one, which is not written over.
 * SK_ERR_LIMIT: `out` is too small for it. Nothing is changed then.
 */
int sk_settings_set(struct sk_settings *s, const struct sk_span *path, struct sk_span value_json, struct sk_buf *out,
                    struct sk_errmsg *em);
/* The same for all members at once: `all` is an object. */
int sk_settings_replace(struct sk_settings *s, const yyjson_mut_doc *all, struct sk_buf *out, struct sk_errmsg *em);
/* settings.interfaces.<name>: absent is on. */
bool sk_settings_interface(const struct sk_settings *s, const char *name);

#endif
