#include "auth/acl.h"

#include "model/path.h"

static yyjson_mut_val *member(const yyjson_mut_val *object, const char *name)
{
    return yyjson_mut_obj_get((yyjson_mut_val *)(uintptr_t)object, name);
}

static struct sk_span text(const yyjson_mut_val *v)
{
    yyjson_mut_val *s = (yyjson_mut_val *)(uintptr_t)v;
    return yyjson_mut_is_str(s) ? (struct sk_span){ yyjson_mut_get_str(s), yyjson_mut_get_len(s) } : (struct sk_span){ "", 0 };
}

static bool one_matches(const yyjson_mut_val *patterns, struct sk_span name)
{
    size_t i, n;
    yyjson_mut_val *v;
    yyjson_mut_arr_foreach((yyjson_mut_val *)(uintptr_t)patterns, i, n,
                           v) if (yyjson_mut_is_str(v) && sk_glob(text(v), name)) return true;
    return false;
}

static bool grants(enum sk_acl_action action, struct sk_span permission)
{
    bool write = sk_span_eq(permission, "write");
    switch (action) {
    case SK_ACL_READ:
        return write || sk_span_eq(permission, "read");
    case SK_ACL_WRITE:
        return write;
    case SK_ACL_PUT:
        return sk_span_eq(permission, "put");
    }
    return false;
}

static bool resource_allows(const yyjson_mut_val *resource, struct sk_span user, enum sk_acl_action action)
{
    size_t i, n;
    yyjson_mut_val *v;
    yyjson_mut_arr_foreach(member(resource, "permissions"), i, n, v)
    {
        struct sk_span subject = text(member(v, "subject"));
        if ((sk_span_eq(subject, "any") || (subject.n > 0 && sk_span_is(subject, user))) &&
            grants(action, text(member(v, "permission"))))
            return true;
    }
    return false;
}

bool sk_acl_allows(const yyjson_mut_val *acls, struct sk_span user, enum sk_acl_action action, struct sk_span context,
                   struct sk_span path, struct sk_span source)
{
    size_t i, n, k, m;
    yyjson_mut_val *list, *resource;
    if (acls == NULL)
        return true;
    yyjson_mut_arr_foreach((yyjson_mut_val *)(uintptr_t)acls, i, n, list)
    {
        if (!sk_glob(text(member(list, "context")), context))
            continue;
        yyjson_mut_arr_foreach(member(list, "resources"), k, m, resource)
        {
            const yyjson_mut_val *paths = member(resource, "paths");
            if (paths != NULL ? one_matches(paths, path) : one_matches(member(resource, "sources"), source))
                return resource_allows(resource, user, action);
        }
        return false;
    }
    return false;
}
