/*
 * Lines out of a stream of bytes: whole ones are handed over in place, only an unfinished rest is copied. A line ends at LF;
 * white space around it, and a CR, are cut off; empty lines and those that begin with '#' are passed over. A line over the limit
 * is skipped to its end and counted. Owner: one thread at a time.
 */
#ifndef SK_CODEC_LINES_H
#define SK_CODEC_LINES_H

#include "base/buf.h"

struct sk_lines {
    struct sk_buf rest;
    bool skipping; /* in a line that was too long */
    uint64_t oversized;
    void (*take)(void *arg, struct sk_span line);
    void *arg;
};

void sk_lines_init(struct sk_lines *l, size_t line_max, void (*take)(void *arg, struct sk_span line), void *arg);
void sk_lines_finish(struct sk_lines *l);
void sk_lines_feed(struct sk_lines *l, struct sk_span bytes);
/* The rest counts as a line (whole), or is dropped. */
void sk_lines_flush(struct sk_lines *l, bool whole);

#endif
