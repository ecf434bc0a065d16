/*
 * Feeds a recording to a codec and prints the deltas, one a line: `replay CODEC [TIME_MS [SETTINGS_JSON [PIECE]]] < FILE`.
 * PIECE: bytes of each feed; "json": each line is a message that goes in as what canboat's JSON of it becomes again. Ends with
 * one line of counters. What tests/replay/run.py compares with NAME.deltas.json.
 */
#include "base/buf.h"
#include "base/lines.h"
#include "codec/codec.h"
#include "codec/n2k/encode.h"
#include "codec/n2k/n2k.h"
#include "codec/n2k/textline.h"

#include <stdio.h>
#include <stdlib.h>

static const struct sk_codec_ops *const codecs[] = { &sk_codec_nmea0183,      &sk_codec_signalk,       &sk_codec_multiplexed,
                                                     &sk_codec_n2k_lines,     &sk_codec_n2k_actisense, &sk_codec_n2k_can,
                                                     &sk_codec_signalk_remote };

static void print_delta(void *arg, struct sk_span json)
{
    (void)arg;
    printf("%.*s\n", (int)json.n, json.p);
}

/* Nobody reads the lines, but they are made, as for a connection that is logged. */
static void take_line(void *arg, char letter, struct sk_span line)
{
    (void)arg;
    (void)letter;
    (void)line;
}

static void read_all(struct sk_buf *b)
{
    for (;;) {
        char *to = sk_buf_reserve(b, 65536);
        size_t n = to != NULL ? fread(to, 1, 65536, stdin) : 0;
        if (n == 0)
            return;
        b->n += n;
    }
}

static int64_t number(const char *text, int64_t otherwise)
{
    int64_t v;
    return text != NULL && sk_parse_int(sk_span_of(text), 0, INT64_MAX, &v) ? v : otherwise;
}

static void print_stats(const struct sk_codec_stats *s)
{
    printf("{\"stats\":{\"units\":%llu,\"deltas\":%llu,\"badChecksum\":%llu,\"garbage\":%llu,\"oversized\":%llu,\"ignored\":%llu,"
           "\"unknown\":%llu,\"incomplete\":%llu}}\n",
           (unsigned long long)s->units, (unsigned long long)s->deltas, (unsigned long long)s->bad_checksum,
           (unsigned long long)s->garbage, (unsigned long long)s->oversized, (unsigned long long)s->ignored,
           (unsigned long long)s->unknown, (unsigned long long)s->incomplete);
}

/* Message to JSON to message. Those that are not known stay as they are. */
static void take_by_json(void *arg, struct sk_span line)
{
    struct sk_codec *c = arg;
    uint8_t data[SK_N2K_DATA_MAX];
    struct sk_n2k_line l;
    struct sk_n2k_encoded e;
    struct sk_errmsg em;
    struct sk_arena arena;
    struct sk_buf text;
    yyjson_doc *doc;
    sk_arena_init(&arena, 1 << 20);
    sk_buf_init(&text, 65536);
    sk_n2k_line_read(line, false, data, &l);
    if (sk_n2k_write_json(&l.m, &text)) {
        if (sk_json_read_raw(&arena, sk_buf_span(&text), &doc, &em) < 0 || sk_n2k_encode(yyjson_doc_get_root(doc), &e, &em) < 0) {
            fprintf(stderr, "%.*s: %s\n", (int)text.n, text.p, em.text);
        } else {
            e.m.time_ms = l.m.time_ms;
            sk_buf_clear(&text);
            sk_n2k_line_write(&text, &e.m);
            line = sk_buf_span(&text);
        }
    }
    c->ops->feed(c, line, l.m.time_ms);
    c->ops->feed(c, SK_SPAN("\n"), l.m.time_ms);
    sk_buf_finish(&text);
    sk_arena_finish(&arena);
}

int main(int argc, char **argv)
{
    struct sk_errmsg em;
    struct sk_codec *c = NULL;
    yyjson_doc *settings = NULL;
    struct sk_buf in;
    if (argc > 3 && sk_json_read(sk_span_of(argv[3]), &settings, &em) < 0) {
        fprintf(stderr, "settings: %s\n", em.text);
        return 2;
    }
    struct sk_codec_options o = { .label = "nmea",
                                  .settings = yyjson_doc_get_root(settings),
                                  .out = { .delta = print_delta, .line = take_line } };
    for (size_t i = 0; i < SK_COUNT(codecs) && argc > 1; i++)
        if (strcmp(codecs[i]->name, argv[1]) == 0 && codecs[i]->create(&o, &c, &em) < 0)
            fprintf(stderr, "%s\n", em.text);
    if (c == NULL)
        return 2;
    int64_t now = number(argc > 2 ? argv[2] : NULL, 0);
    size_t piece = (size_t)number(argc > 4 ? argv[4] : NULL, 4096);
    sk_buf_init(&in, (size_t)256 * 1024 * 1024);
    read_all(&in);
    struct sk_lines by_json;
    sk_lines_init(&by_json, 4096, take_by_json, c);
    if (argc > 4 && strcmp(argv[4], "json") == 0)
        sk_lines_feed(&by_json, sk_buf_span(&in));
    else
        for (size_t at = 0; at < in.n; at += piece)
            c->ops->feed(c, (struct sk_span){ in.p + at, in.n - at < piece ? in.n - at : piece }, now);
    c->ops->flush(c, true, now);
    if (c->ops->tick != NULL)
        c->ops->tick(c, now);
    print_stats(&c->stats);
    sk_lines_finish(&by_json);
    c->ops->destroy(c);
    yyjson_doc_free(settings);
    sk_buf_finish(&in);
    return 0;
}
