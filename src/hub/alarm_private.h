/* One managed notification; for alarms.c and alarm.c only. Owner: loop thread. */
#ifndef SK_HUB_ALARM_PRIVATE_H
#define SK_HUB_ALARM_PRIVATE_H

#include "base/clock.h"
#include "hub/alarms.h"

struct sk_alarm {
    struct sk_alarm *next;
    struct sk_alarms *list;
    char id[SK_UUID_SIZE];
    char *key;
    char *context, *path, *source;
    char *shown_context; /* as a request gave it; NULL: context */
    char *value;         /* JSON object as its source gave it, without id and status */
    size_t value_len;
    char timestamp[SK_TIMESTAMP_LEN_MAX + 1];
    bool normal, emergency; /* what the value's state says */
    bool silenced, acknowledged, can_silence, can_acknowledge;
    bool raised;   /* by a request: it may be cleared by one */
    bool restored; /* from the time before a restart, and its source has not spoken since */
    bool swept;    /* was normal at the last sweep */
    char acknowledged_at[SK_ISO_TIME_SIZE];
};

void sk_alarm_destroy(struct sk_alarm *x);
/* What its source says now (NULL or null: normal). True when the state, the message or the status is another one. */
bool sk_alarm_take(struct sk_alarm *x, const yyjson_val *value, struct sk_span timestamp);
/* The value as it goes out: method by status, id, status. */
void sk_alarm_write_value(const struct sk_alarm *x, struct sk_buf *out);
void sk_alarm_write_saved(const struct sk_alarm *x, const char *self_context, struct sk_buf *out);
void sk_alarm_read_saved(struct sk_alarm *x, const yyjson_val *saved);

/* alarms.c: sends it; `news` as sk_alarm_take tells it. */
void sk_alarms_publish(struct sk_alarm *x, bool news);

#endif
