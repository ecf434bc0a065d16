/* Series: a context, path and source, known to the rows by a number. */
#include "history/store_private.h"

#include "model/path.h"

#include <stdlib.h>

#define CACHED_MAX 20000u /* then all are forgotten: they are found again in the database */

static bool any_matches(char **patterns, struct sk_span text)
{
    for (; patterns != NULL && *patterns != NULL; patterns++)
        if (sk_glob(sk_span_of(*patterns), text))
            return true;
    return false;
}

static bool wanted(const struct sk_hstore_options *o, struct sk_span context, struct sk_span path)
{
    bool own = sk_span_eq(context, o->self_context);
    return (any_matches(o->contexts, context) || (own && any_matches(o->contexts, SK_SPAN("vessels.self")))) &&
           any_matches(o->include, path) && !any_matches(o->exclude, path);
}

static int bind_names(struct sk_hstore *s, sqlite3_stmt *to, const struct sk_span names[3])
{
    int r = SQLITE_OK;
    for (int i = 0; i < 3 && r == SQLITE_OK; i++)
        r = s->q->bind_text(to, i + 1, names[i].n > 0 ? names[i].p : "", (int)names[i].n, SQLITE_STATIC);
    return r;
}

static int find_or_make(struct sk_hstore *s, const struct sk_span names[3], int64_t *ret_id, struct sk_errmsg *em)
{
    (void)bind_names(s, s->find_series, names);
    int r = sk_hstore_number(s, s->find_series, ret_id, em);
    if (r != SK_ERR_NOTFOUND)
        return r;
    (void)bind_names(s, s->new_series, names);
    r = sk_hstore_run(s, s->new_series, em);
    if (r == 0)
        *ret_id = s->q->last_insert_rowid(s->db);
    return r;
}

void sk_hstore_forget_series(struct sk_hstore *s)
{
    size_t pos = 0;
    struct sk_hseries *e;
    while ((e = sk_map_next(&s->series, &pos)) != NULL)
        free(e);
    sk_map_finish(&s->series);
    s->series = (struct sk_map){ 0 };
}

int sk_hstore_series(struct sk_hstore *s, struct sk_span context, struct sk_span path, struct sk_span source,
                     struct sk_hseries **ret, struct sk_errmsg *em)
{
    const struct sk_span names[3] = { context, path, source };
    int64_t id = 0;
    sk_buf_clear(&s->key);
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        sk_buf_span_append(&s->key, names[i]);
        sk_buf_char(&s->key, '\0'); /* in none of them */
    }
    if (!sk_buf_ok(&s->key))
        return sk_errmsg_set(em, SK_ERR_INVALID, "names of more than %zu bytes", s->key.max);
    *ret = sk_map_get(&s->series, sk_buf_span(&s->key));
    if (*ret != NULL)
        return 0;
    int r = wanted(s->o, context, path) ? find_or_make(s, names, &id, em) : 0;
    if (r < 0)
        return r;
    if (s->series.count >= CACHED_MAX)
        sk_hstore_forget_series(s);
    struct sk_hseries *e = sk_xmalloc(sizeof *e + s->key.n);
    *e = (struct sk_hseries){ .id = id, .last_t = INT64_MIN };
    memcpy(e->text, s->key.p, s->key.n);
    e->key = (struct sk_span){ e->text, s->key.n };
    (void)sk_map_put(&s->series, e->key, e);
    *ret = e;
    return 0;
}
