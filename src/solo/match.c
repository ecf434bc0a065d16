#include "solo/match.h"

#include "base/json.h"
#include "base/nearest.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>

#define DEPTH_MAX SK_JSON_DEPTH_MAX
#define PATTERN_MAX 1000u /* bytes of a regular expression */

struct match {
    struct sk_mismatch best; /* of the way that went furthest */
    unsigned matched, depth;
    size_t path_n;
    char path[sizeof((struct sk_mismatch *)NULL)->path];
};

static bool match(struct match *m, const yyjson_val *expected, const yyjson_val *actual, bool exact);

/* ---- what is told of a difference -------------------------------------------------------------------------------------------
 */

static void show(const yyjson_val *v, char *out, size_t size)
{
    struct sk_buf b;
    if (v == NULL) {
        snprintf(out, size, "nothing");
        return;
    }
    sk_buf_init(&b, (size_t)4 * 1024 * 1024);
    sk_json_write(&b, v);
    if (!sk_buf_ok(&b))
        snprintf(out, size, "a very large value");
    else if (b.n < size)
        snprintf(out, size, "%.*s", (int)b.n, b.p);
    else
        snprintf(out, size, "%.*s...", (int)size - 4, b.p);
    sk_buf_finish(&b);
}

static bool differ_words(struct match *m, const char *expected, const yyjson_val *actual)
{
    if (m->best.expected[0] != '\0' && m->matched < m->best.matched)
        return false;
    m->best.matched = m->matched;
    snprintf(m->best.path, sizeof m->best.path, "%.*s", (int)m->path_n, m->path);
    snprintf(m->best.expected, sizeof m->best.expected, "%s", expected);
    show(actual, m->best.actual, sizeof m->best.actual);
    return false;
}

static bool differ(struct match *m, const yyjson_val *expected, const yyjson_val *actual)
{
    char text[sizeof m->best.expected];
    show(expected, text, sizeof text);
    return differ_words(m, text, actual);
}

/* The path grows by a member or an element; *before is what it was. */
static void enter(struct match *m, size_t *before, const char *key, size_t index)
{
    int n;
    *before = m->path_n;
    if (key != NULL)
        n = snprintf(m->path + m->path_n, sizeof m->path - m->path_n, "%s%s", m->path_n > 0 ? "." : "", key);
    else
        n = snprintf(m->path + m->path_n, sizeof m->path - m->path_n, "[%zu]", index);
    m->path_n += (size_t)n < sizeof m->path - m->path_n ? (size_t)n : sizeof m->path - m->path_n - 1;
}

/* ---- members that begin with $ ----------------------------------------------------------------------------------------------
 */

static bool is_rule_object(const yyjson_val *v)
{
    yyjson_val *object = (yyjson_val *)(uintptr_t)v, *key = NULL;
    yyjson_obj_iter i;
    if (!yyjson_is_obj(object) || !yyjson_obj_iter_init(object, &i))
        return false;
    key = yyjson_obj_iter_next(&i);
    return key != NULL && yyjson_get_str(key)[0] == '$' && !yyjson_equals_str(key, "$source");
}

static const char *type_name(const yyjson_val *v)
{
    yyjson_val *value = (yyjson_val *)(uintptr_t)v;
    return yyjson_is_num(value) ? "number" : yyjson_is_bool(value) ? "boolean" : yyjson_get_type_desc(value);
}

static bool is_near(double a, double b, double within)
{
    double larger = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
    return fabs(a - b) <= (within >= 0 ? within : 1e-9 * larger);
}

static bool op_any(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    return actual != NULL || differ_words(m, "anything", actual);
}

static bool op_absent(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    return actual == NULL || differ_words(m, "nothing", actual);
}

static bool op_type(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    char words[80];
    if (actual != NULL && yyjson_equals_str((yyjson_val *)(uintptr_t)want, type_name(actual)))
        return true;
    snprintf(words, sizeof words, "a value of type %.40s", sk_json_str(want).p != NULL ? sk_json_str(want).p : "");
    return differ_words(m, words, actual);
}

static bool op_near(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    double a = 0, b = 0, within = sk_json_get_number(all, "$within", -1);
    char words[120];
    sk_json_number(want, &a);
    if (sk_json_number(actual, &b) && is_near(a, b, within))
        return true;
    snprintf(words, sizeof words, within >= 0 ? "%.17g, give or take %g" : "%.17g", a, within);
    return differ_words(m, words, actual);
}

