/* One managed notification: what its source says, what the user did about it, and what goes out. */
#include "hub/alarm_private.h"

#include <stdio.h>
#include <stdlib.h>

#define CLEARED "{\"state\":\"normal\",\"method\":[],\"message\":\"\"}"

void sk_alarm_destroy(struct sk_alarm *x)
{
    free(x->key);
    free(x->context);
    free(x->path);
    free(x->source);
    free(x->shown_context);
    free(x->value);
    free(x);
}

/* ---- out ---------------------------------------------------------------------------------------------------------------- */

/* A silenced alarm is seen, not heard; an acknowledged one neither, but an emergency stays in sight. */
static void write_method(const struct sk_alarm *x, const yyjson_val *method, struct sk_buf *out)
{
    size_t i, n;
    yyjson_val *way, *list = (yyjson_val *)(uintptr_t)method;
    if (x->acknowledged) {
        sk_buf_text(out, x->emergency ? "[\"visual\"]" : "[]");
    } else if (x->silenced && !x->emergency && yyjson_is_arr(list)) {
        bool first = true;
        sk_buf_char(out, '[');
        yyjson_arr_foreach(list, i, n, way) {
            if (yyjson_equals_str(way, "sound"))
                continue;
            sk_buf_append(out, ",", !first);
            first = false;
            sk_json_write(out, way);
        }
        sk_buf_char(out, ']');
    } else {
        sk_json_write(out, method);
    }
}

static void write_flag(struct sk_buf *out, const char *name, bool value)
{
    sk_buf_append(out, ",", out->n > 0 && !sk_buf_ends(out, '{'));
    sk_json_write_str(out, sk_span_of(name));
    sk_buf_text(out, value ? ":true" : ":false");
}

static void write_status(const struct sk_alarm *x, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    write_flag(out, "silenced", x->silenced);
    write_flag(out, "acknowledged", x->acknowledged);
    write_flag(out, "canSilence", x->can_silence);
    write_flag(out, "canAcknowledge", x->can_acknowledge);
    write_flag(out, "canClear", x->raised || x->restored);
    if (x->acknowledged_at[0] != '\0')
        sk_buf_printf(out, ",\"acknowledgedAt\":\"%s\"", x->acknowledged_at);
    sk_buf_char(out, '}');
}

void sk_alarm_write_value(const struct sk_alarm *x, struct sk_buf *out)
{
    yyjson_doc *doc = NULL;
    size_t i, n;
    yyjson_val *key, *v;
    bool method = false;
    (void)sk_json_read((struct sk_span){ x->value, x->value_len }, &doc, NULL); /* our own writing */
    sk_buf_char(out, '{');
    yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, key, v) {
        bool this = sk_span_eq(sk_json_str(key), "method");
        sk_json_write(out, key);
        sk_buf_char(out, ':');
        if (this)
            write_method(x, v, out);
        else
            sk_json_write(out, v);
        sk_buf_char(out, ',');
        method |= this;
    }
    if (!method && x->acknowledged) {
        SK_BUF_LIT(out, "\"method\":");
        write_method(x, NULL, out);
        sk_buf_char(out, ',');
    }
    sk_buf_printf(out, "\"id\":\"%s\",\"status\":", x->id);
    write_status(x, out);
    sk_buf_char(out, '}');
    yyjson_doc_free(doc);
}

void sk_alarm_write(const struct sk_alarm *x, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"context\":");
    sk_json_write_str(out, sk_span_of(x->shown_context != NULL ? x->shown_context : x->context));
    SK_BUF_LIT(out, ",\"path\":");
    sk_json_write_str(out, sk_span_of(x->path));
    SK_BUF_LIT(out, ",\"value\":");
    sk_alarm_write_value(x, out);
    sk_buf_char(out, '}');
}

/* ---- in ----------------------------------------------------------------------------------------------------------------- */

static void keep_value(struct sk_alarm *x, const yyjson_val *object)
{
    struct sk_buf b;
    size_t i, n;
    yyjson_val *key, *v;
    sk_buf_init(&b, SK_VALUE_LEN_MAX);
    sk_buf_char(&b, '{');
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)object, i, n, key, v) {
        if (sk_span_eq(sk_json_str(key), "id") || sk_span_eq(sk_json_str(key), "status"))
            continue; /* ours to say */
        sk_buf_append(&b, ",", b.n > 1);
        sk_json_write(&b, key);
        sk_buf_char(&b, ':');
        sk_json_write(&b, v);
    }
    sk_buf_char(&b, '}');
    free(x->value);
    x->value = sk_buf_steal(&b, &x->value_len);
    sk_buf_finish(&b);
    if (x->value == NULL) {
        x->value = sk_xstrdup(CLEARED);
        x->value_len = sizeof CLEARED - 1;
    }
}

