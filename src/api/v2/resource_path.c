#include "api/v2/resource_check.h"

#include "http/server.h"

const char *const sk_resource_names[SK_STANDARD_RESOURCES] = { "routes", "waypoints", "notes", "regions", "charts" };

enum sk_resource_type sk_resource_type_of(struct sk_span name)
{
    for (unsigned i = 0; i < SK_STANDARD_RESOURCES; i++)
        if (sk_span_eq(name, sk_resource_names[i]))
            return (enum sk_resource_type)i;
    return SK_CUSTOM_RESOURCE;
}

static bool letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool only(struct sk_span s, const char *others)
{
    for (size_t i = 0; i < s.n; i++)
        if (!letter_or_digit(s.p[i]) && (s.p[i] == '\0' || strchr(others, s.p[i]) == NULL))
            return false;
    return true;
}

bool sk_resource_type_ok(struct sk_span name)
{
    return name.n > 0 && name.n <= 64 && name.p[0] != '_' && name.p[0] != '.' && only(name, "_-.");
}

static bool hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool uuid_v4(struct sk_span s)
{
    if (s.n != 36 || s.p[14] != '4' || strchr("89abAB", s.p[19]) == NULL || s.p[19] == '\0')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s.p[i] != '-' : !hex(s.p[i]))
            return false;
    return true;
}

bool sk_resource_id_ok(enum sk_resource_type type, struct sk_span id)
{
    if (id.n == 0 || id.n > SK_RESOURCE_ID_MAX)
        return false;
    if (type == SK_CHARTS)
        return id.n >= 8 && only(id, "_-");
    if (type != SK_CUSTOM_RESOURCE)
        return uuid_v4(id);
    return only(id, "._:-") && !sk_span_eq(id, ".") && !sk_span_eq(id, "..");
}

static int take_part(struct sk_resource_path *to, size_t index, struct sk_span part)
{
    if (index >= 2 + SK_RESOURCE_PROPS_MAX)
        return SK_ERR_LIMIT;
    if (index == 0)
        to->type = part;
    else if (index == 1)
        to->id = part;
    else
        to->props[to->prop_count++] = part;
    return 0;
}

int sk_resource_path_read(struct sk_arena *a, struct sk_span rest, struct sk_resource_path *ret)
{
    *ret = (struct sk_resource_path){ 0 };
    if (rest.n > 0 && rest.p[rest.n - 1] == '/')
        rest.n--;
    size_t index = 0;
    for (size_t from = 0, i = 0; i <= rest.n; i++) {
        if (i < rest.n && rest.p[i] != '/')
            continue;
        struct sk_span part = sk_http_decode(a, (struct sk_span){ rest.p + from, i - from }, false);
        if (part.p == NULL || part.n == 0)
            return SK_ERR_INVALID;
        int r = take_part(ret, index++, part);
        if (r < 0)
            return r;
        from = i + 1;
    }
    return 0;
}
