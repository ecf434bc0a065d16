/* links: hub_dep */
/* priorities.json as a user or another program may have left it, checked and unchecked. */
#include "base/json.h"
#include "hub/priority.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const refs[] = { "gps.A", "gps.B", "can0.17", "can1.c0788c00e7e04312", "" };
    yyjson_doc *doc;
    if (sk_json_read((struct sk_span){ (const char *)data, n }, &doc, NULL) < 0)
        return 0;
    struct sk_sources sources;
    struct sk_paths paths = { 0 };
    struct sk_path *p;
    struct sk_errmsg em;
    sk_sources_init(&sources);
    SK_ASSERT(sk_path_intern(&paths, SK_SPAN("a.b"), &p, NULL) == 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_val *groups = sk_json_get(root, "groups"), *overrides = sk_json_get(root, "overrides");
    yyjson_val *defaults = sk_json_get(root, "defaults");
    (void)sk_priority_check(SK_PRIORITY_GROUPS, groups, &em);
    (void)sk_priority_check(SK_PRIORITY_OVERRIDES, overrides, &em);
    (void)sk_priority_check(SK_PRIORITY_DEFAULTS, defaults, &em);
    struct sk_priority_rules *rules = sk_priority_rules_create(&sources, groups, overrides, defaults);
    struct sk_priority_engine *e = rules != NULL ? sk_priority_engine_create(rules) : NULL;
    for (size_t i = 0; e != NULL && i < 3 * SK_COUNT(refs); i++) {
        struct sk_source *s;
        if (sk_source_intern(&sources, sk_span_of(refs[i % SK_COUNT(refs)]), &s, NULL) == 0)
            (void)sk_priority_decide(e, p, s, i * 5000);
    }
    sk_priority_engine_destroy(e);
    sk_priority_rules_destroy(rules);
    sk_sources_finish(&sources);
    sk_paths_finish(&paths);
    yyjson_doc_free(doc);
    return 0;
}
