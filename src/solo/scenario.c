#include "solo/scenario.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/nearest.h"
#include "solo/match.h"
#include "store/fs.h"

#include <stdlib.h>

#define BEGIN_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z: a scenario that names no time is the same on every day */

/* ---- which members there may be ---------------------------------------------------------------------------------------------
 */

enum takes { ANYTHING, TEXT, OBJECT, LIST, SECONDS, STATUS, TIME, EXPECTATION, EXPECTATIONS };

struct member {
    const char *name;
    enum takes takes;
    bool required;
};

static const struct member top_members[] = {
    { "name", TEXT }, { "config", OBJECT }, { "limits", OBJECT }, { "time", TIME }, { "http", LIST }, { "steps", LIST, true },
    { NULL },
};
static const struct member step_members[] = {
    { "delta", OBJECT }, { "advance", SECONDS },  { "put", OBJECT },    { "get", TEXT },  { "request", OBJECT },
    { "call", OBJECT },  { "configure", OBJECT }, { "expect", OBJECT }, { "note", TEXT }, { NULL },
};
static const struct member put_members[] = { { "path", TEXT, true }, { "value", ANYTHING, true }, { "context", TEXT }, { NULL } };
static const struct member request_members[] = {
    { "path", TEXT, true }, { "method", TEXT }, { "headers", OBJECT }, { "body", ANYTHING }, { NULL },
};
static const struct member call_members[] = { { "export", TEXT, true }, { "request", ANYTHING }, { NULL } };
static const struct member http_members[] = {
    { "url", TEXT, true }, { "method", TEXT }, { "status", STATUS }, { "headers", OBJECT }, { "body", ANYTHING },
    { "error", TEXT },     { NULL },
};
static const struct member value_members[] = { { "path", EXPECTATION, true }, { "value", EXPECTATION }, { NULL } };

#define COMMON_EXPECTATIONS                                                                                                      \
    { "delta", EXPECTATION }, { "deltas", EXPECTATIONS }, { "value", OBJECT }, { "noDelta", EXPECTATION },                       \
        { "noValue", OBJECT }, { "log", EXPECTATION }, { "error", EXPECTATION },                                                 \
    {                                                                                                                            \
        "requests", EXPECTATIONS                                                                                                 \
    }
static const struct member expect_members[] = {
    COMMON_EXPECTATIONS, { "status", EXPECTATION }, { "state", EXPECTATION }, { NULL }
};
static const struct member expect_put_members[] = {
    COMMON_EXPECTATIONS, { "state", EXPECTATION }, { "statusCode", EXPECTATION }, { "message", EXPECTATION }, { NULL },
};
static const struct member expect_http_members[] = {
    COMMON_EXPECTATIONS, { "status", EXPECTATION }, { "headers", EXPECTATION }, { "body", EXPECTATION }, { NULL },
};
static const struct member expect_call_members[] = { COMMON_EXPECTATIONS, { "answer", EXPECTATION }, { NULL } };

/* ---- where and what ---------------------------------------------------------------------------------------------------------
 */

struct reader {
    const char *file;
    struct sk_span text; /* as it was, for counting lines */
    struct sk_scenario *s;
    struct sk_errmsg *em;
};

