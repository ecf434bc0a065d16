/*
 * Raw logs: what came in, line by line, in one file an hour for all connections that are logged:
 * "<ms since 1970>;<letter>;<line>" in skserver-raw_YYYY-MM-DDTHH.log (local time), as the Node server writes them.
 * Written about once a second on the thread pool. When an hour is over its file is compressed (.gz), and the oldest files go
 * until count and bytes are within their limits; the file of the hour stays. Owner: loop thread. Full: with PENDING_MAX bytes not
 * yet written, lines are left out and counted in `lost`.
 */
#ifndef SK_INPUT_RAWLOG_H
#define SK_INPUT_RAWLOG_H

#include "base/err.h"
#include "base/loop.h"

struct sk_rawlog;

struct sk_rawlog_options {
    struct sk_loop *loop;
    const char *directory; /* made when missing */
    unsigned keep_files;   /* 0: any number */
    uint64_t keep_bytes;   /* 0: any */
    bool compress;
};

struct sk_rawlog *sk_rawlog_create(const struct sk_rawlog_options *o); /* copies what it keeps */
void sk_rawlog_line(struct sk_rawlog *l, char letter, struct sk_span line, int64_t now_ms);
uint64_t sk_rawlog_lost(const struct sk_rawlog *l);
/* What is pending is still written; the memory goes in a later turn. */
void sk_rawlog_destroy(struct sk_rawlog *l);

/* The housekeeping of a folder, for its own sake: blocks. `now_name`: the file of the hour. */
void sk_rawlog_tidy(const char *directory, const char *now_name, unsigned keep_files, uint64_t keep_bytes, bool compress);

#endif
