/*
 * The full model over HTTP. With thousands of contexts it takes many milliseconds to write, so it is gathered in slices, context
 * by context, with the streams served in between; what has not changed since the last time is only referred to.
 */
#include "api/data/unit_users.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "model/query.h"
#include "model/tree.h"

#include <stdlib.h>

#define SLICE_NS 1500000u
#define CLOCK_EVERY 16u /* contexts between two looks at the clock */
#define ROOTS_MAX 64u
#define SOURCES_MAX ((size_t)64 * 1024 * 1024)

struct part {
    struct sk_frame *frame;
    uint64_t hash;
    uint32_t root; /* index into `roots` */
};

struct job {
    struct sk_loop_task task;
    struct sk_api *api;
    struct sk_http_req *req;
    struct sk_span only; /* that root, or everything when empty; in the request's arena */
    uint32_t next;       /* serial of the context to go on with */
    struct part *parts;  /* in order of creation */
    size_t count, cap;
    struct sk_span roots[ROOTS_MAX]; /* vessels first, then as they turn up; in the request's arena */
    uint32_t root_count;
    struct sk_http_part *out;
    uint64_t *hashes;
    size_t out_count, out_cap;
    char user[SK_SUBJECT_MAX + 1]; /* in whose units; "": everybody's */
    bool failed;
};

/* ---- gathering ---------------------------------------------------------------------------------------------------------- */

static bool root_of(struct job *j, struct sk_span root, uint32_t *ret_index)
{
    uint32_t i = 0;
    while (i < j->root_count && !sk_span_is(j->roots[i], root))
        i++;
    *ret_index = i;
    if (i < j->root_count)
        return true;
    if (i == ROOTS_MAX)
        return false; /* inventions beyond this are not shown */
    j->roots[i] = (struct sk_span){ sk_arena_copy(sk_http_arena(j->req), root.p, root.n), root.n };
    j->root_count += j->roots[i].p != NULL;
    return j->roots[i].p != NULL;
}

static void take_context(struct job *j, struct sk_context *c)
{
    uint32_t root;
    if ((j->only.n != 0 && !sk_span_is(c->root, j->only)) || !root_of(j, c->root, &root))
        return;
    const struct sk_rendering *r = sk_context_rendering(c);
    if (r == NULL) {
        j->failed = true;
        return;
    }
    if (j->count == j->cap) {
        j->cap = j->cap == 0 ? 64 : j->cap * 2;
        j->parts = sk_xrealloc(j->parts, j->cap * sizeof *j->parts);
    }
    j->parts[j->count++] = (struct part){ sk_frame_ref(r->frame), r->hash, root };
}

/* True when all contexts are taken. */
static bool gather(struct job *j)
{
    uint64_t end = sk_clock_mono_ns() + SLICE_NS;
    unsigned taken = 0;
    bool all = true;
    sk_unit_users_see(j->api, j->user);
    for (struct sk_context *c = sk_context_first(j->api->model); c != NULL; c = c->next) {
        if (c->serial < j->next)
            continue;
        if (++taken % CLOCK_EVERY == 0 && sk_clock_mono_ns() > end) {
            all = false;
            break;
        }
        take_context(j, c);
        j->next = c->serial + 1;
    }
    sk_unit_users_see(j->api, "");
    return all;
}

/* ---- putting together --------------------------------------------------------------------------------------------------- */

/* Takes the reference. */
static void emit(struct job *j, struct sk_frame *f, uint64_t hash, uint32_t skip)
{
    if (f == NULL) {
        j->failed = true;
        return;
    }
    if (j->out_count == j->out_cap) {
        j->out_cap = j->out_cap == 0 ? j->count + 64 : j->out_cap * 2;
        j->out = sk_xrealloc(j->out, j->out_cap * sizeof *j->out);
        j->hashes = sk_xrealloc(j->hashes, j->out_cap * sizeof *j->hashes);
    }
    j->hashes[j->out_count] = hash;
    j->out[j->out_count++] = (struct sk_http_part){ f, skip };
}

static void emit_text(struct job *j, struct sk_buf *b)
{
    emit(j, sk_buf_ok(b) ? sk_frame_create(b->p, b->n) : NULL, sk_hash_bytes(b->p, b->n), 0);
    sk_buf_clear(b);
}

static void emit_root(struct job *j, struct sk_buf *b, uint32_t root)
{
    bool first = true;
    sk_buf_char(b, '{');
    emit_text(j, b);
    for (size_t i = 0; i < j->count; i++) {
        if (j->parts[i].root != root)
            continue;
        emit(j, sk_frame_ref(j->parts[i].frame), j->parts[i].hash, first);
        first = false;
    }
    sk_buf_char(b, '}');
}

static void put_together(struct job *j)
{
    struct sk_buf b;
    sk_buf_init(&b, SOURCES_MAX);
    if (j->only.n != 0) {
        emit_root(j, &b, 0);
        emit_text(j, &b);
    } else {
        SK_BUF_LIT(&b, "{\"vessels\":");
        emit_root(j, &b, 0);
        SK_BUF_LIT(&b, ",\"self\":");
        sk_json_write_str(&b, sk_span_of(sk_model_self_context(j->api->model)));
        SK_BUF_LIT(&b, ",\"version\":\"0.1.0\",\"sources\":");
        sk_sources_write(sk_model_sources(j->api->model), &b);
        for (uint32_t i = 1; i < j->root_count; i++) {
            sk_buf_char(&b, ',');
            sk_json_write_str(&b, j->roots[i]);
            sk_buf_char(&b, ':');
            emit_root(j, &b, i);
        }
        sk_buf_char(&b, '}');
        emit_text(j, &b);
    }
    sk_buf_finish(&b);
}

static void answer(struct job *j)
{
    put_together(j);
    if (j->failed) {
        for (size_t i = 0; i < j->out_count; i++)
            sk_frame_unref(j->out[i].frame);
        free(j->out);
        sk_http_reply_error_page(j->req, 500, "Internal Server Error");
    } else {
        uint64_t hash = sk_hash_bytes(j->hashes, j->out_count * sizeof *j->hashes);
        sk_http_reply_parts(j->req, SK_HTTP_JSON, j->out, j->out_count, hash);
    }
    for (size_t i = 0; i < j->count; i++)
        sk_frame_unref(j->parts[i].frame);
    free(j->parts);
    free(j->hashes);
    j->api->full_model_jobs--;
    free(j);
}

static void go_on(struct sk_loop_task *task)
{
    struct job *j = SK_CONTAINER(task, struct job, task);
    if (gather(j))
        answer(j);
    else
        sk_loop_post(j->api->loop, &j->task);
}

bool sk_full_model_get(struct sk_api *api, struct sk_http_req *r, struct sk_span rest)
{
    if (rest.n > 0 && rest.p[rest.n - 1] == '/')
        rest.n--;
    if (sk_span_eq(rest, "resources"))
        return false;
    if (rest.n != 0 && (memchr(rest.p, '/', rest.n) != NULL || !sk_tree_has_root(api->model, rest)))
        return false;
    struct job *j = sk_xcalloc(1, sizeof *j);
    uint32_t index;
    j->task.run = go_on;
    j->api = api;
    api->full_model_jobs++;
    j->req = r;
    j->only = rest;
    sk_unit_users_name(api, r, j->user);
    (void)root_of(j, rest.n != 0 ? rest : SK_SPAN("vessels"), &index);
    go_on(&j->task);
    return true;
}
