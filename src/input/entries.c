#include "input/entries.h"

#include "base/clock.h"

#define UNIQUE_NUMBER_BITS 21
#define SIMPLE "providers/simple"

static yyjson_val *plain(const yyjson_val *v)
{
    return (yyjson_val *)(uintptr_t)v; /* yyjson's readers take no const */
}

static bool is_simple(const yyjson_val *entry)
{
    yyjson_val *elements = sk_json_get(entry, "pipeElements"), *first = yyjson_arr_get_first(elements);
    return yyjson_arr_size(elements) == 1 && sk_span_eq(sk_json_str(sk_json_get(first, "type")), SIMPLE);
}

static yyjson_val *options_in(const yyjson_val *entry)
{
    return sk_json_get(yyjson_arr_get_first(sk_json_get(entry, "pipeElements")), "options");
}

struct sk_span sk_entry_type(const yyjson_val *entry)
{
    return is_simple(entry) ? sk_json_str(sk_json_get(options_in(entry), "type")) : (struct sk_span){ 0 };
}

/* ---- shown -------------------------------------------------------------------------------------------------------------- */

static void write_member(struct sk_buf *out, const char *name, const yyjson_val *v, const char *otherwise)
{
    sk_buf_printf(out, ",\"%s\":", name);
    if (v != NULL)
        sk_json_write(out, v);
    else
        sk_buf_text(out, otherwise);
}

static void write_locked(const yyjson_val *entry, struct sk_buf *out)
{
    struct sk_buf text;
    sk_buf_init(&text, out->max);
    sk_json_write_pretty(&text, entry);
    SK_BUF_LIT(out, ",\"json\":");
    sk_json_write_str(out, sk_buf_span(&text));
    sk_buf_finish(&text);
    write_member(out, "type", sk_json_get(yyjson_arr_get_first(sk_json_get(entry, "pipeElements")), "type"), "\"Unknown\"");
    SK_BUF_LIT(out, ",\"editable\":false}");
}

void sk_entry_write_row(const yyjson_val *entry, bool locked, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"id\":");
    sk_json_write_str(out, sk_json_str(sk_json_get(entry, "id")));
    sk_buf_printf(out, ",\"enabled\":%s", sk_json_get_bool(entry, "enabled", true) ? "true" : "false");
    if (locked || !is_simple(entry)) {
        write_locked(entry, out);
        return;
    }
    yyjson_val *options = options_in(entry);
    write_member(out, "type", sk_json_get(options, "type"), "\"\"");
    write_member(out, "logging", sk_json_get(options, "logging"), "false");
    write_member(out, "options", sk_json_get(options, "subOptions"), "{}");
    SK_BUF_LIT(out, ",\"editable\":true}");
}

/* ---- judged ------------------------------------------------------------------------------------------------------------- */

static int check_row(const yyjson_val *row, struct sk_errmsg *em)
{
    struct sk_span id = sk_json_str(sk_json_get(row, "id"));
    if (id.p == NULL || !yyjson_is_obj(sk_json_get(row, "options")))
        return sk_errmsg_set(em, SK_ERR_INVALID, "Invalid provider: id and options object required");
    if (id.n == 0)
        return sk_errmsg_set(em, SK_ERR_DENIED, "Please enter a provider ID");
    if (id.n > SK_ENTRY_ID_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "Invalid provider: the ID is longer than %u characters", SK_ENTRY_ID_MAX);
    for (size_t i = 0; i < id.n; i++)
        if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7f)
            return sk_errmsg_set(em, SK_ERR_INVALID, "Invalid provider: the ID has control characters");
    if (sk_span_eq(sk_json_str(sk_json_get(row, "type")), "Unknown"))
        return sk_errmsg_set(em, SK_ERR_DENIED, "Can not update an Unknown type");
    return 0;
}

yyjson_val *sk_entries_find(const yyjson_val *all, struct sk_span id)
{
    size_t i, n;
    yyjson_val *entry;
    yyjson_arr_foreach(plain(all), i, n, entry)
        if (sk_span_is(sk_json_str(sk_json_get(entry, "id")), id))
            return entry;
    return NULL;
}

