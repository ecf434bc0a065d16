#include "store/config_dir.h"

#include "store/fs.h"

#include <stdlib.h>

int sk_config_dir_find(const char *given, char **ret_dir, struct sk_errmsg *em)
{
    const char *env = getenv("SIGNALK_NODE_CONDFIG_DIR"); /* a typo of old that scripts rely on */
    const char *home = getenv("HOME");
    if (env == NULL)
        env = getenv("SIGNALK_NODE_CONFIG_DIR");
    if (given != NULL)
        *ret_dir = sk_xstrdup(given); /* what was typed now beats what was set once */
    else if (env != NULL && env[0] != '\0')
        *ret_dir = sk_xstrdup(env);
    else if (home != NULL && home[0] != '\0')
        *ret_dir = sk_fs_path(home, ".signalk");
    else
        return sk_errmsg_set(em, SK_ERR_INVALID, "no configuration folder: give one with -c, or set HOME");
    return 0;
}

char *sk_config_settings_file(const char *dir, const char *given)
{
    const char *file = getenv("SIGNALK_NODE_SETTINGS");
    if (file != NULL && file[0] != '\0')
        return sk_xstrdup(file);
    if (given != NULL && given[0] == '/')
        return sk_xstrdup(given);
    return sk_fs_path(dir, given != NULL ? given : "settings.json");
}
