/* links: codec_dep */
/* Bytes of an instrument, cut in two somewhere: whatever comes out is a delta in JSON. */
#include "codec/codec.h"

static void check_delta(void *arg, struct sk_span json)
{
    yyjson_doc *doc = NULL;
    (void)arg;
    SK_ASSERT(sk_json_read(json, &doc, NULL) == 0 && yyjson_is_arr(sk_json_get(yyjson_doc_get_root(doc), "updates")));
    yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_codec *c;
    yyjson_doc *settings;
    struct sk_errmsg em;
    SK_ASSERT(sk_json_read(n % 2 == 0 ? SK_SPAN("{\"validateChecksum\":false,\"removeNulls\":true}")
                                      : SK_SPAN("{\"appendChecksum\":true,\"talkerGroups\":{\"g\":[\"GP\",\"GN\"]}}"),
                           &settings, &em) == 0);
    struct sk_codec_options o = { .label = "fuzz", .settings = yyjson_doc_get_root(settings), .out = { .delta = check_delta } };
    SK_ASSERT(sk_codec_nmea0183.create(&o, &c, &em) == 0);
    size_t cut = n > 0 ? data[0] % n : 0;
    c->ops->feed(c, (struct sk_span){ (const char *)data, cut }, 1795367549179);
    c->ops->feed(c, (struct sk_span){ (const char *)data + cut, n - cut }, 1795367549179 + (int64_t)n * 100);
    c->ops->flush(c, true, 1795367549179);
    c->ops->destroy(c);
    yyjson_doc_free(settings);
    return 0;
}
