/*
 * What the v2 resources API takes from outside: names of types, ids, paths, bodies, query parameters. Whatever does not pass here
 * reaches no provider and no file. Pure. Thread: any.
 */
#ifndef SK_API_RESOURCE_CHECK_H
#define SK_API_RESOURCE_CHECK_H

#include "base/arena.h"
#include "base/json.h"

#define SK_RESOURCE_PROPS_MAX 16u
#define SK_RESOURCE_ID_MAX 128u

/* The five standard types, and any other that a provider offers. */
enum sk_resource_type { SK_ROUTES, SK_WAYPOINTS, SK_NOTES, SK_REGIONS, SK_CHARTS, SK_CUSTOM_RESOURCE };
#define SK_STANDARD_RESOURCES SK_CUSTOM_RESOURCE
extern const char *const sk_resource_names[SK_STANDARD_RESOURCES];

enum sk_resource_type sk_resource_type_of(struct sk_span name);
/* Letters, digits, '_', '-', '.', not starting with '_' or '.', at most 64. */
bool sk_resource_type_ok(struct sk_span name);
/* Charts: [A-Za-z0-9_-]{8,}; other standard types: UUID v4; custom: [A-Za-z0-9._:-], not "." nor "..". Never fit to leave a
   folder, whatever the type. */
bool sk_resource_id_ok(enum sk_resource_type type, struct sk_span id);

/*
 * SK_ERR_INVALID: `errors` gets a JSON array in the form of ajv, whose first element says what is wrong and where:
 * [{"keyword","dataPath","schemaPath","params","message"}].
 */
int sk_resource_check(enum sk_resource_type type, const yyjson_val *value, struct sk_buf *errors);
/* One query parameter of a list: limit, bbox, position, distance, zoom have a form of their own. */
int sk_resource_check_param(struct sk_span name, const yyjson_val *value, struct sk_buf *errors);

/* <type>[/<id>[/<property>...]], decoded: an encoded slash stays within its part. */
struct sk_resource_path {
    struct sk_span type, id;
    struct sk_span props[SK_RESOURCE_PROPS_MAX];
    size_t prop_count;
};
/* `rest` is the request's path behind ".../resources/", as sent. SK_ERR_INVALID: an escape or part that nobody can have meant;
   SK_ERR_LIMIT: too many parts. The id is checked against its type by the caller. Spans live in `a` or in `rest`. */
int sk_resource_path_read(struct sk_arena *a, struct sk_span rest, struct sk_resource_path *ret);

#endif
