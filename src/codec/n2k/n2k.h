/*
 * NMEA 2000: frames and messages in, deltas out. One decoder per connection; it knows the devices on that bus. The line and byte
 * formats of gateways are codecs of their own (see the codecs at the end) around it; NMEA 0183 uses sk_n2k_take_line for the
 * messages that come wrapped in sentences. Owner: who created it; one thread at a time. No I/O, no clock, no allocation per
 * message. Limits: fastpacket.h, device.h; SK_N2K_ALARMS_MAX alarms are watched for silence.
 */
#ifndef SK_CODEC_N2K_N2K_H
#define SK_CODEC_N2K_N2K_H

#include "codec/codec.h"
#include "codec/n2k/message.h"

#define SK_N2K_ALARMS_MAX 64u
#define SK_N2K_ALARM_SILENCE_TICKS 10u /* an alarm that is not repeated for so many ticks (seconds) is over */
#define SK_N2K_NAME_WAIT_MS 10000      /* with useCanName: how long a device's data is held back until its NAME is known */

struct sk_n2k;

/*
 * Settings read from o->settings: useCanName, overrideTimestamp, filters with filtersEnabled, littleEndianMXPGN. `owner` gets the
 * deltas and the counts (all but bytes and units) and outlives the decoder. SK_ERR_INVALID names the setting that is wrong.
 */
int sk_n2k_create(const struct sk_codec_options *o, struct sk_codec *owner, struct sk_n2k **ret_n2k, struct sk_errmsg *em);
void sk_n2k_destroy(struct sk_n2k *n);

/* One CAN frame: 29-bit identifier, up to 8 bytes. */
void sk_n2k_take_frame(struct sk_n2k *n, uint32_t can_id, const uint8_t *data, size_t len, int64_t time_ms);
/* One whole message. */
void sk_n2k_take_message(struct sk_n2k *n, const struct sk_n2k_message *m);
/* One line of any text format. False: it is of none; counted as garbage. */
bool sk_n2k_take_line(struct sk_n2k *n, struct sk_span line, int64_t now_ms);
/* The connection broke: unfinished messages are dropped. */
void sk_n2k_reset(struct sk_n2k *n);
/* About once a second: alarms that fell silent; requests to devices, when `send` was given. */
void sk_n2k_tick(struct sk_n2k *n, int64_t now_ms);
/* The gateway takes messages: devices are asked who they are, from `now_ms` on. NULL ends it. */
void sk_n2k_set_output(struct sk_n2k *n, void (*send)(void *arg, const struct sk_n2k_message *m), void *arg, int64_t now_ms);

/* Sends to where set_output says. False: nowhere, or a single frame that is too long; without data it only asks. */
bool sk_n2k_send(struct sk_n2k *n, const struct sk_n2k_message *m);

/* Time of a line, for playing a recording at its pace: since 1970, or (not *ret_dated) since midnight. False: it has none. */
bool sk_n2k_line_time(struct sk_span line, int64_t *ret_ms, bool *ret_dated);

/*
 * Codecs. Lines of every text format, each recognised by itself; Actisense's binary frames (NGT-1, W2K-1); `struct can_frame`s
 * one after the other, as SocketCAN gives them.
 */
extern const struct sk_codec_ops sk_codec_n2k_lines;
extern const struct sk_codec_ops sk_codec_n2k_actisense;
extern const struct sk_codec_ops sk_codec_n2k_can;

#endif
