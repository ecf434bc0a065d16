/* links: solo_pure_dep */
/* A scenario file as an author may have left it: refused with its place, or its expectations can be held against anything. */
#include "base/json.h"
#include "solo/match.h"
#include "solo/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_scenario *s = NULL;
    struct sk_errmsg em = { 0 };
    if (sk_scenario_parse("f", (struct sk_span){ (const char *)data, n }, &s, &em) < 0) {
        SK_ASSERT(em.code < 0 && em.text[0] == 'f');
        return 0;
    }
    for (size_t i = 0; i < s->step_count; i++) {
        const yyjson_val *delta = sk_json_get(s->steps[i].expect, "delta");
        struct sk_mismatch m;
        SK_ASSERT(s->steps[i].line > 0);
        if (delta == NULL)
            continue;
        if (!sk_match(delta, s->steps[i].what, &m))
            SK_ASSERT(m.expected[0] != '\0' && m.actual[0] != '\0');
        (void)sk_match(delta, delta, NULL);
        (void)sk_match(delta, NULL, &m);
    }
    sk_scenario_destroy(s);
    return 0;
}