/* State and message: what makes it another alarm for those who keep it. */
static char *gist_of(const struct sk_alarm *x)
{
    yyjson_doc *doc = NULL;
    struct sk_buf b;
    if (x->value == NULL || sk_json_read((struct sk_span){ x->value, x->value_len }, &doc, NULL) < 0)
        return sk_xstrdup("");
    sk_buf_init(&b, SK_VALUE_LEN_MAX);
    sk_buf_span_append(&b, sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "state")));
    sk_buf_char(&b, '\n');
    sk_buf_span_append(&b, sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "message")));
    char *gist = sk_buf_steal(&b, NULL);
    yyjson_doc_free(doc);
    return gist != NULL ? gist : sk_xstrdup("");
}

static void read_state(struct sk_alarm *x, const yyjson_val *object)
{
    struct sk_span state = sk_json_str(sk_json_get(object, "state"));
    x->normal = state.n == 0 || sk_span_eq(state, "normal");
    x->emergency = sk_span_eq(state, "emergency");
}

static bool yes(const yyjson_val *v)
{
    return yyjson_equals_str((yyjson_val *)(uintptr_t)v, "Yes");
}

static void stamp(char out[SK_ISO_TIME_SIZE])
{
    sk_iso_time(out, sk_clock_wall_ms());
}

/* NMEA 2000 alerts say themselves what was done about them on another display, and what may be. */
static void read_alert_members(struct sk_alarm *x, const yyjson_val *object)
{
    yyjson_val *v = sk_json_get(object, "acknowledgeStatus");
    if (!x->acknowledged && v != NULL && yes(v)) {
        x->acknowledged = true;
        stamp(x->acknowledged_at);
    }
    if (!x->silenced && (v = sk_json_get(object, "temporarySilenceStatus")) != NULL)
        x->silenced = yes(v);
    if ((v = sk_json_get(object, "temporarySilenceSupport")) != NULL)
        x->can_silence = yes(v);
    if ((v = sk_json_get(object, "acknowledgeSupport")) != NULL)
        x->can_acknowledge = yes(v);
}

static void forget_status(struct sk_alarm *x)
{
    x->silenced = x->acknowledged = false;
    x->acknowledged_at[0] = '\0';
}

static void set_timestamp(struct sk_alarm *x, struct sk_span timestamp)
{
    snprintf(x->timestamp, sizeof x->timestamp, "%.*s", (int)timestamp.n, timestamp.n != 0 ? timestamp.p : "");
}

bool sk_alarm_take(struct sk_alarm *x, const yyjson_val *value, struct sk_span timestamp)
{
    SK_CLEANUP(sk_freep) char *before = gist_of(x);
    bool was_normal = x->normal, was_silenced = x->silenced, was_acknowledged = x->acknowledged, was_restored = x->restored;
    yyjson_doc *cleared = NULL;
    if (!yyjson_is_obj((yyjson_val *)(uintptr_t)value)) {
        SK_ASSERT(sk_json_read(SK_SPAN(CLEARED), &cleared, NULL) == 0);
        value = yyjson_doc_get_root(cleared);
    }
    keep_value(x, value);
    read_state(x, value);
    if (was_normal && !x->normal)
        forget_status(x);
    read_alert_members(x, value);
    set_timestamp(x, timestamp);
    x->restored = false;
    yyjson_doc_free(cleared);
    SK_CLEANUP(sk_freep) char *after = gist_of(x);
    return (!was_normal || !x->normal) && (strcmp(before, after) != 0 || was_silenced != x->silenced ||
                                           was_acknowledged != x->acknowledged || was_restored != x->restored);
}

/* ---- what the user does ------------------------------------------------------------------------------------------------- */

static void publish_now(struct sk_alarm *x)
{
    char now[SK_ISO_TIME_SIZE];
    stamp(now);
    set_timestamp(x, sk_span_of(now));
    sk_alarms_publish(x, true);
}

int sk_alarm_silence(struct sk_alarm *x, struct sk_errmsg *em)
{
    if (!x->can_silence)
        return sk_errmsg_set(em, SK_ERR_DENIED, "Alarm cannot be silenced!");
    if (x->silenced || x->acknowledged)
        return sk_errmsg_set(em, SK_ERR_DENIED, "Alarm already silenced or acknowledged!");
    if (x->emergency)
        return sk_errmsg_set(em, SK_ERR_DENIED, "Cannot silence Emergency Alarm!");
    x->silenced = true;
    publish_now(x);
    return 0;
}

int sk_alarm_acknowledge(struct sk_alarm *x, struct sk_errmsg *em)
{
    if (!x->can_acknowledge)
        return sk_errmsg_set(em, SK_ERR_DENIED, "Alarm cannot be acknowledged!");
    if (x->acknowledged)
        return sk_errmsg_set(em, SK_ERR_DENIED, "Alarm already acknowledged!");
    x->acknowledged = true;
    stamp(x->acknowledged_at);
    publish_now(x);
    return 0;
}

