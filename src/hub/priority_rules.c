#include "hub/priority_rules.h"

#include <stdlib.h>

#define CAN_NAME_LEN 16u

struct override {
    char *path;
    struct sk_ranking ranking;
    bool counts; /* at least one of its sources is not in a group that is switched off */
};

struct sk_priority_rules {
    const struct sk_sources *sources;
    struct sk_ranking *groups;
    struct override *overrides;
    uint32_t group_count, override_count;
    struct sk_map by_path;    /* override */
    struct sk_map identities; /* by text; they own their text */
    struct sk_map by_ref;     /* identity of a source, by its reference (whose text outlives us) */
    uint32_t names_revision;  /* of the sources tree, when by_ref was made */
};

/* ---- identities --------------------------------------------------------------------------------------------------------- */

static bool hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_can_name(struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!hex_digit(s.p[i]))
            return false;
    return s.n == CAN_NAME_LEN;
}

/* An address on the NMEA 2000 bus: 0 to 255. */
static bool is_address(struct sk_span s)
{
    int64_t n;
    return sk_parse_int(s, 0, 255, &n);
}

static struct sk_span last_part(struct sk_span ref)
{
    for (size_t i = ref.n; i-- > 0;)
        if (ref.p[i] == '.')
            return (struct sk_span){ ref.p + i + 1, ref.n - i - 1 };
    return (struct sk_span){ 0 };
}

