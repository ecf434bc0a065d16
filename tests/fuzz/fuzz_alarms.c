/* links: hub_dep */
/* The state file of alarms as a crash or a hand may have left it, and notifications and zones of foreign clients. */
#include "hub/alarms.h"

static struct sk_hub *hub;

static void feed_in(const char *head, struct sk_span json, const char *tail)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_DELTA_MAX);
    sk_buf_text(&b, head);
    sk_buf_span_append(&b, json);
    sk_buf_text(&b, tail);
    (void)sk_hub_ingest(hub, &(struct sk_origin){ .provider = "fuzz" }, sk_buf_span(&b), NULL);
    sk_buf_finish(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    if (hub == NULL)
        hub = sk_hub_create(sk_loop_create(), sk_model_create("urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"));
    struct sk_alarms *alarms = sk_alarms_create(hub, NULL, NULL);
    yyjson_doc *doc = NULL, *again = NULL;
    struct sk_buf out;
    sk_buf_init(&out, (size_t)64 * 1024 * 1024);
    if (sk_json_read(text, &doc, NULL) == 0)
        (void)sk_alarms_restore(alarms, yyjson_doc_get_root(doc));
    feed_in("{\"updates\":[{\"values\":[{\"path\":\"notifications.a\",\"value\":", text, "}]}]}");
    feed_in("{\"updates\":[{\"meta\":[{\"path\":\"a.b\",\"value\":", text, "}]}]}");
    feed_in("{\"updates\":[{\"values\":[{\"path\":\"a.b\",\"value\":", SK_SPAN("2"), "}]}]}");
    sk_alarms_settle(alarms);
    sk_alarms_silence_all(alarms);
    sk_alarms_acknowledge_all(alarms);
    sk_alarms_write(alarms, &out);
    SK_ASSERT(sk_json_read(sk_buf_span(&out), &again, NULL) == 0); /* whatever came, the list is JSON */
    yyjson_doc_free(again);
    sk_buf_clear(&out);
    sk_alarms_write_saved(alarms, &out);
    SK_ASSERT(sk_json_read(sk_buf_span(&out), &again, NULL) == 0);
    yyjson_doc_free(again);
    yyjson_doc_free(doc);
    sk_buf_finish(&out);
    sk_alarms_destroy(alarms);
    uv_run(sk_loop_uv(sk_hub_loop(hub)), UV_RUN_NOWAIT);
    return 0;
}
