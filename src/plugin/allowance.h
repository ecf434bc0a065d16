/*
 * What one plugin may use. Defaults, and the member "pluginLimits" of settings.json that changes them for all plugins and, below
 * "plugins", for one: {"memoryMiB":32,"plugins":{"my-plugin":{"memoryMiB":128}}}. Pure. Thread: any.
 */
#ifndef SK_PLUGIN_ALLOWANCE_H
#define SK_PLUGIN_ALLOWANCE_H

#include "base/buf.h"
#include "base/err.h"
#include "plugin/supervisor.h"

#include <yyjson.h>

struct sk_host_limits {
    size_t module_max;      /* bytes of a .wasm file, default 16 MiB */
    size_t memory_max;      /* linear memory of an instance, default 64 MiB */
    size_t table_max;       /* elements of a table, default 100,000 */
    size_t inbox_deltas;    /* deltas waiting for one plugin, default 1,000; the oldest are dropped and counted */
    size_t inbox_bytes;     /* the same in bytes, default 1 MiB */
    size_t outbox_messages; /* effects of one plugin waiting for the loop, default 1,000 */
    size_t outbox_bytes;    /* the same in bytes, default 4 MiB */
    size_t calls_max;       /* requests (PUT, HTTP, ...) waiting in one plugin, default 1,000; further ones are refused */
    size_t registrations;   /* of PUT handlers and providers in one life, default 1,000; further ones are refused */
    size_t deltas_per_s;    /* that it publishes, default 1,000; further ones are dropped and counted */
    size_t log_per_s;       /* bytes of log, default 16 KiB; further lines are left out and counted */
    size_t files_bytes;     /* of all its files together, default 64 MiB; then its writes fail */
    size_t files_count;     /* files and folders, default 10,000; then it can make no more */
    size_t files_open;      /* at once, default 128 */
    size_t sockets;         /* UDP and TCP together, default 64 */
    size_t fetches;         /* HTTP requests at once, default 4 */
    size_t fetch_bytes;     /* of an answer, default 50 MiB */
    size_t fetch_ms;        /* of a whole request, default 30,000 */
    size_t start_ms;        /* plugin_start and what runs before it, default 30,000 */
    size_t request_ms;      /* HTTP, PUT, providers: default 10,000 */
    size_t call_ms;         /* poll, delta_handler and the getters, default 5,000 */
    unsigned stop_ms;       /* plugin_stop, and what a call in progress may still take when a stop waits, default 2,000 */
    unsigned question_ms;   /* how long a plugin waits for an answer of the loop, default 2,000 */
    unsigned grace_ms;      /* behind a deadline, until a worker counts as lost, default 2,000 */
    unsigned poll_ms;       /* distance of polls, default 1,000 */
    unsigned compile_ms;    /* default 120,000 */
    struct sk_super_limits restart;
};
extern const struct sk_host_limits sk_host_default_limits;

/* Members of a settings object into the limits. What is unknown or out of range is left as it was, and named in the error. */
int sk_allowance_apply(struct sk_host_limits *l, const yyjson_val *settings, struct sk_errmsg *em);
/* What is set for one plugin, below plugins.<package name> or plugins.<plugin id>. */
int sk_allowance_for(struct sk_host_limits *l, const yyjson_val *settings, const char *name, const char *id,
                     struct sk_errmsg *em);
/* {"memoryMiB":64,...}, as the settings have it. */
void sk_allowance_write(const struct sk_host_limits *l, struct sk_buf *out);

/* A bucket of tokens that fills at `per_s` up to `burst`. */
struct sk_rate {
    double tokens;
    uint64_t at_ms;
};
void sk_rate_init(struct sk_rate *r, double burst, uint64_t now_ms);
bool sk_rate_take(struct sk_rate *r, double n, double per_s, double burst, uint64_t now_ms);

#endif
