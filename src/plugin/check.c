#include "plugin/check_impl.h"
#include "store/fs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void sk_check_say(const struct sk_check *c, enum sk_finding_level level, const char *where, const char *cure, const char *fmt,
                  ...)
{
    char what[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    c->found(c->arg, &(struct sk_finding){ level, where, what, cure });
}

static void check_folder(struct sk_check *c, const char *dir)
{
    struct sk_package *p = NULL;
    sk_check_package(c, dir, &p);
    c->package = p;
    if (p != NULL && p->manifest != NULL && p->manifest_usable) {
        SK_CLEANUP(sk_freep) char *file = sk_fs_path(dir, p->manifest);
        if (sk_fs_is_file(file))
            sk_check_module(c, file);
        else
            sk_check_say(c, SK_FINDING_ERROR, "package.json", "Build the plugin first, or correct wasmManifest.",
                         "wasmManifest names %s, which is not there.", p->manifest);
    }
    sk_package_unref(p);
}

int sk_plugin_check(const char *path, const struct sk_check_options *o, sk_finding_fn found, void *arg, struct sk_errmsg *em)
{
    struct sk_check c = { .o = o, .found = found, .arg = arg };
    if (sk_fs_is_dir(path))
        check_folder(&c, path);
    else if (sk_fs_is_file(path))
        sk_check_module(&c, path);
    else
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "%s: no such file or folder", path);
    return 0;
}
