/* Reading subscribe and unsubscribe messages. */
#include "hub/hub_private.h"

#include "model/query.h"

#include <stdio.h>
#include <stdlib.h>

#define PERIOD_MAX_MS (24u * 3600 * 1000)

/* False: the context cannot be understood, a remark went out. */
static bool read_context(struct sk_feed *f, const yyjson_val *v, struct sk_context_match *m)
{
    yyjson_val *c = (yyjson_val *)(uintptr_t)v;
    *m = (struct sk_context_match){ .kind = SK_MATCH_ALL };
    if (c == NULL || yyjson_is_null(c) || yyjson_equals_str(c, "*"))
        return true;
    if (yyjson_is_str(c)) {
        if (yyjson_equals_str(c, "vessels.self") || yyjson_equals_str(c, "self")) {
            m->kind = SK_MATCH_SELF;
        } else {
            m->kind = SK_MATCH_GLOB;
            m->glob = sk_xstrndup(yyjson_get_str(c), yyjson_get_len(c));
        }
        return true;
    }
    yyjson_val *position = sk_json_get(c, "position");
    if (sk_json_number(sk_json_get(c, "radius"), &m->radius) && sk_json_number(sk_json_get(position, "latitude"), &m->latitude) &&
        sk_json_number(sk_json_get(position, "longitude"), &m->longitude)) {
        m->kind = SK_MATCH_NEAR;
        return true;
    }
    sk_feed_send_remark(f, "Please specify a radius and position for relativePosition");
    return false;
}

/* Milliseconds of a number or numeric text; 0 when it is neither or not positive. */
static uint32_t read_ms(const yyjson_val *v)
{
    double d = 0;
    if (yyjson_is_str((yyjson_val *)(uintptr_t)v))
        (void)sk_parse_double(sk_json_str(v), &d);
    else
        (void)sk_json_number(v, &d);
    return d <= 0 ? 0 : d < 1 ? 1 : d > PERIOD_MAX_MS ? PERIOD_MAX_MS : (uint32_t)d;
}

static void remark(struct sk_row *r, const char *text, const char *policy)
{
    size_t i = 0;
    while (i < SK_COUNT(r->remarks) - 1 && r->remarks[i] != NULL)
        i++;
    free(r->remarks[i]);
    r->remarks[i] = sk_xmalloc(strlen(text) + strlen(policy) + 1);
    stpcpy(stpcpy(r->remarks[i], text), policy);
}

/* Policy, period and minPeriod may contradict one another; minPeriod wins, and each contradiction is remarked on. */
static void read_pace(struct sk_row *r, const yyjson_val *row)
{
    const char *policy = sk_json_get_str(row, "policy"), *format = sk_json_get_str(row, "format");
    yyjson_val *min_period = sk_json_get(row, "minPeriod"), *period = sk_json_get(row, "period");
    char shown[40];
    snprintf(shown, sizeof shown, "%s", policy != NULL ? policy : "");
    bool has_policy = shown[0] != '\0', fixed = strcmp(shown, "fixed") == 0, instant = strcmp(shown, "instant") == 0;
    if (sk_json_truthy(min_period)) {
        r->min_period_ms = read_ms(min_period);
        if (r->min_period_ms == 0) {
            char text[64] = "";
            snprintf(text, sizeof text, "%s", yyjson_is_str(min_period) ? yyjson_get_str(min_period) : "?");
            sk_feed_send_remark(r->feed, "invalid minPeriod value '%s', ignoring", text);
        }
        if (has_policy && !instant)
            remark(r, "minPeriod assumes policy 'instant', ignoring policy ", shown);
    } else if (sk_json_truthy(period) || fixed) {
        if (has_policy && !fixed)
            remark(r, "period assumes policy 'fixed', ignoring policy ", shown);
        else
            r->period_ms = read_ms(period) != 0 ? read_ms(period) : 1000;
    }
    if (format != NULL && strcmp(format, "delta") != 0)
        remark(r, "Only delta format supported, using it", "");
    if (has_policy && !fixed && !instant)
        remark(r, "Only 'instant' and 'fixed' policies supported, ignoring policy ", shown);
}

