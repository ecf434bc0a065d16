/* links: base_dep */
#include "base/lines.h"

#define LINE_MAX_BYTES 40u

struct state {
    size_t given, lines;
};

static void take(void *arg, struct sk_span line)
{
    struct state *s = arg;
    SK_ASSERT(line.n > 0 && line.n <= LINE_MAX_BYTES && memchr(line.p, '\n', line.n) == NULL);
    s->given += line.n;
    s->lines++;
}

static struct state divided(struct sk_span text, size_t step, bool plain)
{
    struct state s = { 0 };
    struct sk_lines l;
    (plain ? sk_lines_init_plain : sk_lines_init)(&l, LINE_MAX_BYTES, take, &s);
    for (size_t i = 0; i < text.n; i += step)
        sk_lines_feed(&l, (struct sk_span){ text.p + i, text.n - i < step ? text.n - i : step });
    sk_lines_flush(&l, true);
    sk_lines_finish(&l);
    return s;
}

/* The first byte is the way and the size of the chunks: wherever they end, the same lines come out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2)
        return 0;
    struct sk_span text = { (const char *)data + 1, n - 1 };
    struct state whole = divided(text, text.n, data[0] & 1), parts = divided(text, data[0] / 2 + 1u, data[0] & 1);
    SK_ASSERT(whole.given == parts.given && whole.lines == parts.lines);
    return 0;
}
