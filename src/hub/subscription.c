/* Subscription rows: what they get of values, metadata and root values. */
#include "hub/hub_private.h"

#include <stdlib.h>

void sk_row_send_remarks(const struct sk_row *r)
{
    for (size_t i = 0; i < SK_COUNT(r->remarks) && r->remarks[i] != NULL; i++)
        sk_feed_send_remark(r->feed, "%s", r->remarks[i]);
}

/* ---- values in the tree ------------------------------------------------------------------------------------------------- */

static struct sk_frame *frame_of(struct sk_feed *f, const struct sk_node *n, struct sk_value *v)
{
    sk_feed_announce_meta(f, n->context, n->path, sk_text_span(&v->timestamp));
    if (v->frame == NULL)
        v->frame = sk_render_value(&f->hub->scratch, n, v); /* shared by all who want this value */
    return v->frame;
}

/* To a client that is behind nothing is sent: the value lies in the tree. One that waited for its period may be older than the
   time since when the client is behind. */
static void send_value(struct sk_feed *f, const struct sk_node *n, struct sk_value *v)
{
    if (!f->pressed)
        sk_feed_send(f, frame_of(f, n, v));
    if (f->pressed && v->changed <= f->since)
        f->since = v->changed - 1;
}

void sk_row_send_value(struct sk_row *r, const struct sk_node *n, struct sk_value *v)
{
    send_value(r->feed, n, v);
}

/* Does the row hear of this source? */
static bool wants(const struct sk_row *r, const struct sk_node *n, const struct sk_value *v, bool rejected)
{
    return r->view != NULL ? sk_view_passes(r->view, r->feed->hub, n, v->source) : !rejected || r->all_sources;
}

static void offer(const struct sk_pattern *p, struct sk_node *n, struct sk_value *v, bool rejected)
{
    if (p->context.kind == SK_MATCH_NEAR && !sk_context_matches(&p->context, n->context))
        return;
    for (struct sk_row *r = p->rows; r != NULL; r = r->next_of_pattern)
        if (wants(r, n, v, rejected) && sk_pace_passes(r, n, v->source))
            send_value(r->feed, n, v);
}

void sk_rows_value(struct sk_hub *h, struct sk_node *n, struct sk_value *v, struct sk_news news)
{
    for (const struct sk_sub_link *l = n->links; l != NULL; l = l->next_at_node)
        offer(l->pattern, n, v, news.rejected);
    if ((!news.new_leaf && !news.first_seen) || h->announcers == 0)
        return;
    for (struct sk_feed *f = h->feeds; f != NULL; f = f->next)
        if (f->announce && (f->announce_all_sources ? news.first_seen : news.new_leaf) &&
            sk_context_matches(&f->announce_for, n->context))
            sk_feed_send_now(f, frame_of(f, n, v)); /* once in a path's life */
}

/* ---- what does not live in the tree ------------------------------------------------------------------------------------- */

/* To the rows of the pattern; or to `only`, one of them that gets what is known already. */
static void send_to_rows(const struct sk_pattern *p, const struct sk_row *only, const struct sk_source *s, struct sk_frame *frame)
{
    if (only != NULL) {
        if (only->view == NULL || !sk_view_excludes(only->view, s))
            sk_feed_send_now(only->feed, frame);
        return;
    }
    for (const struct sk_row *r = p->rows; r != NULL; r = r->next_of_pattern)
        if (r->view == NULL || !sk_view_excludes(r->view, s))
            sk_feed_send(r->feed, frame);
}

struct loose {
    struct sk_hub *hub;
    const struct sk_context *context;
    const struct sk_source *source;
    struct sk_render_one one;
    struct sk_frame *frame;
};

static void send_loose(void *arg, struct sk_pattern *p)
{
    struct loose *l = arg;
    if (!sk_context_matches(&p->context, l->context))
        return;
    if (l->frame == NULL)
        l->frame = sk_render_one(&l->hub->scratch, &l->one);
    send_to_rows(p, NULL, l->source, l->frame);
}

void sk_rows_loose(struct sk_hub *h, const struct sk_context *c, const struct sk_update *u, struct sk_path *p,
                   struct sk_span json, bool meta)
{
    struct loose l = { .hub = h,
                       .context = c,
                       .source = u->stream_source,
                       .one = { .context_json = c->json,
                                .source_text = u->source_text,
                                .ref_json = u->stream_source->json,
                                .timestamp = u->timestamp,
                                .path_json = p->json,
                                .value_json = json,
                                .meta = meta } };
    sk_patterns_match(h, p->text, send_loose, &l);
    if (!meta && h->pressed > 0) {
        if (l.frame == NULL)
            l.frame = sk_render_one(&h->scratch, &l.one);
        sk_loose_keep(h, c, p, u->stream_source, l.frame);
    }
    sk_frame_unref(l.frame);
}

