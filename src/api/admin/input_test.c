/*
 * POST /skServer/inputTest, the admin page where one tries out data: text in any form that a connection takes becomes deltas, and
 * goes into the server (sendToServer) or to NMEA 2000 buses (sendToN2K) when asked for.
 */
#include "api/admin/admin.h"
#include "api/body.h"
#include "base/clock.h"
#include "base/lines.h"
#include "codec/n2k/encode.h"
#include "codec/n2k/n2k.h"
#include "codec/n2k/textline.h"
#include "input/input.h"

#include <stdio.h>

#define LABEL "input-test"
#define TEXT_MAX ((size_t)64 * 1024)
#define ANSWER_MAX ((size_t)4 * 1024 * 1024)
#define LINE_MAX_BYTES ((size_t)64 * 1024)

struct trial {
    struct sk_api *api;
    struct sk_codec *codec;
    struct sk_buf deltas, n2k;
    bool to_server, to_bus;
    unsigned refused; /* deltas that the server did not want */
    bool failed;      /* em says why */
    struct sk_errmsg em;
};

static void fail(struct trial *t, const char *why)
{
    t->failed = true;
    sk_errmsg_set(&t->em, SK_ERR_INVALID, "%s", why);
}

static void on_delta(void *arg, struct sk_span json)
{
    struct trial *t = arg;
    sk_buf_append(&t->deltas, ",", t->deltas.n > 0);
    sk_buf_span_append(&t->deltas, json);
    if (t->to_server)
        t->refused += sk_hub_ingest(t->api->hub, &(struct sk_origin){ .provider = LABEL }, json, &t->em) < 0;
}

static void feed(struct trial *t, struct sk_span line)
{
    int64_t now = sk_clock_wall_ms();
    t->codec->ops->feed(t->codec, line, now);
    t->codec->ops->flush(t->codec, true, now);
}

/* As JSON in the answer, and out to the buses. */
static void take_message(struct trial *t, struct sk_span text, const struct sk_n2k_message *m)
{
    size_t before = t->n2k.n;
    sk_buf_append(&t->n2k, ",", before > 0);
    if (!sk_n2k_write_json(m, &t->n2k))
        t->n2k.n = before;
    if (t->to_bus)
        sk_inputs_n2k_send(t->api->inputs, text);
}

/* canboat's JSON: decoded by way of its text form, as the codec takes no JSON of that kind. */
static void take_n2k_json(struct trial *t, struct sk_span text)
{
    struct sk_n2k_encoded e;
    struct sk_buf line;
    if (sk_n2k_message_read(text, &e, &t->em) < 0) {
        t->failed = true;
        return;
    }
    e.m.time_ms = sk_clock_wall_ms();
    sk_buf_init(&line, 2048);
    sk_n2k_line_write(&line, &e.m);
    feed(t, sk_buf_span(&line));
    take_message(t, text, &e.m);
    sk_buf_finish(&line);
}

static void take_json(struct trial *t, const yyjson_val *v)
{
    struct sk_buf text;
    size_t i, n;
    yyjson_val *each;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)v, i, n, each)
        if (!t->failed && !yyjson_is_arr(each))
            take_json(t, each);
    if (yyjson_is_arr((yyjson_val *)(uintptr_t)v))
        return;
    sk_buf_init(&text, TEXT_MAX);
    sk_json_write(&text, v);
    if (sk_json_get(v, "pgn") != NULL)
        take_n2k_json(t, sk_buf_span(&text));
    else if (yyjson_is_arr(sk_json_get(v, "updates")))
        feed(t, sk_buf_span(&text));
    else
        fail(t, "JSON that is neither a delta (updates) nor an NMEA 2000 message (pgn)");
    sk_buf_finish(&text);
}

