/*
 * Gateways that speak lines: how each wants to be set up, and in which form it takes messages. A function of lines and time; what
 * it says goes out through the codec's `write`. Private to codec/n2k. Owner: the lines codec.
 */
#ifndef SK_CODEC_N2K_GATEWAY_H
#define SK_CODEC_N2K_GATEWAY_H

#include "codec/codec.h"
#include "codec/n2k/message.h"

enum sk_n2k_form { SK_N2K_FORM_NONE, SK_N2K_FORM_PLAIN, SK_N2K_FORM_YDRAW, SK_N2K_FORM_PDGY, SK_N2K_FORM_ASCII };

struct sk_n2k_gateway {
    struct sk_codec *codec;
    void (*ready)(void *arg, int64_t now_ms); /* set up: it takes messages */
    void *arg;
    struct sk_buf out;
    enum sk_n2k_form form;
    bool ikonvert, network, raw_select, open;
    unsigned step;    /* of the set-up conversation */
    int64_t asked_ms; /* when the last command of it went out */
    uint8_t sequence; /* of fast packets */
};

/* `type` is subOptions.type, or NULL for a recording. SK_ERR_UNSUPPORTED for a `format` that cannot be. */
int sk_n2k_gateway_init(struct sk_n2k_gateway *g, const char *type, const char *format, struct sk_codec *codec,
                        void (*ready)(void *arg, int64_t now_ms), void *arg, struct sk_errmsg *em);
void sk_n2k_gateway_finish(struct sk_n2k_gateway *g);
void sk_n2k_gateway_opened(struct sk_n2k_gateway *g, int64_t now_ms);
void sk_n2k_gateway_heard(struct sk_n2k_gateway *g, struct sk_span line, int64_t now_ms);
void sk_n2k_gateway_tick(struct sk_n2k_gateway *g, int64_t now_ms);
/* Writes a message in the gateway's form (signature of sk_n2k_set_output). */
void sk_n2k_gateway_send(void *gateway, const struct sk_n2k_message *m);

#endif
