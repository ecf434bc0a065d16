#include "http/trust.h"

#include "base/json.h"

#include <stdio.h>

static const struct {
    const char *word, *ranges[4];
} words[] = {
    { "loopback", { "127.0.0.0/8", "::1/128" } },
    { "linklocal", { "169.254.0.0/16", "fe80::/10" } },
    { "uniquelocal", { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7" } },
};

static bool add_range(struct sk_trust *t, struct sk_span text)
{
    if (t->count == SK_TRUST_RANGES_MAX || !sk_address_range_parse(text, &t->ranges[t->count]))
        return false;
    t->count++;
    return true;
}

static bool add_part(struct sk_trust *t, struct sk_span part)
{
    for (size_t i = 0; i < SK_COUNT(words); i++) {
        if (!sk_span_eq(part, words[i].word))
            continue;
        bool ok = true;
        for (size_t k = 0; k < SK_COUNT(words[i].ranges) && words[i].ranges[k] != NULL; k++)
            ok = ok && add_range(t, sk_span_of(words[i].ranges[k]));
        return ok;
    }
    return add_range(t, part);
}

int sk_trust_parse(struct sk_span text, struct sk_trust *ret_trust, struct sk_errmsg *em)
{
    struct sk_trust t = { 0 };
    int64_t hops;
    *ret_trust = t;
    text = sk_span_trimmed(text);
    if (sk_span_eq(text, "true"))
        t.all = true;
    else if (sk_parse_int(text, 0, SK_TRUST_HOPS_MAX, &hops))
        t.hops = (unsigned)hops;
    else if (!sk_span_eq(text, "false") && text.n > 0)
        for (const char *p = text.p, *end = text.p + text.n; p <= end;) {
            const char *comma = memchr(p, ',', (size_t)(end - p));
            struct sk_span part = sk_span_trimmed((struct sk_span){ p, (size_t)((comma != NULL ? comma : end) - p) });
            if (!add_part(&t, part))
                return sk_errmsg_set(em, SK_ERR_INVALID,
                                     "trustProxy: '%.*s' is not an address, a range such as 10.0.0.0/8, loopback, linklocal or "
                                     "uniquelocal",
                                     (int)(part.n < 60 ? part.n : 60), part.p != NULL ? part.p : "");
            p = (comma != NULL ? comma : end) + 1;
        }
    *ret_trust = t;
    return 0;
}

static bool is_proxy(const struct sk_trust *t, const char *address, unsigned hop)
{
    struct sk_address a;
    if (t->all || hop < t->hops)
        return true;
    if (!sk_address_parse(sk_span_of(address), 0, &a))
        return false;
    for (size_t i = 0; i < t->count; i++)
        if (sk_address_range_has(&t->ranges[i], &a))
            return true;
    return false;
}

/* The last entry of the list, which is taken off it; false: none, or no address. */
static bool nearest(struct sk_span *list, char out[SK_ADDRESS_TEXT])
{
    struct sk_address a;
    if (list->n == 0)
        return false;
    const char *comma = memrchr(list->p, ',', list->n);
    size_t from = comma != NULL ? (size_t)(comma - list->p) + 1 : 0;
    struct sk_span entry = sk_span_trimmed((struct sk_span){ list->p + from, list->n - from });
    list->n = comma != NULL ? from - 1 : 0;
    if (!sk_address_parse(entry, 0, &a))
        return false;
    sk_address_text(&a, out);
    return true;
}

void sk_trust_client(const struct sk_trust *t, const char *peer, struct sk_span forwarded_for, char out[SK_ADDRESS_TEXT])
{
    char next[SK_ADDRESS_TEXT];
    snprintf(out, SK_ADDRESS_TEXT, "%s", peer);
    for (unsigned hop = 0; hop < SK_TRUST_HOPS_MAX && is_proxy(t, out, hop) && nearest(&forwarded_for, next); hop++)
        memcpy(out, next, sizeof next);
}
