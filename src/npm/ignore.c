#include "npm/ignore.h"

#include <stdlib.h>

#define PATTERN_MAX 1000
#define STEPS_MAX 20000 /* of one match: patterns like *a*a*a*a* would take for ever */

struct sk_ignore_rule {
    char *pattern; /* without '!', '/' in front and behind */
    size_t n;
    bool negated, folders_only;
    bool anywhere; /* has no '/': it is the last part of the path that has to fit */
};

/* ---- one pattern ------------------------------------------------------------------------------------------------------------
 */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static struct sk_span from(struct sk_span s, size_t n)
{
    return (struct sk_span){ s.p + n, s.n - n };
}

/* "[a-c]", "[!a]" at the start of the pattern: its length, 0 when it has no end. */
static size_t match_class(struct sk_span p, char c, bool *ret_fits)
{
    size_t i = 1;
    bool negated = i < p.n && (p.p[i] == '!' || p.p[i] == '^'), fits = false;
    i += negated;
    for (size_t first = i; i < p.n && (p.p[i] != ']' || i == first); i++) {
        char low = p.p[i], high = low;
        if (i + 2 < p.n && p.p[i + 1] == '-' && p.p[i + 2] != ']') {
            high = p.p[i + 2];
            i += 2;
        }
        fits |= (c >= low && c <= high) || (lower(c) >= lower(low) && lower(c) <= lower(high));
    }
    if (i >= p.n)
        return 0;
    *ret_fits = fits != negated;
    return i + 1;
}

static bool match(struct sk_span p, struct sk_span s, unsigned *steps);

/* Each of "{a,b}" in its place. */
static bool match_choice(struct sk_span p, size_t close, struct sk_span s, unsigned *steps)
{
    char whole[PATTERN_MAX + 1];
    size_t depth = 0, start = 1;
    for (size_t i = 1; i <= close; i++) {
        if (p.p[i] == '{')
            depth++;
        if (p.p[i] == '}' && i != close && depth > 0)
            depth--;
        if (depth > 0 || (p.p[i] != ',' && i != close))
            continue;
        size_t n = i - start, rest = p.n - close - 1;
        if (n + rest > PATTERN_MAX)
            return false;
        memcpy(whole, p.p + start, n);
        memcpy(whole + n, p.p + close + 1, rest);
        if (match((struct sk_span){ whole, n + rest }, s, steps))
            return true;
        start = i + 1;
    }
    return false;
}

/* Where "{" at the start ends; 0: nowhere, or there is nothing to choose from. */
static size_t close_of(struct sk_span p)
{
    size_t depth = 0;
    bool choice = false;
    for (size_t i = 0; i < p.n; i++) {
        depth += p.p[i] == '{';
        choice |= p.p[i] == ',' && depth == 1;
        if (p.p[i] == '}' && --depth == 0)
            return choice ? i : 0;
    }
    return 0;
}

static bool match_star(struct sk_span p, struct sk_span s, unsigned *steps)
{
    for (size_t i = 0;; i++) {
        if (match(p, from(s, i), steps))
            return true;
        if (i == s.n || s.p[i] == '/' || *steps == 0)
            return false;
    }
}

/* Any number of parts. */
static bool match_parts(struct sk_span p, struct sk_span s, unsigned *steps)
{
    for (size_t i = 0;; i++) {
        if ((i == 0 || s.p[i - 1] == '/') && match(p, from(s, i), steps))
            return true;
        if (i == s.n || *steps == 0)
            return false;
    }
}

