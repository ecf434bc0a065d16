/* A choice that the user made over HTTP, brought to settings.json. Owner: loop thread. */
#ifndef SK_API_SAVE_SETTING_H
#define SK_API_SAVE_SETTING_H

#include "api/api.h"

/* The names on the way to a member, for sk_save_setting and sk_settings_set. */
#define SK_SETTING(...) ((const struct sk_span[]){ __VA_ARGS__, { NULL, 0 } })

/*
 * Sets one member (store/settings.h: sk_settings_set) and saves the file. `done` comes in a later turn, or, when the member could
 * not be set, before this returns. What is set but could not be saved holds until the server stops, and is saved with the next
 * change.
 */
void sk_save_setting(struct sk_api *api, const struct sk_span *path, struct sk_span value_json, sk_saver_done done, void *arg);
/* The same for all members at once. */
void sk_save_settings(struct sk_api *api, const yyjson_mut_doc *all, sk_saver_done done, void *arg);

#endif
