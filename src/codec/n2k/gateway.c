#include "codec/n2k/gateway.h"

#include "base/base64.h"
#include "codec/n2k/fastpacket.h"
#include "codec/n2k/table.h"
#include "codec/n2k/textline.h"

#define AGAIN_MS 5000

/* iKonvert and NavLink2: each command waits for the line that confirms it. */
static const struct {
    const char *command, *answer;
    bool network_only;
} setup[] = {
    { "$PDGY,N2NET_OFFLINE", "$PDGY,TEXT,Digital_Yacht_", false },
    { "$PDGY,N2NET_MODE,15", "$PDGY,ACK,N2NET_MODE", true },
    { "$PDGY,TX_LIMIT,OFF", "$PDGY,", false }, /* older ones refuse, which is fine */
    { "$PDGY,TX_LIST,59904,60928,126208,126996,126998", "$PDGY,ACK,TX_LIST", false },
    { "$PDGY,N2NET_INIT,ALL", "$PDGY,ACK,N2NET_INIT,ALL", false },
};

static bool is(const char *a, const char *b)
{
    return a != NULL && strcmp(a, b) == 0;
}

int sk_n2k_gateway_init(struct sk_n2k_gateway *g, const char *type, const char *format, struct sk_codec *codec,
                        void (*ready)(void *arg, int64_t now_ms), void *arg, struct sk_errmsg *em)
{
    static const struct {
        const char *name;
        enum sk_n2k_form form;
    } formats[] = { { "candump1", SK_N2K_FORM_NONE },
                    { "candump2", SK_N2K_FORM_NONE },
                    { "candump3", SK_N2K_FORM_NONE },
                    { "ydraw", SK_N2K_FORM_YDRAW },
                    { "actisense", SK_N2K_FORM_PLAIN },
                    { "pcdin", SK_N2K_FORM_NONE },
                    { "actisense-n2k-ascii", SK_N2K_FORM_ASCII } };
    *g = (struct sk_n2k_gateway){ .codec = codec, .ready = ready, .arg = arg };
    sk_buf_init(&g->out, 2048);
    g->network = is(type, "navlink2-tcp-canboatjs") || is(type, "navlink2-udp-canboatjs");
    g->ikonvert = g->network || is(type, "ikonvert-canboatjs");
    g->raw_select = is(type, "ydwg02-usb-canboatjs");
    if (g->ikonvert)
        g->form = SK_N2K_FORM_PDGY;
    else if (g->raw_select || is(type, "ydwg02-canboatjs"))
        g->form = SK_N2K_FORM_YDRAW;
    else if (is(type, "canboat-csv-canboatjs"))
        g->form = SK_N2K_FORM_PLAIN;
    else if (is(type, "w2k-1-n2k-ascii-canboatjs"))
        g->form = SK_N2K_FORM_ASCII;
    if (!is(type, "n2k-ip-gateway-canboatjs") || format == NULL)
        return 0;
    for (size_t i = 0; i < SK_COUNT(formats); i++)
        if (is(format, formats[i].name)) {
            g->form = formats[i].form;
            return 0;
        }
    return sk_errmsg_set(em, SK_ERR_UNSUPPORTED,
                         "format '%.40s' is not known; use candump1, candump2, candump3, ydraw, actisense, actisense-n2k-ascii "
                         "or pcdin",
                         format);
}

void sk_n2k_gateway_finish(struct sk_n2k_gateway *g)
{
    sk_buf_finish(&g->out);
}

/* Ends the line and sends what is in `out`. */
static void put(struct sk_n2k_gateway *g)
{
    SK_BUF_LIT(&g->out, "\r\n");
    if (sk_buf_ok(&g->out) && g->codec->out.write != NULL)
        g->codec->out.write(g->codec->out.arg, sk_buf_span(&g->out));
    sk_buf_clear(&g->out);
}

/* ---- setting up ----------------------------------------------------------------------------------------------------------- */

