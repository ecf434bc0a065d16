/* Shared by unit_preferences.c (files and changes) and unit_preferences_get.c (what is told). Owner: loop thread. */
#ifndef SK_API_UNIT_PREFERENCES_PRIVATE_H
#define SK_API_UNIT_PREFERENCES_PRIVATE_H

#include "api/data/unit_preferences.h"
#include "api/data/unit_users.h"
#include "store/saver.h"

#define SK_UNIT_PRESETS_MAX 100u
#define SK_UNIT_FILE_MAX ((size_t)1024 * 1024)
#define SK_UNIT_ANSWER_MAX (4 * SK_UNIT_FILE_MAX) /* built-in and own together, or pretty text of a file */

/* A preset of the user. Its place is kept when it was deleted, for its saver may still be at work. */
struct sk_unit_preset {
    char *name;
    yyjson_doc *doc; /* NULL: deleted */
    struct sk_saver *saver;
};

struct sk_unit_preferences {
    struct sk_api *api;
    struct sk_units *units;
    char *folder;
    char *active;       /* name of the active preset */
    yyjson_doc *config; /* config.json as it was read or put; NULL: none */
    struct sk_saver *config_saver, *definitions_saver, *categories_saver;
    struct sk_unit_preset presets[SK_UNIT_PRESETS_MAX];
    unsigned preset_count;
    struct sk_unit_users *users;
    struct sk_route routes[17];
};

/* The preset of that name, built in or the user's; NULL: there is none. */
const yyjson_val *sk_unit_preset_of(struct sk_unit_preferences *p, struct sk_span name);
/* Its number among all presets, from 1; 0: there is none. */
uint32_t sk_unit_preset_id(struct sk_unit_preferences *p, struct sk_span name);

/* GET of the things below /signalk/v1/unitpreferences; `arg` is the sk_unit_preferences. */
void sk_unit_get_config(struct sk_http_req *r, void *arg);
void sk_unit_get_categories(struct sk_http_req *r, void *arg);
void sk_unit_get_definitions(struct sk_http_req *r, void *arg);
void sk_unit_get_custom_definitions(struct sk_http_req *r, void *arg);
void sk_unit_get_custom_categories(struct sk_http_req *r, void *arg);
void sk_unit_get_default_categories(struct sk_http_req *r, void *arg);
void sk_unit_get_default_category(struct sk_http_req *r, void *arg);
void sk_unit_get_primary(struct sk_http_req *r, void *arg);
void sk_unit_get_active(struct sk_http_req *r, void *arg);
void sk_unit_get_presets(struct sk_http_req *r, void *arg);
void sk_unit_get_preset(struct sk_http_req *r, void *arg);

#endif