/* Members of the value are set or added; the new value must fit where the old one did. */
static int put_members(struct sk_alarm *x, const yyjson_val *from, const char *const *names, size_t count, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    int r = sk_json_read((struct sk_span){ x->value, x->value_len }, &doc, em);
    if (r < 0)
        return r;
    yyjson_mut_doc *changed = yyjson_doc_mut_copy(doc, NULL);
    for (size_t i = 0; i < count; i++) {
        yyjson_val *v = sk_json_get(from, names[i]);
        if (v != NULL)
            yyjson_mut_obj_put(yyjson_mut_doc_get_root(changed), yyjson_mut_str(changed, names[i]),
                               yyjson_val_mut_copy(changed, v));
    }
    yyjson_doc_free(doc);
    doc = yyjson_mut_doc_imut_copy(changed, NULL);
    yyjson_mut_doc_free(changed);
    keep_value(x, yyjson_doc_get_root(doc));
    read_state(x, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    return 0;
}

int sk_alarm_clear(struct sk_alarm *x, struct sk_errmsg *em)
{
    static const char *const names[] = { "state" };
    yyjson_doc *normal = NULL;
    if (!x->raised && !x->restored)
        return sk_errmsg_set(em, SK_ERR_DENIED, "Alarm cannot be cleared!");
    int r = sk_json_read(SK_SPAN("{\"state\":\"normal\"}"), &normal, em);
    if (r == 0)
        r = put_members(x, yyjson_doc_get_root(normal), names, 1, em);
    yyjson_doc_free(normal);
    if (r < 0)
        return r;
    forget_status(x);
    publish_now(x);
    return 0;
}

int sk_alarm_edit(struct sk_alarm *x, const yyjson_val *object, struct sk_errmsg *em)
{
    static const char *const names[] = { "state", "message", "data" };
    for (size_t i = 0; i < 2; i++) {
        yyjson_val *v = sk_json_get(object, names[i]);
        if (v != NULL && !yyjson_is_str(v))
            return sk_errmsg_set(em, SK_ERR_INVALID, "Notification `%s` must be a string!", names[i]);
    }
    int r = put_members(x, object, names, SK_COUNT(names), em);
    if (r < 0)
        return r;
    x->silenced = x->acknowledged = false;
    publish_now(x);
    return 0;
}

/* ---- over a restart ----------------------------------------------------------------------------------------------------- */

static void write_text(struct sk_buf *out, const char *name, const char *text)
{
    sk_buf_append(out, ",", !sk_buf_ends(out, '{'));
    sk_json_write_str(out, sk_span_of(name));
    sk_buf_char(out, ':');
    sk_json_write_str(out, sk_span_of(text));
}

void sk_alarm_write_saved(const struct sk_alarm *x, const char *self_context, struct sk_buf *out)
{
    sk_buf_char(out, '{');
    write_text(out, "id", x->id);
    write_text(out, "context", strcmp(x->context, self_context) == 0 ? "vessels.self" : x->context);
    write_text(out, "path", x->path);
    write_text(out, "$source", x->source);
    write_text(out, "timestamp", x->timestamp);
    write_text(out, "acknowledgedAt", x->acknowledged_at);
    write_flag(out, "silenced", x->silenced);
    write_flag(out, "acknowledged", x->acknowledged);
    write_flag(out, "canSilence", x->can_silence);
    write_flag(out, "canAcknowledge", x->can_acknowledge);
    write_flag(out, "raised", x->raised);
    SK_BUF_LIT(out, ",\"value\":");
    sk_buf_append(out, x->value, x->value_len);
    sk_buf_char(out, '}');
}

void sk_alarm_read_saved(struct sk_alarm *x, const yyjson_val *saved)
{
    yyjson_val *value = sk_json_get(saved, "value");
    const char *at = sk_json_get_str(saved, "acknowledgedAt");
    keep_value(x, value);
    read_state(x, value);
    set_timestamp(x, sk_json_str(sk_json_get(saved, "timestamp")));
    snprintf(x->acknowledged_at, sizeof x->acknowledged_at, "%s", at != NULL ? at : "");
    x->silenced = sk_json_get_bool(saved, "silenced", false);
    x->acknowledged = sk_json_get_bool(saved, "acknowledged", false);
    x->can_silence = sk_json_get_bool(saved, "canSilence", true);
    x->can_acknowledge = sk_json_get_bool(saved, "canAcknowledge", true);
    x->raised = sk_json_get_bool(saved, "raised", false);
    x->restored = !x->raised;
}
