#include "input/input.h"

#include "base/clock.h"
#include "base/log.h"
#include "input/output.h"
#include "input/rawlog.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define TICK_MS 1000
#define STATISTICS_TICKS 5
#define EVENTS_MAX 16

struct sk_inputs {
    struct sk_hub *hub;
    const char *config_dir;
    struct sk_input *first, **last_next;
    struct sk_bus *bus;
    struct sk_output *output;
    struct sk_rawlog *log; /* NULL: nothing is logged */
    uv_timer_t timer;
    unsigned ticks;
};

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

static void show_status(struct sk_input *in)
{
    sk_status_set(sk_hub_status(in->hub), SK_STATUS_PROVIDER, in->id, sk_span_of(in->status));
}

static void show_failure(struct sk_input *in, const char *text)
{
    struct sk_status *board = sk_hub_status(in->hub);
    if (strcmp(sk_status_text(board, in->id), text) != 0)
        sk_log_error("connection '%s': %s", in->id, text);
    sk_status_error(board, SK_STATUS_PROVIDER, in->id, sk_span_of(text));
}

void sk_input_status(struct sk_input *in, const char *fmt, ...)
{
    FORMAT_INTO(in->status, fmt);
    show_status(in);
}

void sk_input_opened(struct sk_input *in, const char *fmt, ...)
{
    FORMAT_INTO(in->status, fmt);
    sk_log_info("connection '%s': %s", in->id, in->status);
    show_status(in);
    in->stats.opened++;
    in->quality = (struct sk_quality){ .before = in->codec->stats };
    if (in->codec->ops->opened != NULL)
        in->codec->ops->opened(in->codec, sk_clock_wall_ms());
}

void sk_input_failed(struct sk_input *in, const char *fmt, ...)
{
    char text[sizeof in->status + 256];
    FORMAT_INTO(text, fmt);
    show_failure(in, text);
}

