#include "npm/spec.h"

#include "npm/semver.h"
#include "plugin/package.h"
#include "store/fs.h"

#include <stdlib.h>

#define TAG_MAX 100

static bool part_ok(struct sk_span part)
{
    if (part.n == 0 || part.p[0] == '.' || part.p[0] == '_')
        return false;
    for (size_t i = 0; i < part.n; i++) {
        char c = part.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.' && c != '~')
            return false;
    }
    return !sk_span_eq(part, "node_modules") && !sk_span_eq(part, "favicon.ico");
}

bool sk_npm_name_ok(struct sk_span name)
{
    if (name.n == 0 || name.n > SK_PACKAGE_NAME_MAX)
        return false;
    if (name.p[0] != '@')
        return part_ok(name);
    const char *slash = memchr(name.p, '/', name.n);
    if (slash == NULL)
        return false;
    size_t scope = (size_t)(slash - name.p);
    return part_ok((struct sk_span){ name.p + 1, scope - 1 }) && part_ok((struct sk_span){ slash + 1, name.n - scope - 1 });
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static bool looks_like_path(const char *text)
{
    return text[0] == '.' || text[0] == '/' || text[0] == '~' || ends_in(text, ".tgz") || ends_in(text, ".tar.gz");
}

static int read_path(const char *path, struct sk_spec *ret, struct sk_errmsg *em)
{
    if (sk_fs_is_dir(path))
        ret->kind = SK_SPEC_FOLDER;
    else if (sk_fs_is_file(path))
        ret->kind = SK_SPEC_FILE;
    else
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "%.300s: there is no such file or folder", path);
    ret->path = sk_xstrdup(path);
    return 0;
}

static bool wanted_ok(struct sk_span wanted)
{
    struct sk_semver v;
    if (wanted.n == 0 || sk_semver_parse(wanted, &v) || sk_semver_range_ok(wanted))
        return true;
    if (wanted.n > TAG_MAX)
        return false;
    for (size_t i = 0; i < wanted.n; i++)
        if (wanted.p[i] <= ' ' || wanted.p[i] == 0x7f || strchr("/\\:%?#\"'", wanted.p[i]) != NULL)
            return false;
    return true;
}

static int read_name(const char *text, struct sk_spec *ret, struct sk_errmsg *em)
{
    const char *at = text[0] != '\0' ? strchr(text + 1, '@') : NULL;
    struct sk_span name = { text, at != NULL ? (size_t)(at - text) : strlen(text) };
    struct sk_span wanted = sk_span_of(at != NULL ? at + 1 : "");
    if (!sk_npm_name_ok(name))
        return sk_errmsg_set(em, SK_ERR_INVALID,
                             "'%.200s' is no package name: give a name as in @scope/name, a folder as in ./folder, or a .tgz "
                             "file",
                             text);
    if (!wanted_ok(wanted))
        return sk_errmsg_set(em, SK_ERR_INVALID, "'%.200s' is no version, range or tag (as in 1.2.3, ^1.2, latest)", wanted.p);
    ret->name = sk_xstrndup(name.p, name.n);
    ret->wanted = sk_xstrndup(wanted.p, wanted.n);
    return 0;
}

int sk_spec_read(const char *text, struct sk_spec *ret, struct sk_errmsg *em)
{
    struct sk_spec s = { .kind = SK_SPEC_REGISTRY };
    bool named = strncmp(text, "file:", 5) == 0;
    int r = named || looks_like_path(text) ? read_path(named ? text + 5 : text, &s, em) : read_name(text, &s, em);
    if (r < 0)
        return r;
    char **texts[] = { &s.name, &s.wanted, &s.path };
    for (size_t i = 0; i < SK_COUNT(texts); i++)
        if (*texts[i] == NULL)
            *texts[i] = sk_xstrdup("");
    *ret = s;
    return 0;
}

void sk_spec_finish(struct sk_spec *s)
{
    free(s->name);
    free(s->wanted);
    free(s->path);
    *s = (struct sk_spec){ 0 };
}
