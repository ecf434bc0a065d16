#include "cli/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

#define EVERY_MS 100
#define WIDTH 24

void sk_progress_init(struct sk_progress *p, bool quiet)
{
    *p = (struct sk_progress){ .on = !quiet && isatty(STDERR_FILENO) };
}

const char *sk_size_text(uint64_t bytes, char out[24])
{
    if (bytes < 1024)
        snprintf(out, 24, "%u B", (unsigned)bytes);
    else if (bytes < 1024 * 1024)
        snprintf(out, 24, "%.1f KiB", (double)bytes / 1024);
    else
        snprintf(out, 24, "%.1f MiB", (double)bytes / 1048576);
    return out;
}

static void draw_bar(uint64_t done, uint64_t total)
{
    char a[24], b[24], bar[WIDTH + 1];
    unsigned filled = total > 0 ? (unsigned)(done >= total ? WIDTH : done * WIDTH / total) : 0;
    for (unsigned i = 0; i < WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[WIDTH] = '\0';
    if (total > 0)
        fprintf(stderr, " [%s] %s of %s", bar, sk_size_text(done, a), sk_size_text(total, b));
    else
        fprintf(stderr, " %s", sk_size_text(done, a));
}

void sk_progress_show(struct sk_progress *p, const char *what, const char *doing, uint64_t done, uint64_t total)
{
    uint64_t now = sk_clock_mono_ms();
    bool step = done == 0 && total == 0;
    if (!p->on || (!step && p->bar && now < p->next_ms))
        return;
    p->bar = !step;
    p->next_ms = now + EVERY_MS;
    p->shown = true;
    fprintf(stderr, "\r\033[K%s: %s", what, doing);
    if (!step)
        draw_bar(done, total);
    fflush(stderr);
}

void sk_progress_clear(struct sk_progress *p)
{
    if (!p->shown)
        return;
    p->shown = false;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}
