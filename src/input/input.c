#include "input/inputs.h"

#include "base/clock.h"
#include "base/log.h"
#include "codec/n2k/encode.h"
#include "input/rawlog.h"
#include "model/meta.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS_MAX 16

/* ---- status ------------------------------------------------------------------------------------------------------------- */

#define FORMAT_INTO(text, fmt)                                                                                                   \
    do {                                                                                                                         \
        va_list ap;                                                                                                              \
        va_start(ap, fmt);                                                                                                       \
        write_text(text, sizeof(text), fmt, ap);                                                                                 \
        va_end(ap);                                                                                                              \
    } while (0)

/* Cut when too long. */
static void __attribute__((format(printf, 3, 0), nonnull)) write_text(char *to, size_t size, const char *fmt, va_list ap)
{
    if (vsnprintf(to, size, fmt, ap) < 0)
        to[0] = '\0';
}

void sk_input_show_status(struct sk_input *in)
{
    sk_status_set(sk_hub_status(in->hub), SK_STATUS_PROVIDER, in->id, sk_span_of(in->status));
}

void sk_input_show_failure(struct sk_input *in, const char *text)
{
    struct sk_status *board = sk_hub_status(in->hub);
    if (strcmp(sk_status_text(board, in->id), text) != 0)
        sk_log_error("connection '%s': %s", in->id, text);
    sk_status_error(board, SK_STATUS_PROVIDER, in->id, sk_span_of(text));
}

void sk_input_status(struct sk_input *in, const char *fmt, ...)
{
    FORMAT_INTO(in->status, fmt);
    sk_input_show_status(in);
}

void sk_input_opened(struct sk_input *in, const char *fmt, ...)
{
    FORMAT_INTO(in->status, fmt);
    sk_log_info("connection '%s': %s", in->id, in->status);
    sk_input_show_status(in);
    in->stats.opened++;
    in->quality = (struct sk_quality){ .before = in->codec->stats };
    if (in->codec->ops->opened != NULL)
        in->codec->ops->opened(in->codec, sk_clock_wall_ms());
}

void sk_input_failed(struct sk_input *in, const char *fmt, ...)
{
    char text[sizeof in->status + 256];
    FORMAT_INTO(text, fmt);
    sk_input_show_failure(in, text);
}

void sk_input_lost(struct sk_input *in, const char *fmt, ...)
{
    char text[sizeof in->status + 256];
    FORMAT_INTO(text, fmt);
    in->stats.lost++;
    in->codec->ops->flush(in->codec, false, sk_clock_wall_ms());
    sk_input_show_failure(in, text);
}

/* ---- bytes in, deltas out ----------------------------------------------------------------------------------------------- */

void sk_input_bytes(struct sk_input *in, struct sk_span bytes)
{
    in->codec->ops->feed(in->codec, bytes, sk_clock_wall_ms());
}

void sk_input_packet(struct sk_input *in, struct sk_span bytes)
{
    int64_t now = sk_clock_wall_ms();
    in->codec->ops->feed(in->codec, bytes, now);
    in->codec->ops->flush(in->codec, true, now);
}

void sk_input_record(struct sk_input *in, struct sk_span line, int64_t time_ms)
{
    in->codec->ops->feed(in->codec, line, time_ms);
    in->codec->ops->flush(in->codec, true, time_ms);
}

static void on_delta(void *arg, struct sk_span json)
{
    struct sk_input *in = arg;
    struct sk_errmsg em;
    in->stats.deltas++;
    in->stats.refused +=
        sk_hub_ingest(in->hub, &(struct sk_origin){ .provider = in->provider != NULL ? in->provider : in->id }, json, &em) < 0;
}

void sk_input_set_provider(struct sk_input *in, const char *host, unsigned port)
{
    struct sk_buf b;
    sk_buf_init(&b, 1024);
    sk_buf_printf(&b, "%s.%s:%u", in->id, host, port);
    free(in->provider);
    in->provider = sk_buf_steal(&b, NULL);
}

