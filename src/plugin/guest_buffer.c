/* Buffer convention (Rust, C, Go, TinyGo): UTF-8 in blocks that the guest's own `allocate` gives and `deallocate` takes back. */
#include "plugin/guest_impl.h"

struct block {
    uint32_t ptr, size;
    uint8_t *at; /* only until the next call into the guest */
};

static int get_block(struct sk_guest *g, size_t size, struct block *ret, struct sk_errmsg *em)
{
    uint32_t n = (uint32_t)size;
    int32_t ptr = 0;
    *ret = (struct block){ 0 };
    if (size == 0) /* never allocate(0): TinyGo's documented allocator panics */
        return 0;
    if (size > INT32_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "text of %zu bytes is too large for a plugin", size);
    int r = sk_guest_invoke(g, &g->exports[SK_EXPORT_ALLOCATE], &n, 1, &ptr, em);
    if (r < 0)
        return r;
    uint8_t *at = ptr != 0 ? sk_guest_view(g, (uint32_t)ptr, n) : NULL;
    if (at == NULL)
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "allocate(%u) failed", n);
    *ret = (struct block){ (uint32_t)ptr, n, at };
    return 0;
}

/* Also on error paths; a dead guest needs no freeing. */
static int drop_block(struct sk_guest *g, struct block b, struct sk_errmsg *em)
{
    if (b.size == 0 || g->dead || !g->exports[SK_EXPORT_DEALLOCATE].present)
        return 0;
    return sk_guest_invoke(g, &g->exports[SK_EXPORT_DEALLOCATE], (const uint32_t[]){ b.ptr, b.size }, 2, NULL, em);
}

static int drop_both(struct sk_guest *g, struct block in, struct block out, int r, struct sk_errmsg *em)
{
    struct sk_errmsg *why = r < 0 ? NULL : em; /* the first reason is the one to tell */
    int a = drop_block(g, in, why);
    int b = drop_block(g, out, a < 0 ? NULL : why);
    return r < 0 ? r : a < 0 ? a : b;
}

static int read_out(struct sk_guest *g, struct block out, int32_t written, struct sk_buf *text)
{
    uint32_t n = written < 0 ? 0 : (uint32_t)written > out.size ? out.size : (uint32_t)written;
    const uint8_t *p = sk_guest_view(g, out.ptr, n);
    if (p == NULL)
        return SK_ERR_PROTOCOL;
    sk_buf_append(text, p, n);
    return sk_buf_ok(text) ? 0 : SK_ERR_LIMIT;
}

static int text_with(struct sk_guest *g, const struct sk_guest_func *f, uint32_t max, struct sk_buf *out, int32_t *ret_written,
                     struct sk_errmsg *em)
{
    struct block b;
    int r = get_block(g, max, &b, em);
    if (r == 0)
        r = sk_guest_invoke(g, f, (const uint32_t[]){ b.ptr, b.size }, 2, ret_written, em);
    if (r == 0 && read_out(g, b, *ret_written, out) < 0)
        r = sk_errmsg_set(em, SK_ERR_PROTOCOL, "%s: the result is not within the plugin's memory", f->name);
    return drop_both(g, (struct block){ 0 }, b, r, em);
}

/* Plugins cut what does not fit, so a full buffer means "perhaps more": asked again with a larger one. */
static int text(struct sk_guest *g, const struct sk_guest_func *f, struct sk_buf *out, struct sk_errmsg *em)
{
    size_t before = out->n;
    for (uint32_t max = SK_TEXT_MIN;; max *= 2) {
        struct sk_errmsg why = { 0 };
        int32_t written = 0;
        size_t kept = out->n;
        out->n = before;
        int r = text_with(g, f, max, out, &written, &why);
        if (r < 0 && max > SK_TEXT_MIN && !g->dead) {
            out->n = kept; /* it has no room for more: what the promised size held is what there is */
            return 0;
        }
        if (r < 0) {
            *em = why;
            return r;
        }
        if (written < 0 || (uint32_t)written < max || max >= SK_TEXT_MAX)
            return 0;
    }
}

static int start(struct sk_guest *g, struct sk_span config, int32_t *ret_code, struct sk_errmsg *em)
{
    struct block in;
    int r = get_block(g, config.n, &in, em);
    if (r == 0) {
        if (config.n > 0)
            memcpy(in.at, config.p, config.n);
        r = sk_guest_invoke(g, &g->exports[SK_EXPORT_START], (const uint32_t[]){ in.ptr, in.size }, 2, ret_code, em);
    }
    return drop_both(g, in, (struct block){ 0 }, r, em);
}

static int delta(struct sk_guest *g, struct sk_span json, struct sk_errmsg *em)
{
    struct block in;
    int r = get_block(g, json.n, &in, em);
    if (r < 0)
        return r;
    if (json.n > 0)
        memcpy(in.at, json.p, json.n);
    r = sk_guest_invoke(g, &g->exports[SK_EXPORT_DELTA], (const uint32_t[]){ in.ptr, in.size }, 2, NULL, em);
    if (r < 0)
        return r; /* dead: nothing to free */
    return drop_block(g, in, em);
}

static int request(struct sk_guest *g, const struct sk_guest_func *f, enum sk_call_shape shape, struct sk_span req, uint32_t max,
                   struct sk_buf *out, struct sk_errmsg *em)
{
    struct block in = { 0 }, answer = { 0 };
    int32_t written = 0;
    int r = shape == SK_CALL_ANSWER ? 0 : get_block(g, req.n, &in, em);
    if (r == 0)
        r = get_block(g, max, &answer, em);
    uint8_t *to = r == 0 ? sk_guest_view(g, in.ptr, in.size) : NULL; /* anew: allocate may have moved the memory */
    if (to != NULL && in.size > 0)
        memcpy(to, req.p, in.size);
    const uint32_t args[] = { in.ptr, in.size, answer.ptr, answer.size };
    if (r == 0)
        r = shape == SK_CALL_ANSWER ? sk_guest_invoke(g, f, args + 2, 2, &written, em)
                                    : sk_guest_invoke(g, f, args, 4, &written, em);
    if (r == 0 && written < 0)
        r = sk_errmsg_set(em, SK_ERR_PROTOCOL, "%s returned %d", f->name, written);
    if (r == 0 && read_out(g, answer, written, out) < 0)
        r = sk_errmsg_set(em, SK_ERR_PROTOCOL, "%s: the result is not within the plugin's memory", f->name);
    return drop_both(g, in, answer, r, em);
}

const struct sk_guest_abi sk_guest_buffer_abi = { "buffer", text, start, delta, request };
