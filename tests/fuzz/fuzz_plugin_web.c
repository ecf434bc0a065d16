/* links: plugin_pure_dep */
#include "plugin/endpoint.h"
#include "plugin/web.h"

#include <stdlib.h>

/* First byte chooses: a query, a plugin's HTTP answer, or a path against a pattern (divided by a line end). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct sk_span text = { (const char *)data + 1, n - 1 };
    if (data[0] % 3 == 0) {
        struct sk_buf b;
        sk_buf_init(&b, 1 << 20);
        sk_web_query(text, &b);
        sk_buf_finish(&b);
    } else if (data[0] % 3 == 1) {
        struct sk_arena a;
        struct sk_web_reply r;
        sk_arena_init(&a, 1 << 20);
        sk_web_answer(&a, text, &r);
        SK_ASSERT(r.status >= 200 && r.status <= 999);
        sk_arena_finish(&a);
    } else {
        const char *end = memchr(text.p, '\n', text.n);
        char *pattern = sk_xstrndup(text.p, end != NULL ? (size_t)(end - text.p) : 0);
        struct sk_endpoint_params params;
        if (end != NULL &&
            sk_endpoint_path_matches(pattern, (struct sk_span){ end + 1, text.n - (size_t)(end + 1 - text.p) }, &params)) {
            struct sk_buf b;
            sk_buf_init(&b, 1 << 20);
            sk_web_params(&params, &b);
            sk_buf_finish(&b);
        }
        free(pattern);
    }
    return 0;
}
