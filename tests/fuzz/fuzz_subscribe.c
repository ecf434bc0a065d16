/* links: hub_dep */
/* Subscribe and unsubscribe messages of a foreign client. */
#include "hub/feed.h"
#include "model/query.h"

static struct sk_hub *hub;

static int take(void *arg, struct sk_frame *f, bool live)
{
    (void)arg;
    return f->len != 0 ? 0 : SK_ERR_INVALID;
}

static void remark(void *arg, struct sk_span text)
{
    (void)arg;
    yyjson_doc *doc = NULL;
    SK_ASSERT(sk_json_read(text, &doc, NULL) == 0); /* remarks are JSON, whatever they quote */
    yyjson_doc_free(doc);
}

static const struct sk_feed_ops ops = { take, remark };

static void feed_in(const char *json)
{
    (void)sk_hub_ingest(hub, &(struct sk_origin){ .provider = "fuzz" }, sk_span_of(json), NULL);
}

static void set_up(void)
{
    struct sk_loop *loop = sk_loop_create();
    hub = sk_hub_create(loop, sk_model_create("urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"));
    feed_in("{\"updates\":[{\"values\":[{\"path\":\"a.b\",\"value\":1},{\"path\":\"navigation.position\",\"value\":{\"latitude\":"
            "60,\"longitude\":24}}]}]}");
    feed_in("{\"context\":\"vessels.urn:mrn:imo:mmsi:230000001\",\"updates\":[{\"values\":[{\"path\":\"\",\"value\":{\"name\":"
            "\"X\",\"communication\":{\"callsignVhf\":\"Y\"}}}]}]}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct sk_arena arena;
    if (hub == NULL) {
        set_up();
        sk_arena_init(&arena, (size_t)16 * 1024 * 1024);
    }
    yyjson_doc *doc;
    if (sk_json_read_raw(&arena, (struct sk_span){ (const char *)data, n }, &doc, NULL) == 0) {
        struct sk_feed *feed = sk_feed_create(hub, &ops, NULL);
        sk_feed_subscribe(feed, yyjson_doc_get_root(doc));
        feed_in("{\"updates\":[{\"values\":[{\"path\":\"a.b\",\"value\":2},{\"path\":\"a.c\",\"value\":3}],\"meta\":[{\"path\":"
                "\"a.b\",\"value\":{\"units\":\"m\"}}]}]}");
        sk_feed_unsubscribe(feed, yyjson_doc_get_root(doc));
        sk_feed_destroy(feed);
    }
    sk_arena_reset(&arena);
    return 0;
}
