/* links: codec_dep */
/* AIS messages of any bits: armoured, cut into parts, and given to the codec; whatever comes out is a delta in JSON. */
#include "base/buf.h"
#include "codec/codec.h"

#define PART 56

static void check_delta(void *arg, struct sk_span json)
{
    yyjson_doc *doc = NULL;
    (void)arg;
    SK_ASSERT(sk_json_read(json, &doc, NULL) == 0 && sk_json_get_str(yyjson_doc_get_root(doc), "context") != NULL);
    yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct sk_codec *c;
    if (c == NULL) { /* one life for all inputs: unfinished messages of earlier ones lie about */
        yyjson_doc *settings;
        SK_ASSERT(sk_json_read(SK_SPAN("{\"validateChecksum\":false}"), &settings, NULL) == 0);
        struct sk_codec_options o = { .label = "ais",
                                      .settings = yyjson_doc_get_root(settings),
                                      .out = { .delta = check_delta } };
        SK_ASSERT(sk_codec_nmea0183.create(&o, &c, NULL) == 0);
        yyjson_doc_free(settings);
    }
    struct sk_buf b;
    sk_buf_init(&b, 8192);
    size_t parts = n == 0 ? 1 : (n + PART - 1) / PART;
    for (size_t i = 0; i < parts && i < 9; i++) {
        sk_buf_printf(&b, "!AIVDM,%zu,%zu,%u,A,", parts, i + 1, (unsigned)(n % 10));
        for (size_t k = i * PART; k < n && k < (i + 1) * PART; k++)
            sk_buf_char(&b, (char)((data[k] & 63) < 40 ? (data[k] & 63) + 48 : (data[k] & 63) + 56));
        sk_buf_printf(&b, ",%u\n", (unsigned)(n % 6));
    }
    c->ops->feed(c, sk_buf_span(&b), 1795367549179 + (int64_t)n);
    sk_buf_finish(&b);
    return 0;
}
