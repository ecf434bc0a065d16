/* links: auth_dep */
#include "auth/acl.h"
#include "auth/token.h"

/* The bytes as a token, as its signed part, as a life time, and as access lists. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    struct sk_claims c;
    int64_t seconds;
    if (sk_token_verify(SK_SPAN("key"), text, 1800000000, &c, NULL) == 0) {
        struct sk_buf b;
        sk_buf_init(&b, SK_TOKEN_MAX);
        SK_ASSERT(c.subject[0] != '\0' && (c.exp_s == 0 || c.exp_s > 1800000000));
        (void)sk_token_issue(SK_SPAN("key"), &c, &b, NULL);
        sk_buf_finish(&b);
    }
    if (sk_timespan_parse(text, &seconds, NULL) == 0)
        SK_ASSERT(seconds >= 0);
    yyjson_doc *doc = NULL;
    if (sk_json_read(text, &doc, NULL) == 0) {
        yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
        (void)sk_acl_allows(yyjson_mut_doc_get_root(copy), SK_SPAN("anna"), SK_ACL_READ, SK_SPAN("vessels.self"), SK_SPAN("a.b"),
                            SK_SPAN("x.1"));
        yyjson_mut_doc_free(copy);
    }
    yyjson_doc_free(doc);
    return 0;
}
