#include "model/units.h"

#include "model/units_data.h"

#include <stdlib.h>

struct sk_units {
    yyjson_doc *builtin; /* NULL until first asked for */
    yyjson_doc *definitions, *categories, *preset;
    uint32_t serial;
    const yyjson_val *seen; /* the preset of who is looking; NULL: everybody's */
    uint32_t seen_id;
};

struct sk_units *sk_units_create(void)
{
    struct sk_units *u = sk_xcalloc(1, sizeof *u);
    u->serial = 1;
    return u;
}

void sk_units_destroy(struct sk_units *u)
{
    if (u == NULL)
        return;
    yyjson_doc_free(u->builtin);
    yyjson_doc_free(u->definitions);
    yyjson_doc_free(u->categories);
    yyjson_doc_free(u->preset);
    free(u);
}

static void replace(struct sk_units *u, yyjson_doc **at, yyjson_doc *doc)
{
    yyjson_doc_free(*at);
    *at = doc;
    u->serial++;
}

void sk_units_set_custom_definitions(struct sk_units *u, yyjson_doc *doc)
{
    replace(u, &u->definitions, doc);
}

void sk_units_set_custom_categories(struct sk_units *u, yyjson_doc *doc)
{
    replace(u, &u->categories, doc);
}

void sk_units_set_preset(struct sk_units *u, yyjson_doc *preset)
{
    replace(u, &u->preset, preset);
}

uint32_t sk_units_serial(const struct sk_units *u)
{
    return u->serial << 8 | u->seen_id;
}

void sk_units_see_as(struct sk_units *u, const yyjson_val *preset, uint32_t id)
{
    SK_ASSERT(id < 256 && (preset != NULL) == (id != 0));
    u->seen = preset;
    u->seen_id = id;
}

/* ---- data --------------------------------------------------------------------------------------------------------------- */

static yyjson_val *writable(const yyjson_val *v)
{
    return (yyjson_val *)(uintptr_t)v;
}

static yyjson_val *member(const yyjson_val *object, struct sk_span name)
{
    return name.n != 0 ? yyjson_obj_getn(writable(object), name.p, name.n) : NULL;
}

const yyjson_val *sk_units_builtin(struct sk_units *u, const char *name)
{
    if (u->builtin == NULL)
        SK_ASSERT(sk_json_read((struct sk_span){ sk_units_json, sk_units_json_len }, &u->builtin, NULL) == 0);
    return yyjson_obj_get(yyjson_doc_get_root(u->builtin), name);
}

const yyjson_val *sk_units_builtin_preset(struct sk_units *u, struct sk_span name)
{
    return member(sk_units_builtin(u, "presets"), name);
}

const yyjson_val *sk_units_preset(struct sk_units *u)
{
    if (u->seen != NULL)
        return u->seen;
    return u->preset != NULL ? yyjson_doc_get_root(u->preset) : sk_units_builtin_preset(u, SK_SPAN(SK_UNITS_DEFAULT_PRESET));
}

const yyjson_val *sk_units_custom_definitions(struct sk_units *u)
{
    return u->definitions != NULL ? yyjson_doc_get_root(u->definitions) : sk_units_builtin(u, "customDefinitions");
}

const yyjson_val *sk_units_custom_categories(struct sk_units *u)
{
    return u->categories != NULL ? yyjson_doc_get_root(u->categories) : sk_units_builtin(u, "customCategories");
}

const yyjson_val *sk_units_conversion(struct sk_units *u, struct sk_span si, struct sk_span target)
{
    yyjson_val *own = member(sk_json_get(member(sk_units_custom_definitions(u), si), "conversions"), target);
    return own != NULL ? own : member(sk_json_get(member(sk_units_builtin(u, "definitions"), si), "conversions"), target);
}

