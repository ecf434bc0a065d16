/*
 * What a plugin did since the last step of a scenario: its deltas, log lines and HTTP requests, and its present status. Owner:
 * the loop thread; requests may be noted on any thread.
 */
#ifndef SK_SOLO_RECORD_H
#define SK_SOLO_RECORD_H

#include "base/base.h"

#include <pthread.h>
#include <yyjson.h>

#define SK_RECORD_MAX 100000u /* of each kind in a step; then the older half is forgotten, and counted */

struct sk_record_list {
    yyjson_doc **list;
    size_t count, cap, lost;
};

struct sk_record {
    struct sk_record_list deltas, logs; /* texts, as JSON */
    pthread_mutex_t lock;               /* of requests */
    struct sk_record_list requests;
    char status[2048];
    bool error;
    const char *state;
};

void sk_record_init(struct sk_record *r);
void sk_record_finish(struct sk_record *r);
void sk_record_forget(struct sk_record *r); /* a new step begins; the status stays */
void sk_record_add(struct sk_record_list *l, struct sk_span json);
void sk_record_add_text(struct sk_record_list *l, struct sk_span text);

#endif
