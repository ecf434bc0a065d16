/* What is told of the unit preferences. */
#include "api/body.h"
#include "api/data/unit_check.h"
#include "api/data/unit_preferences_private.h"
#include "base/json.h"

static void reply_value(struct sk_http_req *r, const yyjson_val *v)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_UNIT_ANSWER_MAX);
    sk_json_write(&b, v);
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_unit_get_config(struct sk_http_req *r, void *arg)
{
    const struct sk_unit_preferences *p = arg;
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    SK_BUF_LIT(&b, "{\"activePreset\":");
    sk_json_write_str(&b, sk_span_of(p->active != NULL ? p->active : SK_UNITS_DEFAULT_PRESET));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void write_pair(struct sk_buf *b, yyjson_val *key, const yyjson_val *v)
{
    sk_buf_append(b, ",", !sk_buf_ends(b, '{'));
    sk_json_write(b, key);
    sk_buf_char(b, ':');
    sk_json_write(b, v);
}

/* {...} of both, the second's members instead of the first's. */
static void write_merged(struct sk_buf *b, const yyjson_val *below, const yyjson_val *above)
{
    size_t i, n;
    yyjson_val *key, *v;
    sk_buf_char(b, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)below, i, n, key, v)
        if (sk_json_get(above, yyjson_get_str(key)) == NULL)
            write_pair(b, key, v);
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)above, i, n, key, v)
        write_pair(b, key, v);
    sk_buf_char(b, '}');
}

void sk_unit_get_categories(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    const yyjson_val *builtin = sk_units_builtin(p->units, "categories");
    struct sk_buf b;
    sk_buf_init(&b, SK_UNIT_ANSWER_MAX);
    SK_BUF_LIT(&b, "{\"categoryToBaseUnit\":");
    write_merged(&b, sk_json_get(builtin, "categoryToBaseUnit"), sk_units_custom_categories(p->units));
    SK_BUF_LIT(&b, ",\"coreCategories\":");
    sk_json_write(&b, sk_json_get(builtin, "coreCategories"));
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* An SI unit that both define has the conversions of both. */
static void write_definition(struct sk_buf *b, yyjson_val *si, const yyjson_val *below, const yyjson_val *above)
{
    size_t i, n;
    yyjson_val *key, *v;
    sk_buf_append(b, ",", !sk_buf_ends(b, '{'));
    sk_json_write(b, si);
    SK_BUF_LIT(b, ":{");
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)below, i, n, key, v)
        if (!yyjson_equals_str(key, "conversions"))
            write_pair(b, key, v);
    sk_buf_text(b, !sk_buf_ends(b, '{') ? ",\"conversions\":" : "\"conversions\":");
    write_merged(b, sk_json_get(below, "conversions"), sk_json_get(above, "conversions"));
    sk_buf_char(b, '}');
}

void sk_unit_get_definitions(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    const yyjson_val *below = sk_units_builtin(p->units, "definitions"), *above = sk_units_custom_definitions(p->units);
    size_t i, n;
    yyjson_val *key, *v;
    struct sk_buf b;
    sk_buf_init(&b, SK_UNIT_ANSWER_MAX);
    sk_buf_char(&b, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)below, i, n, key, v)
        write_definition(&b, key, v, sk_json_get(above, yyjson_get_str(key)));
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)above, i, n, key, v)
        if (sk_json_get(below, yyjson_get_str(key)) == NULL)
            write_pair(&b, key, v);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_unit_get_custom_definitions(struct sk_http_req *r, void *arg)
{
    reply_value(r, sk_units_custom_definitions(((struct sk_unit_preferences *)arg)->units));
}

void sk_unit_get_custom_categories(struct sk_http_req *r, void *arg)
{
    reply_value(r, sk_units_custom_categories(((struct sk_unit_preferences *)arg)->units));
}

void sk_unit_get_default_categories(struct sk_http_req *r, void *arg)
{
    reply_value(r, sk_units_builtin(((struct sk_unit_preferences *)arg)->units, "defaultCategories"));
}

