#include "plugin/guest_impl.h"

#include "base/log.h"
#include "base/utf8.h"

#define NS "signalk:wasm:bindings"

uint8_t *sk_guest_view(struct sk_guest *g, uint32_t off, uint32_t len)
{
    if (!g->has_memory)
        return NULL;
    size_t size = wasmtime_memory_data_size(g->ctx, &g->memory);
    if (len > size || off > size - len)
        return NULL;
    return wasmtime_memory_data(g->ctx, &g->memory) + off;
}

bool sk_guest_put(struct sk_guest *g, uint32_t off, const void *p, size_t n)
{
    uint8_t *to = n <= UINT32_MAX ? sk_guest_view(g, off, (uint32_t)n) : NULL;
    if (to == NULL)
        return false;
    if (n > 0)
        memcpy(to, p, n);
    return true;
}

bool sk_guest_utf8(struct sk_guest *g, uint32_t ptr, uint32_t len, const char *what, struct sk_buf *out)
{
    const uint8_t *p = sk_guest_view(g, ptr, len);
    bool fits = len <= out->max + 3; /* not read for nothing; 3: a byte order mark, which is dropped */
    if (p != NULL && fits)
        sk_utf8_append_lossy(out, p, len);
    if (p != NULL && fits && sk_buf_ok(out))
        return true;
    sk_log_debug(NS, "[%s] %s: %s (pointer %u, length %u)", g->o.package->name, what,
                 p == NULL ? "not within the plugin's memory" : "text too long", ptr, len);
    return false;
}

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int sk_guest_as_string(struct sk_guest *g, uint32_t ptr, struct sk_buf *out)
{
    if (ptr == 0)
        return SK_ERR_NOTFOUND;
    const uint8_t *head = ptr >= 8 ? sk_guest_view(g, ptr - 8, 8) : NULL;
    if (head == NULL || le32(head) != SK_AS_STRING)
        return SK_ERR_PROTOCOL;
    uint32_t bytes = le32(head + 4);
    const uint8_t *p = sk_guest_view(g, ptr, bytes);
    if (p == NULL)
        return SK_ERR_PROTOCOL;
    sk_utf16_append(out, p, bytes / 2);
    return sk_buf_ok(out) ? 0 : SK_ERR_LIMIT;
}

/* Fields: buffer, start of the data, bytes of it, elements. */
int sk_guest_as_array(struct sk_guest *g, uint32_t ptr, uint32_t *out, uint32_t max)
{
    const uint8_t *head = ptr != 0 ? sk_guest_view(g, ptr, 16) : NULL;
    if (head == NULL)
        return SK_ERR_PROTOCOL;
    uint32_t data = le32(head + 4), count = le32(head + 12);
    const uint8_t *p = count <= max ? sk_guest_view(g, data, 4 * count) : NULL;
    if (p == NULL)
        return SK_ERR_PROTOCOL;
    for (uint32_t i = 0; i < count; i++)
        out[i] = le32(p + 4 * (size_t)i);
    return (int)count;
}

int sk_guest_as_bytes(struct sk_guest *g, uint32_t ptr, struct sk_buf *out)
{
    const uint8_t *head = ptr >= 8 ? sk_guest_view(g, ptr - 8, 8) : NULL;
    if (head == NULL || le32(head) != SK_AS_ARRAYBUFFER)
        return SK_ERR_PROTOCOL;
    uint32_t n = le32(head + 4);
    const uint8_t *p = sk_guest_view(g, ptr, n);
    if (p == NULL)
        return SK_ERR_PROTOCOL;
    sk_buf_append(out, p, n);
    return sk_buf_ok(out) ? 0 : SK_ERR_LIMIT;
}

void sk_utf16_append(struct sk_buf *out, const uint8_t *le, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        uint32_t c = le[2 * i] | (uint32_t)le[2 * i + 1] << 8;
        if (c < 0x80) {
            sk_buf_char(out, (char)c);
            continue;
        }
        if (c >= 0xd800 && c < 0xe000) {
            uint32_t low = i + 1 < units ? le[2 * i + 2] | (uint32_t)le[2 * i + 3] << 8 : 0;
            bool pair = c < 0xdc00 && low >= 0xdc00 && low < 0xe000;
            c = pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
            i += pair;
        }
        sk_utf8_append_code(out, c);
    }
}

static void put_unit(uint8_t **le, uint32_t unit)
{
    if (*le == NULL)
        return;
    (*le)[0] = (uint8_t)unit;
    (*le)[1] = (uint8_t)(unit >> 8);
    *le += 2;
}

size_t sk_utf16_units(struct sk_span utf8, uint8_t *le)
{
    const unsigned char *p = (const unsigned char *)utf8.p;
    size_t units = 0;
    for (size_t i = 0; i < utf8.n;) {
        uint32_t c = p[i];
        size_t n = 1;
        if (c >= 0x80) {
            n = sk_utf8_char(p + i, utf8.n - i);
            static const unsigned char lead[] = { 0, 0, 0x1f, 0x0f, 0x07 };
            c = n < 2 ? 0xfffd : p[i] & lead[n];
            for (size_t k = 1; k < n; k++)
                c = c << 6 | (p[i + k] & 0x3f);
            n = n == 0 ? 1 : n;
        }
        i += n;
        if (c >= 0x10000) {
            put_unit(&le, 0xd800 + ((c - 0x10000) >> 10));
            put_unit(&le, 0xdc00 + ((c - 0x10000) & 0x3ff));
            units += 2;
        } else {
            put_unit(&le, c);
            units++;
        }
    }
    return units;
}
