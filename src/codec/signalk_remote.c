/*
 * What another Signal K server sends: its hello, which says who it is, and deltas. Deltas about it become deltas about the own
 * vessel (option selfHandling), and what came round already is dropped: two servers that take each other's data would else pass
 * it on for ever. An update is known again by its text, when that carries a time. Metadata that the other announces before the
 * first value of a path (an update of nothing else, without a source) is taken for paths of which nothing is known here.
 */
#include "base/lines.h"
#include "base/map.h"
#include "codec/codec.h"

#include <stdlib.h>

#define LINE_MAX_BYTES ((size_t)1024 * 1024)
#define ARENA_MAX ((size_t)32 * 1024 * 1024)
#define SEEN 8192u /* updates remembered; a power of two */
#define WAYS 4u

enum self_handling { USE_REMOTE, MANUAL, NONE };

struct seen {
    uint64_t hash, number;
};

struct remote {
    struct sk_codec base;
    struct sk_lines lines;
    struct sk_arena arena;
    struct sk_buf out;
    enum self_handling handling;
    char *self; /* "vessels.urn:..."; NULL: not known yet */
    struct seen *seen;
    uint64_t number;
};

/* ---- whose data --------------------------------------------------------------------------------------------------------- */

static void set_self(struct remote *r, struct sk_span id)
{
    static const char prefix[] = "vessels.";
    bool whole = sk_span_starts(id, prefix);
    struct sk_buf b;
    sk_buf_init(&b, 512);
    if (!whole)
        sk_buf_text(&b, prefix);
    sk_buf_span_append(&b, id);
    free(r->self);
    r->self = sk_buf_steal(&b, NULL);
}

static bool is_remote_self(const struct remote *r, const yyjson_val *context)
{
    return r->handling != NONE && r->self != NULL && sk_span_eq(sk_json_str(context), r->self);
}

/* ---- what came round ---------------------------------------------------------------------------------------------------- */

static bool is_known(struct remote *r, struct sk_span update)
{
    uint64_t hash = sk_hash_bytes(update.p, update.n);
    struct seen *row = &r->seen[hash & (SEEN - 1) & ~(uint64_t)(WAYS - 1)], *oldest = row;
    r->number++;
    for (unsigned i = 0; i < WAYS; i++) {
        if (row[i].hash == hash && row[i].number != 0)
            return true;
        if (row[i].number < oldest->number)
            oldest = &row[i];
    }
    *oldest = (struct seen){ hash, r->number };
    return false;
}

/* ---- messages ----------------------------------------------------------------------------------------------------------- */

static bool is_announcement(const yyjson_val *u)
{
    return yyjson_is_arr(sk_json_get(u, "meta")) && sk_json_get(u, "values") == NULL && sk_json_get(u, "$source") == NULL &&
           sk_json_get(u, "source") == NULL;
}

/* How a value is shown is the business of each server. */
static void write_metadata(struct sk_buf *out, yyjson_val *object)
{
    size_t i, n;
    yyjson_val *key, *v;
    bool first = true;
    sk_buf_char(out, '{');
    yyjson_obj_foreach(object, i, n, key, v) {
        if (sk_span_eq(sk_json_str(key), "displayUnits"))
            continue;
        sk_buf_append(out, ",", !first);
        first = false;
        sk_json_write(out, key);
        sk_buf_char(out, ':');
        sk_json_write(out, v);
    }
    sk_buf_char(out, '}');
}

/* False: there is nothing new in it. */
static bool write_announcement(struct remote *r, const yyjson_val *u)
{
    size_t i, n;
    yyjson_val *entry, *time = sk_json_get(u, "timestamp");
    unsigned left = 0;
    sk_buf_char(&r->out, '{');
    if (time != NULL) {
        SK_BUF_LIT(&r->out, "\"timestamp\":");
        sk_json_write(&r->out, time);
        sk_buf_char(&r->out, ',');
    }
    SK_BUF_LIT(&r->out, "\"meta\":[");
    yyjson_arr_foreach(sk_json_get(u, "meta"), i, n, entry) {
        yyjson_val *path = sk_json_get(entry, "path"), *object = sk_json_get(entry, "value");
        if (!yyjson_is_str(path) || !yyjson_is_obj(object) ||
            (r->base.out.knows_meta != NULL && r->base.out.knows_meta(r->base.out.arg, sk_json_str(path))))
            continue;
        sk_buf_append(&r->out, ",", left++ > 0);
        SK_BUF_LIT(&r->out, "{\"path\":");
        sk_json_write(&r->out, path);
        SK_BUF_LIT(&r->out, ",\"value\":");
        write_metadata(&r->out, object);
        sk_buf_char(&r->out, '}');
    }
    SK_BUF_LIT(&r->out, "]}");
    return left > 0;
}

