/* links: api_pure_dep */
/* Parameters of the history API, divided by newlines: from, to, duration, resolution, paths. */
#include "api/v2/history_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span part[5] = { { 0 } }, rest = { (const char *)data, n };
    for (size_t i = 0; i < SK_COUNT(part); i++) {
        const char *end = rest.n > 0 ? memchr(rest.p, '\n', rest.n) : NULL;
        part[i] = (struct sk_span){ rest.p, end != NULL && i + 1 < SK_COUNT(part) ? (size_t)(end - rest.p) : rest.n };
        rest = end != NULL ? (struct sk_span){ end + 1, rest.n - (size_t)(end + 1 - rest.p) } : (struct sk_span){ 0 };
    }
    struct sk_history_values *v = sk_history_values_create();
    struct sk_buf mistakes;
    int64_t resolution = 1000;
    sk_buf_init(&mistakes, (size_t)16 * 1024);
    sk_history_parse_range(part[0], part[1], part[2], 1790000000000, &v->from, &v->to, &mistakes);
    if (mistakes.n == 0)
        SK_ASSERT(v->from < v->to && sk_history_choose_resolution(v->from, v->to) > 0);
    if (sk_history_parse_resolution(part[3], &resolution))
        SK_ASSERT(resolution > 0);
    sk_history_parse_paths(part[4], v, &mistakes);
    for (size_t i = 0; i < v->column_count; i++)
        SK_ASSERT(v->columns[i].path != NULL);
    sk_history_values_destroy(v);
    sk_buf_finish(&mistakes);
    return 0;
}
