#include "input/input.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define TICK_MS 1000

struct sk_inputs {
    struct sk_input *first, **last_next;
    uv_timer_t timer;
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
    in->stats.refused += sk_hub_ingest(in->hub, &(struct sk_origin){ .provider = in->id }, json, &em) < 0;
}

static void on_write(void *arg, struct sk_span bytes)
{
    struct sk_input *in = arg;
    if (in->transport->write == NULL || in->transport->write(in, bytes) < 0)
        in->stats.write_dropped++;
    else
        in->stats.written++;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static int open_one(struct sk_input *in, const yyjson_val *entry, struct sk_errmsg *em)
{
    struct sk_input_kind kind;
    struct sk_codec_options o = { .label = in->id, .out = { in, on_delta, NULL, on_write } };
    int r = sk_input_kind_of(entry, &kind, &o.settings, em);
    if (r == 0)
        r = kind.codec->create(&o, &in->codec, em);
    if (r == 0)
        r = kind.transport->open(in, o.settings, em);
    in->transport = r == 0 ? kind.transport : NULL;
    return r;
}

static void add(struct sk_inputs *list, struct sk_hub *hub, const char *config_dir, const yyjson_val *entry)
{
    const char *id = sk_json_get_str(entry, "id");
    if (id == NULL || id[0] == '\0' || !sk_json_get_bool(entry, "enabled", true))
        return;
    struct sk_input *in = sk_xcalloc(1, sizeof *in);
    struct sk_errmsg em;
    in->list = list;
    in->hub = hub;
    in->config_dir = config_dir;
    in->id = sk_xstrdup(id);
    *list->last_next = in;
    list->last_next = &in->next;
    if (open_one(in, entry, &em) < 0)
        sk_input_failed(in, "%s", em.text);
}

static void tick(uv_timer_t *t)
{
    struct sk_inputs *list = t->data;
    int64_t now = sk_clock_wall_ms();
    for (struct sk_input *in = list->first; in != NULL; in = in->next)
        if (in->transport != NULL && in->codec->ops->tick != NULL)
            in->codec->ops->tick(in->codec, now);
}

struct sk_inputs *sk_inputs_create(struct sk_hub *hub, const struct sk_settings *settings, const char *config_dir)
{
    struct sk_inputs *list = sk_xcalloc(1, sizeof *list);
    size_t i, n;
    yyjson_val *entry, *all = sk_json_get(sk_settings_root(settings), "pipedProviders");
    list->last_next = &list->first;
    uv_timer_init(sk_loop_uv(sk_hub_loop(hub)), &list->timer);
    list->timer.data = list;
    if (!yyjson_is_arr(all))
        return list;
    yyjson_arr_foreach(all, i, n, entry)
        add(list, hub, config_dir, entry);
    if (list->first != NULL)
        uv_timer_start(&list->timer, tick, TICK_MS, TICK_MS);
    return list;
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
        if (in->transport != NULL)
            in->transport->close(in);
        if (in->codec != NULL)
            in->codec->ops->destroy(in->codec);
        free(in->id);
        free(in);
    }
    uv_close((uv_handle_t *)&list->timer, timer_closed);
}
