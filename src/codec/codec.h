/*
 * What bytes mean. A codec turns the bytes of one connection into Signal K deltas, ready as JSON text. It does no I/O, reads no
 * clock and allocates nothing per message: bytes and time come in, deltas go out through `struct sk_codec_out`.
 * Owner: whoever created it; one thread at a time. A callback must not destroy the codec.
 * Each kind of bytes is a `const struct sk_codec_ops`; its own struct begins with `struct sk_codec`.
 */
#ifndef SK_CODEC_CODEC_H
#define SK_CODEC_CODEC_H

#include "base/err.h"
#include "base/json.h"

/* Counts since creation. `units` are lines, frames or messages, whatever the kind has; bad_checksum, garbage, oversized, ignored
   and unknown are parts of it. */
struct sk_codec_stats {
    uint64_t bytes, units, deltas;
    uint64_t bad_checksum; /* well formed, but the check value does not match */
    uint64_t garbage;      /* not of this format at all */
    uint64_t oversized;    /* over the format's length limit: skipped to where the next one begins */
    uint64_t ignored;      /* left out because the user says so */
    uint64_t unknown;      /* sound, but nothing here knows what it means */
    uint64_t incomplete;   /* messages of several parts that never became whole */
};

/* Where a codec's output goes. Spans live until the callback returns. Callbacks may be NULL. */
struct sk_codec_out {
    void *arg;
    void (*delta)(void *arg, struct sk_span json);
    /* The message in its text form, before any check: for raw logs (`letter` is the log format's: N, A, I) and repeaters. */
    void (*line)(void *arg, char letter, struct sk_span line);
    /* Bytes for the device at the other end: requests, set-up commands. */
    void (*write)(void *arg, struct sk_span bytes);
    /* Is there metadata of that path already? What another server announces of it is not needed then. */
    bool (*knows_meta)(void *arg, struct sk_span path);
};

struct sk_n2k_message;

struct sk_codec {
    const struct sk_codec_ops *ops;
    struct sk_codec_out out;
    struct sk_codec_stats stats;
};

struct sk_codec_options {
    const char *label;          /* id of the connection: `source.label` of the deltas; copied */
    const yyjson_val *settings; /* subOptions of the connection, or NULL; not kept */
    struct sk_codec_out out;    /* copied */
};

struct sk_codec_ops {
    const char *name;
    /* SK_ERR_INVALID names the option that is wrong. */
    int (*create)(const struct sk_codec_options *o, struct sk_codec **ret_codec, struct sk_errmsg *em);
    /* Bytes as they come, cut anywhere. `now_ms` since 1970: when they came (or were recorded). */
    void (*feed)(struct sk_codec *c, struct sk_span bytes, int64_t now_ms);
    /* Nothing belongs to the bytes so far: a datagram ended or a record's line (whole), or the connection broke (not whole: an
       unfinished message is dropped). */
    void (*flush)(struct sk_codec *c, bool whole, int64_t now_ms);
    void (*opened)(struct sk_codec *c, int64_t now_ms); /* optional: the device is there, out.write works */
    void (*tick)(struct sk_codec *c, int64_t now_ms);   /* optional: called about once a second, for what waits or ages */
    void (*destroy)(struct sk_codec *c);
    /* optional: puts a message on an NMEA 2000 bus. False: nobody takes it (not connected, not set up, a device that only talks).
       A message without data only asks whether somebody would. */
    bool (*send)(struct sk_codec *c, const struct sk_n2k_message *m);
};

static inline void sk_codec_emit(struct sk_codec *c, struct sk_span json)
{
    c->stats.deltas++;
    if (c->out.delta != NULL)
        c->out.delta(c->out.arg, json);
}

extern const struct sk_codec_ops sk_codec_multiplexed;    /* recordings of several kinds */
extern const struct sk_codec_ops sk_codec_signalk;        /* one JSON delta a line */
extern const struct sk_codec_ops sk_codec_signalk_remote; /* what another server sends: hello and deltas */
extern const struct sk_codec_ops sk_codec_nmea0183;       /* sentences, with AIS */

#endif
