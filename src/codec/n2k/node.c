#include "codec/n2k/node.h"

#include "base/clock.h"

#include <stdio.h>

#define UNIQUE_MAX 0x1fffff
#define MAKER_MAX 0x7ff
#define MAKER_DEFAULT 999 /* unassigned: what home-made devices use */
#define PREFERRED_ADDRESS 100
#define ADDRESSES 252     /* 0..251 may be claimed */
#define SURE_AFTER_MS 250 /* as long as others may object */
#define BEAT_EVERY_MS 60000
#define PGN_HEARTBEAT 126993u
#define PGN_LIST 126464u
#define PGN_ACKNOWLEDGE 59392u

static int read_number(const yyjson_val *settings, const char *name, int64_t max, int64_t *ret, struct sk_errmsg *em)
{
    yyjson_val *v = sk_json_get(settings, name);
    struct sk_span text = sk_json_str(v);
    double d;
    if (v == NULL || yyjson_is_null(v) || (text.p != NULL && text.n == 0))
        return 0;
    if (text.p != NULL ? !sk_parse_int(text, 0, max, ret) : !sk_json_number(v, &d) || d < 0 || d > (double)max)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s is not a number from 0 to %lld", name, (long long)max);
    if (text.p == NULL)
        *ret = (int64_t)d;
    return 0;
}

int sk_n2k_node_init(struct sk_n2k_node *node, const yyjson_val *settings,
                     void (*send)(void *arg, const struct sk_n2k_message *m), void *arg, struct sk_errmsg *em)
{
    uint32_t random;
    int64_t unique, maker = MAKER_DEFAULT, address = PREFERRED_ADDRESS;
    sk_random_bytes(&random, sizeof random); /* only where the settings name none */
    unique = random & UNIQUE_MAX;
    int r = read_number(settings, "uniqueNumber", UNIQUE_MAX, &unique, em);
    if (r == 0)
        r = read_number(settings, "mfgCode", MAKER_MAX, &maker, em);
    if (r == 0)
        r = read_number(settings, "preferredAddress", ADDRESSES - 1, &address, em);
    if (r < 0)
        return r;
    *node = (struct sk_n2k_node){ .send = send, .arg = arg, .address = (uint8_t)address };
    /* function 130 (PC gateway) of class 25 (network device), industry 4 (marine), may change its address */
    node->name = (uint64_t)unique | (uint64_t)maker << 21 | UINT64_C(130) << 40 | UINT64_C(25) << 49 | UINT64_C(4) << 60 |
                 UINT64_C(1) << 63;
    return 0;
}

static void send(struct sk_n2k_node *node, uint32_t pgn, uint8_t dst, uint8_t priority, const uint8_t *data, size_t len)
{
    struct sk_n2k_message m = { .pgn = pgn, .priority = priority, .src = node->address, .dst = dst, .data = data, .len = len };
    node->send(node->arg, &m);
}

static void claim(struct sk_n2k_node *node, int64_t now_ms)
{
    uint8_t data[8];
    for (unsigned i = 0; i < 8; i++)
        data[i] = (uint8_t)(node->name >> 8 * i);
    node->claimed_ms = now_ms;
    node->sure = false;
    send(node, SK_N2K_PGN_CLAIM, SK_N2K_ALL, 6, data, sizeof data);
}

void sk_n2k_node_opened(struct sk_n2k_node *node, int64_t now_ms)
{
    node->open = true;
    node->tried = 0;
    node->beat_ms = now_ms + BEAT_EVERY_MS;
    if (node->address == SK_N2K_NO_ADDRESS)
        node->address = PREFERRED_ADDRESS;
    claim(node, now_ms);
}

void sk_n2k_node_closed(struct sk_n2k_node *node)
{
    node->open = node->sure = false;
}

bool sk_n2k_node_may_send(const struct sk_n2k_node *node, uint32_t pgn)
{
    return node->open && (pgn == SK_N2K_PGN_CLAIM || (node->sure && node->address != SK_N2K_NO_ADDRESS));
}

static void fixed_text(uint8_t *to, const char *text)
{
    size_t n = strlen(text);
    memset(to, 0xff, 32);
    memcpy(to, text, n < 32 ? n : 32);
}

static void tell_product(struct sk_n2k_node *node)
{
    uint8_t data[134] = { 0x34, 0x08, 0x9b, 0x02 }; /* NMEA 2000 version 2.100, product code 667 */
    char serial[16];
    snprintf(serial, sizeof serial, "%u", (unsigned)(node->name & UNIQUE_MAX));
    fixed_text(data + 4, "skiff");
    fixed_text(data + 36, "");
    fixed_text(data + 68, "Signal K server");
    fixed_text(data + 100, serial);
    data[132] = 0xff; /* not certified */
    data[133] = 1;    /* load: 50 mA at most */
    send(node, SK_N2K_PGN_PRODUCT, SK_N2K_ALL, 6, data, sizeof data);
}

