/* links: api_dep */
/* Unit definitions, presets and display units of metadata as users and files may have them. */
#include "api/data/unit_check.h"
#include "model/model.h"

static yyjson_doc *again(const yyjson_doc *doc)
{
    yyjson_mut_doc *copy = yyjson_doc_mut_copy((yyjson_doc *)(uintptr_t)doc, NULL);
    yyjson_doc *same = yyjson_mut_doc_imut_copy(copy, NULL);
    yyjson_mut_doc_free(copy);
    return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct sk_units *units;
    yyjson_doc *doc, *shown;
    struct sk_errmsg em;
    if (units == NULL)
        units = sk_units_create();
    if (sk_json_read((struct sk_span){ (const char *)data, n }, &doc, NULL) < 0)
        return 0;
    yyjson_val *root = yyjson_doc_get_root(doc);
    (void)sk_unit_check_formula(sk_json_str(root), &em);
    if (sk_unit_check_definitions(root, &em) == 0)
        sk_units_set_custom_definitions(units, again(doc));
    if (sk_unit_check_categories(root, &em) == 0)
        sk_units_set_custom_categories(units, again(doc));
    if (sk_unit_check_preset(units, root, &em) == 0)
        sk_units_set_preset(units, again(doc));
    (void)sk_units_check_category(units, sk_json_str(sk_json_get(root, "category")), SK_SPAN("m"), &em);
    struct sk_paths paths = { 0 };
    struct sk_path *p;
    SK_ASSERT(sk_path_intern(&paths, SK_SPAN("navigation.speedOverGround"), &p, NULL) == 0);
    (void)sk_meta_overlay(p, root, NULL);
    SK_ASSERT(sk_json_read(sk_units_shown(units, p), &shown, NULL) == 0);
    yyjson_doc_free(shown);
    sk_meta_forget(p);
    sk_paths_finish(&paths);
    yyjson_doc_free(doc);
    return 0;
}