static bool match(struct sk_span p, struct sk_span s, unsigned *steps)
{
    while (p.n > 0) {
        bool fits = false;
        size_t n = 0;
        if (*steps == 0 || --*steps == 0)
            return false;
        if (sk_span_starts(p, "**/"))
            return match_parts(from(p, 3), s, steps);
        if (sk_span_eq(p, "**"))
            return s.n > 0;
        if (p.p[0] == '*')
            return match_star(from(p, 1), s, steps);
        if (p.p[0] == '{' && (n = close_of(p)) > 0)
            return match_choice(p, n, s, steps);
        if (s.n == 0)
            return false;
        if (p.p[0] == '[' && s.p[0] != '/' && (n = match_class(p, s.p[0], &fits)) > 0) {
            if (!fits)
                return false;
        } else {
            n = p.p[0] == '\\' && p.n > 1 ? 2 : 1;
            if (p.p[0] == '?' ? s.p[0] == '/' : lower(p.p[n - 1]) != lower(s.p[0]))
                return false;
        }
        p = from(p, n);
        s = from(s, 1);
    }
    return s.n == 0;
}

/* Does the pattern fit the whole path? '*' does not cross '/', "**" as a part does. A pattern that takes too long fits nothing.
 */
static bool glob(struct sk_span pattern, struct sk_span path)
{
    unsigned steps = STEPS_MAX;
    return pattern.n <= PATTERN_MAX && match(pattern, path, &steps);
}

/* ---- rules ------------------------------------------------------------------------------------------------------------------
 */

void sk_ignore_add(struct sk_ignore *ig, struct sk_span s, bool rooted)
{
    struct sk_ignore_rule r = { 0 };
    if (s.n > 0 && s.p[0] == '!') {
        r.negated = true;
        s = from(s, 1);
    }
    while (sk_span_starts(s, "./"))
        s = from(s, 2);
    for (; s.n > 0 && s.p[0] == '/'; rooted = true)
        s = from(s, 1);
    for (; s.n > 0 && s.p[s.n - 1] == '/'; r.folders_only = true)
        s.n--;
    if (s.n == 0 || s.n > PATTERN_MAX || ig->count == SK_IGNORE_RULES_MAX)
        return;
    r.anywhere = !rooted && memchr(s.p, '/', s.n) == NULL;
    r.pattern = sk_xstrndup(s.p, s.n);
    r.n = s.n;
    if (ig->count == ig->cap) {
        ig->cap = ig->cap == 0 ? 16 : 2 * ig->cap;
        ig->list = sk_xrealloc(ig->list, ig->cap * sizeof *ig->list);
    }
    ig->list[ig->count++] = r;
}

void sk_ignore_add_text(struct sk_ignore *ig, struct sk_span text)
{
    while (text.n > 0) {
        const char *newline = memchr(text.p, '\n', text.n);
        size_t n = newline != NULL ? (size_t)(newline - text.p) : text.n, end = n;
        while (end > 0 && (unsigned char)text.p[end - 1] <= ' ')
            end--;
        if (end > 0 && text.p[0] != '#')
            sk_ignore_add(ig, (struct sk_span){ text.p, end }, false);
        text = from(text, n + (newline != NULL));
    }
}

static bool rule_fits(const struct sk_ignore_rule *r, struct sk_span path, bool is_folder)
{
    struct sk_span pattern = { r->pattern, r->n };
    const char *slash = r->anywhere && path.n > 0 ? memrchr(path.p, '/', path.n) : NULL;
    if (r->folders_only && !is_folder)
        return false;
    return glob(pattern, slash != NULL ? from(path, (size_t)(slash - path.p) + 1) : path);
}

static bool fits(const struct sk_ignore_rule *r, struct sk_span path, bool is_folder, bool below)
{
    if (rule_fits(r, path, is_folder))
        return true;
    for (size_t i = path.n; below && i-- > 0;)
        if (path.p[i] == '/' && rule_fits(r, (struct sk_span){ path.p, i }, true))
            return true;
    return false;
}

int sk_ignore_match(const struct sk_ignore *ig, struct sk_span path, bool is_folder, bool below)
{
    for (size_t i = ig->count; i-- > 0;)
        if (fits(&ig->list[i], path, is_folder, below))
            return ig->list[i].negated ? -1 : 1;
    return 0;
}

void sk_ignore_finish(struct sk_ignore *ig)
{
    for (size_t i = 0; i < ig->count; i++)
        free(ig->list[i].pattern);
    free(ig->list);
    *ig = (struct sk_ignore){ 0 };
}
