/*
 * What a question to the history API says: pure functions of its parameters. Mistakes gather as sentences, divided by ", ", in a
 * buffer; they are the words of the Node server where it has some. Thread: any.
 */
#ifndef SK_API_HISTORY_QUERY_H
#define SK_API_HISTORY_QUERY_H

#include "history/read.h"

/* Milliseconds of "PT15M", "P1DT12H" (weeks to seconds; the last number may have a fraction) or of a whole number of seconds. */
bool sk_history_parse_duration(struct sk_span text, int64_t *ret_ms);
/* Seconds ("60", "0.5") or "1s", "15m", "2h", "1d". */
bool sk_history_parse_resolution(struct sk_span text, int64_t *ret_ms);
/* A resolution that gives some hundred points. */
int64_t sk_history_choose_resolution(int64_t from, int64_t to);

/* Of from, to and duration, each p NULL when absent: from + to, from + duration, duration + to, from until now, duration until
   now. */
void sk_history_parse_range(struct sk_span from, struct sk_span to, struct sk_span duration, int64_t now_ms, int64_t *ret_from,
                            int64_t *ret_to, struct sk_buf *mistakes);
/* "a.b:max,c.d:sma:5|source": adds to the columns of `v`. */
void sk_history_parse_paths(struct sk_span paths, struct sk_history_values *v, struct sk_buf *mistakes);

#endif
