/* How long one delta takes through the hub alone: no sockets, one client that throws frames away. Not a test; `./dev bench`
 * prints it. */
#include "base/clock.h"
#include "hub/feed.h"
#include "model/query.h"

#include <stdio.h>

static uint64_t frames;

static int take(void *arg, struct sk_frame *f, bool live)
{
    (void)arg;
    frames += f->len != 0;
    return 0;
}

static void ignore(void *arg, struct sk_span text)
{
    (void)arg;
    (void)text;
}

static const struct sk_feed_ops ops = { take, ignore };

int main(void)
{
    struct sk_loop *loop = sk_loop_create();
    struct sk_model *model = sk_model_create("urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d");
    struct sk_hub *hub = sk_hub_create(loop, model);
    struct sk_feed *feed = sk_feed_create(hub, &ops, NULL);
    sk_feed_set_mode(feed, SK_FEED_ALL);
    enum { COUNT = 300000 };
    uint64_t from = sk_clock_mono_ns();
    for (int i = 0; i < COUNT; i++) {
        char text[600];
        int n = snprintf(
            text, sizeof text,
            "{\"context\":\"vessels.self\",\"updates\":[{\"source\":{\"label\":\"bench\",\"type\":\"bench\",\"src\":\"1\"},"
            "\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"values\":[{\"path\":\"navigation.speedOverGround\",\"value\":%d.%02d},"
            "{\"path\":\"navigation.position\",\"value\":{\"latitude\":60.1234567,\"longitude\":24.%07d}},"
            "{\"path\":\"bench.marker\",\"value\":\"#s:%d:0#\"}]}]}",
            i % 10, i % 90 + 10, i % 9999999 + 1, i);
        (void)sk_hub_ingest(hub, &(struct sk_origin){ .provider = "ws" }, (struct sk_span){ text, (size_t)n }, NULL);
    }
    uint64_t ns = sk_clock_mono_ns() - from;
    printf("hub: %.0f ns a delta of three values (%llu frames)\n", (double)ns / COUNT, (unsigned long long)frames);
    sk_feed_destroy(feed);
    sk_hub_destroy(hub);
    sk_loop_destroy(loop);
    sk_model_destroy(model);
    return 0;
}
