#include "api/admin/app_data_edit.h"

#include <stdio.h>
#include <stdlib.h>

#define PATCH_STEPS_MAX 10000u
#define PATCH_MEMORY_MAX ((size_t)64 * 1024 * 1024)
#define DIGITS_MAX 9u

/* ---- names -------------------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool sk_app_data_id_ok(struct sk_span id)
{
    if (id.n == 0 || id.n > SK_APP_ID_MAX || id.p[0] == '.')
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && strchr("._-", c) == NULL)
            return false;
        if (c == '\0')
            return false;
    }
    return true;
}

/* A number without leading zeros at `at`; what follows it. */
static bool take_number(struct sk_span text, size_t *at, unsigned *ret)
{
    size_t from = *at;
    unsigned value = 0;
    while (*at < text.n && is_digit(text.p[*at]) && *at - from < DIGITS_MAX)
        value = 10 * value + (unsigned)(text.p[(*at)++] - '0');
    if (*at == from || (*at < text.n && is_digit(text.p[*at])) || (text.p[from] == '0' && *at - from > 1))
        return false;
    *ret = value;
    return true;
}

bool sk_app_data_version(struct sk_span text, char out[SK_APP_VERSION_SIZE])
{
    unsigned part[3] = { 0, 0, 0 };
    size_t at = 0, count = 1;
    while (at < text.n && !is_digit(text.p[at]))
        at++;
    if (!take_number(text, &at, &part[0]))
        return false;
    while (count < 3 && at + 1 < text.n && text.p[at] == '.' && is_digit(text.p[at + 1])) {
        at++;
        if (!take_number(text, &at, &part[count++]))
            return false;
    }
    snprintf(out, SK_APP_VERSION_SIZE, "%u.%u.%u", part[0], part[1], part[2]);
    return true;
}

/* Members of these names would reach into the machinery of clients in JavaScript. */
static bool is_forbidden(struct sk_span step)
{
    return sk_span_eq(step, "__proto__") || sk_span_eq(step, "constructor") || sk_span_eq(step, "prototype");
}

int sk_app_data_path(struct sk_span text, struct sk_app_path *ret, struct sk_errmsg *em)
{
    ret->count = 0;
    while (text.n > 0) {
        const char *slash = memchr(text.p, '/', text.n);
        size_t n = slash != NULL ? (size_t)(slash - text.p) : text.n;
        struct sk_span step = { text.p, n };
        text.p += n + (slash != NULL);
        text.n -= n + (slash != NULL);
        if (n == 0)
            continue;
        if (is_forbidden(step) || ret->count == SK_APP_PATH_MAX)
            return sk_errmsg_set(em, SK_ERR_INVALID, "invalid path");
        ret->step[ret->count++] = step;
    }
    return 0;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static int parse(struct sk_span text, yyjson_doc **ret, struct sk_errmsg *em)
{
    return sk_json_read(text.n > 0 ? text : SK_SPAN("{}"), ret, em);
}

static bool index_of(struct sk_span step, size_t *ret)
{
    int64_t i;
    if (!sk_parse_int(step, 0, 1000000, &i))
        return false;
    *ret = (size_t)i;
    return true;
}

static yyjson_val *step_into(yyjson_val *v, struct sk_span step)
{
    size_t i;
    if (yyjson_is_obj(v))
        return yyjson_obj_getn(v, step.p, step.n);
    return yyjson_is_arr(v) && index_of(step, &i) ? yyjson_arr_get(v, i) : NULL;
}

static void write_keys(yyjson_val *v, struct sk_buf *out)
{
    size_t i, n;
    yyjson_val *key, *member;
    char text[24];
    sk_buf_char(out, '[');
    if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, n, key, member) {
            sk_buf_append(out, ",", i > 0);
            sk_json_write(out, key);
        }
    } else {
        for (i = 0; i < yyjson_arr_size(v); i++) {
            snprintf(text, sizeof text, "%s\"%zu\"", i > 0 ? "," : "", i);
            sk_buf_text(out, text);
        }
    }
    sk_buf_char(out, ']');
}

int sk_app_data_read(struct sk_span document, const struct sk_app_path *path, bool keys, struct sk_buf *out, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    int r = parse(document, &doc, em);
    if (r < 0)
        return r;
    yyjson_val *v = yyjson_doc_get_root(doc);
    for (size_t i = 0; i < path->count && v != NULL; i++)
        v = step_into(v, path->step[i]);
    if (v == NULL)
        r = sk_errmsg_set(em, SK_ERR_NOTFOUND, "Not Found");
    else if (keys)
        write_keys(v, out);
    else
        sk_json_write(out, v);
    yyjson_doc_free(doc);
    return r == 0 && !sk_buf_ok(out) ? sk_errmsg_set(em, SK_ERR_LIMIT, "the document is too large") : r;
}

/* ---- changing ----------------------------------------------------------------------------------------------------------- */

/* Memory of one change: a patch that copies the document into itself again and again ends here. */
struct room {
    size_t left;
};

static void *room_malloc(void *ctx, size_t n)
{
    struct room *r = ctx;
    if (n > r->left)
        return NULL;
    r->left -= n;
    return malloc(n);
}

static void *room_realloc(void *ctx, void *p, size_t old, size_t n)
{
    struct room *r = ctx;
    if (n > old && n - old > r->left)
        return NULL;
    r->left = n > old ? r->left - (n - old) : r->left + (old - n);
    return realloc(p, n);
}

