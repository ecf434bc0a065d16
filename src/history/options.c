/* What settings.json says of history. */
#include "history/history_private.h"

#include "base/log.h"
#include "model/model.h"
#include "store/fs.h"

#include <stdlib.h>

#define PATTERNS_MAX 200u

static const char *const all_paths[] = { "*" };
static const char *const own_vessel[] = { "vessels.self" };
static const char *const no_resources[] = { "resources.*" };

static double number(const yyjson_val *setting, const char *name, double otherwise, double min, double max)
{
    double d;
    const yyjson_val *v = sk_json_get(setting, name);
    if (v == NULL)
        return otherwise;
    if (sk_json_number(v, &d) && d >= min && d <= max)
        return d;
    sk_log_warn("settings: history.%s must be a number from %g to %g; it is taken as %g", name, min, max, otherwise);
    return otherwise;
}

static bool is_list(const yyjson_val *v)
{
    size_t i, n;
    yyjson_val *e;
    if (!yyjson_is_arr((yyjson_val *)(uintptr_t)v) || yyjson_arr_size((yyjson_val *)(uintptr_t)v) > PATTERNS_MAX)
        return false;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)v, i, n, e)
        if (!yyjson_is_str(e))
            return false;
    return true;
}

static char **patterns(const yyjson_val *setting, const char *name, const char *const *otherwise, size_t count)
{
    const yyjson_val *v = sk_json_get(setting, name);
    size_t i, n;
    yyjson_val *e;
    char **list = sk_xcalloc(PATTERNS_MAX + 1, sizeof *list);
    if (v != NULL && is_list(v)) {
        yyjson_arr_foreach((yyjson_val *)(uintptr_t)v, i, n, e)
            list[i] = sk_xstrndup(yyjson_get_str(e), yyjson_get_len(e));
        return list;
    }
    if (v != NULL)
        sk_log_warn("settings: history.%s must be a list of at most %u patterns; the default is taken", name, PATTERNS_MAX);
    for (i = 0; i < count; i++)
        list[i] = sk_xstrdup(otherwise[i]);
    return list;
}

static char *folder_of(const yyjson_val *setting, const char *config_dir)
{
    const char *folder = sk_json_get_str(setting, "folder");
    if (folder == NULL || folder[0] == '\0')
        folder = "serverState/history";
    return folder[0] == '/' ? sk_xstrdup(folder) : sk_fs_path(config_dir, folder);
}

void sk_history_read_options(struct sk_history *h, const yyjson_val *setting, const char *config_dir)
{
    struct sk_hstore_options *o = &h->o;
    const double day_ms = 86400000;
    h->folder = folder_of(setting, config_dir);
    h->write_ms = (unsigned)(1000 * number(setting, "writeSeconds", 10, 0.05, 3600));
    o->folder = h->folder;
    o->self_context = sk_model_self_context(sk_hub_model(h->hub));
    o->bytes_max = (uint64_t)(number(setting, "maxMiB", 1024, 1, 1048576) * 1024 * 1024);
    o->keep_ms = (int64_t)(number(setting, "days", 365, 0, 36500) * day_ms);
    o->min_period_ms = (int64_t)(1000 * number(setting, "minPeriodSeconds", 0, 0, 3600));
    o->rest_ms = 30 * (int64_t)h->write_ms;
    o->contexts = patterns(setting, "contexts", own_vessel, SK_COUNT(own_vessel));
    o->include = patterns(setting, "include", all_paths, SK_COUNT(all_paths));
    o->exclude = patterns(setting, "exclude", no_resources, SK_COUNT(no_resources));
}

static void free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

void sk_history_free_options(struct sk_history *h)
{
    free_list(h->o.contexts);
    free_list(h->o.include);
    free_list(h->o.exclude);
    free(h->folder);
}
