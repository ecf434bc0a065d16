#include "base/frame.h"

#include <stdlib.h>

#define FIN_TEXT 0x81
#define FIN_BINARY 0x82
#define RSV1 0x40 /* RFC 7692: compressed */

/* RFC 6455 §5.2: FIN + opcode, then the length in 7, 16 or 64 bits, no mask from a server. */
static uint8_t write_header(char *end, unsigned char first, size_t n)
{
    unsigned char h[SK_FRAME_HEAD] = { first };
    uint8_t len;
    if (n < 126) {
        h[1] = (unsigned char)n;
        len = 2;
    } else if (n < 65536) {
        h[1] = 126;
        h[2] = (unsigned char)(n >> 8);
        h[3] = (unsigned char)n;
        len = 4;
    } else {
        h[1] = 127;
        for (int i = 0; i < 8; i++)
            h[2 + i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
        len = 10;
    }
    memcpy(end - len, h, len);
    return len;
}

static struct sk_frame *create(unsigned char first, const void *text, size_t n)
{
    if (n > INT32_MAX)
        return NULL;
    struct sk_frame *f = malloc(sizeof *f + SK_FRAME_HEAD + n + 2);
    if (f == NULL)
        return NULL;
    atomic_init(&f->refs, 1);
    f->len = (uint32_t)n;
    f->head = write_header(f->bytes + SK_FRAME_HEAD, first, n);
    f->packing = SK_FRAME_PLAIN;
    f->packed = NULL;
    if (n != 0)
        memcpy(f->bytes + SK_FRAME_HEAD, text, n);
    memcpy(f->bytes + SK_FRAME_HEAD + n, "\r\n", 2);
    return f;
}

struct sk_frame *sk_frame_create(const void *text, size_t n)
{
    return create(FIN_TEXT, text, n);
}

struct sk_frame *sk_frame_create_binary(const void *bytes, size_t n)
{
    return create(FIN_BINARY, bytes, n);
}

static void destroy(struct sk_frame *f)
{
    free(f->packed);
    free(f);
}

void sk_frame_unref(struct sk_frame *f)
{
    if (f != NULL && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
        destroy(f);
}

void sk_frame_set_packed(struct sk_frame *f, const char *bytes, size_t n)
{
    char *p = f->packing != SK_FRAME_PACKED ? malloc(SK_FRAME_HEAD + n) : NULL;
    if (p == NULL)
        return;
    char head[SK_FRAME_HEAD];
    uint8_t len = write_header(head + SK_FRAME_HEAD, (unsigned char)(f->bytes[SK_FRAME_HEAD - f->head] | RSV1), n);
    memcpy(p, head + SK_FRAME_HEAD - len, len);
    memcpy(p + len, bytes, n);
    f->packed = p;
    f->packed_len = (uint32_t)(n + len);
    f->packing = SK_FRAME_PACKED;
}
