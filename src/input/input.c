#include "input/input.h"

#include "base/log.h"

#include <stdlib.h>

struct sk_inputs {
    struct sk_input *first;
};

void sk_input_status(struct sk_input *in, const char *text)
{
    sk_status_set(sk_hub_status(in->hub), SK_STATUS_PROVIDER, in->id, sk_span_of(text));
}

void sk_input_failed(struct sk_input *in, const char *text)
{
    sk_log_error("connection '%s': %s", in->id, text);
    sk_status_error(sk_hub_status(in->hub), SK_STATUS_PROVIDER, in->id, sk_span_of(text));
}

/* The kind that serves an entry of pipedProviders: {"type":"providers/simple","options":{"type":...,"subOptions":{...}}}. */
static const struct sk_input_ops *kind_of(const yyjson_val *entry, const yyjson_val **ret_options, struct sk_errmsg *em)
{
    yyjson_val *elements = sk_json_get(entry, "pipeElements"), *element = yyjson_arr_get_first(elements);
    yyjson_val *options = sk_json_get(element, "options"), *sub = sk_json_get(options, "subOptions");
    const char *element_type = sk_json_get_str(element, "type"), *type = sk_json_get_str(options, "type");
    const char *data = sk_json_get_str(sub, "dataType");
    *ret_options = sub;
    if (yyjson_arr_size(elements) != 1 || element_type == NULL || strcmp(element_type, "providers/simple") != 0) {
        sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "a free-form pipeline, which skiff does not run; make it a simple connection");
        return NULL;
    }
    if (type != NULL && strcmp(type, "FileStream") == 0 && data != NULL && strcmp(data, "SignalK") == 0)
        return &sk_input_file;
    sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "type %s%s%s is not supported by this version", type != NULL ? type : "(none)",
                  data != NULL ? " with data type " : "", data != NULL ? data : "");
    return NULL;
}

static void open_one(struct sk_inputs *list, struct sk_hub *hub, const char *config_dir, const yyjson_val *entry)
{
    const char *id = sk_json_get_str(entry, "id");
    if (id == NULL || id[0] == '\0' || !sk_json_get_bool(entry, "enabled", true))
        return;
    struct sk_input *in = sk_xcalloc(1, sizeof *in);
    in->hub = hub;
    in->config_dir = config_dir;
    in->id = sk_xstrdup(id);
    in->next = list->first;
    list->first = in;
    struct sk_errmsg em;
    const yyjson_val *options;
    in->ops = kind_of(entry, &options, &em);
    if (in->ops == NULL || in->ops->open(in, options, &em) < 0) {
        sk_input_failed(in, em.text);
        in->ops = NULL;
    }
}

struct sk_inputs *sk_inputs_create(struct sk_hub *hub, const struct sk_settings *settings, const char *config_dir)
{
    struct sk_inputs *list = sk_xcalloc(1, sizeof *list);
    size_t i, n;
    yyjson_val *entry, *all = sk_json_get(sk_settings_root(settings), "pipedProviders");
    if (!yyjson_is_arr(all))
        return list;
    yyjson_arr_foreach(all, i, n, entry)
        open_one(list, hub, config_dir, entry);
    return list;
}

void sk_inputs_destroy(struct sk_inputs *list)
{
    if (list == NULL)
        return;
    while (list->first != NULL) {
        struct sk_input *in = list->first;
        list->first = in->next;
        if (in->ops != NULL)
            in->ops->close(in);
        free(in->id);
        free(in);
    }
    free(list);
}
