/* links: api_pure_dep */
/* What the resources API reads of a foreign client. First byte: what the rest is; bodies, paths and query values. */
#include "api/v2/resource_check.h"
#include "api/v2/resource_place.h"

/* Refusals are JSON, whatever they were given. */
static void check_errors(int result, const struct sk_buf *errors)
{
    yyjson_doc *doc = NULL;
    SK_ASSERT(result == 0 || (sk_buf_ok(errors) && sk_json_read(sk_buf_span(errors), &doc, NULL) == 0));
    SK_ASSERT(result == 0 || yyjson_arr_size(yyjson_doc_get_root(doc)) == 1);
    yyjson_doc_free(doc);
}

static void body(unsigned what, struct sk_span text)
{
    static const char *const params[] = { "limit", "zoom", "bbox", "position", "distance", "other" };
    yyjson_doc *doc = NULL;
    struct sk_buf errors;
    struct sk_box box;
    if (sk_json_read(text, &doc, NULL) < 0)
        return;
    const yyjson_val *root = yyjson_doc_get_root(doc);
    sk_buf_init(&errors, 8192);
    check_errors(sk_resource_check((enum sk_resource_type)(what % 6), root, &errors), &errors);
    sk_buf_clear(&errors);
    check_errors(sk_resource_check_param(sk_span_of(params[what % SK_COUNT(params)]), root, &errors), &errors);
    sk_buf_finish(&errors);
    if (sk_place_of(root, &box)) {
        SK_ASSERT(box.west <= box.east && box.south <= box.north);
        (void)sk_place_touches(&box, &box);
        (void)sk_place_distance(&box, 23, 60);
    }
    yyjson_doc_free(doc);
}

/* An id that passes can name a file and nothing else. */
static void path(struct sk_span text)
{
    struct sk_arena arena;
    struct sk_resource_path p;
    sk_arena_init(&arena, (size_t)1024 * 1024);
    if (sk_resource_path_read(&arena, text, &p) == 0 && sk_resource_type_ok(p.type) && p.id.p != NULL &&
        sk_resource_id_ok(sk_resource_type_of(p.type), p.id)) {
        SK_ASSERT(memchr(p.id.p, '/', p.id.n) == NULL && memchr(p.id.p, 0, p.id.n) == NULL &&
                  memchr(p.id.p, '\\', p.id.n) == NULL);
        SK_ASSERT(!sk_span_eq(p.id, "..") && !sk_span_eq(p.id, ".") && p.id.n <= SK_RESOURCE_ID_MAX);
        SK_ASSERT(memchr(p.type.p, '/', p.type.n) == NULL && p.type.p[0] != '.');
        SK_ASSERT(p.prop_count <= SK_RESOURCE_PROPS_MAX);
    }
    sk_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct sk_span rest = { (const char *)data + 1, n - 1 };
    if (data[0] == '/')
        path(rest);
    else
        body(data[0], rest);
    return 0;
}
