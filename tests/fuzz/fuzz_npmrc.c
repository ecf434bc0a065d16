/* links: npm_dep */
#include "npm/npmrc.h"

#include "base/buf.h"

static const char *environment(const char *name)
{
    return strcmp(name, "HOME") == 0 ? "/home/sailor" : NULL;
}

/* A configuration file of npm: no login for a place that was not named. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const urls[] = {
        "https://a.example/npm/@x%2fy", "https://a.example:8/", "http://b", "//", "https://u@c/d", ""
    };
    struct sk_npmrc c = { 0 };
    struct sk_span text = { (const char *)data, n };
    sk_npmrc_add(&c, text, environment);
    for (size_t i = 0; i < SK_COUNT(urls); i++)
        if (sk_npmrc_for_url(&c, urls[i], "_authToken") != NULL)
            SK_ASSERT(sk_span_holds(text, "_authToken") || sk_span_holds(text, "${"));
    (void)sk_npmrc_get(&c, "registry");
    sk_npmrc_finish(&c);
    return 0;
}