static void room_free(void *ctx, void *p)
{
    (void)ctx; /* what was given back is not counted: a change is short */
    free(p);
}

/* Is any step of a JSON pointer one that is forbidden? Escapes cannot spell those names. */
static bool pointer_ok(yyjson_val *pointer)
{
    struct sk_app_path path;
    return pointer == NULL || sk_app_data_path(sk_json_str(pointer), &path, NULL) == 0;
}

static int check_patch(yyjson_val *patch, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *step;
    if (yyjson_arr_size(patch) > PATCH_STEPS_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "a patch has at most %u steps", PATCH_STEPS_MAX);
    yyjson_arr_foreach(patch, i, n, step)
        if (!pointer_ok(sk_json_get(step, "path")) || !pointer_ok(sk_json_get(step, "from")))
            return sk_errmsg_set(em, SK_ERR_INVALID, "invalid patch path");
    return 0;
}

static int patched(yyjson_mut_doc *to, yyjson_val *old, yyjson_val *patch, yyjson_mut_val **ret, struct sk_errmsg *em)
{
    yyjson_patch_err why = { 0 };
    int r = check_patch(patch, em);
    if (r < 0)
        return r;
    *ret = yyjson_patch(to, old, patch, &why);
    if (*ret == NULL)
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "step %zu of the patch cannot be done: %s", why.idx + 1,
                             why.msg != NULL ? why.msg : "out of memory");
    return 0;
}

/* The member of that step; an object in its place when there is nothing to step into. */
static yyjson_mut_val *make_step(yyjson_mut_doc *to, yyjson_mut_val *v, struct sk_span step)
{
    size_t i;
    if (yyjson_mut_is_arr(v))
        return index_of(step, &i) ? yyjson_mut_arr_get(v, i) : NULL;
    yyjson_mut_val *next = yyjson_mut_obj_getn(v, step.p, step.n);
    if (yyjson_mut_is_obj(next) || yyjson_mut_is_arr(next))
        return next;
    next = yyjson_mut_obj(to);
    return yyjson_mut_obj_put(v, yyjson_mut_strncpy(to, step.p, step.n), next) ? next : NULL;
}

static bool put_last(yyjson_mut_doc *to, yyjson_mut_val *v, struct sk_span step, yyjson_mut_val *value)
{
    size_t i;
    if (!yyjson_mut_is_arr(v))
        return yyjson_mut_obj_put(v, yyjson_mut_strncpy(to, step.p, step.n), value);
    if (!index_of(step, &i) || i > yyjson_mut_arr_size(v))
        return false;
    return i == yyjson_mut_arr_size(v) ? yyjson_mut_arr_append(v, value) : yyjson_mut_arr_replace(v, i, value) != NULL;
}

static int set_at(yyjson_mut_doc *to, yyjson_val *old, const struct sk_app_path *path, yyjson_val *body, yyjson_mut_val **ret,
                  struct sk_errmsg *em)
{
    yyjson_mut_val *root = yyjson_val_mut_copy(to, old), *v = root;
    for (size_t i = 0; v != NULL && i + 1 < path->count; i++)
        v = make_step(to, v, path->step[i]);
    if (v == NULL || !put_last(to, v, path->step[path->count - 1], yyjson_val_mut_copy(to, body)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "invalid path");
    *ret = root;
    return 0;
}

static int change(yyjson_mut_doc *to, yyjson_val *old, const struct sk_app_path *path, yyjson_val *body, yyjson_mut_val **ret,
                  struct sk_errmsg *em)
{
    if (path->count > 0)
        return set_at(to, old, path, body, ret, em);
    if (yyjson_is_arr(body))
        return patched(to, old, body, ret, em);
    if (!yyjson_is_obj(body))
        return sk_errmsg_set(em, SK_ERR_INVALID, "neither a document (an object) nor a patch (an array)");
    *ret = yyjson_val_mut_copy(to, body);
    return 0;
}

int sk_app_data_change(struct sk_span document, const struct sk_app_path *path, struct sk_span body, struct sk_buf *out,
                       struct sk_errmsg *em)
{
    struct room room = { PATCH_MEMORY_MAX };
    const yyjson_alc alc = { room_malloc, room_realloc, room_free, &room };
    yyjson_doc *old = NULL, *new = NULL;
    yyjson_mut_val *v = NULL;
    yyjson_mut_doc *to = yyjson_mut_doc_new(&alc);
    int r = parse(document, &old, em);
    if (r == 0)
        r = sk_json_read(body, &new, em);
    if (r == 0 && !yyjson_is_obj(yyjson_doc_get_root(old)))
        r = sk_errmsg_set(em, SK_ERR_PROTOCOL, "the document on disk is no object");
    if (r == 0)
        r = change(to, yyjson_doc_get_root(old), path, yyjson_doc_get_root(new), &v, em);
    if (r == 0 && !yyjson_mut_is_obj(v))
        r = sk_errmsg_set(em, SK_ERR_PROTOCOL, "the patch leaves no object");
    if (r == 0)
        sk_json_write_mut(out, v);
    yyjson_mut_doc_free(to);
    yyjson_doc_free(old);
    yyjson_doc_free(new);
    return r == 0 && !sk_buf_ok(out) ? sk_errmsg_set(em, SK_ERR_LIMIT, "the document would be too large or too deep") : r;
}