static bool op_within(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    return true; /* belongs to $near */
}

static bool op_between(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    double low = 0, high = 0, d = 0;
    char words[120];
    sk_json_number(yyjson_arr_get((yyjson_val *)(uintptr_t)want, 0), &low);
    sk_json_number(yyjson_arr_get((yyjson_val *)(uintptr_t)want, 1), &high);
    if (sk_json_number(actual, &d) && d >= low && d <= high)
        return true;
    snprintf(words, sizeof words, "a number from %g to %g", low, high);
    return differ_words(m, words, actual);
}

static bool op_contains(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    struct sk_span part = sk_json_str(want), text = sk_json_str(actual);
    char words[200];
    if (text.p != NULL && memmem(text.p, text.n, part.p, part.n) != NULL)
        return true;
    snprintf(words, sizeof words, "a text with \"%.*s\" in it", (int)(part.n < 150 ? part.n : 150), part.p);
    return differ_words(m, words, actual);
}

static bool op_matches(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    struct sk_span text = sk_json_str(actual);
    const char *pattern = sk_json_str(want).p != NULL ? sk_json_str(want).p : "";
    char words[200];
    regex_t r;
    bool fits = false;
    if (text.p != NULL && regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB) == 0) {
        fits = regexec(&r, text.p, 0, NULL, 0) == 0;
        regfree(&r);
    }
    snprintf(words, sizeof words, "a text that matches /%.150s/", pattern);
    return fits || differ_words(m, words, actual);
}

static bool op_length(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    yyjson_val *v = (yyjson_val *)(uintptr_t)actual;
    double n = -1;
    char words[60];
    sk_json_number(want, &n);
    if ((yyjson_is_arr(v) && (double)yyjson_arr_size(v) == n) || (yyjson_is_str(v) && (double)yyjson_get_len(v) == n))
        return true;
    snprintf(words, sizeof words, "length %g", n);
    return differ_words(m, words, actual);
}

static bool op_exactly(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    return match(m, want, actual, true);
}

static bool op_not(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all)
{
    struct match inner = { .depth = m->depth };
    char words[sizeof m->best.expected], text[200];
    if (!match(&inner, want, actual, false))
        return true;
    show(want, text, sizeof text);
    snprintf(words, sizeof words, "anything but %s", text);
    return differ_words(m, words, actual);
}

enum wants { WANTS_TRUE, WANTS_TYPE, WANTS_NUMBER, WANTS_RANGE, WANTS_TEXT, WANTS_REGEX, WANTS_COUNT, WANTS_EXPECTATION };

static const struct rule {
    const char *name;
    enum wants wants;
    bool (*holds)(struct match *m, const yyjson_val *want, const yyjson_val *actual, const yyjson_val *all);
} rules[] = {
    { "$any", WANTS_TRUE, op_any },           { "$absent", WANTS_TRUE, op_absent },
    { "$type", WANTS_TYPE, op_type },         { "$near", WANTS_NUMBER, op_near },
    { "$within", WANTS_NUMBER, op_within },   { "$between", WANTS_RANGE, op_between },
    { "$contains", WANTS_TEXT, op_contains }, { "$matches", WANTS_REGEX, op_matches },
    { "$length", WANTS_COUNT, op_length },    { "$exactly", WANTS_EXPECTATION, op_exactly },
    { "$not", WANTS_EXPECTATION, op_not },
};

static const struct rule *find_rule(const yyjson_val *key)
{
    for (size_t i = 0; i < SK_COUNT(rules); i++)
        if (yyjson_equals_str((yyjson_val *)(uintptr_t)key, rules[i].name))
            return &rules[i];
    return NULL;
}

static bool match_rules(struct match *m, const yyjson_val *expected, const yyjson_val *actual)
{
    size_t i, n;
    yyjson_val *key, *want;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)expected, i, n, key, want) {
        const struct rule *op = find_rule(key);
        if (op == NULL || !op->holds(m, want, actual, expected))
            return op != NULL ? false : differ(m, expected, actual);
    }
    m->matched++;
    return true;
}

/* ---- plain values -----------------------------------------------------------------------------------------------------------
 */