static void position(struct sk_span text, size_t at, unsigned *ret_line, unsigned *ret_column)
{
    unsigned line = 1;
    size_t start = 0;
    for (size_t i = 0; i < at && i < text.n; i++)
        if (text.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    *ret_line = line;
    *ret_column = (unsigned)(at - start) + 1;
}

/* Texts are read in place: a key stands where it stood in the file, behind its quote. */
static size_t offset_of(const struct reader *r, const yyjson_val *key)
{
    return (size_t)(yyjson_get_str((yyjson_val *)(uintptr_t)key) - r->s->in_situ) - 1;
}

/* Puts file and position in front of what `em` says; key NULL: only the file. */
static int at(const struct reader *r, const yyjson_val *key, int code)
{
    unsigned line, column;
    if (key == NULL)
        return sk_errmsg_wrap(r->em, code, "%s", r->file);
    position(r->text, offset_of(r, key), &line, &column);
    return sk_errmsg_wrap(r->em, code, "%s:%u:%u", r->file, line, column);
}

static const struct member *find_member(const struct member *table, const yyjson_val *key)
{
    while (table->name != NULL && !yyjson_equals_str((yyjson_val *)(uintptr_t)key, table->name))
        table++;
    return table->name != NULL ? table : NULL;
}

static int unknown(const struct reader *r, const struct member *table, const yyjson_val *key)
{
    const char *names[24], *name = yyjson_get_str((yyjson_val *)(uintptr_t)key);
    struct sk_buf all;
    size_t n = 0;
    sk_buf_init(&all, 400);
    for (; table[n].name != NULL; n++) {
        names[n] = table[n].name;
        sk_buf_printf(&all, "%s%s", n > 0 ? ", " : "", table[n].name);
    }
    names[n] = NULL;
    const char *near = sk_nearest_name(name, strlen(name), names);
    if (near != NULL)
        sk_errmsg_set(r->em, SK_ERR_INVALID, "unknown member '%.60s'; did you mean %s?", name, near);
    else
        sk_errmsg_set(r->em, SK_ERR_INVALID, "unknown member '%.60s'; there may be %s", name, sk_buf_cstr(&all));
    sk_buf_finish(&all);
    return at(r, key, SK_ERR_INVALID);
}

static int check_expectation(const struct reader *r, const yyjson_val *key, const yyjson_val *v)
{
    const yyjson_val *where;
    int e = sk_match_check(v, &where, r->em);
    return e < 0 ? at(r, where != NULL ? where : key, e) : 0;
}

static bool fits(enum takes takes, const yyjson_val *value, const char **ret_wanted)
{
    yyjson_val *v = (yyjson_val *)(uintptr_t)value;
    double d;
    int64_t ms;
    switch (takes) {
    case ANYTHING:
    case EXPECTATION:
        return true;
    case TEXT:
        *ret_wanted = "a text";
        return yyjson_is_str(v) && strlen(yyjson_get_str(v)) == yyjson_get_len(v);
    case OBJECT:
        *ret_wanted = "an object";
        return yyjson_is_obj(v);
    case LIST:
    case EXPECTATIONS:
        *ret_wanted = "a list";
        return yyjson_is_arr(v);
    case SECONDS:
        *ret_wanted = "a number of seconds from 0 to 86400";
        return sk_json_number(v, &d) && d >= 0 && d <= SK_SCENARIO_ADVANCE_MAX;
    case STATUS:
        *ret_wanted = "a status from 100 to 599";
        return yyjson_is_uint(v) && yyjson_get_uint(v) >= 100 && yyjson_get_uint(v) <= 599;
    case TIME:
        *ret_wanted = "a time such as 2026-07-01T12:00:00Z";
        return yyjson_is_str(v) && sk_iso_parse(yyjson_get_str(v), yyjson_get_len(v), &ms);
    }
    return false;
}

/* Members and their types. `owner` is the key of the object, NULL for the whole file. */
static int check_members(const struct reader *r, const struct member *table, const yyjson_val *owner, const yyjson_val *object)
{
    yyjson_val *o = (yyjson_val *)(uintptr_t)object, *key, *v;
    const char *wanted = "";
    size_t i, n;
    yyjson_obj_foreach(o, i, n, key, v) {
        const struct member *m = find_member(table, key);
        if (m == NULL)
            return unknown(r, table, key);
        if (!fits(m->takes, v, &wanted)) {
            sk_errmsg_set(r->em, SK_ERR_INVALID, "'%s' is not %s", m->name, wanted);
            return at(r, key, SK_ERR_INVALID);
        }
        int e = m->takes == EXPECTATION || m->takes == EXPECTATIONS ? check_expectation(r, key, v) : 0;
        if (e < 0)
            return e;
    }
    for (; table->name != NULL; table++)
        if (table->required && sk_json_get(object, table->name) == NULL) {
            sk_errmsg_set(r->em, SK_ERR_INVALID, "'%s' is missing", table->name);
            return at(r, owner, SK_ERR_INVALID);
        }
    return 0;
}

/* ---- steps ------------------------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    enum sk_step_kind kind;
    const struct member *members, *expects;
} kinds[] = {
    { "", SK_STEP_NOTHING, NULL, expect_members },
    { "delta", SK_STEP_DELTA, NULL, expect_members },
    { "advance", SK_STEP_ADVANCE, NULL, expect_members },
    { "put", SK_STEP_PUT, put_members, expect_put_members },
    { "get", SK_STEP_GET, NULL, expect_http_members },
    { "request", SK_STEP_REQUEST, request_members, expect_http_members },
    { "call", SK_STEP_CALL, call_members, expect_call_members },
    { "configure", SK_STEP_CONFIGURE, NULL, expect_members },
};

static yyjson_val *first_key(const yyjson_val *object)
{
    yyjson_obj_iter i;
    return yyjson_obj_iter_init((yyjson_val *)(uintptr_t)object, &i) ? yyjson_obj_iter_next(&i) : NULL;
}

static yyjson_val *key_of(const yyjson_val *object, const char *name)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, i, n, key, v)
        if (yyjson_equals_str(key, name))
            return key;
    return NULL;
}

static int find_kind(const struct reader *r, const yyjson_val *step, size_t *ret_kind)
{
    size_t found = 0;
    for (size_t i = 1; i < SK_COUNT(kinds); i++) {
        const yyjson_val *key = key_of(step, kinds[i].name);
        if (key == NULL)
            continue;
        if (found != 0) {
            sk_errmsg_set(r->em, SK_ERR_INVALID, "a step does one thing; '%s' and '%s' are two", kinds[found].name,
                          kinds[i].name);
            return at(r, key, SK_ERR_INVALID);
        }
        found = i;
    }
    *ret_kind = found;
    return 0;
}

static int check_expect(const struct reader *r, size_t kind, const yyjson_val *step)
{
    const yyjson_val *expect = sk_json_get(step, "expect");
    if (expect == NULL)
        return 0;
    int e = check_members(r, kinds[kind].expects, key_of(step, "expect"), expect);
    for (int i = 0; e == 0 && i < 2; i++) {
        const char *name = i == 0 ? "value" : "noValue";
        const yyjson_val *value = sk_json_get(expect, name);
        e = value != NULL ? check_members(r, value_members, key_of(expect, name), value) : 0;
    }
    return e;
}

static int read_step(const struct reader *r, size_t index, const yyjson_val *v, struct sk_step *ret)
{
    const yyjson_val *first = first_key(v);
    unsigned column;
    size_t kind;
    if (first == NULL) {
        sk_errmsg_set(r->em, SK_ERR_INVALID, "step %zu is no object with members", index + 1);
        return at(r, key_of(yyjson_doc_get_root(r->s->doc), "steps"), SK_ERR_INVALID);
    }
    int e = check_members(r, step_members, first, v);
    if (e == 0)
        e = find_kind(r, v, &kind);
    if (e < 0)
        return e;
    if (kinds[kind].members != NULL)
        e = check_members(r, kinds[kind].members, key_of(v, kinds[kind].name), sk_json_get(v, kinds[kind].name));
    if (e == 0)
        e = check_expect(r, kind, v);
    *ret = (struct sk_step){ .kind = kinds[kind].kind,
                             .what = kind > 0 ? sk_json_get(v, kinds[kind].name) : NULL,
                             .expect = sk_json_get(v, "expect"),
                             .note = sk_json_get_str(v, "note") };
    position(r->text, offset_of(r, first), &ret->line, &column);
    return e;
}

static int read_steps(const struct reader *r, const yyjson_val *list)
{
    struct sk_scenario *s = r->s;
    size_t i, n;
    yyjson_val *v;
    if (yyjson_arr_size((yyjson_val *)(uintptr_t)list) > SK_SCENARIO_STEPS_MAX) {
        sk_errmsg_set(r->em, SK_ERR_LIMIT, "more than %u steps", SK_SCENARIO_STEPS_MAX);
        return at(r, key_of(yyjson_doc_get_root(s->doc), "steps"), SK_ERR_LIMIT);
    }
    s->steps = sk_xcalloc(yyjson_arr_size((yyjson_val *)(uintptr_t)list) + 1, sizeof *s->steps);
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)list, i, n, v) {
        int e = read_step(r, i, v, &s->steps[i]);
        if (e < 0)
            return e;
        s->step_count = i + 1;
    }
    return 0;
}

static int read_http(const struct reader *r, const yyjson_val *list)
{
    const yyjson_val *owner = key_of(yyjson_doc_get_root(r->s->doc), "http");
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)list, i, n, v) {
        const yyjson_val *first = first_key(v);
        if (first == NULL) {
            sk_errmsg_set(r->em, SK_ERR_INVALID, "entry %zu is no object with members", i + 1);
            return at(r, owner, SK_ERR_INVALID);
        }
        int e = check_members(r, http_members, first, v);
        if (e < 0)
            return e;
    }
    return 0;
}

/* ---- the whole --------------------------------------------------------------------------------------------------------------
 */

static int read_top(const struct reader *r)
{
    struct sk_scenario *s = r->s;
    const yyjson_val *root = yyjson_doc_get_root(s->doc);
    const char *time;
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)root)) {
        sk_errmsg_set(r->em, SK_ERR_INVALID, "a scenario is an object");
        return at(r, NULL, SK_ERR_INVALID);
    }
    int e = check_members(r, top_members, NULL, root);
    if (e < 0)
        return e;
    s->name = sk_json_get_str(root, "name");
    s->config = sk_json_get(root, "config");
    s->limits = sk_json_get(root, "limits");
    s->http = sk_json_get(root, "http");
    s->wall_ms = BEGIN_MS;
    time = sk_json_get_str(root, "time");
    if (time != NULL)
        sk_iso_parse(time, strlen(time), &s->wall_ms);
    e = read_http(r, s->http);
    return e < 0 ? e : read_steps(r, sk_json_get(root, "steps"));
}

