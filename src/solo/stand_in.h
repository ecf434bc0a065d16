/*
 * Answers a plugin's HTTP requests from a scenario's list `http`, in place of the network. Thread: any; the list does not change,
 * and requests are noted under the record's lock.
 */
#ifndef SK_SOLO_STAND_IN_H
#define SK_SOLO_STAND_IN_H

#include "net/fetch.h"
#include "solo/record.h"

struct sk_canned {
    struct sk_stand_in stand_in; /* for the host */
    const yyjson_val *list;      /* NULL: every request fails */
    struct sk_record *record;
};

void sk_canned_init(struct sk_canned *c, const yyjson_val *list, struct sk_record *record);

#endif