static bool match_object(struct match *m, const yyjson_val *expected, const yyjson_val *actual, bool exact)
{
    yyjson_val *object = (yyjson_val *)(uintptr_t)actual;
    size_t i, n, before;
    yyjson_val *key, *want;
    if (!yyjson_is_obj(object))
        return differ(m, expected, actual);
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)expected, i, n, key, want) {
        enter(m, &before, yyjson_get_str(key), 0);
        bool fits = match(m, want, sk_json_get(actual, yyjson_get_str(key)), exact);
        m->path_n = before;
        if (!fits)
            return false;
    }
    if (exact && yyjson_obj_size(object) > n)
        return differ_words(m, "no further members", actual);
    return true;
}

static bool match_exact_array(struct match *m, yyjson_val *expected, yyjson_val *actual)
{
    size_t i, n, before;
    yyjson_val *want;
    if (yyjson_arr_size(expected) != yyjson_arr_size(actual))
        return differ(m, expected, actual);
    yyjson_arr_foreach(expected, i, n, want) {
        enter(m, &before, NULL, i);
        bool fits = match(m, want, yyjson_arr_get(actual, i), true);
        m->path_n = before;
        if (!fits)
            return false;
    }
    return true;
}

/* Each expected element takes the first one that fits behind its predecessor: if there is a way, this one finds it. */
static bool match_array(struct match *m, const yyjson_val *expected, const yyjson_val *actual, bool exact)
{
    yyjson_val *list = (yyjson_val *)(uintptr_t)actual, *wanted = (yyjson_val *)(uintptr_t)expected, *want, *have;
    size_t i, n, before;
    yyjson_arr_iter at;
    if (!yyjson_is_arr(list))
        return differ(m, expected, actual);
    if (exact)
        return match_exact_array(m, wanted, list);
    yyjson_arr_iter_init(list, &at);
    yyjson_arr_foreach(wanted, i, n, want) {
        bool fits = false, tried = false;
        unsigned matched = m->matched;
        while (!fits && (have = yyjson_arr_iter_next(&at)) != NULL) {
            enter(m, &before, NULL, at.idx - 1);
            m->matched = matched;
            tried = true;
            fits = match(m, want, have, false);
            m->path_n = before;
        }
        if (!fits)
            return !tried && differ(m, want, actual); /* else it is told of the one that came nearest */
    }
    return true;
}

static bool match(struct match *m, const yyjson_val *expected, const yyjson_val *actual, bool exact)
{
    yyjson_val *e = (yyjson_val *)(uintptr_t)expected, *a = (yyjson_val *)(uintptr_t)actual;
    double x, y;
    bool fits;
    if (m->depth == DEPTH_MAX)
        return differ_words(m, "a value that is nested less deeply", actual);
    m->depth++;
    if (is_rule_object(e))
        fits = match_rules(m, e, a);
    else if (yyjson_is_obj(e))
        fits = match_object(m, e, a, exact);
    else if (yyjson_is_arr(e))
        fits = match_array(m, e, a, exact);
    else {
        fits = sk_json_number(e, &x) && sk_json_number(a, &y) ? is_near(x, y, -1) : a != NULL && yyjson_equals(e, a);
        m->matched += fits;
        if (!fits)
            differ(m, e, a);
    }
    m->depth--;
    return fits;
}

bool sk_match(const yyjson_val *expected, const yyjson_val *actual, struct sk_mismatch *ret_mismatch)
{
    struct match m = { 0 };
    bool fits = match(&m, expected, actual, false);
    if (!fits && ret_mismatch != NULL)
        *ret_mismatch = m.best;
    return fits;
}

/* ---- is it one? -------------------------------------------------------------------------------------------------------------
 */

static int check(const yyjson_val *expected, unsigned depth, const yyjson_val **ret_at, struct sk_errmsg *em);

static int refuse_rule(const yyjson_val *key, struct sk_errmsg *em)
{
    const char *names[SK_COUNT(rules) + 1], *name = yyjson_get_str((yyjson_val *)(uintptr_t)key);
    for (size_t i = 0; i < SK_COUNT(rules); i++)
        names[i] = rules[i].name;
    names[SK_COUNT(rules)] = NULL;
    const char *near = name[0] == '$' ? sk_nearest_name(name, strlen(name), names) : NULL;
    if (near != NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "unknown '%.60s'; did you mean %s?", name, near);
    return sk_errmsg_set(em, SK_ERR_INVALID,
                         name[0] == '$' ? "unknown '%.60s'" : "'%.60s' cannot stand beside members that begin with $", name);
}