static int read_json(const struct reader *r)
{
    struct sk_scenario *s = r->s;
    yyjson_read_err why;
    unsigned line, column;
    s->in_situ = calloc(1, r->text.n + YYJSON_PADDING_SIZE);
    if (s->in_situ == NULL)
        return sk_errmsg_set(r->em, SK_ERR_NOMEM, "%s", r->file);
    memcpy(s->in_situ, r->text.p, r->text.n);
    s->doc = yyjson_read_opts(s->in_situ, r->text.n, YYJSON_READ_INSITU, NULL, &why);
    if (s->doc != NULL)
        return 0;
    position(r->text, why.pos, &line, &column);
    return sk_errmsg_set(r->em, SK_ERR_INVALID, "%s:%u:%u: %s", r->file, line, column, why.msg);
}

int sk_scenario_parse(const char *file, struct sk_span text, struct sk_scenario **ret_scenario, struct sk_errmsg *em)
{
    struct sk_errmsg own;
    struct reader r = { file, text, NULL, em != NULL ? em : &own };
    if (text.n > SK_SCENARIO_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "%s: larger than %zu bytes", file, SK_SCENARIO_MAX);
    r.s = sk_xcalloc(1, sizeof *r.s);
    int e = read_json(&r);
    if (e == 0)
        e = read_top(&r);
    if (e < 0) {
        sk_scenario_destroy(r.s);
        return e;
    }
    *ret_scenario = r.s;
    return 0;
}

int sk_scenario_load(const char *file, struct sk_scenario **ret_scenario, struct sk_errmsg *em)
{
    char *text = NULL;
    size_t n = 0;
    int r = sk_fs_read(file, SK_SCENARIO_MAX, &text, &n, em);
    if (r == 0)
        r = sk_scenario_parse(file, (struct sk_span){ text, n }, ret_scenario, em);
    free(text);
    return r;
}

void sk_scenario_destroy(struct sk_scenario *s)
{
    if (s == NULL)
        return;
    yyjson_doc_free(s->doc);
    free(s->in_situ);
    free(s->steps);
    free(s);
}
