#include "solo/expect.h"

#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_SHOWN 600

struct look {
    const struct sk_step *step;
    struct sk_record *r;
    const yyjson_val *answer;
    struct sk_failure *f;
};

/* ---- what is told -----------------------------------------------------------------------------------------------------------
 */

static bool fail(struct look *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct look *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(l->f->message, sizeof l->f->message, fmt, ap);
    va_end(ap);
    return false;
}

static void keep_nearest(struct look *l, const struct sk_mismatch *m)
{
    if (l->f->has_difference && m->matched <= l->f->difference.matched)
        return;
    l->f->has_difference = true;
    l->f->difference = *m;
}

static void show_value(struct sk_buf *out, const yyjson_val *v)
{
    struct sk_buf text;
    sk_buf_init(&text, (size_t)4 * 1024 * 1024);
    sk_json_write(&text, v);
    if (text.n <= LINE_SHOWN)
        sk_buf_append(out, text.p, text.n);
    else
        sk_buf_printf(out, "%.*s...", LINE_SHOWN, text.p);
    sk_buf_char(out, '\n');
    sk_buf_finish(&text);
}

static void show_list(struct look *l, const struct sk_record_list *list)
{
    for (size_t i = 0; i < list->count && i < SK_PLAY_SHOWN; i++)
        show_value(&l->f->seen, yyjson_doc_get_root(list->list[i]));
    if (list->count + list->lost > SK_PLAY_SHOWN)
        sk_buf_printf(&l->f->seen, "and %zu more\n", list->count + list->lost - SK_PLAY_SHOWN);
}

/* ---- one of many ------------------------------------------------------------------------------------------------------------
 */

static bool one_of(struct look *l, const struct sk_record_list *list, const yyjson_val *expected, size_t *from)
{
    struct sk_mismatch m;
    for (size_t i = *from; i < list->count; i++) {
        if (sk_match(expected, yyjson_doc_get_root(list->list[i]), &m)) {
            *from = i + 1;
            return true;
        }
        keep_nearest(l, &m);
    }
    return false;
}

static bool some(struct look *l, const struct sk_record_list *list, const yyjson_val *expected, const char *what)
{
    size_t from = 0;
    if (one_of(l, list, expected, &from))
        return true;
    show_list(l, list);
    return fail(l, list->count == 0 ? "no %s came at all" : "no %s was as expected", what);
}

static bool in_order(struct look *l, const struct sk_record_list *list, const yyjson_val *expected, const char *what)
{
    size_t i, n, from = 0;
    yyjson_val *one;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)expected, i, n, one) {
        l->f->has_difference = false;
        if (one_of(l, list, one, &from))
            continue;
        show_list(l, list);
        return fail(l, "%s %zu of %zu did not come%s", what, i + 1, n, i > 0 ? " behind the one before" : "");
    }
    l->f->has_difference = false;
    return true;
}

static bool see_delta(struct look *l, const yyjson_val *expected)
{
    return some(l, &l->r->deltas, expected, "delta");
}

static bool see_deltas(struct look *l, const yyjson_val *expected)
{
    return in_order(l, &l->r->deltas, expected, "delta");
}

static bool see_log(struct look *l, const yyjson_val *expected)
{
    return some(l, &l->r->logs, expected, "line of the log");
}

static bool see_requests(struct look *l, const yyjson_val *expected)
{
    pthread_mutex_lock(&l->r->lock);
    bool came = in_order(l, &l->r->requests, expected, "HTTP request");
    pthread_mutex_unlock(&l->r->lock);
    return came;
}

static bool see_no_delta(struct look *l, const yyjson_val *expected)
{
    const struct sk_record_list *list = &l->r->deltas;
    bool any = yyjson_is_true((yyjson_val *)(uintptr_t)expected);
    for (size_t i = 0; i < list->count; i++) {
        if (!any && !sk_match(expected, yyjson_doc_get_root(list->list[i]), NULL))
            continue;
        show_value(&l->f->seen, yyjson_doc_get_root(list->list[i]));
        return fail(l, "a delta came that should not");
    }
    return true;
}

/* ---- single values of deltas ------------------------------------------------------------------------------------------------
 */

static bool find_value(struct look *l, const yyjson_val *delta, const yyjson_val *expected)
{
    size_t i, j, n, k;
    yyjson_val *update, *pair;
    struct sk_mismatch m;
    yyjson_arr_foreach(sk_json_get(delta, "updates"), i, n, update)
        yyjson_arr_foreach(sk_json_get(update, "values"), j, k, pair) {
            if (sk_match(expected, pair, &m))
                return true;
            if (strncmp(m.path, "path", 4) != 0) /* the right path, another value */
                keep_nearest(l, &m);
        }
    return false;
}

