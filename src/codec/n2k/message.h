/* One NMEA 2000 message, and the CAN identifier that its frames carry. Thread: any. */
#ifndef SK_CODEC_N2K_MESSAGE_H
#define SK_CODEC_N2K_MESSAGE_H

#include "base/base.h"

#define SK_N2K_DATA_MAX 223u /* of a fast packet: 6 + 31 * 7 bytes */
#define SK_N2K_ALL 255u      /* destination: everybody */
#define SK_N2K_PGN_MAX 0x3ffffu

#define SK_N2K_PGN_REQUEST 59904u
#define SK_N2K_PGN_CLAIM 60928u
#define SK_N2K_PGN_PRODUCT 126996u
#define SK_N2K_PGN_CONFIGURATION 126998u

struct sk_n2k_message {
    uint32_t pgn;
    uint8_t priority, src, dst;
    const uint8_t *data; /* of whoever made the struct */
    size_t len;
    int64_t time_ms; /* since 1970; the message's own time where it has one */
};

/* Everything but data, len and time, from the 29 bits of a CAN identifier. */
static inline struct sk_n2k_message sk_n2k_from_can_id(uint32_t id)
{
    struct sk_n2k_message m = { .pgn = id >> 8 & SK_N2K_PGN_MAX, .priority = id >> 26 & 7, .src = id & 0xff, .dst = SK_N2K_ALL };
    if ((m.pgn & 0xff00) < 0xf000) { /* addressed: the low byte is the destination */
        m.dst = m.pgn & 0xff;
        m.pgn &= 0x3ff00;
    }
    return m;
}

static inline uint32_t sk_n2k_to_can_id(const struct sk_n2k_message *m)
{
    uint32_t pgn = (m->pgn & 0xff00) < 0xf000 ? (m->pgn & 0x3ff00) | m->dst : m->pgn;
    return (uint32_t)(m->priority & 7) << 26 | (pgn & SK_N2K_PGN_MAX) << 8 | m->src;
}

#endif
