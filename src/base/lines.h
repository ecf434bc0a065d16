/*
 * Lines out of a stream of bytes: whole ones are handed over in place, only an unfinished rest is copied. A line ends at LF;
 * empty ones are passed over. Two ways: sentences, where white space around a line is cut off, lines that begin with '#' are
 * passed over, and a line over the limit is skipped; and plain lines, where only a CR is cut off and a line over the limit is cut
 * to it. Both count lines over the limit and drop what follows until their end. Owner: one thread at a time.
 */
#ifndef SK_BASE_LINES_H
#define SK_BASE_LINES_H

#include "base/buf.h"

struct sk_lines {
    struct sk_buf rest;
    bool plain;
    bool skipping; /* in a line that was too long */
    uint64_t oversized;
    void (*take)(void *arg, struct sk_span line);
    void *arg;
};

void sk_lines_init(struct sk_lines *l, size_t line_max, void (*take)(void *arg, struct sk_span line), void *arg);
void sk_lines_init_plain(struct sk_lines *l, size_t line_max, void (*take)(void *arg, struct sk_span line), void *arg);
void sk_lines_finish(struct sk_lines *l);
void sk_lines_feed(struct sk_lines *l, struct sk_span bytes);
/* The rest counts as a line (whole), or is dropped. */
void sk_lines_flush(struct sk_lines *l, bool whole);

#endif