static bool see_value(struct look *l, const yyjson_val *expected)
{
    const struct sk_record_list *list = &l->r->deltas;
    for (size_t i = 0; i < list->count; i++)
        if (find_value(l, yyjson_doc_get_root(list->list[i]), expected)) {
            l->f->has_difference = false;
            return true;
        }
    show_list(l, list);
    return fail(l, list->count == 0 ? "no delta came at all" : "no delta had the value");
}

static bool see_no_value(struct look *l, const yyjson_val *expected)
{
    const struct sk_record_list *list = &l->r->deltas;
    for (size_t i = 0; i < list->count; i++)
        if (find_value(l, yyjson_doc_get_root(list->list[i]), expected)) {
            show_value(&l->f->seen, yyjson_doc_get_root(list->list[i]));
            return fail(l, "a value came that should not");
        }
    l->f->has_difference = false;
    return true;
}

/* ---- what it is like now ----------------------------------------------------------------------------------------------------
 */

static bool see_text(struct look *l, const char *text, const yyjson_val *expected, const char *what)
{
    struct sk_record_list one = { 0 };
    struct sk_mismatch m;
    sk_record_add_text(&one, sk_span_of(text));
    bool same = sk_match(expected, one.count > 0 ? yyjson_doc_get_root(one.list[0]) : NULL, &m);
    if (!same)
        keep_nearest(l, &m);
    if (one.count > 0)
        yyjson_doc_free(one.list[0]);
    free(one.list);
    return same || fail(l, "the plugin's %s is another", what);
}

static bool see_status(struct look *l, const yyjson_val *expected)
{
    return see_text(l, l->r->status, expected, "status");
}

static bool see_state(struct look *l, const yyjson_val *expected)
{
    return see_text(l, l->r->state, expected, "state");
}

static bool see_error(struct look *l, const yyjson_val *expected)
{
    return see_text(l, l->r->error ? l->r->status : "", expected, "error");
}

static bool see_answer(struct look *l, const yyjson_val *expected)
{
    struct sk_mismatch m;
    if (sk_match(expected, l->answer, &m))
        return true;
    keep_nearest(l, &m);
    show_value(&l->f->seen, l->answer);
    return fail(l, "the answer is another");
}

/* ---- all of a step ----------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    bool (*see)(struct look *l, const yyjson_val *expected);
} looks[] = {
    { "delta", see_delta },      { "deltas", see_deltas }, { "value", see_value },   { "noDelta", see_no_delta },
    { "noValue", see_no_value }, { "log", see_log },       { "error", see_error },   { "requests", see_requests },
    { "status", see_status },    { "state", see_state },   { "answer", see_answer },
};

static bool is_of_answer(enum sk_step_kind kind, const char *name)
{
    static const char *const put[] = { "state", "statusCode", "message" }, *const http[] = { "status", "headers", "body" };
    const char *const *names = kind == SK_STEP_PUT ? put : http;
    for (size_t i = 0; (kind == SK_STEP_PUT || kind == SK_STEP_GET || kind == SK_STEP_REQUEST) && i < SK_COUNT(put); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool see_member(struct look *l, const char *name, const yyjson_val *expected)
{
    struct sk_mismatch m;
    if (sk_match(expected, sk_json_get(l->answer, name), &m))
        return true;
    char path[sizeof m.path];
    snprintf(path, sizeof path, "%s%s%.200s", name, m.path[0] != '\0' && m.path[0] != '[' ? "." : "", m.path);
    memcpy(m.path, path, sizeof path);
    keep_nearest(l, &m);
    show_value(&l->f->seen, l->answer);
    return fail(l, "the answer is another");
}

bool sk_expect(const struct sk_step *step, struct sk_record *r, const yyjson_val *answer, struct sk_failure *f)
{
    struct look l = { step, r, answer, f };
    size_t i, n;
    yyjson_val *key, *expected;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)step->expect, i, n, key, expected) {
        const char *name = yyjson_get_str(key);
        bool right = true;
        f->has_difference = false;
        if (is_of_answer(step->kind, name)) {
            right = see_member(&l, name, expected);
        } else {
            for (size_t j = 0; j < SK_COUNT(looks); j++)
                if (strcmp(looks[j].name, name) == 0)
                    right = looks[j].see(&l, expected);
        }
        if (!right)
            return false;
    }
    return true;
}
