/*
 * The notifications of the boat, managed: each (context, path, $source) has an id and a status, can be silenced and acknowledged,
 * and goes out as a delta of its own. Spec: Signal K "Notifications". Owner: loop thread.
 * At most SK_ALARMS_MAX: then the oldest that is normal is forgotten; when none is, a new one passes as it came, and is counted.
 */
#ifndef SK_HUB_ALARMS_H
#define SK_HUB_ALARMS_H

#include "base/json.h"
#include "hub/hub.h"

#define SK_ALARMS_MAX 2000u
#define SK_ALARMS_SOURCE "notificationsApi" /* of those raised by a request */

struct sk_alarms;
struct sk_context;
struct sk_delta;
struct sk_alarm;

/* From now on the hub hands every notification here. `changed` (may be NULL) is told when what sk_alarms_write_saved writes is
   different from before; it must not call back. */
struct sk_alarms *sk_alarms_create(struct sk_hub *h, void (*changed)(void *arg), void *arg);
void sk_alarms_destroy(struct sk_alarms *a); /* before the hub; closes its timer, the memory goes in a later turn */

struct sk_alarm *sk_alarms_find(const struct sk_alarms *a, struct sk_span id); /* NULL: unknown */

/* What a request may do; 0, or SK_ERR_DENIED with the reason in words that clients know. */
int sk_alarm_silence(struct sk_alarm *alarm, struct sk_errmsg *em);
int sk_alarm_acknowledge(struct sk_alarm *alarm, struct sk_errmsg *em);
int sk_alarm_clear(struct sk_alarm *alarm, struct sk_errmsg *em);
/* Members `state`, `message`, `data` of the object. */
int sk_alarm_edit(struct sk_alarm *alarm, const yyjson_val *object, struct sk_errmsg *em);
void sk_alarms_silence_all(struct sk_alarms *a);
void sk_alarms_acknowledge_all(struct sk_alarms *a);

struct sk_alarm_input {
    const char *id;         /* a UUID */
    struct sk_span context; /* may be empty: own vessel */
    struct sk_span path;    /* with "notifications." */
    struct sk_span value;   /* JSON object with state, method and message */
};
/* SK_ERR_LIMIT, SK_ERR_INVALID. */
int sk_alarms_raise(struct sk_alarms *a, const struct sk_alarm_input *in, struct sk_errmsg *em);

/* {"context","path","value"}; all: {"<id>": ...}. */
void sk_alarm_write(const struct sk_alarm *alarm, struct sk_buf *out);
void sk_alarms_write(const struct sk_alarms *a, struct sk_buf *out);

/* For a restart: a JSON object of the alarms that are not normal, and back. Restored ones go out as deltas at once, with the time
   they had; until their source speaks again the user may clear them. Returns how many were restored. */
void sk_alarms_write_saved(const struct sk_alarms *a, struct sk_buf *out);
size_t sk_alarms_restore(struct sk_alarms *a, const yyjson_val *saved);
/* Once the configuration has been read: what zones raised and nobody watches any more is normal. */
void sk_alarms_settle(struct sk_alarms *a);

/* For the hub. Takes the notifications out of the delta; true when there were any. */
bool sk_alarms_intercept(struct sk_alarms *a, const struct sk_context *c, struct sk_delta *d);
void sk_alarms_context_dying(struct sk_alarms *a, const struct sk_context *c);

struct sk_alarms_stats {
    size_t count;
    uint64_t unmanaged; /* passed as they came, for lack of room */
};
void sk_alarms_stats(const struct sk_alarms *a, struct sk_alarms_stats *ret_stats);

#endif
