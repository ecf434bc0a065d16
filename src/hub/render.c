#include "hub/render.h"

#include "base/json.h"

static void comma(struct sk_buf *out, bool *first)
{
    if (!*first)
        sk_buf_char(out, ',');
    *first = false;
}

static void key(struct sk_buf *out, bool *first, const yyjson_val *k)
{
    comma(out, first);
    sk_json_write(out, k);
    sk_buf_char(out, ':');
}

/* Own identity is the configuration's business: these members of a "" value do not pass. */
static bool identity_member(struct sk_span name)
{
    return sk_span_eq(name, "name") || sk_span_eq(name, "mmsi");
}

static void write_communication(struct sk_buf *out, yyjson_val *v)
{
    size_t i, n;
    yyjson_val *k, *m;
    bool first = true;
    sk_buf_char(out, '{');
    yyjson_obj_foreach(v, i, n, k, m) {
        if (sk_span_eq(sk_json_str(k), "callsignVhf"))
            continue;
        key(out, &first, k);
        sk_json_write(out, m);
    }
    sk_buf_char(out, '}');
}

static void write_root_value(struct sk_buf *out, yyjson_val *v)
{
    size_t i, n;
    yyjson_val *k, *m;
    bool first = true;
    sk_buf_char(out, '{');
    yyjson_obj_foreach(v, i, n, k, m) {
        struct sk_span name = sk_json_str(k);
        bool communication = sk_span_eq(name, "communication") && yyjson_is_obj(m) && sk_json_get(m, "callsignVhf") != NULL;
        if (identity_member(name) || (communication && yyjson_obj_size(m) == 1))
            continue;
        key(out, &first, k);
        if (communication)
            write_communication(out, m);
        else
            sk_json_write(out, m);
    }
    sk_buf_char(out, '}');
}

static void write_entry(struct sk_buf *out, struct sk_path_value *pv, bool self_filter)
{
    size_t i, n;
    yyjson_val *k, *v;
    bool first = true;
    sk_buf_char(out, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)pv->entry, i, n, k, v) {
        if (sk_span_eq(sk_json_str(k), "path")) {
            comma(out, &first);
            SK_BUF_LIT(out, "\"path\":");
            sk_buf_span_append(out, pv->path->json);
        } else if (sk_span_eq(sk_json_str(k), "value")) {
            comma(out, &first);
            SK_BUF_LIT(out, "\"value\":");
            pv->at = (uint32_t)out->n;
            if (self_filter && pv->path->text.n == 0 && yyjson_is_obj(v))
                write_root_value(out, v);
            else
                sk_json_write(out, v);
            pv->len = (uint32_t)out->n - pv->at;
        } else {
            key(out, &first, k);
            sk_json_write(out, v);
        }
    }
    sk_buf_char(out, '}');
}

static void write_entries(struct sk_buf *out, struct sk_path_value *pv, uint32_t count, bool self_filter)
{
    bool first = true;
    sk_buf_char(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (pv[i].dropped)
            continue;
        comma(out, &first);
        write_entry(out, &pv[i], self_filter);
    }
    sk_buf_char(out, ']');
}

/* The object as received, but with the label that the reference was made of. */
static void write_source(struct sk_buf *out, const struct sk_update *u)
{
    size_t i, n;
    yyjson_val *k, *v;
    bool first = true, labelled = false;
    sk_buf_char(out, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)u->source, i, n, k, v) {
        key(out, &first, k);
        if (sk_span_eq(sk_json_str(k), "label")) {
            labelled = true;
            sk_json_write_str(out, u->info.label);
        } else {
            sk_json_write(out, v);
        }
    }
    if (!labelled) {
        comma(out, &first);
        SK_BUF_LIT(out, "\"label\":");
        sk_json_write_str(out, u->info.label);
    }
    sk_buf_char(out, '}');
}

static void write_ref(struct sk_buf *out, bool *first, const struct sk_update *u)
{
    comma(out, first);
    SK_BUF_LIT(out, "\"$source\":");
    sk_buf_span_append(out, u->stream_source->json);
}

static void write_timestamp(struct sk_buf *out, bool *first, const struct sk_update *u)
{
    comma(out, first);
    SK_BUF_LIT(out, "\"timestamp\":");
    sk_json_write_str(out, u->timestamp);
}

/* The one member that is rendered also for later use: the source object, which values share. */
static void take_source_text(struct sk_buf *out, struct sk_update *u)
{
    size_t at = out->n;
    write_source(out, u);
    sk_source_text_unref(u->source_text); /* of an earlier rendering */
    u->source_text = NULL;
    if (sk_buf_ok(out))
        u->source_text = sk_source_text_for(u->tree_source, (struct sk_span){ out->p + at, out->n - at });
}

