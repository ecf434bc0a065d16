/* Who delivers how much: deltas by provider (a connection's id, a plugin's package, "ws", "tcp", ...), for the server event
   SERVERSTATISTICS. Owner: loop thread. Limit: 500 names, the deltas of further ones are counted nowhere. */
#ifndef SK_HUB_SENDERS_H
#define SK_HUB_SENDERS_H

#include "base/buf.h"

struct sk_senders;

struct sk_senders *sk_senders_create(void);
void sk_senders_destroy(struct sk_senders *s);
/* One more delta of `provider`; the name is copied when it is new. */
void sk_senders_count(struct sk_senders *s, const char *provider);
/* An interval is over: what came in it becomes "lastIntervalDeltaCount". */
void sk_senders_tick(struct sk_senders *s);
/* Appends members "ws":{"deltaRate","deltaCount","lastIntervalDeltaCount"} for each name of which `told` is not true already,
   with commas between and before; the rate is by second, with an interval of `interval_s`. */
void sk_senders_write(const struct sk_senders *s, double interval_s, bool (*told)(void *arg, const char *provider), void *arg,
                      struct sk_buf *out);

#endif
