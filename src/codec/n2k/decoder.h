/* The decoder's inside. Private to codec/n2k. */
#ifndef SK_CODEC_N2K_DECODER_H
#define SK_CODEC_N2K_DECODER_H

#include "base/clock.h"
#include "codec/n2k/device.h"
#include "codec/n2k/fastpacket.h"
#include "codec/n2k/n2k.h"
#include "codec/n2k/reading.h"

#define SK_N2K_FILTERS_MAX 64u
#define SK_N2K_DELTA_MAX ((size_t)64 * 1024)
#define SK_N2K_LINE_TEXT_MAX 1024u /* of a message in its text form */

struct sk_n2k_filter {
    int64_t src, pgn; /* -1: any */
    uint64_t name;    /* instead of src; 0: none */
};

/* An alarm that was raised and is to be repeated. */
struct sk_n2k_alarm {
    uint64_t heard_tick;
    uint32_t pgn;
    uint8_t src;
    bool used;
    char path[128];
    char message[96]; /* as JSON, quoted */
};

struct sk_n2k {
    struct sk_codec *owner;
    struct sk_buf label;  /* as JSON, quoted */
    struct sk_buf prefix; /* the label bare, for "$source" */
    struct sk_buf out, line;
    struct sk_n2k_device *devices[256];
    struct sk_n2k_filter filters[SK_N2K_FILTERS_MAX];
    unsigned filter_count;
    bool announces, use_can_name, override_time, reverse_mxpgn, joined_seen;
    struct sk_n2k_alarm *alarms; /* SK_N2K_ALARMS_MAX, made with the first */
    unsigned alarm_count;
    uint64_t ticks; /* seconds, about: recordings bring times of their own */
    void (*send)(void *arg, const struct sk_n2k_message *m);
    void *send_arg;
    int64_t ask_at_ms; /* when the next request goes out */
    unsigned ask_step;
    char iso[SK_ISO_TIME_SIZE];      /* the last time written, ... */
    int64_t iso_ms;                  /* ... and what it stands for */
    struct sk_n2k_fastpackets *fast; /* made with the first */
    uint8_t data[SK_N2K_DATA_MAX];   /* of a line's message */
};

/* ---- decode.c: a message's values by its definition's rows. True when there is at least one; `m` as it came, `time` in text
 * ---- */
bool sk_n2k_decode(struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_n2k_device *d, const struct sk_n2k_pgn *def);
/* The head of a delta up to the values' bracket. */
void sk_n2k_delta_begin(struct sk_n2k *n, const struct sk_n2k_message *m, const struct sk_n2k_device *d, struct sk_span instance);
/* The right definition among those of one number; NULL when none fits. */
const struct sk_n2k_pgn *sk_n2k_definition(const struct sk_n2k_message *m, const struct sk_n2k_pgn *first);

/* ---- bus.c: who is who ---- */
/* Address claim, product and configuration information: into the tree of sources. */
void sk_n2k_describe(struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_n2k_device *d, const struct sk_n2k_pgn *def);
/* A message without meaning is listed once per device. */
void sk_n2k_note_unknown(struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_n2k_device *d);
void sk_n2k_ask(struct sk_n2k *n, int64_t now_ms);

/* ---- alarms.c ---- */
/* A notification was written: `path` and `message` (JSON) as in the delta. */
void sk_n2k_alarm_heard(struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_span path, struct sk_span message, bool on);
void sk_n2k_alarms_check(struct sk_n2k *n, int64_t now_ms);

#endif
