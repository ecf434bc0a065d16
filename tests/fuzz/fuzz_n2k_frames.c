/* links: codec_dep */
/*
 * Bytes as a CAN bus: each record is a PGN from the table (so that messages mean something), a source, and a frame; fast packets,
 * claims and requests among them. The first byte chooses: CAN frames, or the same bytes as an Actisense gateway's.
 */
#include "codec/n2k/n2k.h"
#include "codec/n2k/table.h"

#include <linux/can.h>

static void check_delta(void *arg, struct sk_span json)
{
    yyjson_doc *doc = NULL;
    (void)arg;
    SK_ASSERT(sk_json_read(json, &doc, NULL) == 0 && yyjson_is_arr(sk_json_get(yyjson_doc_get_root(doc), "updates")));
    yyjson_doc_free(doc);
}

static void ignore_write(void *arg, struct sk_span bytes)
{
    (void)arg;
    SK_ASSERT(bytes.n > 0);
}

static void feed_frames(struct sk_codec *c, const uint8_t *data, size_t n)
{
    int64_t now = 1795367549179;
    for (; n >= 11; data += 11, n -= 11) {
        now += data[0] & 3 ? 5 : 1000;
        struct sk_n2k_message m = { .priority = 3, .src = data[1] & 7, .dst = data[1] & 8 ? SK_N2K_ALL : 100 };
        m.pgn = data[0] == 0xff ? SK_N2K_PGN_REQUEST : sk_n2k_pgns[data[0] % sk_n2k_pgn_count].pgn;
        struct can_frame f = { .can_id = sk_n2k_to_can_id(&m) | CAN_EFF_FLAG, .can_dlc = data[2] & 0xf };
        memcpy(f.data, data + 3, 8);
        c->ops->feed(c, (struct sk_span){ (const char *)&f, sizeof f }, now);
        if (data[2] & 0x80)
            c->ops->tick(c, now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    bool gateway = n > 0 && data[0] & 1;
    const struct sk_codec_ops *ops = gateway ? &sk_codec_n2k_actisense : &sk_codec_n2k_can;
    struct sk_codec *c;
    struct sk_errmsg em;
    struct sk_codec_options o = { .label = "fuzz", .out = { .delta = check_delta, .write = ignore_write } };
    SK_ASSERT(ops->create(&o, &c, &em) == 0);
    c->ops->opened(c, 1795367549000);
    c->ops->tick(c, 1795367550000);
    if (gateway)
        c->ops->feed(c, (struct sk_span){ (const char *)data, n }, 1795367549179);
    else
        feed_frames(c, data + 1, n > 0 ? n - 1 : 0);
    c->ops->flush(c, n % 2 == 0, 1795367549179);
    c->ops->destroy(c);
    return 0;
}
