/* A line on the terminal that tells how far something is; nothing when standard error is no terminal. Owner: main thread. */
#ifndef SK_CLI_PROGRESS_H
#define SK_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct sk_progress {
    bool on;
    bool shown; /* the line is there */
    bool bar;   /* of this step a bar was drawn already */
    uint64_t next_ms;
};

void sk_progress_init(struct sk_progress *p, bool quiet);
/* `total` 0: not known. Each step is drawn, and the beginning of its bar; then ten times a second at most. */
void sk_progress_show(struct sk_progress *p, const char *what, const char *doing, uint64_t done, uint64_t total);
void sk_progress_clear(struct sk_progress *p);
/* "850 B", "1.3 KiB", "2.5 MiB" */
const char *sk_size_text(uint64_t bytes, char out[24]);

#endif
