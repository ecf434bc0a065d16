#include "model/path.h"

#include "base/json.h"

#include <stdlib.h>

/* Member names that would hit a JavaScript object's prototype; no server of this kind accepts them. */
static bool segment_forbidden(struct sk_span s)
{
    return sk_span_eq(s, "__proto__") || sk_span_eq(s, "constructor") || sk_span_eq(s, "prototype");
}

/* Members of a leaf in the full tree; a child of that name could not be told apart. */
static bool segment_reserved(struct sk_span s)
{
    static const char *const names[] = { "value", "meta", "$source", "timestamp", "pgn", "sentence", "values" };
    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (sk_span_eq(s, names[i]))
            return true;
    return false;
}

struct sk_path *sk_path_find(const struct sk_paths *t, struct sk_span text)
{
    return sk_map_get(&t->map, text);
}

static struct sk_span quoted(struct sk_span s)
{
    struct sk_buf b;
    sk_buf_init(&b, s.n * 6 + 3);
    sk_json_write_str(&b, s);
    size_t n;
    char *p = sk_buf_xsteal(&b, &n);
    return (struct sk_span){ p, n };
}

static struct sk_path *create(struct sk_paths *t, struct sk_path *parent, struct sk_span text)
{
    struct sk_path *p = sk_xcalloc(1, sizeof *p);
    p->parent = parent;
    p->text = (struct sk_span){ sk_xstrndup(text.p, text.n), text.n };
    size_t skip = parent != NULL ? parent->text.n + 1 : 0;
    p->name = (struct sk_span){ p->text.p + skip, text.n - skip };
    p->json = quoted(text);
    p->name_json = parent != NULL ? quoted(p->name) : p->json;
    p->depth = text.n == 0 ? 0 : parent != NULL ? (uint16_t)(parent->depth + 1) : 1;
    p->untreed = segment_reserved(p->name) || (parent != NULL && parent->untreed);
    p->notification =
        parent != NULL && (parent->notification || (parent->depth == 1 && sk_span_eq(parent->text, "notifications")));
    p->id = t->count++;
    sk_map_put(&t->map, p->text, p);
    return p;
}

static int check(const struct sk_paths *t, struct sk_span text, struct sk_errmsg *em)
{
    if (text.n > SK_PATH_LEN_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "path of %zu bytes, at most %u", text.n, SK_PATH_LEN_MAX);
    uint32_t segments = 1;
    for (size_t at = 0, i = 0; i <= text.n; i++) {
        if (i < text.n && text.p[i] != '.')
            continue;
        if (segment_forbidden((struct sk_span){ text.p + at, i - at }))
            return sk_errmsg_set(em, SK_ERR_DENIED, "path '%.*s': forbidden segment", (int)text.n, text.p);
        segments += i < text.n;
        at = i + 1;
    }
    if (segments > SK_PATH_SEGMENTS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "path of %u segments, at most %u", segments, SK_PATH_SEGMENTS_MAX);
    if (t->count + segments > SK_PATHS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u distinct paths", SK_PATHS_MAX);
    return 0;
}

int sk_path_intern(struct sk_paths *t, struct sk_span text, struct sk_path **ret_path, struct sk_errmsg *em)
{
    struct sk_path *p = sk_path_find(t, text);
    if (p == NULL) {
        int r = check(t, text, em);
        if (r < 0)
            return r;
        struct sk_path *parent = NULL;
        for (size_t i = 0; i <= text.n; i++) {
            if (i < text.n && text.p[i] != '.')
                continue;
            struct sk_span prefix = { text.p, i };
            p = sk_path_find(t, prefix);
            if (p == NULL)
                p = create(t, parent, prefix);
            parent = p;
        }
    }
    *ret_path = p;
    return 0;
}

void sk_paths_finish(struct sk_paths *t)
{
    size_t pos = 0;
    struct sk_path *p;
    while ((p = sk_map_next(&t->map, &pos)) != NULL) {
        if (p->name_json.p != p->json.p)
            free((char *)(uintptr_t)p->name_json.p);
        free((char *)(uintptr_t)p->json.p);
        free((char *)(uintptr_t)p->text.p);
        free(p);
    }
    sk_map_finish(&t->map);
}

enum sk_glob_kind sk_glob_kind(struct sk_span pattern)
{
    const char *star = memchr(pattern.p, '*', pattern.n);
    if (star == NULL)
        return SK_GLOB_LITERAL;
    bool last = star + 1 == pattern.p + pattern.n;
    return last && pattern.n > 2 && star[-1] == '.' ? SK_GLOB_BRANCH : SK_GLOB_GENERAL;
}

/* Between the anchored ends, the leftmost place of each literal part is as good as any other: nothing has to be taken back. */
static bool middle_parts(struct sk_span pat, struct sk_span s)
{
    while (pat.n > 0) {
        const char *star = memchr(pat.p, '*', pat.n);
        size_t len = star != NULL ? (size_t)(star - pat.p) : pat.n;
        const char *found = len == 0 ? s.p : memmem(s.p, s.n, pat.p, len);
        if (found == NULL)
            return false;
        s.n -= (size_t)(found + len - s.p);
        s.p = found + len;
        len += star != NULL;
        pat.p += len;
        pat.n -= len;
    }
    return true;
}

bool sk_glob(struct sk_span pat, struct sk_span s)
{
    const char *first = memchr(pat.p, '*', pat.n);
    if (first == NULL)
        return sk_span_is(pat, s);
    const char *last = memrchr(pat.p, '*', pat.n);
    size_t head = (size_t)(first - pat.p), tail = pat.n - (size_t)(last - pat.p) - 1;
    if (s.n < head + tail || memcmp(s.p, pat.p, head) != 0 || memcmp(s.p + s.n - tail, last + 1, tail) != 0)
        return false;
    if (first == last)
        return true;
    return middle_parts((struct sk_span){ first + 1, (size_t)(last - first) - 1 },
                        (struct sk_span){ s.p + head, s.n - head - tail });
}
