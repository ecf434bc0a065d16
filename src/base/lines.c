#include "base/lines.h"

void sk_lines_init(struct sk_lines *l, size_t line_max, void (*take)(void *arg, struct sk_span line), void *arg)
{
    *l = (struct sk_lines){ .take = take, .arg = arg };
    sk_buf_init(&l->rest, line_max);
}

void sk_lines_init_plain(struct sk_lines *l, size_t line_max, void (*take)(void *arg, struct sk_span line), void *arg)
{
    sk_lines_init(l, line_max, take, arg);
    l->plain = true;
}

void sk_lines_finish(struct sk_lines *l)
{
    sk_buf_finish(&l->rest);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void take(struct sk_lines *l, struct sk_span line)
{
    if (l->plain) {
        line.n -= line.n > 0 && line.p[line.n - 1] == '\r';
        if (line.n > 0)
            l->take(l->arg, line);
        return;
    }
    while (line.n > 0 && is_space(line.p[line.n - 1]))
        line.n--;
    while (line.n > 0 && is_space(line.p[0])) {
        line.p++;
        line.n--;
    }
    if (line.n > 0 && line.p[0] != '#')
        l->take(l->arg, line);
}

static void too_long(struct sk_lines *l, struct sk_span piece)
{
    l->oversized += !l->skipping;
    if (l->plain && !l->skipping) {
        sk_buf_append(&l->rest, piece.p, l->rest.max - l->rest.n);
        take(l, sk_buf_span(&l->rest));
    }
    l->skipping = true;
    sk_buf_clear(&l->rest);
}

/* The piece ends its line. */
static void end_line(struct sk_lines *l, struct sk_span piece)
{
    if (l->skipping) {
        l->skipping = false;
    } else if (piece.n > l->rest.max - l->rest.n) {
        too_long(l, piece);
        l->skipping = false;
    } else if (l->rest.n == 0) {
        take(l, piece);
    } else {
        sk_buf_span_append(&l->rest, piece);
        take(l, sk_buf_span(&l->rest));
    }
    sk_buf_clear(&l->rest);
}

void sk_lines_feed(struct sk_lines *l, struct sk_span in)
{
    const char *end;
    while (in.n > 0 && (end = memchr(in.p, '\n', in.n)) != NULL) {
        size_t n = (size_t)(end - in.p);
        end_line(l, (struct sk_span){ in.p, n });
        in.p += n + 1;
        in.n -= n + 1;
    }
    if (l->skipping || in.n == 0)
        return;
    if (in.n > l->rest.max - l->rest.n)
        too_long(l, in);
    else
        sk_buf_span_append(&l->rest, in);
}

void sk_lines_flush(struct sk_lines *l, bool whole)
{
    if (whole)
        end_line(l, (struct sk_span){ "", 0 });
    l->skipping = false;
    sk_buf_clear(&l->rest);
}
