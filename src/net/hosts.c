#include "net/hosts.h"

#include <stdlib.h>
#include <strings.h>

#define NAME_MAX_BYTES 253u

struct entry {
    char *name; /* NULL: a range */
    struct sk_address_range range;
};

struct sk_hosts {
    size_t count;
    bool has_ranges;
    struct entry entries[];
};

static bool is_name(struct sk_span s)
{
    if (sk_span_starts(s, "*."))
        s = (struct sk_span){ s.p + 2, s.n - 2 };
    if (s.n == 0 || s.n > NAME_MAX_BYTES || s.p[0] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool good =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        if (!good)
            return false;
    }
    return true;
}

static int add(struct sk_hosts *h, const yyjson_val *v, struct sk_errmsg *em)
{
    struct sk_span text = sk_json_str(v);
    struct entry *e = &h->entries[h->count];
    if (text.p == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "allowed hosts: entry %zu is not a text", h->count + 1);
    if (sk_address_range_parse(text, &e->range))
        h->has_ranges = true;
    else if (is_name(text))
        e->name = sk_xstrndup(text.p, text.n);
    else
        return sk_errmsg_set(em, SK_ERR_INVALID, "allowed hosts: \"%.*s\" is no host name, address or range (no port, no path)",
                             text.n > 80 ? 80 : (int)text.n, text.p);
    h->count++;
    return 0;
}

int sk_hosts_create(const yyjson_val *list, struct sk_hosts **ret_hosts, struct sk_errmsg *em)
{
    yyjson_val *array = (yyjson_val *)(uintptr_t)list, *v;
    size_t i, n;
    *ret_hosts = NULL;
    if (list == NULL)
        return 0;
    int r = 0;
    if (!yyjson_is_arr(array))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "allowed hosts: not a list");
    else if (yyjson_arr_size(array) > SK_HOSTS_MAX)
        r = sk_errmsg_set(em, SK_ERR_LIMIT, "allowed hosts: more than %u entries", SK_HOSTS_MAX);
    struct sk_hosts *h = sk_xcalloc(1, sizeof *h + (r == 0 ? yyjson_arr_size(array) : 0) * sizeof h->entries[0]);
    if (r == 0)
        yyjson_arr_foreach(array, i, n, v)
            if (r == 0)
                r = add(h, v, em);
    if (r < 0) {
        for (i = 0; i < h->count; i++)
            free(h->entries[i].name);
        h->count = 0;
        h->has_ranges = false;
    }
    *ret_hosts = h;
    return r;
}

void sk_hosts_destroy(struct sk_hosts *h)
{
    for (size_t i = 0; h != NULL && i < h->count; i++)
        free(h->entries[i].name);
    free(h);
}

static bool name_matches(const char *pattern, struct sk_span host)
{
    size_t n = strlen(pattern);
    if (pattern[0] == '*')
        return host.n >= n && strncasecmp(host.p + host.n - (n - 1), pattern + 1, n - 1) == 0;
    return host.n == n && strncasecmp(host.p, pattern, n) == 0;
}

enum sk_hosts_answer sk_hosts_name(const struct sk_hosts *h, struct sk_span host)
{
    struct sk_address a;
    if (h == NULL)
        return SK_HOSTS_YES;
    if (sk_address_parse(host, 0, &a))
        return sk_hosts_address(h, &a) ? SK_HOSTS_YES : SK_HOSTS_NO;
    if (host.n > 0 && host.p[host.n - 1] == '.') /* "host." is the same host */
        host.n--;
    for (size_t i = 0; i < h->count; i++)
        if (h->entries[i].name != NULL && name_matches(h->entries[i].name, host))
            return SK_HOSTS_YES;
    return h->has_ranges ? SK_HOSTS_BY_ADDRESS : SK_HOSTS_NO;
}

bool sk_hosts_address(const struct sk_hosts *h, const struct sk_address *a)
{
    if (h == NULL)
        return true;
    for (size_t i = 0; i < h->count; i++)
        if (h->entries[i].name == NULL && sk_address_range_has(&h->entries[i].range, a))
            return true;
    return false;
}