static int not_found(struct sk_span id, struct sk_errmsg *em)
{
    return sk_errmsg_set(em, SK_ERR_NOTFOUND, "Connection with name %.*s not found", (int)(id.n < 200 ? id.n : 200), id.p);
}

static int check_free(const yyjson_val *all, struct sk_span id, struct sk_errmsg *em)
{
    return sk_entries_find(all, id) == NULL
               ? 0
               : sk_errmsg_set(em, SK_ERR_EXISTS, "Connection with ID '%.*s' already exists", (int)id.n, id.p);
}

/* ---- changed ------------------------------------------------------------------------------------------------------------ */

static void put(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const yyjson_val *v)
{
    yyjson_mut_obj_put(object, yyjson_mut_str(doc, name), yyjson_val_mut_copy(doc, plain(v)));
}

static void put_given(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, const yyjson_val *row)
{
    yyjson_val *v = sk_json_get(row, name);
    if (v != NULL)
        put(doc, object, name, v);
}

/* The member as an object, made when it is none. */
static yyjson_mut_val *object_of(yyjson_mut_doc *doc, yyjson_mut_val *in, const char *name)
{
    yyjson_mut_val *v = yyjson_mut_obj_get(in, name);
    if (yyjson_mut_is_obj(v))
        return v;
    v = yyjson_mut_obj(doc);
    yyjson_mut_obj_put(in, yyjson_mut_str(doc, name), v);
    return v;
}

static bool same_text(yyjson_mut_val *a, const yyjson_val *b)
{
    struct sk_span text = sk_json_str(b);
    return text.p == NULL ||
           (yyjson_mut_is_str(a) && text.n == yyjson_mut_get_len(a) && memcmp(text.p, yyjson_mut_get_str(a), text.n) == 0);
}

/* A CAN node without a number of its own would get a new one at each start, and be another device to its bus. */
static void number_node(yyjson_mut_doc *doc, yyjson_mut_val *sub)
{
    uint32_t random;
    yyjson_mut_val *old = yyjson_mut_obj_get(sub, "uniqueNumber");
    if (!yyjson_mut_equals_str(yyjson_mut_obj_get(sub, "type"), "canbus-canboatjs") || (old != NULL && !yyjson_mut_is_null(old)))
        return;
    sk_random_bytes(&random, sizeof random);
    yyjson_mut_obj_put(sub, yyjson_mut_str(doc, "uniqueNumber"), yyjson_mut_uint(doc, random >> (32 - UNIQUE_NUMBER_BITS)));
}

static void set_options(yyjson_mut_doc *doc, yyjson_mut_val *options, const yyjson_val *row)
{
    yyjson_val *wanted = sk_json_get(row, "options"), *key, *v;
    size_t i, n;
    if (!same_text(yyjson_mut_obj_get(options, "type"), sk_json_get(row, "type")) ||
        !same_text(yyjson_mut_obj_get(yyjson_mut_obj_get(options, "subOptions"), "type"), sk_json_get(wanted, "type")))
        yyjson_mut_obj_remove_key(options, "subOptions");
    put_given(doc, options, "type", row);
    put_given(doc, options, "logging", row);
    yyjson_mut_val *sub = object_of(doc, options, "subOptions");
    yyjson_mut_obj_remove_key(sub, "talkerGroups");
    yyjson_obj_foreach(wanted, i, n, key, v)
        yyjson_mut_obj_put(sub, yyjson_val_mut_copy(doc, key), yyjson_val_mut_copy(doc, v));
    number_node(doc, sub);
}

/* An entry without elements becomes a simple one. */
static yyjson_mut_val *options_of(yyjson_mut_doc *doc, yyjson_mut_val *entry)
{
    yyjson_mut_val *elements = yyjson_mut_obj_get(entry, "pipeElements"), *element = yyjson_mut_arr_get_first(elements);
    if (!yyjson_mut_is_obj(element)) {
        elements = yyjson_mut_arr(doc);
        element = yyjson_mut_arr_add_obj(doc, elements);
        yyjson_mut_obj_add_str(doc, element, "type", SIMPLE);
        yyjson_mut_obj_put(entry, yyjson_mut_str(doc, "pipeElements"), elements);
    }
    return object_of(doc, element, "options");
}

