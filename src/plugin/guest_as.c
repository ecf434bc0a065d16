/*
 * AssemblyScript convention: texts are UTF-16 string objects of the guest's own heap. The host makes them with __new and pins
 * them for the call, as the guest's collector may run at any allocation. The start configuration alone is a plain UTF-8 block.
 */
#include "plugin/guest_impl.h"

static int allocate(struct sk_guest *g, size_t bytes, uint32_t class_id, uint32_t *ret_ptr, struct sk_errmsg *em)
{
    int32_t ptr = 0;
    if (!g->exports[SK_EXPORT_NEW].present)
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "no export __new; build with --exportRuntime");
    if (bytes > INT32_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "text of %zu bytes is too large for a plugin", bytes);
    int r = sk_guest_invoke(g, &g->exports[SK_EXPORT_NEW], (const uint32_t[]){ (uint32_t)bytes, class_id }, 2, &ptr, em);
    if (r == 0 && (ptr == 0 || sk_guest_view(g, (uint32_t)ptr, (uint32_t)bytes) == NULL))
        r = sk_errmsg_set(em, SK_ERR_PROTOCOL, "__new(%zu) failed", bytes);
    if (r == 0)
        *ret_ptr = (uint32_t)ptr;
    return r;
}

static int make(struct sk_guest *g, size_t bytes, uint32_t class_id, uint32_t *ret_ptr, struct sk_errmsg *em)
{
    int r = allocate(g, bytes, class_id, ret_ptr, em);
    if (r == 0 && g->exports[SK_EXPORT_PIN].present)
        r = sk_guest_invoke(g, &g->exports[SK_EXPORT_PIN], ret_ptr, 1, NULL, em);
    return r;
}

static int unpin(struct sk_guest *g, uint32_t ptr, struct sk_errmsg *em)
{
    if (ptr == 0 || g->dead || !g->exports[SK_EXPORT_UNPIN].present)
        return 0;
    return sk_guest_invoke(g, &g->exports[SK_EXPORT_UNPIN], &ptr, 1, NULL, em);
}

static int make_string(struct sk_guest *g, struct sk_span text, uint32_t *ret_ptr, uint32_t *ret_units, struct sk_errmsg *em)
{
    size_t units = sk_utf16_units(text, NULL);
    int r = make(g, 2 * units, SK_AS_STRING, ret_ptr, em);
    if (r < 0)
        return r;
    uint8_t *to = sk_guest_view(g, *ret_ptr, (uint32_t)(2 * units));
    if (to == NULL) /* __pin may have done anything */
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "a string is not within the plugin's memory");
    sk_utf16_units(text, to);
    *ret_units = (uint32_t)units;
    return 0;
}

/* Before any other call into the guest: nothing pins its result. */
static int read_result(struct sk_guest *g, const struct sk_guest_func *f, int32_t ptr, struct sk_buf *out, struct sk_errmsg *em)
{
    int r = sk_guest_as_string(g, (uint32_t)ptr, out);
    if (r == SK_ERR_NOTFOUND)
        return 0; /* null is no text */
    return r < 0 ? sk_errmsg_set(em, SK_ERR_PROTOCOL, "Failed to decode WASM response: %s did not return a string", f->name) : 0;
}

static int text(struct sk_guest *g, const struct sk_guest_func *f, struct sk_buf *out, struct sk_errmsg *em)
{
    int32_t ptr = 0;
    int r = sk_guest_invoke(g, f, NULL, 0, &ptr, em);
    return r < 0 ? r : read_result(g, f, ptr, out, em);
}

static int start(struct sk_guest *g, struct sk_span config, int32_t *ret_code, struct sk_errmsg *em)
{
    uint32_t block = 0;
    int r = make(g, config.n, 0, &block, em);
    if (r == 0 && !sk_guest_put(g, block, config.p, config.n))
        r = sk_errmsg_set(em, SK_ERR_PROTOCOL, "the configuration is not within the plugin's memory");
    if (r == 0)
        r = sk_guest_invoke(g, &g->exports[SK_EXPORT_START], (const uint32_t[]){ block, (uint32_t)config.n }, 2, ret_code, em);
    int u = unpin(g, block, r < 0 ? NULL : em);
    return r < 0 ? r : u;
}

static int delta(struct sk_guest *g, struct sk_span json, struct sk_errmsg *em)
{
    uint32_t s = 0, units = 0;
    int r = make_string(g, json, &s, &units, em);
    if (r == 0)
        r = sk_guest_invoke(g, &g->exports[SK_EXPORT_DELTA], (const uint32_t[]){ s, units }, 2, NULL, em);
    int u = unpin(g, s, r < 0 ? NULL : em);
    return r < 0 ? r : u;
}

static int request(struct sk_guest *g, const struct sk_guest_func *f, enum sk_call_shape shape, struct sk_span req, uint32_t max,
                   struct sk_buf *out, struct sk_errmsg *em)
{
    uint32_t s = 0, units = 0;
    int32_t ptr = 0;
    if (shape == SK_CALL_ANSWER)
        req = SK_SPAN("{}");
    int r = make_string(g, req, &s, &units, em);
    if (r == 0)
        r = sk_guest_invoke(g, f, (const uint32_t[]){ s, units }, shape == SK_CALL_HTTP ? 2 : 1, &ptr, em);
    if (r == 0)
        r = read_result(g, f, ptr, out, em);
    int u = unpin(g, s, r < 0 ? NULL : em);
    return r < 0 ? r : u;
}

int sk_guest_as_give(struct sk_guest *g, struct sk_span bytes, uint32_t *ret_ptr, struct sk_errmsg *em)
{
    int r = allocate(g, bytes.n, SK_AS_ARRAYBUFFER, ret_ptr, em);
    return r == 0 && !sk_guest_put(g, *ret_ptr, bytes.p, bytes.n)
               ? sk_errmsg_set(em, SK_ERR_PROTOCOL, "an answer is not within the plugin's memory")
               : r;
}

int sk_guest_fetched(struct sk_guest *g, struct sk_span body, int status, bool redirected, int32_t id, unsigned ms,
                     struct sk_errmsg *em)
{
    struct sk_guest_func f;
    uint32_t block = 0;
    if (g->dead || !sk_guest_lookup(g, "responseHandler", &f))
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "no export responseHandler");
    sk_guest_set_deadline(g, ms);
    int r = make(g, body.n, SK_AS_ARRAYBUFFER, &block, em);
    if (r == 0 && !sk_guest_put(g, block, body.p, body.n))
        r = sk_errmsg_set(em, SK_ERR_PROTOCOL, "an answer is not within the plugin's memory");
    if (r == 0)
        r = sk_guest_invoke(g, &f, (const uint32_t[]){ block, (uint32_t)status, redirected, (uint32_t)id }, 4, NULL, em);
    int u = unpin(g, block, r < 0 ? NULL : em);
    return r < 0 ? r : u;
}

const struct sk_guest_abi sk_guest_as_abi = { "assemblyscript", text, start, delta, request };
