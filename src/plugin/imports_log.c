/* Imports that say something: debug lines, status, AssemblyScript's console; and the clock and chance it asks for. */
#include "plugin/imports.h"

#include "base/clock.h"

#include <stdio.h>

#define TEXT_MAX 8192u /* of a log line or status */

/* Reads (ptr, len); texts that are longer are cut, not refused. */
static bool text_argument(struct sk_hostcall *c, const char *what, struct sk_buf *out)
{
    sk_buf_init(out, 3 * TEXT_MAX); /* each bad byte becomes three */
    return sk_guest_utf8(c->g, c->a[0], c->a[1] < TEXT_MAX ? c->a[1] : TEXT_MAX, what, out);
}

void sk_import_debug(struct sk_hostcall *c)
{
    struct sk_buf b;
    if (text_argument(c, "sk_debug", &b))
        c->g->o.ops->log(c->g->o.owner, sk_buf_span(&b));
    sk_buf_finish(&b);
}

static void status(struct sk_hostcall *c, const char *what, bool error)
{
    struct sk_buf b;
    if (text_argument(c, what, &b))
        c->g->o.ops->status(c->g->o.owner, sk_buf_span(&b), error);
    sk_buf_finish(&b);
}

void sk_import_set_status(struct sk_hostcall *c)
{
    status(c, "sk_set_status", false);
}

void sk_import_set_error(struct sk_hostcall *c)
{
    status(c, "sk_set_error", true);
}

static void append_as_string(struct sk_guest *g, uint32_t ptr, struct sk_buf *out)
{
    struct sk_buf b;
    sk_buf_init(&b, (size_t)64 * 1024);
    if (sk_guest_as_string(g, ptr, &b) == 0)
        sk_buf_append(out, b.p, b.n < TEXT_MAX ? b.n : TEXT_MAX);
    sk_buf_finish(&b);
}

/* Kept as the reason of the trap that follows. */
void sk_import_abort(struct sk_hostcall *c)
{
    struct sk_guest *g = c->g;
    struct sk_buf b;
    sk_buf_init(&b, 4 * TEXT_MAX);
    SK_BUF_LIT(&b, "abort: ");
    append_as_string(g, c->a[0], &b);
    SK_BUF_LIT(&b, " in ");
    append_as_string(g, c->a[1], &b);
    sk_buf_printf(&b, "(%u:%u)", c->a[2], c->a[3]);
    size_t n = b.n < sizeof g->abort_text - 1 ? b.n : sizeof g->abort_text - 1;
    memcpy(g->abort_text, b.p, n);
    g->abort_text[n] = 0;
    g->o.ops->log(g->o.owner, sk_buf_span(&b));
    sk_buf_finish(&b);
}

/* With one parameter it is a string object, with two UTF-8. */
void sk_import_console(struct sk_hostcall *c)
{
    struct sk_buf b;
    if (c->given >= 2) {
        sk_import_debug(c);
        return;
    }
    sk_buf_init(&b, TEXT_MAX);
    append_as_string(c->g, c->a[0], &b);
    c->g->o.ops->log(c->g->o.owner, sk_buf_span(&b));
    sk_buf_finish(&b);
}

void sk_import_console_assert(struct sk_hostcall *c)
{
    if (c->a[0] != 0)
        return;
    struct sk_buf b;
    sk_buf_init(&b, TEXT_MAX + 32);
    SK_BUF_LIT(&b, "Assertion failed: ");
    append_as_string(c->g, c->a[1], &b);
    c->g->o.ops->log(c->g->o.owner, sk_buf_span(&b));
    sk_buf_finish(&b);
}

void sk_import_trace(struct sk_hostcall *c)
{
    struct sk_buf b;
    sk_buf_init(&b, TEXT_MAX + 256);
    SK_BUF_LIT(&b, "trace: ");
    append_as_string(c->g, c->a[0], &b);
    for (unsigned i = 0; i < c->a[1] && i < 5; i++)
        sk_buf_printf(&b, "%s %g", i > 0 ? "," : "", c->f[2 + i]);
    c->g->o.ops->log(c->g->o.owner, sk_buf_span(&b));
    sk_buf_finish(&b);
}

void sk_import_seed(struct sk_hostcall *c)
{
    uint64_t r;
    sk_random_bytes(&r, sizeof r);
    c->result_f = (double)(r >> 11);
}

void sk_import_now(struct sk_hostcall *c)
{
    c->result_f = (double)sk_simtime_wall_ms(c->g->o.time);
}

void sk_import_performance_now(struct sk_hostcall *c)
{
    c->result_f = (double)sk_simtime_mono_ns(c->g->o.time) / 1e6;
}

void sk_import_exit(struct sk_hostcall *c)
{
    struct sk_guest *g = c->g;
    snprintf(g->abort_text, sizeof g->abort_text, "called process.exit(%d)", (int)c->a[0]);
    c->trap = g->abort_text;
}

void sk_import_nothing(struct sk_hostcall *c)
{
    c->result = 0;
}