static void count_write(struct sk_input *in, int r)
{
    in->stats.written += r == 0;
    in->stats.write_dropped += r < 0;
}

static void on_write(void *arg, struct sk_span bytes)
{
    struct sk_input *in = arg;
    count_write(in, in->transport == NULL || in->transport->write == NULL ? SK_ERR_UNSUPPORTED : in->transport->write(in, bytes));
}

/* A line of this connection, before it is judged. */
static void on_line(void *arg, char letter, struct sk_span line)
{
    struct sk_input *in = arg;
    const void *origin = in->sender != NULL ? in->sender : in;
    if (in->logging)
        sk_rawlog_line(in->list->log, letter, line, sk_clock_wall_ms());
    if (in->events[0] != NULL)
        sk_bus_publish(in->list->bus, (const char *const *)in->events, origin, line, uv_now(sk_loop_uv(sk_hub_loop(in->hub))));
}

static bool knows_meta(void *arg, struct sk_span text)
{
    const struct sk_input *in = arg;
    struct sk_path *p = sk_path_find(sk_model_paths(sk_hub_model(in->hub)), text);
    return p != NULL ? sk_meta_of(p) != NULL : sk_meta_known(text);
}

/* A message for an NMEA 2000 bus, in whatever form it is written. What is none is counted as dropped. */
static void send_to_bus(struct sk_input *in, struct sk_span line)
{
    struct sk_n2k_encoded e;
    struct sk_errmsg em;
    int r = sk_n2k_message_read(line, &e, &em);
    if (r < 0)
        sk_log_debug("signalk:n2k-out", "connection '%s': %s", in->id, em.text);
    if (r < 0 || !in->codec->ops->send(in->codec, &e.m))
        in->stats.write_dropped++; /* what is sent is counted when its bytes go out */
}

