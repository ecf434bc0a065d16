#include "oidc/url.h"

#include <strings.h>

/* What stands behind the scheme, up to the path; {NULL,0}: neither http nor https. */
static struct sk_span authority_of(struct sk_span url, bool *ret_safe)
{
    size_t skip = url.n > 8 && strncasecmp(url.p, "https://", 8) == 0  ? 8
                  : url.n > 7 && strncasecmp(url.p, "http://", 7) == 0 ? 7
                                                                       : 0;
    struct sk_span rest = { url.p + skip, url.n - skip };
    size_t n = 0;
    *ret_safe = skip == 8;
    while (n < rest.n && strchr("/?#", rest.p[n]) == NULL)
        n++;
    return skip == 0 ? (struct sk_span){ NULL, 0 } : (struct sk_span){ rest.p, n };
}

static bool is_this_machine(struct sk_span authority)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        size_t n = strlen(names[i]);
        if (authority.n >= n && strncasecmp(authority.p, names[i], n) == 0 && (authority.n == n || authority.p[n] == ':'))
            return true;
    }
    return false;
}

/* Host and, when there is one, a port of digits. */
static bool is_host(struct sk_span a)
{
    size_t at = 0;
    if (a.n > 0 && a.p[0] == '[') {
        while (at < a.n && a.p[at] != ']')
            at++;
        if (at < 3 || at == a.n)
            return false;
        at++;
    } else {
        while (at < a.n && a.p[at] != ':') {
            if (strchr("@\\[]<>\"{}|^`%", a.p[at]) != NULL)
                return false;
            at++;
        }
    }
    if (at == 0 || (at < a.n && (a.p[at] != ':' || a.n - at > 6)))
        return false;
    for (size_t i = at + 1; i < a.n; i++)
        if (a.p[i] < '0' || a.p[i] > '9')
            return false;
    return true;
}

int sk_oidc_url_check(struct sk_span url, struct sk_errmsg *em)
{
    bool safe;
    if (url.n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "is missing");
    if (url.n > SK_OIDC_URL_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "is longer than %u bytes", SK_OIDC_URL_MAX);
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= 0x20 || (unsigned char)url.p[i] >= 0x7f || url.p[i] == '\\')
            return sk_errmsg_set(em, SK_ERR_INVALID, "holds a character that no address may have");
    struct sk_span authority = authority_of(url, &safe);
    if (authority.p == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "must be a whole address that begins with https://");
    if (memchr(authority.p, '@', authority.n) != NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "must not hold a user name");
    if (!is_host(authority))
        return sk_errmsg_set(em, SK_ERR_INVALID, "has no usable host");
    if (!safe && !is_this_machine(authority))
        return sk_errmsg_set(em, SK_ERR_INVALID, "must use https; http is for localhost only");
    if (memchr(url.p, '#', url.n) != NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "must not have a fragment (#)");
    return 0;
}

struct sk_span sk_oidc_url_origin(struct sk_span url)
{
    bool safe;
    struct sk_span authority = authority_of(url, &safe);
    return authority.p == NULL ? authority : (struct sk_span){ url.p, (size_t)(authority.p - url.p) + authority.n };
}
