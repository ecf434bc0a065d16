#include "plugin/figures.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

struct sk_figures *sk_figures_create(void)
{
    struct sk_figures *f = sk_xcalloc(1, sizeof *f);
    atomic_init(&f->refs, 1);
    f->net = sk_net_figures_create();
    return f;
}

struct sk_figures *sk_figures_ref(struct sk_figures *f)
{
    atomic_fetch_add(&f->refs, 1);
    return f;
}

void sk_figures_unref(struct sk_figures *f)
{
    if (f == NULL || atomic_fetch_sub(&f->refs, 1) != 1)
        return;
    for (size_t i = 0; i < SK_FIGURES_EXPORTS_MAX; i++)
        free(f->exports[i]);
    sk_net_figures_unref(f->net);
    free(f);
}

static size_t export_count(const struct sk_figures *f)
{
    return atomic_load_explicit(&f->export_count, memory_order_acquire);
}

struct sk_export_figures *sk_figures_export(struct sk_figures *f, const char *name)
{
    size_t n = export_count(f);
    for (size_t i = 0; i < n; i++)
        if (strncmp(f->exports[i]->name, name, SK_FIGURES_NAME_MAX - 1) == 0)
            return f->exports[i];
    if (n == SK_FIGURES_EXPORTS_MAX)
        return f->exports[n - 1];
    struct sk_export_figures *e = sk_xcalloc(1, sizeof *e);
    snprintf(e->name, sizeof e->name, "%s", n == SK_FIGURES_EXPORTS_MAX - 1 ? "(others)" : name);
    f->exports[n] = e;
    atomic_store_explicit(&f->export_count, n + 1, memory_order_release);
    return e;
}

uint64_t sk_figures_calls(const struct sk_figures *f)
{
    uint64_t calls = 0;
    for (size_t i = 0, n = export_count(f); i < n; i++)
        calls += sk_histogram_count(&f->exports[i]->took);
    return calls;
}

static void write_export(const struct sk_export_figures *e, struct sk_buf *out)
{
    const struct sk_histogram *h = &e->took;
    const struct {
        const char *key;
        uint64_t ns;
    } times[] = {
        { "p50Microseconds", sk_histogram_quantile(h, 0.5) },
        { "p99Microseconds", sk_histogram_quantile(h, 0.99) },
        { "maxMicroseconds", atomic_load_explicit(&h->max_ns, memory_order_relaxed) },
        { "totalMicroseconds", atomic_load_explicit(&h->total_ns, memory_order_relaxed) },
    };
    SK_BUF_LIT(out, "{\"name\":");
    sk_json_write_str(out, sk_span_of(e->name));
    sk_buf_printf(out, ",\"calls\":%llu", (unsigned long long)sk_histogram_count(h));
    for (size_t i = 0; i < SK_COUNT(times); i++) {
        sk_buf_printf(out, ",\"%s\":", times[i].key);
        sk_json_write_double(out, (double)(times[i].ns / 10) / 100.0);
    }
    sk_buf_char(out, '}');
}

void sk_figures_write(const struct sk_figures *f, struct sk_buf *out)
{
    static const char *const keys[] = {
#define SK_AS_KEY(id, key) key,
        SK_COUNTERS(SK_AS_KEY)
#undef SK_AS_KEY
    };
    sk_buf_printf(out, "\"calls\":%llu", (unsigned long long)sk_figures_calls(f));
    for (unsigned i = 0; i < SK_COUNTER_COUNT; i++)
        sk_buf_printf(out, ",\"%s\":%llu", keys[i], (unsigned long long)sk_figures_get(f, i));
    sk_buf_printf(out, ",\"memoryBytes\":%zu,\"filesBytes\":%zu,\"files\":%zu,\"exports\":[", atomic_load(&f->memory_bytes),
                  atomic_load(&f->files_bytes), atomic_load(&f->files_count));
    for (size_t i = 0, n = export_count(f); i < n; i++) {
        if (i > 0)
            sk_buf_char(out, ',');
        write_export(f->exports[i], out);
    }
    SK_BUF_LIT(out, "],");
    sk_net_figures_write(f->net, out);
}
