#include "hub/status.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"

#include <stdlib.h>

#define ENTRIES_MAX 1000u
#define TEXT_MAX 2000u

struct entry {
    struct entry *next;
    enum sk_status_kind kind;
    bool error;
    char *id, *text, *last_error;
    char when[SK_ISO_TIME_SIZE], last_error_when[SK_ISO_TIME_SIZE];
};

struct sk_status {
    struct sk_map map;
    struct entry *first, **last_next;
    void (*changed)(void *arg);
    void *changed_arg;
};

struct sk_status *sk_status_create(void)
{
    struct sk_status *s = sk_xcalloc(1, sizeof *s);
    s->last_next = &s->first;
    return s;
}

static void entry_destroy(struct entry *e)
{
    free(e->id);
    free(e->text);
    free(e->last_error);
    free(e);
}

void sk_status_destroy(struct sk_status *s)
{
    if (s == NULL)
        return;
    while (s->first != NULL) {
        struct entry *e = s->first;
        s->first = e->next;
        entry_destroy(e);
    }
    sk_map_finish(&s->map);
    free(s);
}

void sk_status_on_change(struct sk_status *s, void (*changed)(void *arg), void *arg)
{
    s->changed = changed;
    s->changed_arg = arg;
}

static void tell(const struct sk_status *s)
{
    if (s->changed != NULL)
        s->changed(s->changed_arg);
}

static struct entry *entry_for(struct sk_status *s, enum sk_status_kind kind, const char *id)
{
    struct entry *e = sk_map_get(&s->map, sk_span_of(id));
    if (e != NULL || s->map.count >= ENTRIES_MAX)
        return e;
    e = sk_xcalloc(1, sizeof *e);
    e->kind = kind;
    e->id = sk_xstrdup(id);
    e->text = sk_xstrdup("");
    *s->last_next = e;
    s->last_next = &e->next;
    sk_map_put(&s->map, sk_span_of(e->id), e);
    return e;
}

void sk_status_remove(struct sk_status *s, const char *id)
{
    struct entry *e = sk_map_remove(&s->map, sk_span_of(id));
    if (e == NULL)
        return;
    struct entry **at = &s->first;
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    if (s->last_next == &e->next)
        s->last_next = at;
    entry_destroy(e);
    tell(s);
}

static void set(struct sk_status *s, enum sk_status_kind kind, const char *id, struct sk_span text, bool error)
{
    if (text.n == 0) {
        sk_status_remove(s, id);
        return;
    }
    struct entry *e = entry_for(s, kind, id);
    if (e == NULL)
        return;
    bool different = !sk_span_eq(text, e->text);
    if (e->error && different) {
        free(e->last_error);
        e->last_error = e->text;
        memcpy(e->last_error_when, e->when, sizeof e->when);
        e->text = NULL;
    }
    if (different) {
        free(e->text);
        e->text = sk_xstrndup(text.p, text.n < TEXT_MAX ? text.n : TEXT_MAX);
    }
    e->error = error;
    sk_iso_time(e->when, sk_clock_wall_ms());
    tell(s);
}

void sk_status_set(struct sk_status *s, enum sk_status_kind kind, const char *id, struct sk_span text)
{
    set(s, kind, id, text, false);
}

void sk_status_error(struct sk_status *s, enum sk_status_kind kind, const char *id, struct sk_span text)
{
    set(s, kind, id, text, true);
}

const char *sk_status_text(const struct sk_status *s, const char *id)
{
    const struct entry *e = sk_map_get(&s->map, sk_span_of(id));
    return e != NULL ? e->text : "";
}

bool sk_status_is_error(const struct sk_status *s, const char *id)
{
    const struct entry *e = sk_map_get(&s->map, sk_span_of(id));
    return e != NULL && e->error;
}

static void member(struct sk_buf *out, const char *name, const char *value)
{
    sk_buf_append(out, ",", !sk_buf_ends(out, '{'));
    sk_json_write_str(out, sk_span_of(name));
    sk_buf_char(out, ':');
    sk_json_write_str(out, sk_span_of(value));
}

void sk_status_write(const struct sk_status *s, struct sk_buf *out)
{
    sk_buf_char(out, '[');
    for (const struct entry *e = s->first; e != NULL; e = e->next) {
        sk_buf_append(out, ",", e != s->first);
        sk_buf_char(out, '{');
        member(out, "type", e->error ? "error" : "status");
        member(out, "id", e->id);
        member(out, "statusType", e->kind == SK_STATUS_PLUGIN ? "plugin" : "provider");
        member(out, "timeStamp", e->when);
        member(out, "message", e->text);
        if (e->last_error != NULL) {
            member(out, "lastError", e->last_error);
            member(out, "lastErrorTimeStamp", e->last_error_when);
        }
        sk_buf_char(out, '}');
    }
    sk_buf_char(out, ']');
}
