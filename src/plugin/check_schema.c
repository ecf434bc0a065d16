/* The schema of a plugin's configuration, as a settings page has to make a form of it. Pure. */
#include "plugin/check_impl.h"

#include "base/json.h"
#include "base/nearest.h"

#include <stdarg.h>
#include <stdio.h>

#define DEPTH_MAX 32u

struct place {
    const struct sk_check *c;
    const struct place *above;
    const char *name;
    unsigned depth;
};

static const char *const types[] = { "string", "number", "integer", "boolean", "object", "array", "null", NULL };

/* "schema properties.anchor.default" */
static void path_of(const struct place *p, struct sk_buf *out)
{
    if (p == NULL)
        return;
    path_of(p->above, out);
    sk_buf_printf(out, "%s%.60s", out->n == 0 ? "" : out->n == sizeof "schema" - 1 ? " " : ".", p->name);
}

static void say(const struct place *p, enum sk_finding_level level, const char *cure, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void say(const struct place *p, enum sk_finding_level level, const char *cure, const char *fmt, ...)
{
    struct sk_buf where;
    char what[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    sk_buf_init(&where, 4096);
    path_of(p, &where);
    const char *text = sk_buf_cstr(&where);
    sk_check_say(p->c, level, text != NULL ? text : "schema", cure, "%s", what);
    sk_buf_finish(&where);
}

/* ---- types ---- */

static bool is_of_type(const yyjson_val *value, const char *type)
{
    yyjson_val *v = (yyjson_val *)(uintptr_t)value;
    double d;
    if (strcmp(type, "integer") == 0)
        return sk_json_number(v, &d) && d == (double)(int64_t)d;
    return strcmp(type, "number") == 0    ? yyjson_is_num(v)
           : strcmp(type, "string") == 0  ? yyjson_is_str(v)
           : strcmp(type, "boolean") == 0 ? yyjson_is_bool(v)
           : strcmp(type, "object") == 0  ? yyjson_is_obj(v)
           : strcmp(type, "array") == 0   ? yyjson_is_arr(v)
                                          : yyjson_is_null(v);
}

/* `type` is a name, a list of names, or absent: then anything is right. */
static bool fits_type(const yyjson_val *value, const yyjson_val *type)
{
    size_t i, n;
    yyjson_val *one;
    const char *name = sk_json_str(type).p;
    bool any = type == NULL || (name != NULL && is_of_type(value, name));
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)type, i, n, one)
        any |= yyjson_is_str(one) && is_of_type(value, yyjson_get_str(one));
    return any;
}

static void check_type_name(const struct place *p, const yyjson_val *v)
{
    const char *name = sk_json_str(v).p;
    char cure[100];
    for (size_t i = 0; name != NULL && types[i] != NULL; i++)
        if (strcmp(types[i], name) == 0)
            return;
    const char *near = name != NULL ? sk_nearest_name(name, strlen(name), types) : NULL;
    snprintf(cure, sizeof cure,
             near != NULL ? "Did you mean %s?" : "One of string, number, integer, boolean, object, array, null.", near);
    say(p, SK_FINDING_ERROR, cure, "%.60s is no type.", name != NULL ? name : "This");
}

static void check_types(const struct place *above, const yyjson_val *type)
{
    struct place p = { above->c, above, "type", above->depth + 1 };
    size_t i, n;
    yyjson_val *one;
    if (yyjson_is_arr((yyjson_val *)(uintptr_t)type)) {
        yyjson_arr_foreach((yyjson_val *)(uintptr_t)type, i, n, one)
            check_type_name(&p, one);
    } else if (type != NULL) {
        check_type_name(&p, type);
    }
}

/* ---- values ---- */

static bool is_in(const yyjson_val *list, const yyjson_val *value)
{
    size_t i, n;
    yyjson_val *one;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)list, i, n, one)
        if (yyjson_equals(one, (yyjson_val *)(uintptr_t)value))
            return true;
    return false;
}

static void check_default(const struct place *above, const yyjson_val *schema)
{
    struct place p = { above->c, above, "default", above->depth + 1 };
    const yyjson_val *value = sk_json_get(schema, "default"), *list = sk_json_get(schema, "enum");
    double d, limit;
    if (value == NULL)
        return;
    if (!fits_type(value, sk_json_get(schema, "type")))
        say(&p, SK_FINDING_ERROR, "Give a value of the type.", "The default is of another type.");
    else if (list != NULL && !is_in(list, value))
        say(&p, SK_FINDING_ERROR, "Take one of them.", "The default is none of the values of enum.");
    else if (sk_json_number(value, &d) && ((sk_json_number(sk_json_get(schema, "minimum"), &limit) && d < limit) ||
                                           (sk_json_number(sk_json_get(schema, "maximum"), &limit) && d > limit)))
        say(&p, SK_FINDING_ERROR, "Take one inside.", "The default is outside of minimum and maximum.");
}

