/* links: codec_dep */
/* Messages of another Signal K server: whatever comes out is a delta in JSON. */
#include "codec/codec.h"

static void check_delta(void *arg, struct sk_span json)
{
    yyjson_doc *doc = NULL;
    (void)arg;
    SK_ASSERT(sk_json_read(json, &doc, NULL) == 0 && yyjson_arr_size(sk_json_get(yyjson_doc_get_root(doc), "updates")) > 0);
    yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_codec *c;
    struct sk_codec_options o = { .label = "remote", .out = { .delta = check_delta } };
    SK_ASSERT(sk_codec_signalk_remote.create(&o, &c, NULL) == 0);
    c->ops->feed(c, (struct sk_span){ (const char *)data, n }, 0);
    c->ops->flush(c, true, 0);
    c->ops->feed(c, (struct sk_span){ (const char *)data, n }, 0); /* the same again: what carries a time is known */
    c->ops->flush(c, n % 2 == 0, 0);
    c->ops->destroy(c);
    return 0;
}