/* ---- root values -------------------------------------------------------------------------------------------------------- */

static void send_one(const struct sk_root_news *news, const struct sk_pattern *p, const struct sk_row *only,
                     const struct sk_render_one *one)
{
    struct sk_frame *frame = sk_render_one(&p->rows->feed->hub->scratch, one);
    send_to_rows(p, only, news->source, frame);
    sk_frame_unref(frame);
}

static void send_member(const struct sk_root_news *news, const struct sk_pattern *p, const struct sk_row *only,
                        struct sk_span name, const yyjson_val *v)
{
    struct sk_buf path, value;
    sk_buf_init(&path, 6 * SK_PATH_LEN_MAX);
    sk_buf_init(&value, SK_VALUE_LEN_MAX);
    sk_json_write_str(&path, name);
    sk_json_write(&value, v);
    struct sk_render_one one = news->whole;
    one.path_json = sk_buf_span(&path);
    one.value_json = sk_buf_span(&value);
    if (sk_buf_ok(&path) && sk_buf_ok(&value))
        send_one(news, p, only, &one);
    sk_buf_finish(&path);
    sk_buf_finish(&value);
}

/* Members that match; an object member that does not is looked into ("communication.callsignVhf"). */
static void send_members(const struct sk_root_news *news, const struct sk_pattern *p, const struct sk_row *only,
                         struct sk_span prefix, const yyjson_val *object, int depth)
{
    size_t i, n;
    yyjson_val *k, *v;
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, i, n, k, v) {
        char name[SK_PATH_LEN_MAX];
        size_t kn = yyjson_get_len(k), len = prefix.n + kn;
        if (len >= sizeof name)
            continue;
        memcpy(name, prefix.p, prefix.n);
        memcpy(name + prefix.n, yyjson_get_str(k), kn);
        if (sk_glob(p->path, (struct sk_span){ name, len })) {
            send_member(news, p, only, (struct sk_span){ name, len }, v);
        } else if (yyjson_is_obj(v) && depth < 8) {
            name[len] = '.';
            send_members(news, p, only, (struct sk_span){ name, len + 1 }, v, depth + 1);
        }
    }
}

void sk_pattern_send_root(const struct sk_pattern *p, const struct sk_row *only, const struct sk_root_news *news)
{
    if (sk_glob(p->path, SK_SPAN("")))
        send_one(news, p, only, &news->whole);
    else
        send_members(news, p, only, SK_SPAN(""), news->object, 0);
}

static void send_root(void *arg, struct sk_pattern *p)
{
    const struct sk_root_news *news = arg;
    if (sk_context_matches(&p->context, news->context))
        sk_pattern_send_root(p, NULL, news);
}

/* Rarely asked for and rarely told, so each pattern looks at the members by itself. */
void sk_rows_root(struct sk_hub *h, const struct sk_context *c, const struct sk_update *u, const yyjson_val *object)
{
    if (h->patterns.count == 0)
        return;
    struct sk_buf json;
    sk_buf_init(&json, SK_VALUE_LEN_MAX);
    sk_json_write(&json, object);
    struct sk_root_news news = { .context = c,
                                 .source = u->stream_source,
                                 .object = object,
                                 .whole = { .context_json = c->json,
                                            .source_text = u->source_text,
                                            .ref_json = u->stream_source->json,
                                            .timestamp = u->timestamp,
                                            .path_json = SK_SPAN("\"\""),
                                            .value_json = sk_buf_span(&json) } };
    if (sk_buf_ok(&json))
        sk_patterns_each(h, send_root, &news);
    sk_buf_finish(&json);
}

/* ---- ending ------------------------------------------------------------------------------------------------------------- */

static void row_destroy(struct sk_row *r)
{
    sk_pace_finish(r);
    sk_pattern_drop(r->feed->hub, r->pattern, r);
    sk_view_unref(r->view);
    r->feed->row_count--;
    for (size_t i = 0; i < SK_COUNT(r->remarks); i++)
        free(r->remarks[i]);
    free(r);
}

void sk_row_remove(struct sk_feed *f, struct sk_row *r)
{
    for (struct sk_row **at = &f->rows; *at != NULL; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            break;
        }
    sk_replay_forget_row(r);
    row_destroy(r);
}

void sk_rows_clear(struct sk_feed *f)
{
    sk_replay_forget_feed(f);
    while (f->rows != NULL)
        sk_row_remove(f, f->rows);
    if (f->announce) {
        f->announce = false;
        f->hub->announcers--;
        sk_context_match_finish(&f->announce_for);
    }
    f->announced_count = 0;
    if (f->announced != NULL)
        memset(f->announced, 0, f->announced_cap * sizeof *f->announced);
}
