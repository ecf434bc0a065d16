#include "api/v2/history_query.h"

#include "base/clock.h"

#include <stdlib.h>

#define DAY_MS 86400000LL
#define YEARS_MAX_MS (1000 * 366 * DAY_MS)
#define POINTS 500

static void mistake(struct sk_buf *b, const char *text)
{
    sk_buf_append(b, ", ", b->n > 0 ? 2 : 0);
    sk_buf_text(b, text);
}

/* ---- spans of time ------------------------------------------------------------------------------------------------------ */

static size_t number_end(struct sk_span s, size_t at)
{
    while (at < s.n && ((s.p[at] >= '0' && s.p[at] <= '9') || s.p[at] == '.'))
        at++;
    return at;
}

/* Years and months have no fixed length. Each letter once, in this order. */
static const struct {
    char letter;
    bool time; /* behind the T */
    int64_t ms;
} units[] = {
    { 'W', false, 7 * DAY_MS }, { 'D', false, DAY_MS }, { 'H', true, 3600000 }, { 'M', true, 60000 }, { 'S', true, 1000 }
};

static bool parse_iso_duration(struct sk_span s, int64_t *ret_ms)
{
    double sum = 0, d;
    bool time = false, any = false, fraction = false;
    size_t unit = 0;
    for (size_t at = 1; at < s.n;) {
        if (!time && s.p[at] == 'T' && at + 1 < s.n) {
            time = true;
            at++;
            continue;
        }
        size_t end = number_end(s, at);
        struct sk_span number = { s.p + at, end - at };
        while (unit < SK_COUNT(units) && (end >= s.n || units[unit].letter != s.p[end] || units[unit].time != time))
            unit++;
        if (unit == SK_COUNT(units) || fraction || !sk_parse_double(number, &d))
            return false;
        fraction = memchr(number.p, '.', number.n) != NULL;
        sum += d * (double)units[unit++].ms;
        any = true;
        at = end + 1;
    }
    if (!any || sum > (double)YEARS_MAX_MS)
        return false;
    *ret_ms = (int64_t)sum;
    return true;
}

bool sk_history_parse_duration(struct sk_span text, int64_t *ret_ms)
{
    int64_t seconds;
    if (text.n > 1 && text.p[0] == 'P')
        return parse_iso_duration(text, ret_ms);
    if (!sk_parse_int(text, 0, YEARS_MAX_MS / 1000, &seconds))
        return false;
    *ret_ms = seconds * 1000;
    return true;
}

bool sk_history_parse_resolution(struct sk_span text, int64_t *ret_ms)
{
    static const char letters[] = "smhd";
    static const int64_t ms[] = { 1000, 60000, 3600000, DAY_MS };
    const char *unit = text.n > 1 ? strchr(letters, text.p[text.n - 1]) : NULL;
    int64_t n;
    double d;
    if (unit != NULL && *unit != '\0') {
        text.n--;
        if (!sk_parse_int(text, 1, YEARS_MAX_MS / DAY_MS, &n))
            return false;
        *ret_ms = n * ms[unit - letters];
        return true;
    }
    if (!sk_parse_double(text, &d) || d < 0.001 || d > (double)YEARS_MAX_MS / 1000)
        return false;
    *ret_ms = (int64_t)(d * 1000 + 0.5);
    return true;
}

int64_t sk_history_choose_resolution(int64_t from, int64_t to)
{
    static const int64_t seconds[] = {
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400
    };
    int64_t wanted = (to - from) / POINTS;
    for (size_t i = 0; i < SK_COUNT(seconds); i++)
        if (seconds[i] * 1000 >= wanted)
            return seconds[i] * 1000;
    return (wanted / DAY_MS + 1) * DAY_MS;
}

