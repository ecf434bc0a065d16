#include "model/meta.h"

#include "model/meta_table.h"

#include <stdlib.h>

static struct sk_span next_segment(struct sk_span *rest)
{
    const char *dot = memchr(rest->p, '.', rest->n);
    struct sk_span seg = { rest->p, dot != NULL ? (size_t)(dot - rest->p) : rest->n };
    size_t used = seg.n + (dot != NULL);
    rest->p += used;
    rest->n -= used;
    return seg;
}

bool sk_meta_pattern_matches(struct sk_span pattern, struct sk_span path)
{
    while (pattern.n > 0 && path.n > 0) {
        struct sk_span want = next_segment(&pattern), have = next_segment(&path);
        if (!sk_span_eq(want, "*") && !sk_span_is(want, have))
            return false;
    }
    return pattern.n == 0 && path.n == 0;
}

/* Rows are sorted, so an exact pattern would be found quicker; but this runs once a path and process. An exact row wins. */
static const struct sk_meta_row *seed_row(struct sk_span path)
{
    const struct sk_meta_row *found = NULL;
    for (uint32_t i = 0; i < sk_meta_row_count; i++) {
        struct sk_span pattern = sk_span_of(sk_meta_text + sk_meta_rows[i].pattern);
        if (sk_span_is(pattern, path))
            return &sk_meta_rows[i];
        if (found == NULL && sk_meta_pattern_matches(pattern, path))
            found = &sk_meta_rows[i];
    }
    return found;
}

bool sk_meta_known(struct sk_span path)
{
    return path.n != 0 && seed_row(path) != NULL;
}

static struct sk_meta *seed(struct sk_span path)
{
    const struct sk_meta_row *row = path.n != 0 ? seed_row(path) : NULL;
    if (row == NULL)
        return NULL;
    struct sk_meta *m = sk_xcalloc(1, sizeof *m);
    m->json = sk_meta_text + row->json;
    m->len = row->json_len;
    return m;
}

const struct sk_meta *sk_meta_of(struct sk_path *p)
{
    if (!p->meta_looked_up) {
        p->meta_looked_up = true;
        p->meta = seed(p->text);
    }
    return p->meta;
}

static _Atomic uint64_t changes; /* of the server's model, and of those that live for one question on another thread */

uint64_t sk_meta_changes(void)
{
    return changes;
}

void sk_meta_forget(struct sk_path *p)
{
    if (p->meta != NULL && p->meta->runtime)
        free((char *)(uintptr_t)p->meta->json);
    free(p->meta);
    free(p->shown);
    p->meta = NULL;
    p->shown = NULL;
    p->meta_serial++;
    changes++;
    p->meta_looked_up = false;
}

static bool overlay_has(const yyjson_val *object, struct sk_span name)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, i, n, key, v)
        if (sk_span_is(sk_json_str(key), name))
            return true;
    return false;
}

static void write_member(struct sk_buf *out, yyjson_val *key, yyjson_val *v)
{
    sk_buf_append(out, ",", out->n > 1);
    sk_json_write(out, key);
    sk_buf_char(out, ':');
    sk_json_write(out, v);
}

/* Members of the base keep their place and take the overlay's value; new ones follow. */
static void merge(struct sk_buf *out, const yyjson_val *base, const yyjson_val *over)
{
    size_t i, n;
    yyjson_val *key, *v;
    sk_buf_char(out, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)base, i, n, key, v) {
        bool replaced = overlay_has(over, sk_json_str(key));
        write_member(out, key, replaced ? sk_json_get(over, yyjson_get_str(key)) : v);
    }
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)over, i, n, key, v)
        if (!overlay_has(base, sk_json_str(key)) && v == sk_json_get(over, yyjson_get_str(key)))
            write_member(out, key, v);
    sk_buf_char(out, '}');
}

int sk_meta_overlay(struct sk_path *p, const yyjson_val *object, struct sk_errmsg *em)
{
    static const char blank[] = "{\"description\":\"\"}";
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)object))
        return sk_errmsg_set(em, SK_ERR_INVALID, "metadata of '%s' is not an object", p->text.p);
    const struct sk_meta *old = sk_meta_of(p);
    yyjson_doc *base = NULL;
    int r = sk_json_read(old != NULL ? (struct sk_span){ old->json, old->len } : SK_SPAN(blank), &base, em);
    if (r < 0)
        return r;
    struct sk_buf out;
    sk_buf_init(&out, SK_META_LEN_MAX);
    merge(&out, yyjson_doc_get_root(base), object);
    yyjson_doc_free(base);
    size_t n = 0;
    char *json = sk_buf_steal(&out, &n);
    sk_buf_finish(&out);
    if (json == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "metadata of '%s' over %u bytes", p->text.p, SK_META_LEN_MAX);
    sk_meta_forget(p);
    p->meta = sk_xcalloc(1, sizeof *p->meta);
    *p->meta = (struct sk_meta){ json, (uint32_t)n, true };
    p->meta_looked_up = true;
    return 0;
}

int sk_meta_reset(struct sk_path *p, const yyjson_val *object, struct sk_errmsg *em)
{
    sk_meta_forget(p);
    return object != NULL ? sk_meta_overlay(p, object, em) : 0;
}