struct sk_span sk_units_si_of_category(struct sk_units *u, struct sk_span category)
{
    struct sk_span si = sk_json_str(member(sk_units_custom_categories(u), category));
    if (si.n == 0)
        si = sk_json_str(member(sk_json_get(sk_units_builtin(u, "categories"), "categoryToBaseUnit"), category));
    return si;
}

/* ---- categories --------------------------------------------------------------------------------------------------------- */

/* Calls `each` for every category and its SI unit, the built-in first; stops when it returns true. */
static bool each_category(struct sk_units *u, bool (*each)(void *arg, struct sk_span category, struct sk_span si), void *arg)
{
    const yyjson_val *lists[] = { sk_json_get(sk_units_builtin(u, "categories"), "categoryToBaseUnit"),
                                  sk_units_custom_categories(u) };
    size_t i, n;
    yyjson_val *key, *si;
    for (size_t k = 0; k < SK_COUNT(lists); k++)
        yyjson_obj_foreach(writable(lists[k]), i, n, key, si)
            if (each(arg, sk_json_str(key), sk_json_str(si)))
                return true;
    return false;
}

struct category_search {
    struct sk_span si, first;
    unsigned count;
};

static bool has_si(void *arg, struct sk_span category, struct sk_span si)
{
    struct category_search *s = arg;
    if (sk_span_is(si, s->si) && s->count++ == 0)
        s->first = category;
    return false;
}

static struct sk_span category_of_si(struct sk_units *u, struct sk_span si)
{
    struct category_search s = { .si = si };
    if (si.n == 0)
        return (struct sk_span){ 0 };
    struct sk_span primary = sk_json_str(member(sk_units_builtin(u, "primaryCategories"), si));
    if (primary.n != 0)
        return primary;
    (void)each_category(u, has_si, &s);
    return s.first;
}

/* An exact path wins over a pattern, whatever category it stands under. */
struct sk_span sk_units_default_category(struct sk_units *u, struct sk_span path, struct sk_span si)
{
    size_t i, n, k, count;
    yyjson_val *category, *entry, *pattern;
    struct sk_span found = { 0 };
    yyjson_obj_foreach(writable(sk_json_get(sk_units_builtin(u, "defaultCategories"), "categories")), i, n, category, entry) {
        yyjson_arr_foreach(sk_json_get(entry, "paths"), k, count, pattern) {
            struct sk_span text = sk_json_str(pattern);
            if (sk_span_is(text, path))
                return sk_json_str(category);
            if (found.n == 0 && sk_meta_pattern_matches(text, path))
                found = sk_json_str(category);
        }
    }
    return found.n != 0 ? found : category_of_si(u, si);
}

int sk_units_check_category(struct sk_units *u, struct sk_span category, struct sk_span si, struct sk_errmsg *em)
{
    if (sk_span_eq(category, "base") || sk_span_eq(category, "custom"))
        return 0;
    struct sk_span needs = sk_units_si_of_category(u, category);
    if (needs.n == 0)
        needs = sk_json_str(sk_json_get(member(sk_json_get(sk_units_preset(u), "categories"), category), "baseUnit"));
    int n = (int)(category.n < 100 ? category.n : 100);
    if (needs.n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "Unknown category: %.*s", n, category.p != NULL ? category.p : "");
    if (si.n != 0 && !sk_span_is(si, needs))
        return sk_errmsg_set(em, SK_ERR_INVALID, "Category \"%.*s\" requires SI unit \"%.*s\" but path has \"%.*s\"", n,
                             category.p, (int)needs.n, needs.p, (int)(si.n < 100 ? si.n : 100), si.p);
    return 0;
}

struct ambiguous {
    struct sk_units *u;
    struct sk_buf *out;
    bool chosen; /* write the one chosen, not all */
};

