/* links: net_dep */
#include "net/fetch_request.h"

#include <stdlib.h>

/* What a plugin asks for: whatever it says, no line of the request can end early. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const some[] = { "authorization", "cookie", "x-a", NULL };
    struct sk_fetch_request r;
    struct sk_errmsg em = { 0 };
    sk_fetch_request_init(&r, 1000);
    int e = sk_fetch_request_parse(&r, (struct sk_span){ (const char *)data, n }, &em);
    SK_ASSERT(e == 0 ? r.url != NULL && r.method[0] != 0 : em.text[0] != 0);
    for (int i = 0; i < 2; i++) {
        size_t lines = 0;
        for (size_t at = 0; at < r.headers.n; at += strlen(r.headers.p + at) + 1, lines++)
            SK_ASSERT(strpbrk(r.headers.p + at, "\r\n") == NULL && strpbrk(r.headers.p + at, ":;") != NULL);
        SK_ASSERT(e < 0 || lines == r.header_count);
        sk_fetch_request_drop(&r, some);
    }
    SK_ASSERT(!sk_fetch_request_has(&r, "cookie") && !sk_fetch_request_has(&r, "host"));
    sk_fetch_request_finish(&r);
    return 0;
}
