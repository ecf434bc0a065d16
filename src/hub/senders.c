#include "hub/senders.h"

#include "base/json.h"
#include "base/map.h"

#include <inttypes.h>
#include <stdlib.h>

#define NAMES_MAX 500u

struct sender {
    uint64_t deltas, before, last_interval;
    size_t name_n;
    char name[];
};

struct sk_senders {
    struct sk_map by_name;
    struct sender *latest; /* deltas come in runs of one provider */
};

struct sk_senders *sk_senders_create(void)
{
    return sk_xcalloc(1, sizeof(struct sk_senders));
}

void sk_senders_destroy(struct sk_senders *s)
{
    size_t pos = 0;
    for (struct sender *x; (x = sk_map_next(&s->by_name, &pos)) != NULL;)
        free(x);
    sk_map_finish(&s->by_name);
    free(s);
}

static struct sender *find(struct sk_senders *s, struct sk_span name)
{
    struct sender *x = sk_map_get(&s->by_name, name);
    if (x != NULL || s->by_name.count >= NAMES_MAX)
        return x;
    x = sk_xcalloc(1, sizeof *x + name.n + 1);
    memcpy(x->name, name.p, name.n);
    x->name_n = name.n;
    sk_map_put(&s->by_name, (struct sk_span){ x->name, x->name_n }, x);
    return x;
}

void sk_senders_count(struct sk_senders *s, const char *provider)
{
    if (s->latest == NULL || strcmp(s->latest->name, provider) != 0)
        s->latest = find(s, sk_span_of(provider));
    if (s->latest != NULL)
        s->latest->deltas++;
}

void sk_senders_tick(struct sk_senders *s)
{
    size_t pos = 0;
    for (struct sender *x; (x = sk_map_next(&s->by_name, &pos)) != NULL;) {
        x->last_interval = x->deltas - x->before;
        x->before = x->deltas;
    }
}

void sk_senders_write(const struct sk_senders *s, double interval_s, bool (*told)(void *arg, const char *provider), void *arg,
                      struct sk_buf *out)
{
    size_t pos = 0;
    for (const struct sender *x; (x = sk_map_next(&s->by_name, &pos)) != NULL;) {
        if (told(arg, x->name))
            continue;
        sk_buf_append(out, ",", out->n > 0 && !sk_buf_ends(out, '{'));
        sk_json_write_str(out, (struct sk_span){ x->name, x->name_n });
        SK_BUF_LIT(out, ":{\"deltaRate\":");
        sk_json_write_double(out, (double)x->last_interval / interval_s);
        sk_buf_printf(out, ",\"deltaCount\":%" PRIu64 ",\"lastIntervalDeltaCount\":%" PRIu64 "}", x->deltas, x->last_interval);
    }
}