static void command(struct sk_n2k_gateway *g, int64_t now_ms)
{
    sk_buf_text(&g->out, setup[g->step].command);
    put(g);
    g->asked_ms = now_ms;
}

static void next_step(struct sk_n2k_gateway *g, int64_t now_ms)
{
    do
        g->step++;
    while (g->step < SK_COUNT(setup) && setup[g->step].network_only && !g->network);
    if (g->step < SK_COUNT(setup))
        command(g, now_ms);
    else
        g->ready(g->arg, now_ms);
}

void sk_n2k_gateway_opened(struct sk_n2k_gateway *g, int64_t now_ms)
{
    g->open = true;
    g->step = 0;
    if (g->raw_select) {
        SK_BUF_LIT(&g->out, "0");
        put(g);
    }
    if (g->ikonvert)
        command(g, now_ms);
    else if (g->form != SK_N2K_FORM_NONE)
        g->ready(g->arg, now_ms);
}

void sk_n2k_gateway_heard(struct sk_n2k_gateway *g, struct sk_span line, int64_t now_ms)
{
    if (g->ikonvert && g->open && g->step < SK_COUNT(setup) && sk_span_starts(line, setup[g->step].answer))
        next_step(g, now_ms);
}

void sk_n2k_gateway_tick(struct sk_n2k_gateway *g, int64_t now_ms)
{
    if (g->ikonvert && g->open && g->step < SK_COUNT(setup) && (now_ms < g->asked_ms || now_ms - g->asked_ms > AGAIN_MS))
        command(g, now_ms);
}

/* ---- sending -------------------------------------------------------------------------------------------------------------- */

static void put_hex(struct sk_buf *out, const uint8_t *data, size_t n, const char *between)
{
    for (size_t i = 0; i < n; i++)
        sk_buf_printf(out, "%s%02X", between, data[i]);
}

static void put_base64(struct sk_buf *out, const uint8_t *data, size_t n)
{
    char text[SK_BASE64_SIZE(SK_N2K_DATA_MAX)];
    SK_ASSERT(n <= SK_N2K_DATA_MAX);
    sk_base64_encode(data, n, text);
    sk_buf_text(out, text);
}

static void put_ydraw_frame(struct sk_n2k_gateway *g, const struct sk_n2k_message *m, const uint8_t *data, size_t n)
{
    struct sk_n2k_message own = *m;
    own.src = 0; /* the gateway puts its own address in */
    sk_buf_printf(&g->out, "%08X", sk_n2k_to_can_id(&own));
    put_hex(&g->out, data, n, " ");
    put(g);
}

static void put_ydraw(struct sk_n2k_gateway *g, const struct sk_n2k_message *m)
{
    uint8_t frame[8];
    if (!sk_n2k_is_fast(m->pgn)) {
        put_ydraw_frame(g, m, m->data, m->len < 8 ? m->len : 8);
        return;
    }
    uint8_t sequence = g->sequence++ & 7;
    for (unsigned i = 0; sk_n2k_fastpacket_cut(m, sequence, i, frame); i++)
        put_ydraw_frame(g, m, frame, sizeof frame);
}

void sk_n2k_gateway_send(void *gateway, const struct sk_n2k_message *m)
{
    struct sk_n2k_gateway *g = gateway;
    switch (g->form) {
    case SK_N2K_FORM_PLAIN:
        sk_n2k_line_write(&g->out, m);
        put(g);
        return;
    case SK_N2K_FORM_YDRAW:
        put_ydraw(g, m);
        return;
    case SK_N2K_FORM_PDGY:
        sk_buf_printf(&g->out, "!PDGY,%u,%u,", m->pgn, m->dst);
        put_base64(&g->out, m->data, m->len);
        put(g);
        return;
    case SK_N2K_FORM_ASCII:
        sk_buf_printf(&g->out, "A000000.000 %02X%02X%u %05X ", 0u, m->dst, m->priority, m->pgn);
        put_hex(&g->out, m->data, m->len, "");
        put(g);
        return;
    default:
        return;
    }
}
