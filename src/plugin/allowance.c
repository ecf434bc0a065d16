#include "plugin/allowance.h"

#include "base/json.h"

#define MIB ((size_t)1024 * 1024)

const struct sk_host_limits sk_host_default_limits = {
    .module_max = 16 * MIB,
    .memory_max = 64 * MIB,
    .table_max = 100000,
    .inbox_deltas = 1000,
    .inbox_bytes = MIB,
    .outbox_messages = 1000,
    .outbox_bytes = 4 * MIB,
    .calls_max = 1000,
    .registrations = 1000,
    .deltas_per_s = 1000,
    .log_per_s = 16384,
    .files_bytes = 64 * MIB,
    .files_count = 10000,
    .files_open = 128,
    .sockets = 64,
    .fetches = 4,
    .fetch_bytes = 50 * MIB,
    .fetch_ms = 30000,
    .start_ms = 30000,
    .request_ms = 10000,
    .call_ms = 5000,
    .stop_ms = 2000,
    .question_ms = 2000,
    .grace_ms = 2000,
    .poll_ms = 1000,
    .compile_ms = 120000,
    .restart = { .restarts = 3, .first_delay_ms = 1000, .max_delay_ms = 300000, .quick_ms = 60000, .healthy_ms = 600000 },
};

/* What a user may set: name, place, what one of it is, from, to. */
static const struct row {
    const char *key;
    size_t offset, unit, min, max;
} rows[] = {
#define ROW(key, member, unit, min, max)                                                                                         \
    {                                                                                                                            \
        key, offsetof(struct sk_host_limits, member), unit, min, max                                                             \
    }
    ROW("memoryMiB", memory_max, MIB, 1, 4096),
    ROW("moduleMiB", module_max, MIB, 1, 256),
    ROW("tableElements", table_max, 1, 100, 10000000),
    ROW("inboxDeltas", inbox_deltas, 1, 1, 1000000),
    ROW("inboxKiB", inbox_bytes, 1024, 64, 1048576),
    ROW("waitingCalls", calls_max, 1, 1, 100000),
    ROW("registrations", registrations, 1, 0, 100000),
    ROW("deltasPerSecond", deltas_per_s, 1, 1, 1000000),
    ROW("logKiBPerSecond", log_per_s, 1024, 1, 65536),
    ROW("filesMiB", files_bytes, MIB, 0, 1048576),
    ROW("files", files_count, 1, 0, 10000000),
    ROW("openFiles", files_open, 1, 1, 1024),
    ROW("sockets", sockets, 1, 0, 4096),
    ROW("fetches", fetches, 1, 0, 64),
    ROW("fetchMiB", fetch_bytes, MIB, 0, 1024),
    ROW("fetchSeconds", fetch_ms, 1000, 1, 600),
    ROW("startSeconds", start_ms, 1000, 1, 600),
    ROW("requestSeconds", request_ms, 1000, 1, 600),
    ROW("callSeconds", call_ms, 1000, 1, 600),
#undef ROW
};

static size_t *place(struct sk_host_limits *l, const struct row *row)
{
    return (size_t *)(void *)((char *)l + row->offset);
}

static const struct row *find(const char *key)
{
    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

static int apply_one(struct sk_host_limits *l, const char *key, const yyjson_val *v, struct sk_errmsg *em)
{
    const struct row *row = find(key);
    double d;
    if (row == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "pluginLimits: there is no limit \"%.60s\"", key);
    if (!sk_json_number(v, &d) || !(d >= (double)row->min && d <= (double)row->max))
        return sk_errmsg_set(em, SK_ERR_INVALID, "pluginLimits: \"%s\" must be a number from %zu to %zu", key, row->min,
                             row->max);
    *place(l, row) = (size_t)(d * (double)row->unit);
    return 0;
}

int sk_allowance_apply(struct sk_host_limits *l, const yyjson_val *settings, struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *k, *v;
    int r = 0;
    if (settings != NULL && !yyjson_is_obj((yyjson_val *)(uintptr_t)settings))
        return sk_errmsg_set(em, SK_ERR_INVALID, "pluginLimits: not an object");
    yyjson_obj_foreach((yyjson_val *)(uintptr_t)settings, i, n, k, v) {
        const char *key = yyjson_get_str(k);
        if (strcmp(key, "plugins") == 0)
            continue;
        int e = apply_one(l, key, v, r == 0 ? em : NULL); /* the first mistake is told, what is right counts */
        r = r == 0 ? e : r;
    }
    return r;
}

int sk_allowance_for(struct sk_host_limits *l, const yyjson_val *settings, const char *name, const char *id, struct sk_errmsg *em)
{
    const yyjson_val *plugins = sk_json_get(settings, "plugins"), *own = sk_json_get(plugins, name);
    return sk_allowance_apply(l, own != NULL ? own : sk_json_get(plugins, id), em);
}

void sk_allowance_write(const struct sk_host_limits *l, struct sk_buf *out)
{
    struct sk_host_limits copy = *l;
    sk_buf_char(out, '{');
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        sk_buf_printf(out, "%s\"%s\":", i > 0 ? "," : "", rows[i].key);
        sk_json_write_double(out, (double)*place(&copy, &rows[i]) / (double)rows[i].unit);
    }
    sk_buf_char(out, '}');
}

void sk_rate_init(struct sk_rate *r, double burst, uint64_t now_ms)
{
    *r = (struct sk_rate){ .tokens = burst, .at_ms = now_ms };
}

bool sk_rate_take(struct sk_rate *r, double n, double per_s, double burst, uint64_t now_ms)
{
    if (now_ms > r->at_ms) {
        r->tokens += (double)(now_ms - r->at_ms) * per_s / 1000.0;
        r->at_ms = now_ms;
    }
    if (r->tokens > burst)
        r->tokens = burst;
    if (r->tokens < n)
        return false;
    r->tokens -= n;
    return true;
}