/* Returns how many updates are left. */
static unsigned write_updates(struct remote *r, yyjson_val *updates)
{
    size_t i, n;
    yyjson_val *u;
    unsigned left = 0;
    SK_BUF_LIT(&r->out, "\"updates\":[");
    yyjson_arr_foreach(updates, i, n, u) {
        size_t before = r->out.n;
        sk_buf_append(&r->out, ",", left > 0);
        size_t at = r->out.n;
        bool news = true;
        if (is_announcement(u))
            news = write_announcement(r, u);
        else
            sk_json_write(&r->out, u);
        if (!sk_buf_ok(&r->out))
            return 0;
        if (!news)
            r->out.n = before;
        else if (sk_json_get(u, "timestamp") != NULL && is_known(r, (struct sk_span){ r->out.p + at, r->out.n - at })) {
            r->out.n = before;
            r->base.stats.ignored++;
        } else {
            left++;
        }
    }
    SK_BUF_LIT(&r->out, "]}");
    return left;
}

static void take_delta(struct remote *r, const yyjson_val *delta, yyjson_val *updates)
{
    yyjson_val *context = sk_json_get(delta, "context");
    sk_buf_clear(&r->out);
    sk_buf_char(&r->out, '{');
    if (context != NULL && !is_remote_self(r, context)) {
        SK_BUF_LIT(&r->out, "\"context\":");
        sk_json_write(&r->out, context);
        sk_buf_char(&r->out, ',');
    }
    unsigned left = write_updates(r, updates);
    if (!sk_buf_ok(&r->out))
        r->base.stats.oversized++;
    else if (left > 0)
        sk_codec_emit(&r->base, sk_buf_span(&r->out));
}

static void take(void *arg, struct sk_span line)
{
    struct remote *r = arg;
    yyjson_doc *doc;
    r->base.stats.units++;
    if (r->base.out.line != NULL)
        r->base.out.line(r->base.out.arg, 'I', line);
    if (sk_json_read_raw(&r->arena, line, &doc, NULL) < 0) {
        r->base.stats.garbage++;
        sk_arena_reset(&r->arena);
        return;
    }
    const yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_val *updates = sk_json_get(root, "updates");
    struct sk_span self = sk_json_str(sk_json_get(root, "self"));
    if (yyjson_is_arr(updates))
        take_delta(r, root, updates);
    else if (self.n > 0 && r->handling == USE_REMOTE)
        set_self(r, self);
    else
        r->base.stats.unknown += self.n == 0; /* an answer to a request, an event: nothing to us */
    sk_arena_reset(&r->arena);
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static void feed(struct sk_codec *c, struct sk_span bytes, int64_t now_ms)
{
    struct remote *r = SK_CONTAINER(c, struct remote, base);
    (void)now_ms;
    c->stats.bytes += bytes.n;
    sk_lines_feed(&r->lines, bytes);
}

static void flush(struct sk_codec *c, bool whole, int64_t now_ms)
{
    (void)now_ms;
    sk_lines_flush(&SK_CONTAINER(c, struct remote, base)->lines, whole);
}

static void destroy(struct sk_codec *c)
{
    struct remote *r = SK_CONTAINER(c, struct remote, base);
    sk_lines_finish(&r->lines);
    sk_arena_finish(&r->arena);
    sk_buf_finish(&r->out);
    free(r->seen);
    free(r->self);
    free(r);
}

static int read_self(struct remote *r, const yyjson_val *settings, struct sk_errmsg *em)
{
    struct sk_span how = sk_json_str(sk_json_get(settings, "selfHandling"));
    struct sk_span self = sk_json_str(sk_json_get(settings, "remoteSelf"));
    r->handling = sk_span_eq(how, "noSelf") ? NONE : sk_span_eq(how, "manualSelf") ? MANUAL : USE_REMOTE;
    if (how.n > 0 && r->handling == USE_REMOTE && !sk_span_eq(how, "useRemoteSelf"))
        return sk_errmsg_set(em, SK_ERR_INVALID, "selfHandling is none of useRemoteSelf, manualSelf, noSelf");
    if (r->handling == MANUAL && self.n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "selfHandling is manualSelf, but no remoteSelf is given");
    if (r->handling == MANUAL)
        set_self(r, self);
    return 0;
}

static int create(const struct sk_codec_options *o, struct sk_codec **ret_codec, struct sk_errmsg *em)
{
    struct remote *r = sk_xcalloc(1, sizeof *r);
    r->base = (struct sk_codec){ .ops = &sk_codec_signalk_remote, .out = o->out };
    r->seen = sk_xcalloc(SEEN, sizeof *r->seen);
    sk_lines_init(&r->lines, LINE_MAX_BYTES, take, r);
    sk_arena_init(&r->arena, ARENA_MAX);
    sk_buf_init(&r->out, 2 * LINE_MAX_BYTES);
    int e = read_self(r, o->settings, em);
    if (e < 0) {
        destroy(&r->base);
        return e;
    }
    *ret_codec = &r->base;
    return 0;
}

const struct sk_codec_ops sk_codec_signalk_remote = { "Signal K server", create, feed, flush, NULL, NULL, destroy };
