/* links: npm_dep */
#include "npm/ignore.h"

/* An ignore file of a stranger's package, and names; the first line is the path. No pattern takes long. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    const char *newline = n > 0 ? memchr(data, '\n', n) : NULL;
    struct sk_span path = { text.p, newline != NULL ? (size_t)(newline - text.p) : n };
    struct sk_ignore ig = { 0 };
    if (path.n > 300)
        path.n = 300;
    if (newline != NULL && n < 4096)
        sk_ignore_add_text(&ig, (struct sk_span){ newline + 1, n - (size_t)(newline + 1 - text.p) });
    bool file = sk_ignore_match(&ig, path, false, false) > 0;
    if (file && path.n > 0 && memchr(path.p, '/', path.n) == NULL)
        SK_ASSERT(ig.count > 0);
    (void)sk_ignore_match(&ig, path, true, true);
    sk_ignore_finish(&ig);
    return 0;
}
