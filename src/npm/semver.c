#include "npm/semver.h"

#define COMPARATORS_MAX 32 /* between two ||; more is no range that people write */
#define ANY UINT64_MAX     /* x, X, *, or left out */
#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* ---- reading --------------------------------------------------------------------------------------------------------------- */

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct sk_span trim(struct sk_span s)
{
    while (s.n > 0 && blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

static void skip(struct sk_span *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool identifier_char(char c)
{
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* A number without leading zeros, or (in ranges) a placeholder. */
static bool read_number(struct sk_span *s, bool wild, uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = 0;
    if (wild && s->n > 0 && (s->p[0] == 'x' || s->p[0] == 'X' || s->p[0] == '*')) {
        *ret = ANY;
        skip(s, 1);
        return true;
    }
    while (n < s->n && digit(s->p[n]) && v <= NUMBER_MAX)
        v = v * 10 + (uint64_t)(s->p[n++] - '0');
    if (n == 0 || v > NUMBER_MAX || (n > 1 && s->p[0] == '0'))
        return false;
    *ret = v;
    skip(s, n);
    return true;
}

/* Dot-separated identifiers; numeric ones of a prerelease have no leading zeros. */
static bool read_identifiers(struct sk_span *s, bool prerelease, struct sk_span *ret)
{
    const char *start = s->p;
    for (;;) {
        size_t n = 0;
        bool numeric = true;
        while (n < s->n && identifier_char(s->p[n]))
            numeric &= digit(s->p[n++]);
        if (n == 0 || (prerelease && numeric && n > 1 && s->p[0] == '0'))
            return false;
        skip(s, n);
        if (s->n == 0 || s->p[0] != '.')
            break;
        skip(s, 1);
    }
    *ret = (struct sk_span){ start, (size_t)(s->p - start) };
    return true;
}

static bool read_tail(struct sk_span *s, struct sk_semver *v)
{
    struct sk_span build;
    if (s->n > 0 && s->p[0] == '-') {
        skip(s, 1);
        if (!read_identifiers(s, true, &v->prerelease))
            return false;
    }
    if (s->n == 0 || s->p[0] != '+')
        return true;
    skip(s, 1);
    return read_identifiers(s, false, &build);
}

bool sk_semver_parse(struct sk_span text, struct sk_semver *ret)
{
    struct sk_semver v = { .prerelease = { NULL, 0 } };
    struct sk_span s = trim(text);
    if (s.n > SK_SEMVER_TEXT_MAX)
        return false;
    if (s.n > 0 && (s.p[0] == 'v' || s.p[0] == '='))
        skip(&s, 1);
    for (int i = 0; i < 3; i++) {
        if (i > 0 && (s.n == 0 || s.p[0] != '.'))
            return false;
        if (i > 0)
            skip(&s, 1);
        if (!read_number(&s, false, &v.number[i]))
            return false;
    }
    if (!read_tail(&s, &v) || s.n > 0)
        return false;
    *ret = v;
    return true;
}

/* ---- order ----------------------------------------------------------------------------------------------------------------- */

static struct sk_span next_identifier(struct sk_span *s)
{
    const char *dot = memchr(s->p, '.', s->n);
    struct sk_span part = { s->p, dot != NULL ? (size_t)(dot - s->p) : s->n };
    skip(s, part.n + (dot != NULL));
    return part;
}

static bool all_digits(struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!digit(s.p[i]))
            return false;
    return true;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_identifiers(struct sk_span a, struct sk_span b)
{
    bool x = all_digits(a), y = all_digits(b);
    if (x != y)
        return x ? -1 : 1; /* numbers before words */
    if (x && a.n != b.n)
        return compare_sizes(a.n, b.n); /* no leading zeros: the longer is the larger */
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c != 0 ? (c > 0) - (c < 0) : compare_sizes(a.n, b.n);
}

static int compare_prereleases(struct sk_span a, struct sk_span b)
{
    if (a.n == 0 || b.n == 0)
        return compare_sizes(b.n != 0, a.n != 0); /* the release itself comes after its prereleases */
    while (a.n > 0 && b.n > 0) {
        int c = compare_identifiers(next_identifier(&a), next_identifier(&b));
        if (c != 0)
            return c;
    }
    return compare_sizes(a.n, b.n);
}

static int compare_numbers(const uint64_t a[3], const uint64_t b[3])
{
    for (int i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] > b[i] ? 1 : -1;
    return 0;
}

int sk_semver_compare(const struct sk_semver *a, const struct sk_semver *b)
{
    int c = compare_numbers(a->number, b->number);
    return c != 0 ? c : compare_prereleases(a->prerelease, b->prerelease);
}

/* ---- ranges: each alternative becomes a list of comparisons ------------------------------------------------------------------
 */

enum op { OP_EQ, OP_LT, OP_LE, OP_GT, OP_GE, OP_NONE /* fits nothing */ };

struct comparator {
    enum op op;
    struct sk_semver v;
};

struct set {
    struct comparator list[COMPARATORS_MAX];
    size_t count;
    bool full;
};

static void add(struct set *s, enum op op, uint64_t major, uint64_t minor, uint64_t patch, struct sk_span prerelease)
{
    if (s->count == COMPARATORS_MAX) {
        s->full = true;
        return;
    }
    s->list[s->count++] = (struct comparator){ op, { { major, minor, patch }, prerelease } };
}

static const struct sk_span NO_PRERELEASE = { NULL, 0 };
/* "-0" is before every other prerelease: "<2.0.0-0" leaves those of 2.0.0 out. */
static const struct sk_span LOWEST = { "0", 1 };

static void add_below(struct set *s, uint64_t major, uint64_t minor, uint64_t patch)
{
    add(s, OP_LT, major, minor, patch, LOWEST);
}

static uint64_t zero_if_any(uint64_t n)
{
    return n == ANY ? 0 : n;
}

/* The lowest version that a partial one means: 1.x is 1.0.0. */
static void add_from(struct set *s, enum op op, const struct sk_semver *p)
{
    add(s, op, zero_if_any(p->number[0]), zero_if_any(p->number[1]), zero_if_any(p->number[2]), p->prerelease);
}

/* What lies just above everything that a partial version means; nothing for "*". */
static void add_up_to(struct set *s, const struct sk_semver *p)
{
    if (p->number[0] == ANY)
        return;
    if (p->number[1] == ANY)
        add_below(s, p->number[0] + 1, 0, 0);
    else if (p->number[2] == ANY)
        add_below(s, p->number[0], p->number[1] + 1, 0);
    else
        add(s, OP_LE, p->number[0], p->number[1], p->number[2], p->prerelease);
}

static bool partial(const struct sk_semver *p)
{
    return p->number[2] == ANY;
}

static void add_tilde(struct set *s, const struct sk_semver *p)
{
    if (p->number[0] == ANY)
        return;
    add_from(s, OP_GE, p);
    if (p->number[1] == ANY)
        add_below(s, p->number[0] + 1, 0, 0);
    else
        add_below(s, p->number[0], p->number[1] + 1, 0);
}

/* Changes that do not touch the first number that is not zero. */
static void add_caret(struct set *s, const struct sk_semver *p)
{
    if (p->number[0] == ANY)
        return;
    add_from(s, OP_GE, p);
    if (p->number[0] > 0 || p->number[1] == ANY)
        add_below(s, p->number[0] + 1, 0, 0);
    else if (p->number[1] > 0 || p->number[2] == ANY)
        add_below(s, 0, p->number[1] + 1, 0);
    else
        add_below(s, 0, 0, p->number[2] + 1);
}

static void add_equal(struct set *s, const struct sk_semver *p)
{
    if (!partial(p)) {
        add_from(s, OP_EQ, p);
        return;
    }
    if (p->number[0] == ANY)
        return;
    add_from(s, OP_GE, p);
    add_up_to(s, p);
}

static void add_compared(struct set *s, enum op op, const struct sk_semver *p)
{
    if (!partial(p)) {
        add_from(s, op, p);
        return;
    }
    if (p->number[0] == ANY) {
        if (op == OP_LT || op == OP_GT)
            add(s, OP_NONE, 0, 0, 0, NO_PRERELEASE);
        return;
    }
    bool minor_any = p->number[1] == ANY;
    uint64_t next[3] = { p->number[0] + minor_any, minor_any ? 0 : p->number[1] + 1, 0 };
    if (op == OP_GT)
        add(s, OP_GE, next[0], next[1], next[2], NO_PRERELEASE);
    else if (op == OP_LE)
        add_below(s, next[0], next[1], next[2]);
    else if (op == OP_LT)
        add_below(s, p->number[0], zero_if_any(p->number[1]), 0);
    else
        add_from(s, op, p);
}

/* [v|=] number[.number[.number[-prerelease][+build]]] with placeholders. */
static bool read_partial(struct sk_span *s, struct sk_semver *ret)
{
    struct sk_semver v = { .number = { ANY, ANY, ANY } };
    while (s->n > 0 && (s->p[0] == 'v' || s->p[0] == '=' || blank(s->p[0])))
        skip(s, 1);
    if (!read_number(s, true, &v.number[0]))
        return false;
    int i = 1;
    for (; i < 3 && s->n > 0 && s->p[0] == '.'; i++) {
        skip(s, 1);
        if (!read_number(s, true, &v.number[i]))
            return false;
    }
    if (i == 3 && !read_tail(s, &v))
        return false;
    for (i = 1; i < 3; i++)
        if (v.number[i - 1] == ANY)
            v.number[i] = ANY;
    if (partial(&v))
        v.prerelease = NO_PRERELEASE;
    *ret = v;
    return s->n == 0 || blank(s->p[0]);
}

/* "1.2 - 3.4", whole alternative. False: it is none. */
static bool read_hyphen(struct sk_span s, struct set *set)
{
    struct sk_semver from, to;
    if (!read_partial(&s, &from))
        return false;
    struct sk_span rest = trim(s);
    if (rest.n < 2 || rest.p[0] != '-' || !blank(rest.p[1]))
        return false;
    skip(&rest, 1);
    rest = trim(rest);
    if (!read_partial(&rest, &to) || rest.n > 0)
        return false;
    if (from.number[0] != ANY)
        add_from(set, OP_GE, &from);
    add_up_to(set, &to);
    return true;
}

static bool read_simple(struct sk_span *s, struct set *set)
{
    char first = s->p[0];
    struct sk_semver v;
    if (first == '~' || first == '^') {
        skip(s, 1);
        if (first == '~' && s->n > 0 && s->p[0] == '>')
            skip(s, 1);
        if (!read_partial(s, &v))
            return false;
        (first == '~' ? add_tilde : add_caret)(set, &v);
        return true;
    }
    if (first != '<' && first != '>') {
        if (!read_partial(s, &v))
            return false;
        add_equal(set, &v);
        return true;
    }
    skip(s, 1);
    bool equal = s->n > 0 && s->p[0] == '=';
    if (!read_partial(s, &v))
        return false;
    add_compared(set, first == '<' ? (equal ? OP_LE : OP_LT) : (equal ? OP_GE : OP_GT), &v);
    return true;
}

static bool read_set(struct sk_span s, struct set *ret)
{
    ret->count = 0;
    ret->full = false;
    s = trim(s);
    if (read_hyphen(s, ret))
        return true;
    ret->count = 0;
    while (s.n > 0) {
        if (!read_simple(&s, ret))
            return false;
        s = trim(s);
    }
    return !ret->full;
}

static bool compares(const struct sk_semver *v, const struct comparator *c)
{
    int r = c->op == OP_NONE ? 0 : sk_semver_compare(v, &c->v);
    switch (c->op) {
    case OP_EQ:
        return r == 0;
    case OP_LT:
        return r < 0;
    case OP_LE:
        return r <= 0;
    case OP_GT:
        return r > 0;
    case OP_GE:
        return r >= 0;
    case OP_NONE:
        break;
    }
    return false;
}

static bool fits(const struct sk_semver *v, const struct set *s)
{
    bool allowed = v->prerelease.n == 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct comparator *c = &s->list[i];
        if (!compares(v, c))
            return false;
        allowed |= c->v.prerelease.n > 0 && compare_numbers(v->number, c->v.number) == 0;
    }
    return allowed;
}

/* `v` NULL: only whether the range can be read. */
static bool each_set(const struct sk_semver *v, struct sk_span range)
{
    struct set set;
    bool any = false;
    if (range.n > SK_SEMVER_TEXT_MAX)
        return false;
    for (;;) {
        const char *bars = range.n > 0 ? memmem(range.p, range.n, "||", 2) : NULL;
        size_t n = bars != NULL ? (size_t)(bars - range.p) : range.n;
        if (!read_set((struct sk_span){ range.p, n }, &set))
            return false;
        any |= v == NULL || fits(v, &set);
        if (bars == NULL)
            return any;
        skip(&range, n + 2);
    }
}

bool sk_semver_range_ok(struct sk_span range)
{
    return each_set(NULL, range);
}

bool sk_semver_satisfies(const struct sk_semver *v, struct sk_span range)
{
    return each_set(v, range);
}