/* The CAN name that the reference ends in, or that the sources tree knows for its address; else the reference itself. */
static struct sk_span identity_text(const struct sk_priority_rules *r, struct sk_span ref, char lower[CAN_NAME_LEN])
{
    struct sk_span name = last_part(ref);
    if (is_address(name))
        name = sk_sources_can_name(r->sources, (struct sk_span){ ref.p, ref.n - name.n - 1 }, name);
    if (!is_can_name(name))
        return ref;
    for (size_t i = 0; i < CAN_NAME_LEN; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'F' ? (char)(name.p[i] + 32) : name.p[i];
    return (struct sk_span){ lower, CAN_NAME_LEN };
}

static struct sk_identity *identity_for(struct sk_priority_rules *r, struct sk_span ref)
{
    char lower[CAN_NAME_LEN];
    struct sk_span text = identity_text(r, ref, lower);
    struct sk_identity *id = sk_map_get(&r->identities, text);
    if (id == NULL) {
        id = sk_xcalloc(1, sizeof *id);
        id->text = (struct sk_span){ sk_xstrndup(text.p, text.n), text.n };
        sk_map_put(&r->identities, id->text, id);
    }
    return id;
}

static void resolve_rows(struct sk_priority_rules *r, struct sk_ranking *ranking)
{
    for (uint32_t i = 0; i < ranking->count; i++)
        ranking->rows[i].identity = identity_for(r, sk_span_of(ranking->rows[i].ref));
}

static void forget_groups(struct sk_priority_rules *r)
{
    size_t pos = 0;
    struct sk_identity *id;
    while ((id = sk_map_next(&r->identities, &pos)) != NULL) {
        id->group = NULL;
        id->inactive = false;
    }
}

static bool override_counts(const struct sk_ranking *ranking)
{
    for (uint32_t i = 0; i < ranking->count; i++)
        if (!ranking->rows[i].identity->inactive)
            return true;
    return false;
}

/* Who is who, with what the sources tree knows now. */
static void resolve(struct sk_priority_rules *r)
{
    sk_map_finish(&r->by_ref);
    r->by_ref = (struct sk_map){ 0 };
    r->names_revision = r->sources->names_revision;
    forget_groups(r);
    for (uint32_t g = 0; g < r->group_count; g++) {
        struct sk_ranking *group = &r->groups[g];
        resolve_rows(r, group);
        for (uint32_t i = 0; i < group->count; i++) {
            struct sk_identity *id = group->rows[i].identity;
            id->inactive |= group->inactive;
            if (!group->inactive && id->group == NULL)
                id->group = group;
        }
    }
    for (uint32_t i = 0; i < r->override_count; i++) {
        resolve_rows(r, &r->overrides[i].ranking);
        r->overrides[i].counts = override_counts(&r->overrides[i].ranking);
    }
}

const struct sk_identity *sk_priority_rules_identity(struct sk_priority_rules *r, const struct sk_source *s)
{
    if (r->names_revision != r->sources->names_revision)
        resolve(r);
    struct sk_identity *id = sk_map_get(&r->by_ref, s->ref);
    if (id == NULL) {
        id = identity_for(r, s->ref);
        sk_map_put(&r->by_ref, s->ref, id);
    }
    return id;
}

const struct sk_ranking *sk_priority_rules_override(struct sk_priority_rules *r, struct sk_span path)
{
    const struct override *o = r->override_count != 0 ? sk_map_get(&r->by_path, path) : NULL;
    return o != NULL && o->counts ? &o->ranking : NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static yyjson_val *writable(const yyjson_val *v)
{
    return (yyjson_val *)(uintptr_t)v;
}

/* A number, or a text that is one. */
static bool timeout_of(const yyjson_val *v, double *ret_ms)
{
    return yyjson_is_str(writable(v)) ? sk_parse_double(sk_json_str(v), ret_ms) : sk_json_number(v, ret_ms);
}

static void add_row(struct sk_ranking *to, const char *ref, double timeout_ms)
{
    to->rows[to->count++] = (struct sk_ranked){ .ref = sk_xstrdup(ref), .timeout_ms = timeout_ms };
}

static void read_group(struct sk_ranking *g, yyjson_val *group, double fallback_ms)
{
    yyjson_val *sources = sk_json_get(group, "sources"), *ref;
    size_t i, n;
    g->inactive = sk_json_truthy(sk_json_get(group, "inactive"));
    g->rows = sk_xcalloc(yyjson_arr_size(sources) + 1, sizeof *g->rows);
    yyjson_arr_foreach(sources, i, n, ref)
        if (yyjson_is_str(ref) && g->count < SK_PRIORITY_ROWS_MAX)
            add_row(g, yyjson_get_str(ref), g->count == 0 ? 0 : fallback_ms);
}

static void read_override(struct override *o, yyjson_val *key, yyjson_val *rows)
{
    size_t i, n;
    yyjson_val *row;
    double ms;
    o->path = sk_xstrndup(yyjson_get_str(key), yyjson_get_len(key));
    o->ranking.rows = sk_xcalloc(yyjson_arr_size(rows) + 1, sizeof *o->ranking.rows);
    yyjson_arr_foreach(rows, i, n, row) {
        const char *ref = sk_json_get_str(row, "sourceRef");
        if (ref != NULL && o->ranking.count < SK_PRIORITY_ROWS_MAX)
            add_row(&o->ranking, ref, timeout_of(sk_json_get(row, "timeout"), &ms) ? ms : 0);
    }
    o->ranking.pass_all = o->ranking.count == 1 && strcmp(o->ranking.rows[0].ref, "*") == 0 && o->ranking.rows[0].timeout_ms == 0;
}

struct sk_priority_rules *sk_priority_rules_create(const struct sk_sources *sources, const yyjson_val *groups,
                                                   const yyjson_val *overrides, const yyjson_val *defaults)
{
    size_t i, n, group_count = yyjson_arr_size(writable(groups)), override_count = yyjson_obj_size(writable(overrides));
    yyjson_val *v, *key;
    if (group_count + override_count == 0)
        return NULL;
    struct sk_priority_rules *r = sk_xcalloc(1, sizeof *r);
    double fallback_ms = sk_json_get_number(defaults, "fallbackMs", SK_PRIORITY_FALLBACK_MS);
    r->sources = sources;
    r->groups = sk_xcalloc(group_count + 1, sizeof *r->groups);
    r->overrides = sk_xcalloc(override_count + 1, sizeof *r->overrides);
    yyjson_arr_foreach(writable(groups), i, n, v)
        if (r->group_count < SK_PRIORITY_LISTS_MAX)
            read_group(&r->groups[r->group_count++], v, fallback_ms);
    for (yyjson_obj_iter it = yyjson_obj_iter_with(writable(overrides)); (key = yyjson_obj_iter_next(&it)) != NULL;)
        if (r->override_count < SK_PRIORITY_LISTS_MAX)
            read_override(&r->overrides[r->override_count++], key, yyjson_obj_iter_get_val(key));
    for (uint32_t k = 0; k < r->override_count; k++)
        sk_map_put(&r->by_path, sk_span_of(r->overrides[k].path), &r->overrides[k]);
    resolve(r);
    return r;
}

static void ranking_finish(struct sk_ranking *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        free(r->rows[i].ref);
    free(r->rows);
}

void sk_priority_rules_destroy(struct sk_priority_rules *r)
{
    if (r == NULL)
        return;
    for (uint32_t i = 0; i < r->group_count; i++)
        ranking_finish(&r->groups[i]);
    for (uint32_t i = 0; i < r->override_count; i++) {
        ranking_finish(&r->overrides[i].ranking);
        free(r->overrides[i].path);
    }
    size_t pos = 0;
    struct sk_identity *id;
    while ((id = sk_map_next(&r->identities, &pos)) != NULL) {
        free((char *)(uintptr_t)id->text.p);
        free(id);
    }
    sk_map_finish(&r->identities);
    sk_map_finish(&r->by_ref);
    sk_map_finish(&r->by_path);
    free(r->groups);
    free(r->overrides);
    free(r);
}

/* ---- checking ----------------------------------------------------------------------------------------------------------- */

static int wrong(struct sk_errmsg *em, size_t index, const char *member)
{
    return sk_errmsg_set(em, SK_ERR_INVALID, "/%zu/%s", index, member);
}

/* A source may rank in one active group only. */
static int check_sources(struct sk_map *seen, yyjson_val *sources, size_t group, bool inactive, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *ref;
    if (!yyjson_is_arr(sources) || yyjson_arr_size(sources) > SK_PRIORITY_ROWS_MAX)
        return wrong(em, group, "sources");
    yyjson_arr_foreach(sources, i, n, ref) {
        if (!yyjson_is_str(ref) || yyjson_get_len(ref) == 0 || yyjson_get_len(ref) > SK_SOURCE_LEN_MAX)
            return sk_errmsg_set(em, SK_ERR_INVALID, "/%zu/sources/%zu", group, i);
        if (!inactive && sk_map_put(seen, sk_json_str(ref), ref) != NULL)
            return sk_errmsg_set(em, SK_ERR_INVALID, "/%zu/sources/%zu: %s is in two active groups", group, i,
                                 yyjson_get_str(ref));
    }
    return 0;
}

static int check_groups(const yyjson_val *groups, struct sk_errmsg *em)
{
    struct sk_map seen = { 0 };
    size_t i, n;
    yyjson_val *g;
    int r = yyjson_is_arr(writable(groups)) && yyjson_arr_size(writable(groups)) <= SK_PRIORITY_LISTS_MAX
                ? 0
                : sk_errmsg_set(em, SK_ERR_INVALID, "%s", "");
    yyjson_arr_foreach(writable(groups), i, n, g) {
        yyjson_val *inactive = sk_json_get(g, "inactive");
        if (r == 0 && sk_json_get_str(g, "id") == NULL)
            r = wrong(em, i, "id");
        if (r == 0 && inactive != NULL && !yyjson_is_bool(inactive))
            r = wrong(em, i, "inactive");
        if (r == 0)
            r = check_sources(&seen, sk_json_get(g, "sources"), i, yyjson_is_true(inactive), em);
    }
    sk_map_finish(&seen);
    return r;
}

static int check_rows(const char *path, yyjson_val *rows, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *row;
    double ms;
    if (!yyjson_is_arr(rows) || yyjson_arr_size(rows) > SK_PRIORITY_ROWS_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "/%s", path);
    yyjson_arr_foreach(rows, i, n, row) {
        struct sk_span ref = sk_json_str(sk_json_get(row, "sourceRef"));
        if (ref.n == 0 || ref.n > SK_SOURCE_LEN_MAX)
            return sk_errmsg_set(em, SK_ERR_INVALID, "/%s/%zu/sourceRef", path, i);
        if (!timeout_of(sk_json_get(row, "timeout"), &ms))
            return sk_errmsg_set(em, SK_ERR_INVALID, "/%s/%zu/timeout", path, i);
    }
    return 0;
}

static int check_overrides(const yyjson_val *overrides, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *key, *rows;
    if (!yyjson_is_obj(writable(overrides)) || yyjson_obj_size(writable(overrides)) > SK_PRIORITY_LISTS_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s", "");
    yyjson_obj_foreach(writable(overrides), i, n, key, rows) {
        int r = yyjson_get_len(key) <= SK_PATH_LEN_MAX ? check_rows(yyjson_get_str(key), rows, em)
                                                       : sk_errmsg_set(em, SK_ERR_INVALID, "/%.40s…", yyjson_get_str(key));
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_defaults(const yyjson_val *defaults, struct sk_errmsg *em)
{
    double ms;
    yyjson_val *fallback = sk_json_get(defaults, "fallbackMs");
    if (!yyjson_is_obj(writable(defaults)))
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s", "");
    if (fallback != NULL && !(sk_json_number(fallback, &ms) && ms >= 0))
        return sk_errmsg_set(em, SK_ERR_INVALID, "/fallbackMs");
    return 0;
}

int sk_priority_check(enum sk_priority_part part, const yyjson_val *v, struct sk_errmsg *em)
{
    switch (part) {
    case SK_PRIORITY_GROUPS:
        return check_groups(v, em);
    case SK_PRIORITY_OVERRIDES:
        return check_overrides(v, em);
    case SK_PRIORITY_DEFAULTS:
        return check_defaults(v, em);
    }
    return SK_ERR_INTERNAL;
}
