#include "base/log.h"

#include "base/base.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = { "ERROR", "WARN", "INFO", "DEBUG" };

static char debug_spec[SK_LOG_DEBUG_MAX];
static atomic_bool debug_any, is_quiet;
static pthread_mutex_t debug_lock = PTHREAD_MUTEX_INITIALIZER;
static sk_log_sink sink_fn;
static void *sink_arg;
static char last_line[256];

void sk_log_set_debug(const char *spec)
{
    pthread_mutex_lock(&debug_lock);
    snprintf(debug_spec, sizeof debug_spec, "%s", spec != NULL ? spec : "");
    atomic_store(&debug_any, debug_spec[0] != '\0');
    pthread_mutex_unlock(&debug_lock);
}

void sk_log_debug_spec(char out[SK_LOG_DEBUG_MAX])
{
    pthread_mutex_lock(&debug_lock);
    memcpy(out, debug_spec, sizeof debug_spec);
    pthread_mutex_unlock(&debug_lock);
}

/* Filled by sk_log_debug; the linker names both ends. */
extern const char *const __start_sk_debug_keys[] __attribute__((weak));
extern const char *const __stop_sk_debug_keys[] __attribute__((weak));

size_t sk_log_debug_keys(const char **out, size_t max)
{
    size_t n = 0;
    for (const char *const *k = __start_sk_debug_keys; k < __stop_sk_debug_keys; k++) {
        size_t at = 0;
        while (at < n && strcmp(out[at], *k) < 0)
            at++;
        if ((at < n && strcmp(out[at], *k) == 0) || n == max)
            continue;
        memmove(out + at + 1, out + at, (n - at) * sizeof *out);
        out[at] = *k;
        n++;
    }
    return n;
}

/* '*' stands for any run of characters; linear thanks to remembering only the last star. */
static bool glob(const char *pat, size_t pn, const char *s)
{
    size_t p = 0, star = (size_t)-1;
    const char *resume = s;
    while (*s != '\0') {
        if (p < pn && pat[p] == '*') {
            star = p++;
            resume = s;
        } else if (p < pn && pat[p] == *s) {
            p++;
            s++;
        } else if (star != (size_t)-1) {
            p = star + 1;
            s = ++resume;
        } else {
            return false;
        }
    }
    while (p < pn && pat[p] == '*')
        p++;
    return p == pn;
}

static bool spec_selects(const char *spec, const char *ns)
{
    bool on = false;
    while (*spec != '\0') {
        size_t n = strcspn(spec, ", ");
        if (n > 0 && spec[0] == '-') {
            if (glob(spec + 1, n - 1, ns))
                return false;
        } else if (n > 0 && glob(spec, n, ns)) {
            on = true;
        }
        spec += n + strspn(spec + n, ", ");
    }
    return on;
}

bool sk_log_debug_on(const char *ns)
{
    if (!atomic_load_explicit(&debug_any, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&debug_lock);
    bool on = spec_selects(debug_spec, ns);
    pthread_mutex_unlock(&debug_lock);
    return on;
}

static void write_line(enum sk_log_level level, const char *ns, const char *fmt, va_list ap)
{
    char line[SK_LOG_LINE_MAX];
    char when[SK_ISO_TIME_SIZE];
    sk_iso_time(when, sk_clock_wall_ms());
    int n = snprintf(line, sizeof line, "%s %s %s%s", when, level_names[level], ns != NULL ? ns : "", ns != NULL ? " " : "");
    size_t used = (size_t)n;
    n = vsnprintf(line + used, sizeof line - used - 1, fmt, ap);
    used += n < 0 ? 0 : (size_t)n;
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    for (size_t i = 0; i < used; i++) /* one event is one line, whatever a plugin or client put into it */
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            line[i] = ' ';
        else if (line[i] == '\xc2' && (unsigned char)line[i + 1] >= 0x80 && (unsigned char)line[i + 1] < 0xa0)
            line[i] = line[i + 1] = ' '; /* U+0080 to U+009F move a terminal's cursor as ESC does */
    line[used] = '\0';
    snprintf(last_line, sizeof last_line, "%.*s", (int)sizeof last_line - 1, line);
    if (sink_fn != NULL)
        sink_fn(sink_arg, level, line, used);
    if (atomic_load_explicit(&is_quiet, memory_order_relaxed))
        return;
    line[used] = '\n';
    ssize_t w = write(STDERR_FILENO, line, used + 1);
    (void)w; /* nowhere left to complain */
}

#define SK_LOG_FN(name, level)                                                                                                   \
    void name(const char *fmt, ...)                                                                                              \
    {                                                                                                                            \
        va_list ap;                                                                                                              \
        va_start(ap, fmt);                                                                                                       \
        write_line(level, NULL, fmt, ap);                                                                                        \
        va_end(ap);                                                                                                              \
    }
SK_LOG_FN(sk_log_error, SK_LOG_ERROR)
SK_LOG_FN(sk_log_warn, SK_LOG_WARN)
SK_LOG_FN(sk_log_info, SK_LOG_INFO)

void sk_log_debug_line(const char *ns, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(SK_LOG_DEBUG, ns, fmt, ap);
    va_end(ap);
}

void sk_log_set_quiet(bool quiet)
{
    atomic_store(&is_quiet, quiet);
}

void sk_log_set_sink(sk_log_sink sink, void *arg)
{
    sink_arg = arg;
    sink_fn = sink;
}

const char *sk_log_last(void)
{
    return last_line;
}