static bool write_of_si(void *arg, struct sk_span category, struct sk_span si)
{
    struct ambiguous *a = arg;
    struct category_search s = { .si = si };
    (void)each_category(a->u, has_si, &s);
    if (s.count < 2 || !sk_span_is(s.first, category)) /* once an SI unit, at its first category */
        return false;
    sk_buf_append(a->out, ",", !sk_buf_ends(a->out, '{'));
    sk_json_write_str(a->out, si);
    sk_buf_char(a->out, ':');
    if (a->chosen) {
        sk_json_write_str(a->out, category_of_si(a->u, si));
        return false;
    }
    size_t start = a->out->n;
    sk_buf_char(a->out, '[');
    const yyjson_val *lists[] = { sk_json_get(sk_units_builtin(a->u, "categories"), "categoryToBaseUnit"),
                                  sk_units_custom_categories(a->u) };
    size_t i, n;
    yyjson_val *key, *unit;
    for (size_t k = 0; k < SK_COUNT(lists); k++)
        yyjson_obj_foreach(writable(lists[k]), i, n, key, unit) {
            if (!sk_span_is(sk_json_str(unit), si))
                continue;
            sk_buf_append(a->out, ",", a->out->n > start + 1);
            sk_json_write(a->out, key);
        }
    sk_buf_char(a->out, ']');
    return false;
}

void sk_units_write_ambiguous(struct sk_units *u, struct sk_buf *out)
{
    struct ambiguous a = { u, out, false };
    sk_buf_char(out, '{');
    (void)each_category(u, write_of_si, &a);
    sk_buf_char(out, '}');
}

void sk_units_write_primary(struct sk_units *u, struct sk_buf *out)
{
    struct ambiguous a = { u, out, true };
    sk_buf_char(out, '{');
    (void)each_category(u, write_of_si, &a);
    sk_buf_char(out, '}');
}

/* ---- displayUnits of a path --------------------------------------------------------------------------------------------- */

/* What is worked out; spans into the data. */
struct shown {
    struct sk_span category, target, formula, inverse, symbol, format;
};

static void take_conversion(struct shown *s, const yyjson_val *conversion)
{
    s->formula = sk_json_str(sk_json_get(conversion, "formula"));
    s->inverse = sk_json_str(sk_json_get(conversion, "inverseFormula"));
    s->symbol = sk_json_str(sk_json_get(conversion, "symbol"));
}

static void take_identity(struct shown *s, struct sk_span symbol)
{
    s->formula = s->inverse = SK_SPAN("value");
    s->symbol = symbol;
}

/* A unit that the user wrote out by hand, or took from the definitions. */
static bool resolve_custom(struct sk_units *u, const yyjson_val *stored, struct sk_span si, struct shown *s)
{
    s->target = sk_json_str(sk_json_get(stored, "targetUnit"));
    s->format = sk_json_str(sk_json_get(stored, "displayFormat"));
    struct sk_span symbol = sk_json_str(sk_json_get(stored, "symbol"));
    if (s->target.n == 0)
        return false;
    if (sk_span_is(s->target, si))
        take_identity(s, si);
    else if (sk_json_str(sk_json_get(stored, "formula")).n != 0)
        take_conversion(s, stored);
    else
        take_conversion(s, sk_units_conversion(u, si, s->target));
    if (symbol.n != 0)
        s->symbol = symbol;
    if (s->symbol.n == 0)
        s->symbol = s->target;
    return s->formula.n != 0;
}

