/*
 * skiff as a device on the bus: claims an address, defends it against lesser NAMEs, moves on when a better one wants it, and says
 * who it is when asked. A function of messages and time; messages go out through `send`. Spec: ISO 11783-5, NMEA 2000 network
 * management. Private to codec/n2k. Owner: the CAN codec.
 */
#ifndef SK_CODEC_N2K_NODE_H
#define SK_CODEC_N2K_NODE_H

#include "base/json.h"
#include "codec/n2k/message.h"

#define SK_N2K_NO_ADDRESS 254u

struct sk_n2k_node {
    void (*send)(void *arg, const struct sk_n2k_message *m);
    void *arg;
    uint64_t name;
    int64_t claimed_ms; /* when the claim went out */
    int64_t beat_ms;    /* when the next heartbeat does */
    uint8_t address;    /* SK_N2K_NO_ADDRESS: none to be had */
    uint8_t tried;      /* addresses given up in a row */
    uint8_t sequence;   /* of fast packets, and of heartbeats */
    uint8_t beat;
    bool open, sure; /* sure: nobody objected for a while */
};

/* Settings: uniqueNumber (21 bits), mfgCode (11 bits), preferredAddress. SK_ERR_INVALID names the wrong one. */
int sk_n2k_node_init(struct sk_n2k_node *node, const yyjson_val *settings,
                     void (*send)(void *arg, const struct sk_n2k_message *m), void *arg, struct sk_errmsg *em);
void sk_n2k_node_opened(struct sk_n2k_node *node, int64_t now_ms);
void sk_n2k_node_closed(struct sk_n2k_node *node);
/* A single-frame message from the bus. */
void sk_n2k_node_heard(struct sk_n2k_node *node, const struct sk_n2k_message *m, int64_t now_ms);
/* About once a second. True once after each opening: the address is ours. */
bool sk_n2k_node_tick(struct sk_n2k_node *node, int64_t now_ms);
/* Without a sure address only the claim itself may go out. */
bool sk_n2k_node_may_send(const struct sk_n2k_node *node, uint32_t pgn);

#endif
