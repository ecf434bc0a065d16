#include "api/admin/save_setting.h"

#include "store/settings.h"

/* `result` and `em` of having set it, `file` the new text; it is used up. */
static void save(struct sk_api *api, int result, const struct sk_errmsg *em, struct sk_buf *file, sk_saver_done done, void *arg)
{
    size_t n = 0;
    char *text = result == 0 ? sk_buf_steal(file, &n) : NULL;
    sk_buf_finish(file);
    if (text != NULL)
        sk_saver_put(api->settings_saver, text, n, done, arg);
    else
        done(arg, result, em->text);
}

void sk_save_setting(struct sk_api *api, const struct sk_span *path, struct sk_span value_json, sk_saver_done done, void *arg)
{
    struct sk_errmsg em;
    struct sk_buf file;
    sk_buf_init(&file, SK_SETTINGS_MAX);
    int r = sk_settings_set(api->settings, path, value_json, &file, &em);
    save(api, r, &em, &file, done, arg);
}

void sk_save_settings(struct sk_api *api, const yyjson_mut_doc *all, sk_saver_done done, void *arg)
{
    struct sk_errmsg em;
    struct sk_buf file;
    sk_buf_init(&file, SK_SETTINGS_MAX);
    int r = sk_settings_replace(api->settings, all, &file, &em);
    save(api, r, &em, &file, done, arg);
}