void sk_input_lost(struct sk_input *in, const char *fmt, ...)
{
    char text[sizeof in->status + 256];
    FORMAT_INTO(text, fmt);
    in->stats.lost++;
    in->codec->ops->flush(in->codec, false, sk_clock_wall_ms());
    show_failure(in, text);
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

/* A line of somebody else, to be written to this connection. */
static void on_bus_line(struct sk_bus_tap *tap, struct sk_frame *line)
{
    struct sk_input *in = SK_CONTAINER(tap, struct sk_input, tap);
    if (in->transport != NULL)
        count_write(in, in->transport->write(in, sk_frame_line(line)));
}

/* A line of a client of the NMEA 0183 port. */
static void on_client_line(void *arg, const void *client, struct sk_span line)
{
    struct sk_inputs *list = arg;
    for (struct sk_input *in = list->first; in != NULL; in = in->next) {
        if (in->transport != &sk_transport_tcpserver)
            continue;
        in->sender = client;
        sk_input_packet(in, line);
        in->sender = NULL;
    }
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
    if (kind->transport->write != NULL)
        in->outputs = read_names(sk_json_get(kind->options, "toStdout"), NULL);
    in->tap.names = (const char *const *)in->outputs;
    if (in->outputs != NULL && in->outputs[0] != NULL)
        sk_bus_add(in->list->bus, &in->tap);
}

static int open_one(struct sk_input *in, const yyjson_val *entry, struct sk_errmsg *em)
{
    struct sk_input_kind kind;
    struct sk_codec_options o = { .label = in->id, .out = { in, on_delta, on_line, on_write } };
    int r = sk_input_kind_of(entry, &kind, em);
    o.settings = r == 0 ? kind.codec_options : NULL;
    if (r == 0)
        r = kind.codec->create(&o, &in->codec, em);
    if (r < 0)
        return r;
    read_events(in, &kind);
    in->logging = kind.logging && in->list->log != NULL;
    if (!in->logging && in->events[0] == NULL)
        in->codec->out.line = NULL; /* nobody wants them: not to be written */
    in->transport = kind.transport;
    in->baud_rate = kind.baud_rate;
    r = kind.transport->open(in, kind.options, em);
    if (r < 0)
        in->transport = NULL;
    return r;
}

static void add(struct sk_inputs *list, const yyjson_val *entry)
{
    const char *id = sk_json_get_str(entry, "id");
    if (id == NULL || id[0] == '\0' || !sk_json_get_bool(entry, "enabled", true))
        return;
    struct sk_input *in = sk_xcalloc(1, sizeof *in);
    struct sk_errmsg em;
    in->list = list;
    in->hub = list->hub;
    in->config_dir = list->config_dir;
    in->id = sk_xstrdup(id);
    *list->last_next = in;
    list->last_next = &in->next;
    if (open_one(in, entry, &em) < 0)
        sk_input_failed(in, "%s", em.text);
}

static void judge(struct sk_input *in)
{
    struct sk_errmsg em;
    switch (sk_quality_check(&in->quality, &in->codec->stats, &em)) {
    case SK_QUALITY_BAD:
        show_failure(in, em.text);
        break;
    case SK_QUALITY_RECOVERED:
        show_status(in);
        break;
    default:
        break;
    }
}

static void tick(uv_timer_t *t)
{
    struct sk_inputs *list = t->data;
    int64_t now = sk_clock_wall_ms();
    bool period_over = ++list->ticks % STATISTICS_TICKS == 0;
    for (struct sk_input *in = list->first; in != NULL; in = in->next) {
        if (in->transport == NULL)
            continue;
        if (in->codec->ops->tick != NULL)
            in->codec->ops->tick(in->codec, now);
        judge(in);
        if (!period_over)
            continue;
        in->last_interval = in->stats.deltas - in->counted;
        in->counted = in->stats.deltas;
        in->last_written = in->stats.written - in->written_before;
        in->written_before = in->stats.written;
    }
}

void sk_inputs_write_statistics(const struct sk_inputs *list, struct sk_buf *out)
{
    const double period_s = TICK_MS * STATISTICS_TICKS / 1000.0;
    sk_buf_char(out, '{');
    for (const struct sk_input *in = list != NULL ? list->first : NULL; in != NULL; in = in->next) {
        if (in->transport == NULL)
            continue;
        sk_buf_append(out, ",", out->p[out->n - 1] != '{');
        sk_json_write_str(out, sk_span_of(in->id));
        SK_BUF_LIT(out, ":{\"deltaRate\":");
        sk_json_write_double(out, (double)in->last_interval / period_s);
        sk_buf_printf(out,
                      ",\"deltaCount\":%llu,\"lastIntervalDeltaCount\":%llu,\"writeRate\":", (unsigned long long)in->stats.deltas,
                      (unsigned long long)in->last_interval);
        sk_json_write_double(out, (double)in->last_written / period_s);
        sk_buf_printf(out, ",\"writeCount\":%llu,\"lastIntervalWriteCount\":%llu", (unsigned long long)in->stats.written,
                      (unsigned long long)in->last_written);
        const struct sk_codec_stats *c = &in->codec->stats;
        sk_buf_printf(out,
                      ",\"received\":%llu,\"badChecksums\":%llu,\"garbage\":%llu,\"oversized\":%llu,\"ignored\":%llu,"
                      "\"unknown\":%llu,\"incomplete\":%llu,\"writesDropped\":%llu,\"opened\":%llu,\"lost\":%llu}",
                      (unsigned long long)c->units, (unsigned long long)c->bad_checksum, (unsigned long long)c->garbage,
                      (unsigned long long)c->oversized, (unsigned long long)c->ignored, (unsigned long long)c->unknown,
                      (unsigned long long)c->incomplete, (unsigned long long)in->stats.write_dropped,
                      (unsigned long long)in->stats.opened, (unsigned long long)in->stats.lost);
    }
    sk_buf_char(out, '}');
}

/* A help beside the main door: without it the boat still runs. */
static void open_output(struct sk_inputs *list, const struct sk_inputs_options *o)
{
    struct sk_errmsg em;
    if (o->address != NULL &&
        sk_output_create(sk_hub_loop(o->hub), list->bus, o->address, o->port, on_client_line, list, &list->output, &em) < 0)
        sk_log_error("%s", em.text);
}

static bool any_logging(yyjson_val *entries)
{
    size_t i, n;
    yyjson_val *entry;
    struct sk_input_kind kind;
    yyjson_arr_foreach(entries, i, n, entry)
        if (sk_json_get_bool(entry, "enabled", true) && sk_input_kind_of(entry, &kind, NULL) == 0 && kind.logging)
            return true;
    return false;
}

/* loggingDirectory, keepMostRecentLogsOnly and logCountToKeep are the Node server's; logMegabytesToKeep and compressLogs ours. */
static struct sk_rawlog *open_log(const struct sk_inputs_options *o)
{
    const yyjson_val *root = sk_settings_root(o->settings);
    const char *directory = sk_json_get_str(root, "loggingDirectory");
    double count = sk_json_get_number(root, "logCountToKeep", 0),
           megabytes = sk_json_get_number(root, "logMegabytesToKeep", 1024);
    bool absolute = directory != NULL && directory[0] == '/', given = directory != NULL && directory[0] != '\0';
    SK_CLEANUP(sk_freep) char *full = given && !absolute ? sk_fs_path(o->config_dir, directory) : NULL;
    struct sk_rawlog_options log = { .loop = sk_hub_loop(o->hub), .compress = sk_json_get_bool(root, "compressLogs", true) };
    log.directory = full != NULL ? full : given ? directory : o->config_dir;
    if (sk_json_get_bool(root, "keepMostRecentLogsOnly", true) && count >= 1 && count <= 1e6)
        log.keep_files = (unsigned)count;
    log.keep_bytes = megabytes > 0 && megabytes < 1e9 ? (uint64_t)(megabytes * 1e6) : 0;
    return sk_rawlog_create(&log);
}

struct sk_inputs *sk_inputs_create(const struct sk_inputs_options *o)
{
    struct sk_inputs *list = sk_xcalloc(1, sizeof *list);
    size_t i, n;
    yyjson_val *entry, *more = (yyjson_val *)(uintptr_t)o->more,
                       *all = sk_json_get(sk_settings_root(o->settings), "pipedProviders");
    list->hub = o->hub;
    list->config_dir = o->config_dir;
    list->bus = sk_bus_create();
    list->last_next = &list->first;
    uv_timer_init(sk_loop_uv(sk_hub_loop(o->hub)), &list->timer);
    list->timer.data = list;
    all = o->only_more ? NULL : all;
    if (any_logging(all))
        list->log = open_log(o);
    open_output(list, o);
    yyjson_arr_foreach(all, i, n, entry)
        add(list, entry);
    yyjson_arr_foreach(more, i, n, entry)
        add(list, entry);
    if (list->first != NULL)
        uv_timer_start(&list->timer, tick, TICK_MS, TICK_MS);
    return list;
}

static void remove_one(struct sk_input *in)
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
    free(in->provider);
    free(in);
}

static void timer_closed(uv_handle_t *h)
{
    free(h->data);
}

void sk_inputs_destroy(struct sk_inputs *list)
{
    if (list == NULL)
        return;
    while (list->first != NULL) {
        struct sk_input *in = list->first;
        list->first = in->next;
        remove_one(in);
    }
    sk_output_destroy(list->output);
    sk_rawlog_destroy(list->log);
    sk_bus_destroy(list->bus);
    uv_close((uv_handle_t *)&list->timer, timer_closed);
}