static size_t lau(uint8_t *to, const char *text)
{
    size_t n = strlen(text);
    to[0] = (uint8_t)(n + 2);
    to[1] = 1;
    memcpy(to + 2, text, n);
    return n + 2;
}

static void tell_configuration(struct sk_n2k_node *node)
{
    uint8_t data[64];
    size_t n = lau(data, "");
    n += lau(data + n, "");
    n += lau(data + n, "skiff");
    send(node, SK_N2K_PGN_CONFIGURATION, SK_N2K_ALL, 6, data, n);
}

static void tell_lists(struct sk_n2k_node *node, uint8_t dst)
{
    static const uint32_t sent[] = { PGN_ACKNOWLEDGE, SK_N2K_PGN_REQUEST, SK_N2K_PGN_CLAIM,        PGN_LIST,
                                     PGN_HEARTBEAT,   SK_N2K_PGN_PRODUCT, SK_N2K_PGN_CONFIGURATION };
    uint8_t data[1 + 3 * SK_COUNT(sent)] = { 0 };
    for (size_t i = 0; i < SK_COUNT(sent); i++)
        for (unsigned b = 0; b < 3; b++)
            data[1 + 3 * i + b] = (uint8_t)(sent[i] >> 8 * b);
    send(node, PGN_LIST, dst, 6, data, sizeof data);
}

/* What we do not have is refused when we were asked alone; to a question to everybody one keeps silent. */
static void answer(struct sk_n2k_node *node, const struct sk_n2k_message *m, int64_t now_ms)
{
    uint32_t pgn = m->len < 3 ? 0 : m->data[0] | (uint32_t)m->data[1] << 8 | (uint32_t)m->data[2] << 16;
    if (pgn == SK_N2K_PGN_CLAIM) {
        bool sure = node->sure;
        claim(node, now_ms);
        node->sure = sure;
    } else if (pgn == SK_N2K_PGN_PRODUCT) {
        tell_product(node);
    } else if (pgn == SK_N2K_PGN_CONFIGURATION) {
        tell_configuration(node);
    } else if (pgn == PGN_LIST) {
        tell_lists(node, m->src);
    } else if (m->dst != SK_N2K_ALL) {
        uint8_t refusal[8] = { 1, 0xff, 0xff, 0xff, 0xff, (uint8_t)pgn, (uint8_t)(pgn >> 8), (uint8_t)(pgn >> 16) };
        send(node, PGN_ACKNOWLEDGE, m->src, 6, refusal, sizeof refusal);
    }
}

/* Another device claims our address: the smaller NAME has it. */
static void contend(struct sk_n2k_node *node, const struct sk_n2k_message *m, int64_t now_ms)
{
    uint64_t other = 0;
    for (unsigned i = 0; i < 8; i++)
        other |= (uint64_t)m->data[i] << 8 * i;
    if (other > node->name) {
        bool sure = node->sure;
        claim(node, now_ms);
        node->sure = sure;
    } else if (other < node->name && ++node->tried < ADDRESSES) {
        node->address = (uint8_t)((node->address + 1) % ADDRESSES);
        claim(node, now_ms);
    } else {
        node->address = SK_N2K_NO_ADDRESS; /* the bus is full, or somebody has our NAME */
        claim(node, now_ms);
    }
}

void sk_n2k_node_heard(struct sk_n2k_node *node, const struct sk_n2k_message *m, int64_t now_ms)
{
    if (!node->open || node->address == SK_N2K_NO_ADDRESS)
        return;
    if (m->pgn == SK_N2K_PGN_CLAIM && m->src == node->address && m->len >= 8)
        contend(node, m, now_ms);
    else if (m->pgn == SK_N2K_PGN_REQUEST && (m->dst == node->address || m->dst == SK_N2K_ALL))
        answer(node, m, now_ms);
}

bool sk_n2k_node_tick(struct sk_n2k_node *node, int64_t now_ms)
{
    if (!node->open || node->address == SK_N2K_NO_ADDRESS)
        return false;
    if (node->sure) {
        if (now_ms < node->beat_ms && node->beat_ms - now_ms <= BEAT_EVERY_MS)
            return false;
        uint8_t data[8] = { 0x60, 0xea, node->beat, 0xff, 0xff, 0xff, 0xff, 0xff }; /* every 60,000 ms; no faults */
        node->beat = (uint8_t)((node->beat + 1) % 253);
        node->beat_ms = now_ms + BEAT_EVERY_MS;
        send(node, PGN_HEARTBEAT, SK_N2K_ALL, 7, data, sizeof data);
        return false;
    }
    if (now_ms >= node->claimed_ms && now_ms - node->claimed_ms < SURE_AFTER_MS)
        return false;
    node->sure = true;
    node->tried = 0;
    return true;
}
