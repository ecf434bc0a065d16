/* links: npm_dep */
#include "npm/packument.h"
#include "npm/semver.h"
#include "npm/sri.h"

/* A registry's answer, and the digests in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const wanted[] = { "", "^1.2", "beta", "1.0.0", "<2 || >=3.0.0-0" };
    yyjson_doc *doc = NULL;
    if (sk_json_read((struct sk_span){ (const char *)data, n }, &doc, NULL) < 0)
        return 0;
    for (size_t i = 0; i < SK_COUNT(wanted); i++) {
        struct sk_release r;
        struct sk_errmsg em;
        struct sk_semver v;
        struct sk_sri sri;
        if (sk_packument_choose(yyjson_doc_get_root(doc), "@a/b", wanted[i], &r, &em) < 0)
            continue;
        SK_ASSERT(sk_semver_parse(sk_span_of(r.version), &v));
        if (sk_sri_begin(&sri, r.integrity, r.shasum, NULL) == 0) {
            sk_sri_add(&sri, SK_SPAN("bytes"));
            (void)sk_sri_end(&sri, NULL);
        }
        sk_release_finish(&r);
    }
    yyjson_doc_free(doc);
    return 0;
}