static void check_enum(const struct place *above, const yyjson_val *schema)
{
    struct place p = { above->c, above, "enum", above->depth + 1 };
    yyjson_val *list = sk_json_get(schema, "enum"), *one, *names = sk_json_get(schema, "enumNames");
    size_t i, n;
    if (list == NULL)
        return;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) == 0) {
        say(&p, SK_FINDING_ERROR, "List the values.", "It is no list of values.");
        return;
    }
    yyjson_arr_foreach(list, i, n, one)
        if (!fits_type(one, sk_json_get(schema, "type"))) {
            say(&p, SK_FINDING_ERROR, "Give values of the type.", "One of its values is of another type.");
            break;
        }
    if (names != NULL && yyjson_arr_size(names) != yyjson_arr_size(list))
        say(&p, SK_FINDING_WARNING, "Give each value its name.", "enumNames has another length.");
}

static void check_range(const struct place *p, const yyjson_val *schema)
{
    double low, high;
    if (sk_json_number(sk_json_get(schema, "minimum"), &low) && sk_json_number(sk_json_get(schema, "maximum"), &high) &&
        low > high)
        say(p, SK_FINDING_ERROR, "Exchange them.", "minimum is greater than maximum.");
}

/* ---- members ---- */

static void check_schema(const struct place *p, const yyjson_val *schema);

static void check_required(const struct place *above, const yyjson_val *schema)
{
    struct place p = { above->c, above, "required", above->depth + 1 };
    yyjson_val *list = sk_json_get(schema, "required"), *one;
    const yyjson_val *properties = sk_json_get(schema, "properties");
    size_t i, n;
    if (list == NULL)
        return;
    if (!yyjson_is_arr(list)) {
        say(&p, SK_FINDING_ERROR, "Put the names of such members into a list beside properties.", "It is no list of names.");
        return;
    }
    yyjson_arr_foreach(list, i, n, one)
        if (!yyjson_is_str(one) || sk_json_get(properties, yyjson_get_str(one)) == NULL)
            say(&p, SK_FINDING_ERROR, "Add the property, or take the name out.", "It names %.60s, which is no property.",
                yyjson_is_str(one) ? yyjson_get_str(one) : "something");
}

static void check_properties(const struct place *above, const yyjson_val *schema)
{
    struct place p = { above->c, above, "properties", above->depth + 1 };
    yyjson_val *list = sk_json_get(schema, "properties"), *key, *one;
    size_t i, n;
    if (list == NULL)
        return;
    if (!yyjson_is_obj(list)) {
        say(&p, SK_FINDING_ERROR, "Write {\"name\": {\"type\": …}}.", "It is no object.");
        return;
    }
    yyjson_obj_foreach(list, i, n, key, one) {
        struct place member = { above->c, &p, yyjson_get_str(key), p.depth + 1 };
        check_schema(&member, one);
    }
}

static void check_items(const struct place *above, const yyjson_val *schema)
{
    struct place p = { above->c, above, "items", above->depth + 1 };
    const yyjson_val *items = sk_json_get(schema, "items");
    if (items != NULL)
        check_schema(&p, items);
    else if (sk_span_eq(sk_json_str(sk_json_get(schema, "type")), "array"))
        say(above, SK_FINDING_WARNING, "Add \"items\": {\"type\": …}.", "The list has no items: no form can be made of it.");
}

static void check_schema(const struct place *p, const yyjson_val *schema)
{
    if (p->depth > DEPTH_MAX) {
        say(p, SK_FINDING_ERROR, "Make it flatter.", "It is nested too deeply.");
        return;
    }
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)schema)) {
        say(p, SK_FINDING_ERROR, "Write {\"type\": …}.", "It is no object.");
        return;
    }
    check_types(p, sk_json_get(schema, "type"));
    check_enum(p, schema);
    check_range(p, schema);
    check_default(p, schema);
    check_required(p, schema);
    check_properties(p, schema);
    check_items(p, schema);
}

void sk_plugin_check_schema(struct sk_span text, sk_finding_fn found, void *arg)
{
    static const struct sk_check_options none;
    struct sk_check c = { .o = &none, .found = found, .arg = arg };
    struct place top = { &c, NULL, "schema", 0 };
    yyjson_doc *doc = NULL;
    struct sk_errmsg em;
    if (sk_json_read(text, &doc, &em) < 0)
        say(&top, SK_FINDING_ERROR, "Answer with a JSON object.", "It is no JSON: %.200s.", em.text);
    else if (yyjson_obj_size(yyjson_doc_get_root(doc)) > 0 || !yyjson_is_obj(yyjson_doc_get_root(doc)))
        check_schema(&top, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}
