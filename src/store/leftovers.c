#include "store/leftovers.h"

#include "base/log.h"
#include "store/fs.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define ENTRIES_MAX 100000u /* that are looked at, of all folders */

struct sweep {
    unsigned looked, removed;
};

/* `depth`: of folders below that are entered. */
static void sweep(const char *folder, unsigned depth, struct sweep *s)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d != NULL && s->looked < ENTRIES_MAX && (e = readdir(d)) != NULL; s->looked++) {
        bool leftover = sk_fs_is_leftover(e->d_name), inner = depth > 0 && e->d_name[0] != '.' && e->d_type == DT_DIR;
        SK_CLEANUP(sk_freep) char *path = leftover || inner ? sk_fs_path(folder, e->d_name) : NULL;
        if (inner)
            sweep(path, depth - 1, s);
        else if (leftover && unlink(path) == 0)
            s->removed++;
    }
    if (d != NULL)
        closedir(d);
}

void sk_leftovers_remove(const char *config_dir)
{
    static const struct {
        const char *name;
        unsigned depth;
    } inner[] = { { "plugin-config-data", 0 }, { "serverState", 2 }, { "unitpreferences", 2 }, { "applicationData", 3 } };
    struct sweep s = { 0 };
    sweep(config_dir, 0, &s);
    for (size_t i = 0; i < SK_COUNT(inner); i++) {
        SK_CLEANUP(sk_freep) char *folder = sk_fs_path(config_dir, inner[i].name);
        sweep(folder, inner[i].depth, &s);
    }
    if (s.removed > 0)
        sk_log_info("%u files removed that a save which was cut off had left", s.removed);
}
