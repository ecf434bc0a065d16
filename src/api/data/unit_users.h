/*
 * The unit preset that a user chose for themselves (application data "unitpreferences", {"activePreset":...}), in place of
 * everybody's: in metadata they read, in what their streams tell, and as their active preset. Owner: loop thread.
 */
#ifndef SK_API_UNIT_USERS_H
#define SK_API_UNIT_USERS_H

#include "api/api.h"

#define SK_UNIT_USERS_MAX 1000u /* with a choice; those beyond see everybody's preset */

struct sk_unit_users;

/* Reads the choices from the application data. What cannot be read is no choice. Part of the sk_unit_preferences. */
struct sk_unit_users *sk_unit_users_load(const char *config_dir);
void sk_unit_users_destroy(struct sk_unit_users *u); /* NULL is fine */

/* The user saved this document; their streams get their metadata again when that changes what they see. */
void sk_unit_users_chose(struct sk_api *api, const char *user, struct sk_span document);

/* Whoever asks here; "": nobody who has a choice of their own. `out` has room for SK_SUBJECT_MAX + 1. */
void sk_unit_users_name(struct sk_api *api, struct sk_http_req *r, char *out);
/* From now on metadata is worked out in this user's units; "": in everybody's again. Undone before returning to the loop. */
void sk_unit_users_see(struct sk_api *api, const char *user);

#endif
