/* links: api_pure_dep */
#include "api/admin/app_catalog.h"

/* A registry's search results, and the same bytes as a package that is installed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    struct sk_map seen = { 0 };
    struct sk_package *p = NULL;
    struct sk_buf b;
    yyjson_doc *doc = NULL;
    sk_buf_init(&b, SK_CATALOG_BYTES_MAX);
    if (sk_json_read(text, &doc, NULL) == 0) {
        sk_buf_char(&b, '[');
        sk_catalog_add_page(&b, &seen, yyjson_doc_get_root(doc), 1800000000000);
        sk_buf_char(&b, ']');
        struct sk_catalog *c = sk_buf_ok(&b) ? sk_catalog_create(sk_buf_span(&b)) : NULL;
        SK_ASSERT(c == NULL || c->by_name.count == seen.count);
        sk_catalog_unref(c);
    }
    sk_buf_clear(&b);
    if (sk_package_parse(text, &p, NULL) == 0) {
        yyjson_doc *out = NULL;
        SK_BUF_LIT(&b, "{\"a\":1");
        sk_catalog_write_installed(&b, p);
        sk_buf_char(&b, '}');
        SK_ASSERT(!sk_buf_ok(&b) || sk_json_read(sk_buf_span(&b), &out, NULL) == 0);
        yyjson_doc_free(out);
        sk_package_unref(p);
    }
    sk_buf_finish(&b);
    sk_catalog_finish_seen(&seen);
    yyjson_doc_free(doc);
    return 0;
}