static void write_update(struct sk_buf *out, struct sk_update *u, bool self_filter)
{
    size_t i, n;
    yyjson_val *k, *v;
    bool first = true, ref = false, timestamp = false;
    sk_buf_char(out, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)u->object, i, n, k, v) {
        struct sk_span name = sk_json_str(k);
        if (sk_span_eq(name, "values")) {
            key(out, &first, k);
            write_entries(out, u->values, u->value_count, self_filter);
        } else if (sk_span_eq(name, "meta")) {
            if (!u->has_meta)
                continue;
            key(out, &first, k);
            write_entries(out, u->metas, u->meta_count, false);
        } else if (sk_span_eq(name, "$source")) {
            write_ref(out, &first, u);
            ref = true;
        } else if (sk_span_eq(name, "timestamp")) {
            write_timestamp(out, &first, u);
            timestamp = true;
        } else if (sk_span_eq(name, "source") && u->source != NULL) {
            key(out, &first, k);
            take_source_text(out, u);
        } else {
            key(out, &first, k);
            sk_json_write(out, v);
        }
    }
    if (!ref)
        write_ref(out, &first, u);
    if (!timestamp)
        write_timestamp(out, &first, u);
    sk_buf_char(out, '}');
}

static uint32_t write_updates(struct sk_buf *out, struct sk_delta *d, bool self_filter)
{
    uint32_t written = 0;
    bool first = true;
    sk_buf_char(out, '[');
    for (uint32_t i = 0; i < d->update_count; i++) {
        if (d->updates[i].husk)
            continue;
        comma(out, &first);
        write_update(out, &d->updates[i], self_filter);
        written++;
    }
    sk_buf_char(out, ']');
    return written;
}

uint32_t sk_render_delta(struct sk_buf *out, struct sk_delta *d, struct sk_span context_json, bool self_filter)
{
    size_t i, n;
    yyjson_val *k, *v;
    bool first = true, context = false;
    uint32_t written = 0;
    sk_buf_clear(out);
    sk_buf_char(out, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)d->object, i, n, k, v) {
        struct sk_span name = sk_json_str(k);
        key(out, &first, k);
        if (sk_span_eq(name, "updates")) {
            written = write_updates(out, d, self_filter);
        } else if (sk_span_eq(name, "context")) {
            context = true;
            sk_buf_span_append(out, context_json);
        } else {
            sk_json_write(out, v);
        }
    }
    if (!context) {
        SK_BUF_LIT(out, ",\"context\":");
        sk_buf_span_append(out, context_json);
    }
    sk_buf_char(out, '}');
    return written;
}

struct sk_frame *sk_render_one(struct sk_buf *b, const struct sk_render_one *one)
{
    sk_buf_clear(b);
    SK_BUF_LIT(b, "{\"context\":");
    sk_buf_span_append(b, one->context_json);
    SK_BUF_LIT(b, ",\"updates\":[{");
    if (one->source_text != NULL) {
        SK_BUF_LIT(b, "\"source\":");
        sk_buf_append(b, one->source_text->bytes, one->source_text->len);
        sk_buf_char(b, ',');
    }
    if (one->ref_json.n != 0) {
        SK_BUF_LIT(b, "\"$source\":");
        sk_buf_span_append(b, one->ref_json);
        sk_buf_char(b, ',');
    }
    SK_BUF_LIT(b, "\"timestamp\":");
    sk_json_write_str(b, one->timestamp);
    if (one->meta)
        SK_BUF_LIT(b, ",\"meta\":[{\"path\":");
    else
        SK_BUF_LIT(b, ",\"values\":[{\"path\":");
    sk_buf_span_append(b, one->path_json);
    SK_BUF_LIT(b, ",\"value\":");
    sk_buf_span_append(b, one->value_json);
    if (one->state_json.n != 0) {
        SK_BUF_LIT(b, ",\"state\":");
        sk_buf_span_append(b, one->state_json);
    }
    SK_BUF_LIT(b, "}]}]}");
    return sk_buf_ok(b) ? sk_frame_create(b->p, b->n) : NULL;
}

struct sk_frame *sk_render_value(struct sk_buf *scratch, const struct sk_node *n, const struct sk_value *v)
{
    return sk_render_one(scratch, &(struct sk_render_one){
                                      .context_json = n->context->json,
                                      .source_text = v->source_text,
                                      .ref_json = v->ref->json,
                                      .timestamp = sk_text_span(&v->timestamp),
                                      .path_json = n->path->json,
                                      .value_json = sk_text_span(&v->json),
                                      .state_json = sk_span_of(v->state),
                                  });
}
