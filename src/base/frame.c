#include "base/frame.h"

#include <stdlib.h>

#define FIN_TEXT 0x81
#define FIN_BINARY 0x82

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

void sk_frame_unref(struct sk_frame *f)
{
    if (f != NULL && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
        free(f);
}
