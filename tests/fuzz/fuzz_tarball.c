/* links: npm_dep */
#include "npm/tarball.h"

#include "base/base.h"

static int file(void *arg, const char *name, struct sk_errmsg *em)
{
    bool *open = arg;
    (void)em;
    SK_ASSERT(!*open && sk_tarball_name_ok(sk_span_of(name), 8) && name[0] != '/' && strstr(name, "../") == NULL);
    *open = true;
    return 0;
}

static int bytes(void *arg, struct sk_span part, struct sk_errmsg *em)
{
    const bool *open = arg;
    (void)em;
    SK_ASSERT(*open && part.n > 0);
    return 0;
}

static int file_end(void *arg, struct sk_errmsg *em)
{
    bool *open = arg;
    (void)em;
    SK_ASSERT(*open);
    *open = false;
    return 0;
}

/* The archive of a stranger: no name leaves the package, and the limits hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct sk_tarball_ops ops = { .file = file, .bytes = bytes, .file_end = file_end };
    static const struct sk_tarball_limits limits = {
        .bytes_max = 1 << 20, .file_max = 1 << 19, .entries_max = 50, .depth_max = 8, .ratio_max = 20, .ratio_from = 1 << 16
    };
    bool open = false;
    (void)sk_tarball_walk_memory((struct sk_span){ (const char *)data, n }, &limits, &ops, &open, NULL);
    return 0;
}