/* Which sources the rows of a message are about. */
struct sources_wanted {
    bool all;
    struct sk_view *view; /* excludeSources counts among the preferred only */
};

static struct sources_wanted read_sources(const struct sk_feed *f, const yyjson_val *message)
{
    yyjson_val *policy = sk_json_get(message, "sourcePolicy");
    struct sources_wanted w = { .all = yyjson_is_str(policy) ? yyjson_equals_str(policy, "all") : f->all_sources };
    w.view = w.all ? NULL : sk_view_create(sk_json_get(message, "excludeSources"));
    return w;
}

static void add_row(struct sk_feed *f, const yyjson_val *row, const yyjson_val *context, const struct sources_wanted *sources)
{
    yyjson_val *path = sk_json_get(row, "path");
    if (!yyjson_is_str(path) || yyjson_get_len(path) > SK_PATH_LEN_MAX)
        return;
    if (f->row_count >= SK_FEED_ROWS_MAX) {
        sk_feed_send_remark(f, "at most %u subscriptions per connection, ignoring %s", SK_FEED_ROWS_MAX, yyjson_get_str(path));
        return;
    }
    struct sk_row *r = sk_xcalloc(1, sizeof *r);
    struct sk_context_match which;
    r->feed = f;
    r->all_sources = sources->all;
    r->view = sk_view_ref(sources->view);
    (void)read_context(f, context, &which); /* was readable before */
    read_pace(r, row);
    struct sk_row **last = &f->rows;
    while (*last != NULL)
        last = &(*last)->next;
    *last = r;
    f->row_count++;
    sk_pattern_add(sk_pattern_take(f->hub, &which, sk_json_str(path)), r);
    sk_row_send_remarks(r); /* every row is tied to the root values too */
    for (const struct sk_sub_link *l = r->pattern->links; l != NULL; l = l->next_of_pattern)
        sk_row_send_remarks(r);
    sk_replay_begin_row(r);
}

void sk_feed_subscribe(struct sk_feed *f, const yyjson_val *message)
{
    yyjson_val *rows = sk_json_get(message, "subscribe"), *context = sk_json_get(message, "context"), *row;
    if (!yyjson_is_arr(rows))
        return;
    struct sk_context_match which;
    if (!read_context(f, context, &which))
        return;
    struct sources_wanted sources = read_sources(f, message);
    size_t i, n;
    yyjson_arr_foreach(rows, i, n, row)
        add_row(f, row, context, &sources);
    sk_view_unref(sources.view);
    if (sk_json_truthy(sk_json_get(message, "announceNewPaths"))) {
        sk_replay_begin_contexts(f, &which, sources.all);
        if (f->announce)
            sk_context_match_finish(&f->announce_for);
        else
            f->hub->announcers++;
        f->announce = true;
        f->announce_all_sources = sources.all;
        f->announce_for = which;
        return;
    }
    sk_context_match_finish(&which);
}

static void end_row(struct sk_feed *f, const struct sk_context_match *which, bool any_context, const char *path)
{
    for (struct sk_row *r = f->rows, *next; r != NULL; r = next) {
        next = r->next;
        if (sk_span_eq(r->pattern->path, path) && (any_context || sk_context_match_same(&r->pattern->context, which)))
            sk_row_remove(f, r);
    }
}

void sk_feed_unsubscribe(struct sk_feed *f, const yyjson_val *message)
{
    yyjson_val *rows = sk_json_get(message, "unsubscribe"), *context = sk_json_get(message, "context"), *row;
    bool any_context = yyjson_equals_str(context, "*");
    struct sk_context_match which;
    if (!yyjson_is_arr(rows) || !read_context(f, context, &which))
        return;
    size_t i, n;
    yyjson_arr_foreach(rows, i, n, row) {
        const char *path = sk_json_get_str(row, "path");
        if (path == NULL)
            continue;
        if (any_context && strcmp(path, "*") == 0) {
            sk_rows_clear(f);
            sk_feed_set_mode(f, SK_FEED_NONE);
        } else {
            end_row(f, &which, any_context, path);
        }
    }
    sk_context_match_finish(&which);
}
