/*
 * settings.json: what the user configured. Members that skiff does not know are kept. Owner: loop thread; load and save block.
 */
#ifndef SK_STORE_SETTINGS_H
#define SK_STORE_SETTINGS_H

#include "base/json.h"

struct sk_settings;

/* A missing file is the default settings; a broken one too, with an error in the log, and it is left as it is. */
struct sk_settings *sk_settings_load(const char *file);
void sk_settings_destroy(struct sk_settings *s);
yyjson_val *sk_settings_root(const struct sk_settings *s); /* an object; valid until the next sk_settings_set */
/*
 * Replaces one member, or removes it (`value_json` without text), and appends the whole file's new text to `out`, for the caller
 * to save. SK_ERR_DENIED: the file is a broken one, which is not written over.
 */
int sk_settings_set(struct sk_settings *s, const char *name, struct sk_span value_json, struct sk_buf *out, struct sk_errmsg *em);
/* The file's text as it is now: what an earlier save could not write is saved with the next. */
int sk_settings_write(const struct sk_settings *s, struct sk_buf *out, struct sk_errmsg *em);
/* settings.interfaces.<name>: absent is on. */
bool sk_settings_interface(const struct sk_settings *s, const char *name);

#endif
