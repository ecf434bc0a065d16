#include "net/figures.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define QUIET_MS 200u /* between warnings of one kind: a plugin must not fill the log */

struct sk_net_figures *sk_net_figures_create(void)
{
    struct sk_net_figures *f = sk_xcalloc(1, sizeof *f);
    atomic_init(&f->refs, 1);
    pthread_mutex_init(&f->lock, NULL);
    return f;
}

struct sk_net_figures *sk_net_figures_ref(struct sk_net_figures *f)
{
    atomic_fetch_add(&f->refs, 1);
    return f;
}

void sk_net_figures_unref(struct sk_net_figures *f)
{
    if (f == NULL || atomic_fetch_sub(&f->refs, 1) != 1)
        return;
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void sk_net_figures_error(struct sk_net_figures *f, enum sk_net_kind kind, const char *ns, const char *name, const char *text)
{
    uint64_t now = sk_clock_mono_ms();
    pthread_mutex_lock(&f->lock);
    bool news = strncmp(text, f->last[kind].text, SK_NET_ERROR_MAX - 1) != 0 && now >= f->last[kind].quiet_until_ms;
    if (news)
        f->last[kind].quiet_until_ms = now + QUIET_MS;
    snprintf(f->last[kind].text, SK_NET_ERROR_MAX, "%s", text);
    pthread_mutex_unlock(&f->lock);
    if (news)
        sk_log_warn("[%s] %s", name, text);
    else if (sk_log_debug_on(ns))
        sk_log_debug_line(ns, "[%s] %s", name, text);
}

void sk_net_figures_write(struct sk_net_figures *f, struct sk_buf *out)
{
    static const char *const kinds[] = { "sockets", "fetch" };
    static const struct {
        enum sk_net_kind kind;
        const char *key;
    } rows[] = {
#define SK_AS_ROW(kind, id, key) { SK_NET_##kind, key },
        SK_NET_COUNTERS(SK_AS_ROW)
#undef SK_AS_ROW
    };
    char text[SK_NET_ERROR_MAX];
    for (unsigned kind = 0; kind < SK_NET_KINDS; kind++) {
        sk_buf_printf(out, "%s\"%s\":{", kind > 0 ? "," : "", kinds[kind]);
        for (size_t i = 0; i < SK_COUNT(rows); i++)
            if (rows[i].kind == kind)
                sk_buf_printf(out, "\"%s\":%llu,", rows[i].key,
                              (unsigned long long)atomic_load_explicit(&f->count[i], memory_order_relaxed));
        pthread_mutex_lock(&f->lock);
        memcpy(text, f->last[kind].text, sizeof text);
        pthread_mutex_unlock(&f->lock);
        SK_BUF_LIT(out, "\"lastError\":");
        sk_json_write_str(out, sk_span_of(text));
        sk_buf_char(out, '}');
    }
}
