#include "api/data/unit_check.h"

#include <ctype.h>

#define ENTRIES_MAX 1000u

static yyjson_val *writable(const yyjson_val *v)
{
    return (yyjson_val *)(uintptr_t)v;
}

int sk_unit_check_formula(struct sk_span f, struct sk_errmsg *em)
{
    int depth = 0;
    if (f.n == 0 || f.n > SK_UNIT_FORMULA_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "a formula has 1 to %u characters", SK_UNIT_FORMULA_MAX);
    for (size_t i = 0; i < f.n; i++) {
        if (!isalnum((unsigned char)f.p[i]) && strchr("_ .,+-*/^()", f.p[i]) == NULL)
            return sk_errmsg_set(em, SK_ERR_INVALID, "unexpected character at position %zu", i + 1);
        depth += (f.p[i] == '(') - (f.p[i] == ')');
        if (depth < 0)
            break;
    }
    return depth == 0 ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "the parentheses do not match");
}

static int check_conversion(const char *si, const char *unit, const yyjson_val *conversion, struct sk_errmsg *em)
{
    static const char *const names[] = { "formula", "inverseFormula" };
    if (!yyjson_is_obj(writable(conversion)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "Conversion %.60s -> %.60s must be an object", si, unit);
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        yyjson_val *formula = sk_json_get(conversion, names[i]);
        int r = formula != NULL ? sk_unit_check_formula(sk_json_str(formula), em) : 0;
        if (r < 0)
            return sk_errmsg_wrap(em, r, "Invalid %s for %.60s -> %.60s", names[i], si, unit);
    }
    return 0;
}

int sk_unit_check_definitions(const yyjson_val *definitions, struct sk_errmsg *em)
{
    size_t i, n, k, count;
    yyjson_val *si, *definition, *unit, *conversion;
    if (!yyjson_is_obj(writable(definitions)) || yyjson_obj_size(writable(definitions)) > ENTRIES_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "Definitions must be a JSON object of at most %u units", ENTRIES_MAX);
    yyjson_obj_foreach(writable(definitions), i, n, si, definition) {
        yyjson_val *conversions = sk_json_get(definition, "conversions");
        if (!yyjson_is_obj(definition) || (conversions != NULL && !yyjson_is_obj(conversions)))
            return sk_errmsg_set(em, SK_ERR_INVALID, "Definition of %.60s must be an object with conversions",
                                 yyjson_get_str(si));
        if (conversions == NULL)
            continue;
        yyjson_obj_foreach(conversions, k, count, unit, conversion) {
            int r = check_conversion(yyjson_get_str(si), yyjson_get_str(unit), conversion, em);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

int sk_unit_check_categories(const yyjson_val *categories, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *key, *si;
    if (!yyjson_is_obj(writable(categories)) || yyjson_obj_size(writable(categories)) > ENTRIES_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "Categories must be a JSON object of at most %u members", ENTRIES_MAX);
    yyjson_obj_foreach(writable(categories), i, n, key, si)
        if (!yyjson_is_str(si) || yyjson_get_len(si) == 0)
            return sk_errmsg_set(em, SK_ERR_INVALID, "Category \"%.60s\" must name its SI unit", yyjson_get_str(key));
    return 0;
}

/* Dates have formats, not conversions. */
static bool is_date(struct sk_span si)
{
    return sk_span_eq(si, "RFC 3339 (UTC)") || sk_span_eq(si, "ISO-8601 (UTC)") || sk_span_eq(si, "Epoch Seconds");
}

static int check_choice(struct sk_units *u, const char *name, const yyjson_val *choice, struct sk_errmsg *em)
{
    struct sk_span si = sk_json_str(sk_json_get(choice, "baseUnit")), target = sk_json_str(sk_json_get(choice, "targetUnit"));
    if (!yyjson_is_obj(writable(choice)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "\"%.60s\": must be an object", name);
    if (si.n == 0 || target.n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "\"%.60s\": missing %s", name, si.n == 0 ? "baseUnit" : "targetUnit");
    if (is_date(si) || sk_span_is(si, target) || sk_units_conversion(u, si, target) != NULL)
        return 0;
    return sk_errmsg_set(em, SK_ERR_INVALID, "\"%.60s\": \"%.*s\" not in %.*s conversions", name,
                         (int)(target.n < 60 ? target.n : 60), target.p, (int)(si.n < 60 ? si.n : 60), si.p);
}

int sk_unit_check_preset(struct sk_units *u, const yyjson_val *preset, struct sk_errmsg *em)
{
    yyjson_val *categories = sk_json_get(preset, "categories"), *key, *choice;
    size_t i, n;
    if (!yyjson_is_obj(writable(preset)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "Preset must be a JSON object");
    if (sk_json_str(sk_json_get(preset, "version")).n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "Missing or invalid \"version\"");
    if (sk_json_str(sk_json_get(preset, "name")).n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "Missing or invalid \"name\"");
    if (!yyjson_is_obj(categories) || yyjson_obj_size(categories) > ENTRIES_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "Missing or invalid \"categories\"");
    if (yyjson_obj_size(categories) == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "categories cannot be empty");
    yyjson_obj_foreach(categories, i, n, key, choice) {
        int r = check_choice(u, yyjson_get_str(key), choice, em);
        if (r < 0)
            return r;
    }
    return 0;
}

bool sk_unit_preset_name_ok(struct sk_span name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_' && name.p[i] != '-')
            return false;
    return name.n > 0 && name.n <= SK_UNIT_PRESET_NAME_MAX;
}
