/*
 * Fast packets: messages of up to 223 bytes that come in up to 32 frames. A frame's first byte is a sequence number (3 bits) and
 * the frame's place (5 bits); frame 0 says the length. A message is known by source, PGN and sequence; frames may come in any
 * order once frame 0 is there, and twice. Spec: NMEA 2000 main document, "fast packet". Limits: SK_N2K_ASSEMBLIES messages under
 * way, of which one source has SK_N2K_ASSEMBLIES_PER_SOURCE (its oldest gives way); what gets no frame for SK_N2K_ASSEMBLY_MS is
 * given up. Owner: one thread at a time. No allocation.
 */
#ifndef SK_CODEC_N2K_FASTPACKET_H
#define SK_CODEC_N2K_FASTPACKET_H

#include "codec/n2k/message.h"

#define SK_N2K_ASSEMBLIES 64u
#define SK_N2K_ASSEMBLIES_PER_SOURCE 8u
#define SK_N2K_ASSEMBLY_MS 2000

struct sk_n2k_assembly {
    uint32_t pgn, have; /* have: bit n for frame n */
    int64_t heard_ms;
    uint8_t src, sequence, total;
    bool used;
    uint8_t data[SK_N2K_DATA_MAX];
};

struct sk_n2k_fastpackets {
    struct sk_n2k_assembly slots[SK_N2K_ASSEMBLIES];
    uint64_t incomplete; /* given up: lost frames, time-outs, no room */
    uint64_t oversized;  /* frame 0 names an impossible length */
};

/*
 * Takes a frame of the message that `m` describes. True when it makes the message whole: m->data and len are set then, the data
 * lives until the next call.
 */
bool sk_n2k_fastpacket_take(struct sk_n2k_fastpackets *f, struct sk_n2k_message *m, const uint8_t *frame, size_t len);
/*
 * The other way: frame `i` (from 0 on) of a fast packet with that sequence number, padded with 0xff. False: the message has no
 * such frame.
 */
bool sk_n2k_fastpacket_cut(const struct sk_n2k_message *m, uint8_t sequence, unsigned i, uint8_t ret_frame[8]);
/* Forgets what is under way: the connection broke. */
void sk_n2k_fastpacket_reset(struct sk_n2k_fastpackets *f);

#endif
