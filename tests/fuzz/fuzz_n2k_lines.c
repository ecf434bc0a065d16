/* links: codec_dep */
/* Lines of any NMEA 2000 text format, cut in two somewhere: whatever comes out is a delta in JSON, whatever is asked is a line.
 */
#include "codec/n2k/n2k.h"

static void check_delta(void *arg, struct sk_span json)
{
    yyjson_doc *doc = NULL;
    (void)arg;
    SK_ASSERT(sk_json_read(json, &doc, NULL) == 0 && yyjson_is_arr(sk_json_get(yyjson_doc_get_root(doc), "updates")));
    yyjson_doc_free(doc);
}

static void check_line(void *arg, char letter, struct sk_span line)
{
    int64_t ms;
    bool dated;
    (void)arg;
    SK_ASSERT(letter == 'A' && (line.p[4] != '-' || sk_n2k_line_time(line, &ms, &dated)));
}

static void check_write(void *arg, struct sk_span bytes)
{
    (void)arg;
    SK_ASSERT(bytes.n >= 2 && bytes.p[bytes.n - 1] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const settings[] = {
        "{\"type\":\"ikonvert-canboatjs\"}",
        "{\"type\":\"ydwg02-canboatjs\",\"useCanName\":true}",
        "{\"type\":\"canboat-csv-canboatjs\",\"littleEndianMXPGN\":true}",
        "{\"filtersEnabled\":true,\"filters\":[{\"source\":\"7\",\"pgn\":\"\"},{\"source\":\"\",\"pgn\":129025}]}",
    };
    struct sk_codec *c;
    yyjson_doc *doc;
    struct sk_errmsg em;
    int64_t now = 1795367549179;
    SK_ASSERT(sk_json_read(sk_span_of(settings[n % SK_COUNT(settings)]), &doc, &em) == 0);
    struct sk_codec_options o = { .label = "fuzz",
                                  .settings = yyjson_doc_get_root(doc),
                                  .out = { .delta = check_delta, .line = check_line, .write = check_write } };
    SK_ASSERT(sk_codec_n2k_lines.create(&o, &c, &em) == 0);
    size_t cut = n > 0 ? data[0] % n : 0;
    c->ops->opened(c, now);
    c->ops->feed(c, (struct sk_span){ (const char *)data, cut }, now);
    for (unsigned i = 0; i < 15; i++)
        c->ops->tick(c, now += 1500);
    c->ops->feed(c, (struct sk_span){ (const char *)data + cut, n - cut }, now);
    c->ops->flush(c, n % 3 != 0, now);
    c->ops->destroy(c);
    yyjson_doc_free(doc);
    return 0;
}