static int check_regex(const char *text, struct sk_errmsg *em)
{
    regex_t r;
    char why[200];
    if (strlen(text) > PATTERN_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "a regular expression of more than %u bytes", PATTERN_MAX);
    int e = regcomp(&r, text, REG_EXTENDED | REG_NOSUB);
    if (e == 0) {
        regfree(&r);
        return 0;
    }
    regerror(e, NULL, why, sizeof why);
    return sk_errmsg_set(em, SK_ERR_INVALID, "'%.100s' is no regular expression: %s", text, why);
}

static int check_type(const char *text, struct sk_errmsg *em)
{
    static const char *const types[] = { "number", "string", "boolean", "object", "array", "null", NULL };
    for (size_t i = 0; text != NULL && types[i] != NULL; i++)
        if (strcmp(text, types[i]) == 0)
            return 0;
    return sk_errmsg_set(em, SK_ERR_INVALID, "$type is one of number, string, boolean, object, array, null");
}

static int check_rule(const struct rule *op, const yyjson_val *want, unsigned depth, const yyjson_val **ret_at,
                      struct sk_errmsg *em)
{
    yyjson_val *v = (yyjson_val *)(uintptr_t)want;
    double low, high;
    switch (op->wants) {
    case WANTS_TRUE:
        return yyjson_is_true(v) ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "%s can only be true", op->name);
    case WANTS_TYPE:
        return check_type(yyjson_get_str(v), em);
    case WANTS_NUMBER:
        return yyjson_is_num(v) ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "%s is a number", op->name);
    case WANTS_RANGE:
        return yyjson_arr_size(v) == 2 && sk_json_number(yyjson_arr_get(v, 0), &low) &&
                       sk_json_number(yyjson_arr_get(v, 1), &high) && low <= high
                   ? 0
                   : sk_errmsg_set(em, SK_ERR_INVALID, "%s is [lowest, highest]", op->name);
    case WANTS_COUNT:
        return yyjson_is_uint(v) ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "%s is a number from 0", op->name);
    case WANTS_TEXT:
    case WANTS_REGEX:
        if (!yyjson_is_str(v))
            return sk_errmsg_set(em, SK_ERR_INVALID, "%s is a text", op->name);
        return op->wants == WANTS_REGEX ? check_regex(yyjson_get_str(v), em) : 0;
    case WANTS_EXPECTATION:
        return check(v, depth, ret_at, em);
    }
    return 0;
}

static int check_rules(const yyjson_val *expected, unsigned depth, const yyjson_val **ret_at, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *key, *want;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)expected, i, n, key, want) {
        const struct rule *op = find_rule(key);
        *ret_at = key;
        int r = op == NULL ? refuse_rule(key, em) : check_rule(op, want, depth + 1, ret_at, em);
        if (r < 0)
            return r;
    }
    if (sk_json_get(expected, "$within") != NULL && sk_json_get(expected, "$near") == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "$within needs $near beside it");
    return 0;
}

static int check(const yyjson_val *expected, unsigned depth, const yyjson_val **ret_at, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *key, *want, *v = (yyjson_val *)(uintptr_t)expected;
    int r = 0;
    if (depth > DEPTH_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "nested deeper than %d", DEPTH_MAX);
    if (is_rule_object(v))
        return check_rules(v, depth, ret_at, em);
    if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, n, key, want) {
            *ret_at = key;
            if (yyjson_get_str(key)[0] == '$' && find_rule(key) != NULL)
                return sk_errmsg_set(em, SK_ERR_INVALID, "'%s' cannot stand beside other members", yyjson_get_str(key));
            if ((r = check(want, depth + 1, ret_at, em)) < 0)
                return r;
        }
    } else {
        yyjson_arr_foreach(v, i, n, want)
            if ((r = check(want, depth + 1, ret_at, em)) < 0)
                return r;
    }
    return 0;
}

int sk_match_check(const yyjson_val *expected, const yyjson_val **ret_at, struct sk_errmsg *em)
{
    *ret_at = NULL;
    return check(expected, 0, ret_at, em);
}