static void take_line(void *arg, struct sk_span line)
{
    struct trial *t = arg;
    struct sk_n2k_encoded e;
    struct sk_errmsg unused;
    feed(t, line);
    if (line.p[0] != '{' && sk_n2k_message_read(line, &e, &unused) == 0)
        take_message(t, line, &e.m);
}

static void take_lines(struct trial *t, struct sk_span text)
{
    const struct sk_codec_stats *s = &t->codec->stats;
    struct sk_lines lines;
    sk_lines_init(&lines, LINE_MAX_BYTES, take_line, t);
    sk_lines_feed(&lines, text);
    sk_lines_flush(&lines, true);
    sk_lines_finish(&lines);
    if (s->bad_checksum > 0)
        fail(t, "a checksum is wrong");
    else if (s->garbage > 0)
        fail(t, "a line is neither NMEA 0183 nor NMEA 2000");
}

static void run(struct trial *t, struct sk_span text)
{
    struct sk_arena arena;
    yyjson_doc *doc;
    struct sk_codec_options o = { .label = LABEL, .out = { .arg = t, .delta = on_delta } };
    text = sk_span_trimmed(text);
    if (text.n == 0) {
        fail(t, "there is nothing in it");
        return;
    }
    t->failed = sk_codec_multiplexed.create(&o, &t->codec, &t->em) < 0;
    if (t->failed)
        return;
    sk_arena_init(&arena, 16 * TEXT_MAX);
    if (text.p[0] != '{' && text.p[0] != '[')
        take_lines(t, text);
    else if (sk_json_read_raw(&arena, text, &doc, &t->em) < 0)
        t->failed = true;
    else
        take_json(t, yyjson_doc_get_root(doc));
    sk_arena_finish(&arena);
    t->codec->ops->destroy(t->codec);
}

static void answer(struct sk_http_req *r, struct trial *t)
{
    struct sk_buf b;
    if (t->failed) {
        sk_body_reply_error(r, 400, t->em.text);
        return;
    }
    sk_buf_init(&b, 2 * ANSWER_MAX);
    SK_BUF_LIT(&b, "{\"deltas\":[");
    sk_buf_span_append(&b, sk_buf_span(&t->deltas));
    SK_BUF_LIT(&b, "]");
    if (t->n2k.n > 0) {
        SK_BUF_LIT(&b, ",\"n2kJson\":[");
        sk_buf_span_append(&b, sk_buf_span(&t->n2k));
        SK_BUF_LIT(&b, "]");
    }
    sk_buf_printf(&b, ",\"n2kOutAvailable\":%s", sk_inputs_n2k_writable(t->api->inputs) ? "true" : "false");
    if (t->refused > 0) {
        SK_BUF_LIT(&b, ",\"error\":");
        sk_json_write_str(&b, sk_span_of(t->em.text));
    }
    SK_BUF_LIT(&b, "}");
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

static void post(struct sk_http_req *r, void *arg)
{
    struct trial t = { .api = arg };
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    const yyjson_val *body = yyjson_doc_get_root(doc);
    struct sk_span text = sk_json_str(sk_json_get(body, "value"));
    t.to_server = sk_json_get_bool(body, "sendToServer", false);
    t.to_bus = sk_json_get_bool(body, "sendToN2K", false);
    sk_buf_init(&t.deltas, ANSWER_MAX);
    sk_buf_init(&t.n2k, ANSWER_MAX);
    if (text.p == NULL || text.n > TEXT_MAX)
        fail(&t, text.p == NULL ? "the body has no value that is a text" : "value is longer than 64 KiB");
    else if (t.to_bus && !sk_inputs_n2k_writable(t.api->inputs))
        fail(&t, "no connection takes NMEA 2000 messages now");
    else
        run(&t, text);
    answer(r, &t);
    sk_buf_finish(&t.deltas);
    sk_buf_finish(&t.n2k);
    yyjson_doc_free(doc);
}

void sk_input_test_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = { { "POST", "/skServer/inputTest", SK_ACCESS_ADMIN, post, api } };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