static bool resolve(struct sk_units *u, const yyjson_val *stored, struct sk_span path, struct sk_span si, struct shown *s)
{
    s->category = sk_json_str(sk_json_get(stored, "category"));
    if (s->category.n == 0)
        s->category = sk_units_default_category(u, path, si);
    if (s->category.n == 0)
        return false;
    if (sk_span_eq(s->category, "base")) {
        s->target = si.n != 0 ? si : s->category;
        take_identity(s, si.n != 0 ? si : SK_SPAN(""));
        return true;
    }
    if (sk_span_eq(s->category, "custom"))
        return resolve_custom(u, stored, si, s);
    const yyjson_val *wish = member(sk_json_get(sk_units_preset(u), "categories"), s->category);
    struct sk_span of_category = sk_units_si_of_category(u, s->category);
    s->target = sk_json_str(sk_json_get(stored, "targetUnit"));
    s->format = sk_json_str(sk_json_get(stored, "displayFormat"));
    if (s->target.n == 0)
        s->target = sk_json_str(sk_json_get(wish, "targetUnit"));
    if (s->format.p == NULL)
        s->format = sk_json_str(sk_json_get(wish, "displayFormat"));
    if (of_category.n == 0 || s->target.n == 0)
        return false;
    if (sk_span_is(s->target, of_category))
        take_identity(s, of_category);
    else
        take_conversion(s, sk_units_conversion(u, of_category, s->target));
    return s->formula.n != 0;
}

static void write_text(struct sk_buf *out, const char *name, struct sk_span text)
{
    if (text.p == NULL)
        return;
    sk_buf_append(out, ",", !sk_buf_ends(out, '{'));
    sk_json_write_str(out, sk_span_of(name));
    sk_buf_char(out, ':');
    sk_json_write_str(out, text);
}

static void write_shown(struct sk_buf *out, const struct shown *s)
{
    SK_BUF_LIT(out, "\"displayUnits\":{");
    write_text(out, "category", s->category);
    write_text(out, "targetUnit", s->target);
    write_text(out, "formula", s->formula);
    write_text(out, "inverseFormula", s->inverse);
    write_text(out, "symbol", s->symbol);
    write_text(out, "displayFormat", s->format);
    sk_buf_char(out, '}');
}

/* The metadata with displayUnits in the place where one stood, else behind the others. */
static void write_meta(struct sk_units *u, const struct sk_path *p, const yyjson_val *meta, struct sk_buf *out)
{
    size_t i, n;
    yyjson_val *key, *v, *stored = sk_json_get(meta, "displayUnits");
    struct shown s = { 0 };
    bool known = resolve(u, stored, p->text, sk_json_str(sk_json_get(meta, "units")), &s), written = false;
    sk_buf_char(out, '{');
    yyjson_obj_foreach(writable(meta), i, n, key, v) {
        sk_buf_append(out, ",", i > 0);
        if (known && sk_span_eq(sk_json_str(key), "displayUnits")) {
            write_shown(out, &s);
            written = true;
            continue;
        }
        sk_json_write(out, key);
        sk_buf_char(out, ':');
        sk_json_write(out, v);
    }
    if (known && !written) {
        sk_buf_append(out, ",", n > 0);
        write_shown(out, &s);
    }
    sk_buf_char(out, '}');
}

struct sk_span sk_units_shown(struct sk_units *u, struct sk_path *p)
{
    const struct sk_meta *m = sk_meta_of(p);
    yyjson_doc *doc = NULL;
    if (m == NULL || u == NULL)
        return m != NULL ? (struct sk_span){ m->json, m->len } : (struct sk_span){ 0 };
    if (p->shown != NULL && p->shown_meta == p->meta_serial && p->shown_units == sk_units_serial(u))
        return (struct sk_span){ p->shown, p->shown_len };
    struct sk_buf out;
    sk_buf_init(&out, 2 * SK_META_LEN_MAX);
    if (sk_json_read((struct sk_span){ m->json, m->len }, &doc, NULL) == 0)
        write_meta(u, p, yyjson_doc_get_root(doc), &out);
    else
        sk_buf_append(&out, m->json, m->len);
    yyjson_doc_free(doc);
    size_t n = 0;
    free(p->shown);
    p->shown = sk_buf_steal(&out, &n);
    p->shown_len = (uint32_t)n;
    p->shown_meta = p->meta_serial;
    p->shown_units = sk_units_serial(u);
    sk_buf_finish(&out);
    return p->shown != NULL ? (struct sk_span){ p->shown, n } : (struct sk_span){ m->json, m->len };
}
