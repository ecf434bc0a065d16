/* links: npm_dep */
#include "npm/semver.h"
#include "npm/spec.h"

/* "version\nrange": order is total, and what a range means does not depend on how it is asked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    const char *newline = n > 0 ? memchr(data, '\n', n) : NULL;
    struct sk_span first = { text.p, newline != NULL ? (size_t)(newline - text.p) : n };
    struct sk_span second = newline != NULL ? (struct sk_span){ newline + 1, n - first.n - 1 } : SK_SPAN("*");
    struct sk_semver a, b;
    bool x = sk_semver_parse(first, &a), y = sk_semver_parse(second, &b);
    if (x && y) {
        SK_ASSERT(sk_semver_compare(&a, &b) == -sk_semver_compare(&b, &a));
        SK_ASSERT(sk_semver_compare(&a, &a) == 0);
        SK_ASSERT(sk_semver_satisfies(&a, second) == (sk_semver_compare(&a, &b) == 0));
    }
    if (x && sk_semver_satisfies(&a, second))
        SK_ASSERT(sk_semver_range_ok(second));
    (void)sk_npm_name_ok(text);
    return 0;
}
