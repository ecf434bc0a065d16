#include "auth/budget.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

struct sk_budget_count {
    uint64_t since_ms;
    unsigned taken;
    char key[INET6_ADDRSTRLEN];
};

void sk_budget_init(struct sk_budget *b, unsigned max, uint64_t window_ms)
{
    *b = (struct sk_budget){ .max = max, .window_ms = window_ms };
}

static void forget_before(struct sk_budget *b, uint64_t since_ms)
{
    struct sk_map kept = { 0 };
    struct sk_budget_count *c;
    for (size_t pos = 0; (c = sk_map_next(&b->counts, &pos)) != NULL;) {
        if (c->since_ms < since_ms)
            free(c);
        else
            sk_map_put(&kept, sk_span_of(c->key), c);
    }
    sk_map_finish(&b->counts);
    b->counts = kept;
}

void sk_budget_finish(struct sk_budget *b)
{
    forget_before(b, UINT64_MAX);
    sk_map_finish(&b->counts);
    free(b->others);
    *b = (struct sk_budget){ 0 };
}

static void key_of(const char *address, char key[INET6_ADDRSTRLEN])
{
    struct in6_addr v6;
    snprintf(key, INET6_ADDRSTRLEN, "%s", address);
    if (inet_pton(AF_INET6, address, &v6) != 1 || IN6_IS_ADDR_V4MAPPED(&v6))
        return;
    memset(v6.s6_addr + 8, 0, 8);
    (void)inet_ntop(AF_INET6, &v6, key, INET6_ADDRSTRLEN);
}

static struct sk_budget_count *count_for(struct sk_budget *b, const char *address, uint64_t now_ms)
{
    char key[INET6_ADDRSTRLEN];
    key_of(address, key);
    struct sk_budget_count *c = sk_map_get(&b->counts, sk_span_of(key));
    if (c != NULL)
        return c;
    if (b->counts.count >= SK_BUDGET_ADDRESSES && now_ms >= b->window_ms)
        forget_before(b, now_ms - b->window_ms + 1);
    if (b->counts.count >= SK_BUDGET_ADDRESSES) {
        if (b->others == NULL)
            b->others = sk_xcalloc(1, sizeof *b->others);
        return b->others;
    }
    c = sk_xcalloc(1, sizeof *c);
    c->since_ms = now_ms;
    memcpy(c->key, key, sizeof key);
    sk_map_put(&b->counts, sk_span_of(c->key), c);
    return c;
}

bool sk_budget_take(struct sk_budget *b, const char *address, uint64_t now_ms, unsigned *ret_retry_s)
{
    if (b->max == 0)
        return true;
    struct sk_budget_count *c = count_for(b, address, now_ms);
    if (now_ms - c->since_ms >= b->window_ms) {
        c->since_ms = now_ms;
        c->taken = 0;
    }
    if (c->taken < b->max) {
        c->taken++;
        return true;
    }
    *ret_retry_s = (unsigned)((c->since_ms + b->window_ms - now_ms + 999) / 1000);
    return false;
}
