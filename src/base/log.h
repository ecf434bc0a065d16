/*
 * The log: one line an event on stderr, with a level and a time; debug lines belong to a namespace that the user switches on
 * (DEBUG=signalk:wasm:*,signalk-server:config as the debug packages of other servers read it).
 * Thread: any (one write per line). Nothing here allocates per line beyond a stack buffer; lines are cut at SK_LOG_LINE_MAX.
 */
#ifndef SK_BASE_LOG_H
#define SK_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define SK_LOG_LINE_MAX 4096

enum sk_log_level { SK_LOG_ERROR, SK_LOG_WARN, SK_LOG_INFO, SK_LOG_DEBUG };

#define SK_LOG_DEBUG_MAX 1024
/* `debug_spec`: comma list of namespace patterns with `*`, a leading `-` excludes; NULL or "" for none. */
void sk_log_set_debug(const char *debug_spec);
/* What is on now, as it was given. */
void sk_log_debug_spec(char out[SK_LOG_DEBUG_MAX]);
bool sk_log_debug_on(const char *ns);

void sk_log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sk_log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sk_log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void sk_log_debug_line(const char *ns, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Arguments are evaluated only when the namespace is on. `ns` is a literal: each place of use notes it in a section of the
   program, from which sk_log_debug_keys reads what there is to switch on. */
#define sk_log_debug(ns, ...)                                                                                                    \
    ({                                                                                                                           \
        static const char *const sk_log_key_ __attribute__((section("sk_debug_keys"), used)) = (ns);                             \
        sk_log_debug_on(ns) ? sk_log_debug_line(ns, __VA_ARGS__) : (void)0;                                                      \
    })
/* The namespaces of the program, each once, sorted; how many. More than `max` are left out. */
size_t sk_log_debug_keys(const char **out, size_t max);

/* Gets every line that is written (without newline), after stderr; one sink, set before other threads start. */
typedef void (*sk_log_sink)(void *arg, enum sk_log_level level, const char *line, size_t n);
void sk_log_set_sink(sk_log_sink sink, void *arg);

void sk_log_set_quiet(bool quiet); /* nothing on stderr; the sink still gets all */

const char *sk_log_last(void); /* last line written by any thread, for crash reports */

#endif
