/*
 * NMEA 2000 messages as canboat's JSON: {"pgn":127250,"prio":2,"src":0,"dst":255,"fields":{"heading":1.5,"reference":"True"}}.
 * Names of fields, texts of lookups and units are those of canboat's definitions, repeated fields stand in "list"; what is absent
 * or null is "not available". For the messages of paths.txt. Thread: any. No state.
 */
#ifndef SK_CODEC_N2K_ENCODE_H
#define SK_CODEC_N2K_ENCODE_H

#include "base/err.h"
#include "base/json.h"
#include "codec/n2k/message.h"

struct sk_n2k_encoded {
    struct sk_n2k_message m; /* its data is the next member: not to be copied about */
    uint8_t data[SK_N2K_DATA_MAX];
};

/*
 * Numbers are exact when the JSON was read by sk_json_read_raw. SK_ERR_INVALID names the field that is wrong, SK_ERR_UNSUPPORTED
 * a message that is not known, SK_ERR_LIMIT one that grows too long.
 */
int sk_n2k_encode(const yyjson_val *message, struct sk_n2k_encoded *ret, struct sk_errmsg *em);
/* The same from text: JSON, or a line of any text format that holds a whole message. */
int sk_n2k_message_read(struct sk_span text, struct sk_n2k_encoded *ret, struct sk_errmsg *em);
/* The other way round. False (nothing written): the message is not known. */
bool sk_n2k_write_json(const struct sk_n2k_message *m, struct sk_buf *out);

#endif