void sk_history_parse_range(struct sk_span from, struct sk_span to, struct sk_span duration, int64_t now_ms, int64_t *ret_from,
                            int64_t *ret_to, struct sk_buf *mistakes)
{
    int64_t length = 0;
    size_t before = mistakes->n;
    *ret_to = now_ms;
    if (from.n > 0 && !sk_iso_parse(from.p, from.n, ret_from))
        mistake(mistakes, "from parameter must be a valid ISO 8601 timestamp like 2018-03-20T09:13:28Z");
    if (duration.n > 0 && !sk_history_parse_duration(duration, &length))
        mistake(mistakes,
                "duration parameter must be an ISO 8601 duration string (e.g. 'PT15M') or an integer number of seconds");
    if (from.n == 0 && duration.n == 0)
        mistake(mistakes, "Either from or duration parameter is required at minimum");
    if (to.n > 0 && !sk_iso_parse(to.p, to.n, ret_to))
        mistake(mistakes, "to parameter must be a valid ISO 8601 timestamp like 2018-03-20T09:13:28Z");
    if (from.n > 0 && to.n > 0 && duration.n > 0)
        mistake(mistakes, "Cannot specify all of from, to, and duration together; choose either from+to or from+duration or "
                          "to+duration");
    if (mistakes->n > before)
        return;
    if (from.n == 0)
        *ret_from = *ret_to - length;
    else if (duration.n > 0)
        *ret_to = *ret_from + length;
    if (*ret_from >= *ret_to)
        mistake(mistakes, "from parameter must be before to parameter");
}

/* ---- paths -------------------------------------------------------------------------------------------------------------- */

/* What stands before the next `mark`, which is taken off. */
static struct sk_span next_part(struct sk_span *rest, char mark)
{
    const char *end = rest->n > 0 ? memchr(rest->p, mark, rest->n) : NULL;
    struct sk_span part = { rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n };
    size_t used = part.n + (end != NULL);
    rest->p += used;
    rest->n -= used;
    return part;
}

static void mistake_in(struct sk_buf *b, const char *what, struct sk_span part)
{
    sk_buf_append(b, ", ", b->n > 0 ? 2 : 0);
    sk_buf_printf(b, "%s '%.*s'", what, (int)(part.n < 100 ? part.n : 100), part.n > 0 ? part.p : "");
}

static bool method_of(struct sk_span name, enum sk_history_method *ret)
{
    for (int m = 0; m < SK_HISTORY_METHOD_COUNT; m++)
        if (sk_span_eq(name, sk_history_method_name((enum sk_history_method)m))) {
            *ret = (enum sk_history_method)m;
            return true;
        }
    return false;
}

static bool parse_parameter(struct sk_history_column *c, struct sk_span text)
{
    bool ema = c->method == SK_HISTORY_EMA;
    if (!ema && c->method != SK_HISTORY_SMA)
        return true; /* the others have none; what is given does not matter */
    c->parameter = ema ? 0.2 : 5;
    return text.n == 0 || (sk_parse_double(text, &c->parameter) && c->parameter > 0 && c->parameter <= (ema ? 1 : 10000));
}

static void parse_path(struct sk_span text, struct sk_history_values *v, struct sk_buf *mistakes)
{
    struct sk_span rest = text, expression = next_part(&rest, '|'), source = rest;
    struct sk_span path = next_part(&expression, ':'), method = next_part(&expression, ':'),
                   parameter = next_part(&expression, ':');
    struct sk_history_column c = { .method = SK_HISTORY_AVERAGE };
    if (sk_span_eq(path, "navigation.position"))
        c.method = SK_HISTORY_FIRST;
    if (path.n == 0) {
        mistake_in(mistakes, "no path in", text);
    } else if (method.n > 0 && !method_of(method, &c.method)) {
        mistake_in(mistakes, "unknown aggregation method in", text);
    } else if (!parse_parameter(&c, parameter)) {
        mistake_in(mistakes, "the parameter must be a number of windows (sma) or a weight up to 1 (ema) in", text);
    } else if (v->column_count == SK_HISTORY_COLUMNS_MAX) {
        mistake_in(mistakes, "too many paths, from", text);
    } else {
        c.path = sk_xstrndup(path.p, path.n);
        c.source = source.n > 0 ? sk_xstrndup(source.p, source.n) : NULL;
        v->columns[v->column_count++] = c;
    }
}

void sk_history_parse_paths(struct sk_span paths, struct sk_history_values *v, struct sk_buf *mistakes)
{
    if (paths.n == 0) {
        mistake(mistakes, "paths parameter is required and must be a string");
        return;
    }
    while (paths.n > 0 && sk_buf_ok(mistakes) && mistakes->n < 2000)
        parse_path(next_part(&paths, ','), v, mistakes);
}
