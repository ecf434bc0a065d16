/*
 * What a decoder remembers of each device on the bus (by its address): its NAME, what it last said of routes and alerts, which of
 * its messages nobody understood. Private to codec/n2k. Owner: the decoder.
 */
#ifndef SK_CODEC_N2K_DEVICE_H
#define SK_CODEC_N2K_DEVICE_H

#include "base/buf.h"
#include "codec/n2k/message.h"

#define SK_N2K_DEVICES 254u    /* addresses 0..253; 254 is "cannot claim one", 255 everybody */
#define SK_N2K_UNKNOWN_MAX 32u /* PGNs without meaning that are listed per device */
#define SK_N2K_ALERTS_MAX 16u  /* texts of alerts kept per device; the oldest gives way */
#define SK_N2K_ALERT_TEXT 96u  /* bytes kept of each */

#define SK_N2K_TOLD_CLAIM 1u
#define SK_N2K_TOLD_PRODUCT 2u
#define SK_N2K_TOLD_CONFIGURATION 4u

struct sk_n2k_alert_text {
    int64_t id;
    char text[SK_N2K_ALERT_TEXT];
};

struct sk_n2k_device {
    uint64_t name;      /* NMEA 2000 NAME; 0: not known */
    const char *course; /* "GreatCircle" or "Rhumbline", as its last navigation data said; NULL: not said */
    int64_t heard_ms;   /* when first heard, for the wait for its NAME */
    uint32_t unknown[SK_N2K_UNKNOWN_MAX];
    uint8_t unknown_count;
    uint8_t instance;
    uint8_t told; /* SK_N2K_TOLD_* */
    uint8_t asked;
    bool heard;
    uint8_t alert_count, alert_next;
    struct sk_n2k_alert_text *alerts; /* SK_N2K_ALERTS_MAX, made with the first */
};

/* Makes it when there is none. Never NULL. */
struct sk_n2k_device *sk_n2k_device_create(void);
void sk_n2k_device_destroy(struct sk_n2k_device *d);
/* Another device sits at the address now: nothing of the old one holds. */
void sk_n2k_device_reset(struct sk_n2k_device *d);

/* True when the PGN is new on the list. */
bool sk_n2k_device_note_unknown(struct sk_n2k_device *d, uint32_t pgn);
void sk_n2k_device_set_alert(struct sk_n2k_device *d, int64_t id, struct sk_span text);
const char *sk_n2k_device_alert(const struct sk_n2k_device *d, int64_t id); /* NULL: not told */

#endif
