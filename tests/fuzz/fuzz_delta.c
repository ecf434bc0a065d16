/* links: hub_dep */
/* Bytes of a foreign delta, through the whole door: reader, rules, tree, subscriptions, and the tree read back. */
#include "hub/feed.h"
#include "model/query.h"

static struct sk_hub *hub;
static struct sk_feed *feed;

static int take(void *arg, struct sk_frame *f, bool live)
{
    (void)arg;
    return f->len != 0 ? 0 : SK_ERR_INVALID;
}

static void remark(void *arg, struct sk_span text)
{
    (void)arg;
    (void)text;
}

static const struct sk_feed_ops ops = { take, remark };

/* The process keeps one world: what one input leaves behind, the next one meets. */
static void set_up(void)
{
    struct sk_loop *loop = sk_loop_create();
    hub = sk_hub_create(loop, sk_model_create("urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"));
    feed = sk_feed_create(hub, &ops, NULL);
    sk_feed_set_mode(feed, SK_FEED_ALL);
    sk_feed_set_meta(feed, true);
    yyjson_doc *doc;
    SK_ASSERT(sk_json_read(SK_SPAN("{\"context\":\"*\",\"subscribe\":[{\"path\":\"*\"},{\"path\":\"a.*\",\"minPeriod\":5},{"
                                   "\"path\":\"*.b\",\"period\":9}]}"),
                           &doc, NULL) == 0);
    sk_feed_subscribe(feed, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (hub == NULL)
        set_up();
    (void)sk_hub_ingest(hub, &(struct sk_origin){ .provider = "fuzz", .version = n % 5 == 0 ? 2 : 1 },
                        (struct sk_span){ (const char *)data, n }, NULL);
    if (n % 64 == 0) {
        struct sk_buf b;
        sk_buf_init(&b, (size_t)64 * 1024 * 1024);
        (void)sk_model_query(sk_hub_model(hub), SK_SPAN(""), true, &b);
        yyjson_doc *doc = NULL;
        SK_ASSERT(!sk_buf_ok(&b) || sk_json_read(sk_buf_span(&b), &doc, NULL) == 0); /* what we write is JSON, whatever came in */
        yyjson_doc_free(doc);
        sk_buf_finish(&b);
    }
    return 0;
}
