#include "npm/npmrc.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES ((size_t)16 * 1024)
#define PLACE_MAX 2048

struct value {
    char *key, *text;
};

static struct sk_span trim(struct sk_span s)
{
    while (s.n > 0 && (unsigned char)s.p[0] <= ' ') {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
        s.n--;
    return s;
}

static struct sk_span unquote(struct sk_span s)
{
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        return (struct sk_span){ s.p + 1, s.n - 2 };
    return s;
}

/* "${NAME}" at the start of `s`: its length, and the value in *ret; 0 when it is none, or not set. */
static size_t variable(struct sk_span s, const char *(*environment)(const char *name), const char **ret)
{
    char name[256];
    const char *end = memchr(s.p, '}', s.n);
    if (s.n < 4 || s.p[1] != '{' || end == NULL || (size_t)(end - s.p) - 2 >= sizeof name || environment == NULL)
        return 0;
    snprintf(name, sizeof name, "%.*s", (int)(end - s.p) - 2, s.p + 2);
    *ret = environment(name);
    return *ret != NULL ? (size_t)(end - s.p) + 1 : 0;
}

static void expand(struct sk_span s, const char *(*environment)(const char *name), struct sk_buf *out)
{
    while (s.n > 0) {
        const char *text = NULL;
        size_t n = s.p[0] == '$' ? variable(s, environment, &text) : 0;
        if (n > 0)
            sk_buf_text(out, text);
        else
            sk_buf_char(out, s.p[0]);
        s.p += n > 0 ? n : 1;
        s.n -= n > 0 ? n : 1;
    }
}

void sk_npmrc_set(struct sk_npmrc *c, struct sk_span key, struct sk_span value)
{
    if (key.n == 0 || c->values.count >= SK_NPMRC_VALUES_MAX || sk_map_get(&c->values, key) != NULL)
        return;
    struct value *v = sk_xcalloc(1, sizeof *v);
    v->key = sk_xstrndup(key.p, key.n);
    v->text = sk_xstrndup(value.p, value.n);
    sk_map_put(&c->values, (struct sk_span){ v->key, key.n }, v);
}

static void take_line(struct sk_npmrc *c, struct sk_span line, const char *(*environment)(const char *name))
{
    struct sk_buf key, value;
    const char *equals;
    line = trim(line);
    if (line.n == 0 || line.n > LINE_MAX_BYTES || line.p[0] == ';' || line.p[0] == '#' || line.p[0] == '[' ||
        memchr(line.p, '\0', line.n) != NULL)
        return;
    equals = memchr(line.p, '=', line.n);
    size_t n = equals != NULL ? (size_t)(equals - line.p) : line.n;
    struct sk_span right = equals != NULL ? (struct sk_span){ equals + 1, line.n - n - 1 } : SK_SPAN("true");
    sk_buf_init(&key, 2 * LINE_MAX_BYTES);
    sk_buf_init(&value, 2 * LINE_MAX_BYTES);
    expand(trim((struct sk_span){ line.p, n }), environment, &key);
    expand(unquote(trim(right)), environment, &value);
    if (sk_buf_ok(&key) && sk_buf_ok(&value))
        sk_npmrc_set(c, sk_buf_span(&key), value.p != NULL ? sk_buf_span(&value) : SK_SPAN(""));
    sk_buf_finish(&key);
    if (value.p != NULL)
        explicit_bzero(value.p, value.n);
    sk_buf_finish(&value);
}

/* Within one file the last line of a key counts: the lines are taken from the end. */
void sk_npmrc_add(struct sk_npmrc *c, struct sk_span text, const char *(*environment)(const char *name))
{
    size_t end = text.n;
    while (end > 0) {
        const char *newline = memrchr(text.p, '\n', end);
        size_t start = newline != NULL ? (size_t)(newline - text.p) + 1 : 0;
        take_line(c, (struct sk_span){ text.p + start, end - start }, environment);
        end = newline != NULL ? start - 1 : 0;
    }
}

static const char *get(const struct sk_npmrc *c, struct sk_span key)
{
    const struct value *v = sk_map_get(&c->values, key);
    return v != NULL ? v->text : NULL;
}

const char *sk_npmrc_get(const struct sk_npmrc *c, const char *key)
{
    return get(c, sk_span_of(key));
}

const char *sk_npmrc_for_url(const struct sk_npmrc *c, const char *url, const char *key)
{
    char place[PLACE_MAX];
    const char *slashes = strstr(url, "//");
    size_t n = slashes != NULL ? strcspn(slashes, "?#") : 0, room = strlen(key) + 2;
    size_t host = n > 2 ? strcspn(slashes + 2, "/?#") : 0;
    if (host == 0 || n + room >= sizeof place || memchr(slashes + 2, '@', host) != NULL)
        return NULL;
    memcpy(place, slashes, n);
    for (;; n--) { /* each folder, the deepest first; with and without its last slash */
        if (n <= 2)
            return NULL;
        if (slashes[n] != '\0' && strchr("/?#", slashes[n]) == NULL && slashes[n - 1] != '/')
            continue;
        int m = snprintf(place + n, sizeof place - n, ":%s", key);
        const char *found = get(c, (struct sk_span){ place, n + (size_t)m });
        if (found != NULL)
            return found;
    }
}

void sk_npmrc_finish(struct sk_npmrc *c)
{
    size_t pos = 0;
    struct value *v;
    while ((v = sk_map_next(&c->values, &pos)) != NULL) {
        explicit_bzero(v->text, strlen(v->text));
        free(v->text);
        free(v->key);
        free(v);
    }
    sk_map_finish(&c->values);
}
