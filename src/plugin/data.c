#include "plugin/data.h"

#include "store/fs.h"
#include "store/kept.h"
#include "store/tree.h"

#include <stdio.h>
#include <stdlib.h>

static char *path_of(const char *config_dir, const char *id, const char *end)
{
    static const char folder[] = "/plugin-config-data/";
    size_t size = strlen(config_dir) + sizeof folder + strlen(id) + strlen(end);
    char *path = sk_xmalloc(size);
    snprintf(path, size, "%s%s%s%s", config_dir, folder, id, end);
    return path;
}

char *sk_plugin_data_file(const char *config_dir, const char *id)
{
    return path_of(config_dir, id, ".json");
}

char *sk_plugin_data_folder(const char *config_dir, const char *id)
{
    return path_of(config_dir, id, "");
}

int sk_plugin_data_remove(const char *config_dir, const char *id, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *folder = sk_plugin_data_folder(config_dir, id);
    SK_CLEANUP(sk_freep) char *file = sk_plugin_data_file(config_dir, id);
    int r = sk_tree_remove(folder, em);
    if (r == 0 && (r = sk_kept_remove(file, em)) == SK_ERR_NOTFOUND)
        r = 0;
    return r;
}