void sk_unit_get_default_category(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    struct sk_span rest = sk_http_decode(sk_http_arena(r), sk_http_param(r, "*"), false);
    char *dotted = rest.p != NULL ? sk_arena_copy(sk_http_arena(r), rest.p, rest.n) : NULL;
    if (dotted == NULL) {
        sk_http_reply_cannot(r);
        return;
    }
    for (size_t i = 0; i < rest.n; i++)
        dotted[i] = dotted[i] == '/' ? '.' : dotted[i];
    struct sk_span path = { dotted, rest.n }, category = sk_units_default_category(p->units, path, SK_SPAN(""));
    struct sk_buf b;
    sk_buf_init(&b, 64 * 1024);
    SK_BUF_LIT(&b, "{\"path\":");
    sk_json_write_str(&b, path);
    SK_BUF_LIT(&b, ",\"category\":");
    if (category.n != 0)
        sk_json_write_str(&b, category);
    else
        SK_BUF_LIT(&b, "null");
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_unit_get_primary(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    struct sk_buf b;
    sk_buf_init(&b, SK_UNIT_FILE_MAX);
    SK_BUF_LIT(&b, "{\"ambiguousUnits\":");
    sk_units_write_ambiguous(p->units, &b);
    SK_BUF_LIT(&b, ",\"effectivePrimary\":");
    sk_units_write_primary(p->units, &b);
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* A choice of one category with the conversion that leads there. */
static void write_choice(struct sk_unit_preferences *p, struct sk_buf *b, yyjson_val *category, const yyjson_val *choice)
{
    static const char *const names[] = { "formula", "inverseFormula", "symbol" };
    const yyjson_val *conversion = sk_units_conversion(p->units, sk_json_str(sk_json_get(choice, "baseUnit")),
                                                       sk_json_str(sk_json_get(choice, "targetUnit")));
    size_t i, n;
    yyjson_val *key, *v;
    sk_buf_append(b, ",", !sk_buf_ends(b, '{'));
    sk_json_write(b, category);
    SK_BUF_LIT(b, ":{");
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)choice, i, n, key, v)
        write_pair(b, key, v);
    for (size_t k = 0; conversion != NULL && k < SK_COUNT(names); k++) {
        yyjson_val *text = sk_json_get(conversion, names[k]);
        if (text == NULL)
            continue;
        sk_buf_printf(b, ",\"%s\":", names[k]);
        sk_json_write(b, text);
    }
    sk_buf_char(b, '}');
}

void sk_unit_get_active(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    size_t i, n, k, count;
    yyjson_val *key, *v, *category, *choice;
    struct sk_buf b;
    char user[SK_SUBJECT_MAX + 1];
    sk_unit_users_name(p->api, r, user);
    sk_unit_users_see(p->api, user);
    sk_buf_init(&b, SK_UNIT_ANSWER_MAX);
    sk_buf_char(&b, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)sk_units_preset(p->units), i, n, key, v) {
        if (!yyjson_equals_str(key, "categories")) {
            write_pair(&b, key, v);
            continue;
        }
        sk_buf_text(&b, b.n > 1 ? ",\"categories\":{" : "\"categories\":{");
        yyjson_obj_foreach(v, k, count, category, choice)
            write_choice(p, &b, category, choice);
        sk_buf_char(&b, '}');
    }
    sk_buf_char(&b, '}');
    sk_unit_users_see(p->api, "");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void write_listed(struct sk_buf *b, struct sk_span name, const yyjson_val *preset)
{
    yyjson_val *text = sk_json_get(preset, "description");
    sk_buf_append(b, ",", !sk_buf_ends(b, '['));
    SK_BUF_LIT(b, "{\"name\":");
    sk_json_write_str(b, name);
    SK_BUF_LIT(b, ",\"displayName\":");
    sk_json_write(b, sk_json_get(preset, "name"));
    if (text != NULL) {
        SK_BUF_LIT(b, ",\"description\":");
        sk_json_write(b, text);
    }
    sk_buf_char(b, '}');
}

void sk_unit_get_presets(struct sk_http_req *r, void *arg)
{
    struct sk_unit_preferences *p = arg;
    size_t i, n;
    yyjson_val *key, *v;
    struct sk_buf b;
    sk_buf_init(&b, SK_UNIT_FILE_MAX);
    SK_BUF_LIT(&b, "{\"builtIn\":[");
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)sk_units_builtin(p->units, "presets"), i, n, key, v)
        write_listed(&b, sk_json_str(key), v);
    SK_BUF_LIT(&b, "],\"custom\":[");
    for (unsigned k = 0; k < p->preset_count; k++)
        if (p->presets[k].doc != NULL)
            write_listed(&b, sk_span_of(p->presets[k].name), yyjson_doc_get_root(p->presets[k].doc));
    SK_BUF_LIT(&b, "]}");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_unit_get_preset(struct sk_http_req *r, void *arg)
{
    struct sk_span name = sk_http_param(r, "name");
    const yyjson_val *preset = sk_unit_preset_name_ok(name) ? sk_unit_preset_of(arg, name) : NULL;
    if (!sk_unit_preset_name_ok(name))
        sk_body_reply_error(r, 400, "Invalid preset name");
    else if (preset == NULL)
        sk_body_reply_error(r, 404, "Preset not found");
    else
        reply_value(r, preset);
}
