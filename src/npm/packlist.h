/*
 * Which files of a folder make up its package, as npm chooses them: "files" of package.json, else .npmignore, else .gitignore,
 * the ignore files of folders below; always package.json, README, LICENSE, COPYING, main, bin; never node_modules, .git, .npmrc
 * and lock files. Thread: any but the loop; blocks.
 */
#ifndef SK_NPM_PACKLIST_H
#define SK_NPM_PACKLIST_H

#include "base/base.h"
#include "base/err.h"

#define SK_PACKLIST_FILES_MAX 20000

struct sk_packlist {
    struct sk_packed_file {
        char *name; /* relative, with '/' */
        uint64_t size;
        bool executable;
    } * list; /* sorted, package.json first */
    size_t count, cap;
    uint64_t bytes;
    char *name, *version; /* of the package */
    char *module;         /* wasmManifest; NULL: none */
};

/* SK_ERR_INVALID: no usable package.json. */
int sk_packlist_read(const char *dir, struct sk_packlist *ret, struct sk_errmsg *em);
bool sk_packlist_has(const struct sk_packlist *p, const char *name);
void sk_packlist_finish(struct sk_packlist *p);

#endif