static void set_entry(yyjson_mut_doc *doc, yyjson_mut_val *entry, const yyjson_val *row)
{
    put_given(doc, entry, "id", row);
    put_given(doc, entry, "enabled", row);
    if (yyjson_mut_obj_get(entry, "enabled") == NULL)
        yyjson_mut_obj_add_bool(doc, entry, "enabled", true);
    if (sk_json_get(row, "options") != NULL)
        set_options(doc, options_of(doc, entry), row);
}

static yyjson_mut_doc *copy_of(const yyjson_val *all, yyjson_mut_val **ret_list)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    *ret_list = yyjson_is_arr(plain(all)) ? yyjson_val_mut_copy(doc, plain(all)) : yyjson_mut_arr(doc);
    yyjson_mut_doc_set_root(doc, *ret_list);
    return doc;
}

static int finish(yyjson_mut_doc *doc, struct sk_buf *out, struct sk_errmsg *em)
{
    sk_json_write_mut(out, yyjson_mut_doc_get_root(doc));
    yyjson_mut_doc_free(doc);
    return sk_buf_ok(out) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "the connections are too large to be saved");
}

int sk_entries_add(const yyjson_val *all, const yyjson_val *row, struct sk_buf *out, struct sk_errmsg *em)
{
    int r = check_row(row, em);
    if (r == 0)
        r = check_free(all, sk_json_str(sk_json_get(row, "id")), em);
    if (r < 0)
        return r;
    if (yyjson_arr_size(plain(all)) >= SK_ENTRIES_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "there are %u connections already, more are not possible", SK_ENTRIES_MAX);
    yyjson_mut_val *list;
    yyjson_mut_doc *doc = copy_of(all, &list);
    set_entry(doc, yyjson_mut_arr_add_obj(doc, list), row);
    return finish(doc, out, em);
}

/* A pipeline that is not simple is edited in the file; here it can only be switched on and off. */
static int check_update(const yyjson_val *all, struct sk_span id, const yyjson_val *old, const yyjson_val *row,
                        struct sk_errmsg *em)
{
    bool only_switch = !is_simple(old) && sk_json_get(row, "options") == NULL && sk_json_get(row, "enabled") != NULL;
    if (only_switch && sk_span_is(sk_json_str(sk_json_get(row, "id")), id))
        return 0;
    int r = check_row(row, em);
    if (r == 0 && yyjson_arr_size(sk_json_get(old, "pipeElements")) > 0 && !is_simple(old))
        return sk_errmsg_set(em, SK_ERR_DENIED, "'%.*s' is a free-form pipeline, which can only be edited in the settings file",
                             (int)id.n, id.p);
    struct sk_span name = sk_json_str(sk_json_get(row, "id"));
    return r < 0 || sk_span_is(name, id) ? r : check_free(all, name, em);
}

static yyjson_mut_val *find_mut(yyjson_mut_val *list, struct sk_span id, size_t *ret_index)
{
    yyjson_mut_val *entry;
    size_t n;
    yyjson_mut_arr_foreach(list, *ret_index, n, entry)
    {
        yyjson_mut_val *v = yyjson_mut_obj_get(entry, "id");
        if (yyjson_mut_is_str(v) && yyjson_mut_get_len(v) == id.n && memcmp(yyjson_mut_get_str(v), id.p, id.n) == 0)
            return entry;
    }
    return NULL;
}

int sk_entries_update(const yyjson_val *all, struct sk_span id, const yyjson_val *row, struct sk_buf *out, struct sk_errmsg *em)
{
    const yyjson_val *old = sk_entries_find(all, id);
    size_t at;
    int r = old != NULL ? check_update(all, id, old, row, em) : not_found(id, em);
    if (r < 0)
        return r;
    yyjson_mut_val *list;
    yyjson_mut_doc *doc = copy_of(all, &list);
    set_entry(doc, find_mut(list, id, &at), row);
    return finish(doc, out, em);
}

int sk_entries_remove(const yyjson_val *all, struct sk_span id, struct sk_buf *out, struct sk_errmsg *em)
{
    size_t at;
    if (sk_entries_find(all, id) == NULL)
        return not_found(id, em);
    yyjson_mut_val *list;
    yyjson_mut_doc *doc = copy_of(all, &list);
    find_mut(list, id, &at);
    yyjson_mut_arr_remove(list, at);
    return finish(doc, out, em);
}
