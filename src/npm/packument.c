#include "npm/packument.h"

#include "npm/semver.h"

#include <stdlib.h>

#define VERSIONS_NAMED 8

/* The version object itself; NULL when there is none. */
static yyjson_val *version_object(const yyjson_val *packument, const char *version)
{
    yyjson_val *v = sk_json_get(sk_json_get(packument, "versions"), version);
    return yyjson_is_obj(v) ? v : NULL;
}

static bool deprecated(const yyjson_val *release)
{
    return sk_json_truthy(sk_json_get(release, "deprecated"));
}

static bool version_of(const yyjson_val *key, struct sk_semver *ret)
{
    return sk_semver_parse(sk_json_str(key), ret);
}

static const char *highest_in(const yyjson_val *packument, struct sk_span range)
{
    const char *best = NULL;
    struct sk_semver best_v = { 0 }, v;
    bool best_deprecated = true;
    size_t i, n;
    yyjson_val *key, *release, *versions = sk_json_get(packument, "versions");
    yyjson_obj_foreach(versions, i, n, key, release) {
        if (!yyjson_is_obj(release) || !version_of(key, &v) || !sk_semver_satisfies(&v, range))
            continue;
        bool old = deprecated(release);
        if (best != NULL && (old != best_deprecated ? old : sk_semver_compare(&v, &best_v) <= 0))
            continue;
        best = yyjson_get_str(key);
        best_v = v;
        best_deprecated = old;
    }
    return best;
}

static const char *choose(const yyjson_val *packument, const char *wanted)
{
    struct sk_semver v;
    const yyjson_val *tags = sk_json_get(packument, "dist-tags");
    const char *latest = sk_json_get_str(tags, "latest");
    struct sk_span text = sk_span_of(wanted);
    if (text.n == 0) /* a registry that lost its tags: the highest release */
        return latest != NULL ? latest : highest_in(packument, SK_SPAN("*"));
    const char *tagged = sk_json_get_str(tags, wanted);
    if (tagged != NULL)
        return tagged;
    if (sk_semver_parse(text, &v) && version_object(packument, wanted) != NULL)
        return wanted;
    if (latest != NULL && sk_semver_parse(sk_span_of(latest), &v) && sk_semver_satisfies(&v, text) &&
        !deprecated(version_object(packument, latest)))
        return latest;
    return highest_in(packument, text);
}

/* The newest few, so that the reader sees what he could have meant. */
static void name_versions(const yyjson_val *packument, struct sk_buf *out)
{
    size_t i, n, count = yyjson_obj_size((yyjson_val *)(uintptr_t)sk_json_get(packument, "versions"));
    yyjson_val *key, *release, *versions = sk_json_get(packument, "versions");
    yyjson_obj_foreach(versions, i, n, key, release) {
        (void)release;
        if (i + VERSIONS_NAMED < count || yyjson_get_len(key) > 40)
            continue;
        sk_buf_text(out, out->n > 0 ? ", " : "");
        sk_buf_span_append(out, sk_json_str(key));
    }
}

static int no_such_version(const yyjson_val *packument, const char *name, const char *wanted, struct sk_errmsg *em)
{
    struct sk_buf b;
    sk_buf_init(&b, 400);
    name_versions(packument, &b);
    const char *list = sk_buf_cstr(&b);
    int r = sk_errmsg_set(em, SK_ERR_NOTFOUND, "%s has no version '%.100s'; the last ones are: %s", name, wanted,
                          list != NULL && b.n > 0 ? list : "(none)");
    sk_buf_finish(&b);
    return r;
}

static char *text_of(const yyjson_val *obj, const char *key)
{
    struct sk_span s = sk_json_str(sk_json_get(obj, key));
    return s.p == NULL || memchr(s.p, 0, s.n) != NULL ? sk_xstrdup("") : sk_xstrndup(s.p, s.n);
}

static bool address_ok(const char *url)
{
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        return false;
    for (const char *c = url; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return false;
    return true;
}

int sk_packument_choose(const yyjson_val *packument, const char *name, const char *wanted, struct sk_release *ret,
                        struct sk_errmsg *em)
{
    struct sk_semver v;
    const char *said = sk_json_get_str(packument, "name");
    if (said == NULL || strcmp(said, name) != 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "the registry's answer is not about %s", name);
    const char *version = choose(packument, wanted);
    const yyjson_val *release = version != NULL ? version_object(packument, version) : NULL;
    if (release == NULL || !sk_semver_parse(sk_span_of(version), &v))
        return no_such_version(packument, name, wanted, em);
    const yyjson_val *dist = sk_json_get(release, "dist");
    struct sk_release r = { .name = sk_xstrdup(name),
                            .version = sk_xstrdup(version),
                            .archive = text_of(dist, "tarball"),
                            .integrity = text_of(dist, "integrity"),
                            .shasum = text_of(dist, "shasum"),
                            .deprecated = text_of(release, "deprecated") };
    if (address_ok(r.archive)) {
        *ret = r;
        return 0;
    }
    sk_release_finish(&r);
    return sk_errmsg_set(em, SK_ERR_INVALID, "the registry gives no usable address for the archive of %s %s", name, version);
}

void sk_release_finish(struct sk_release *r)
{
    char *texts[] = { r->name, r->version, r->archive, r->integrity, r->shasum, r->deprecated };
    for (size_t i = 0; i < SK_COUNT(texts); i++)
        free(texts[i]);
    *r = (struct sk_release){ 0 };
}
