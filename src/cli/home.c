#include "cli/home.h"

#include "store/config_dir.h"
#include "store/settings.h"

#include <stdlib.h>

static const char *value(const struct sk_cli_args *a, const char *option)
{
    return sk_cli_takes(a->command, option) ? sk_cli_value(a, option) : NULL;
}

int sk_cli_home_find(const struct sk_cli_args *a, struct sk_cli_home *ret, struct sk_errmsg *em)
{
    const char *registry = value(a, "registry");
    int r = sk_config_dir_find(value(a, "config"), &ret->config_dir, em);
    if (r < 0)
        return r;
    ret->settings_file = sk_config_settings_file(ret->config_dir, value(a, "settings"));
    struct sk_settings *s = sk_settings_load(ret->settings_file);
    ret->registry =
        sk_registry_create(ret->config_dir, registry != NULL ? registry : sk_json_get_str(sk_settings_root(s), "npmRegistry"));
    sk_settings_destroy(s);
    return 0;
}

void sk_cli_home_finish(struct sk_cli_home *h)
{
    sk_registry_destroy(h->registry);
    free(h->settings_file);
    free(h->config_dir);
    *h = (struct sk_cli_home){ 0 };
}