/* A line of somebody else, to be written to this connection. */
static void on_bus_line(struct sk_bus_tap *tap, struct sk_frame *line)
{
    struct sk_input *in = SK_CONTAINER(tap, struct sk_input, tap);
    if (in->transport == NULL)
        return;
    if (in->codec->ops->send != NULL)
        send_to_bus(in, (struct sk_span){ sk_frame_line(line).p, sk_frame_line(line).n - 2 }); /* without CR LF */
    else
        count_write(in, in->transport->write(in, sk_frame_line(line)));
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

/* Names from a text "a,b" or an array of texts, behind `first` (NULL: none). */
static char **read_names(const yyjson_val *v, const char *first)
{
    char **names = sk_xcalloc(EVENTS_MAX + 1, sizeof *names);
    size_t n = 0, i, count;
    yyjson_val *item, *list = (yyjson_val *)(uintptr_t)v;
    if (first != NULL)
        names[n++] = sk_xstrdup(first);
    yyjson_arr_foreach(list, i, count, item)
        if (yyjson_get_len(item) > 0 && yyjson_is_str(item) && n < EVENTS_MAX)
            names[n++] = sk_xstrdup(yyjson_get_str(item));
    for (const char *at = yyjson_is_str(list) ? yyjson_get_str(list) : ""; *at != '\0' && n < EVENTS_MAX;) {
        size_t skip = strspn(at, ", "), len = strcspn(at + skip, ", ");
        if (len > 0)
            names[n++] = sk_xstrndup(at + skip, len);
        at += skip + len;
    }
    return names;
}

static void free_names(char **names)
{
    for (char **n = names; n != NULL && *n != NULL; n++)
        free(*n);
    free(names);
}

static void read_events(struct sk_input *in, const struct sk_input_kind *kind)
{
    bool announced = kind->codec == &sk_codec_nmea0183 && !sk_json_get_bool(kind->codec_options, "suppress0183event", false);
    in->events = read_names(sk_json_get(kind->codec_options, "sentenceEvent"), announced ? "nmea0183" : NULL);
    in->tap = (struct sk_bus_tap){ .origin = in, .line = on_bus_line };
    if (kind->codec->send != NULL && kind->transport->write != NULL && kind->transport != &sk_transport_exec) {
        in->outputs = read_names(NULL, "nmea2000out");
        in->outputs[1] = sk_xstrdup("nmea2000JsonOut");
    } else if (kind->transport == &sk_transport_exec) {
        const yyjson_val *names = sk_json_get(kind->options, "toChildProcess");
        in->outputs = read_names(names, names == NULL ? "toChildProcess" : NULL);
    } else if (kind->transport->write != NULL) {
        in->outputs = read_names(sk_json_get(kind->options, "toStdout"), NULL);
    }
    in->tap.names = (const char *const *)in->outputs;
    if (in->outputs != NULL && in->outputs[0] != NULL)
        sk_bus_add(in->list->bus, &in->tap);
}

static int open_one(struct sk_input *in, const yyjson_val *entry, struct sk_errmsg *em)
{
    struct sk_input_kind kind;
    struct sk_codec_options o = { .label = in->id, .out = { in, on_delta, on_line, on_write, knows_meta } };
    int r = sk_input_kind_of(entry, &kind, em);
    o.settings = r == 0 ? kind.codec_options : NULL;
    if (r == 0)
        r = kind.codec->create(&o, &in->codec, em);
    if (r < 0)
        return r;
    read_events(in, &kind);
    in->logging = kind.logging;
    if (in->logging && in->list->log == NULL)
        sk_inputs_open_log(in->list);
    if (!in->logging && in->events[0] == NULL)
        in->codec->out.line = NULL; /* nobody wants them: not to be written */
    in->transport = kind.transport;
    in->baud_rate = kind.baud_rate;
    r = kind.transport->open(in, kind.options, em);
    if (r < 0)
        in->transport = NULL;
    return r;
}

bool sk_inputs_n2k_writable(const struct sk_inputs *list)
{
    static const struct sk_n2k_message question = { .pgn = SK_N2K_PGN_REQUEST };
    for (const struct sk_input *in = list != NULL ? list->first : NULL; in != NULL; in = in->next)
        if (in->transport != NULL && in->outputs != NULL && in->codec->ops->send != NULL &&
            in->codec->ops->send(in->codec, &question))
            return true;
    return false;
}

void sk_inputs_n2k_send(struct sk_inputs *list, struct sk_span message)
{
    static const char *const text[] = { "nmea2000out", NULL }, *const json[] = { "nmea2000JsonOut", NULL };
    bool is_json = message.n > 0 && message.p[0] == '{';
    if (list != NULL)
        sk_bus_publish(list->bus, is_json ? json : text, list, message, uv_now(sk_loop_uv(sk_hub_loop(list->hub))));
}

char *sk_input_entry_text(const yyjson_val *entry)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_INPUT_ENTRY_MAX);
    sk_json_write(&b, entry);
    return sk_buf_steal(&b, NULL);
}

struct sk_input *sk_input_create(struct sk_inputs *list, const yyjson_val *entry)
{
    struct sk_input *in = sk_xcalloc(1, sizeof *in);
    struct sk_errmsg em;
    in->list = list;
    in->hub = list->hub;
    in->config_dir = list->config_dir;
    in->id = sk_xstrdup(sk_json_get_str(entry, "id"));
    in->entry = sk_input_entry_text(entry);
    if (open_one(in, entry, &em) < 0)
        sk_input_failed(in, "%s", em.text);
    return in;
}

void sk_input_destroy(struct sk_input *in)
{
    if (in->tap.line != NULL)
        sk_bus_remove(in->list->bus, &in->tap);
    if (in->transport != NULL)
        in->transport->close(in);
    if (in->codec != NULL)
        in->codec->ops->destroy(in->codec);
    free_names(in->events);
    free_names(in->outputs);
    free(in->id);
    free(in->entry);
    free(in->provider);
    free(in);
}
