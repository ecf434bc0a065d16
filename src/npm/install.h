/*
 * Installing a plugin or webapp into <config>/node_modules as npm would, without npm: found at the registry or in a file, checked
 * against its digest, unpacked with every name and size checked, no script run, then put in its place by one rename. Packages
 * that it depends on are not installed: a WebAssembly plugin and a built webapp carry what they need. Thread: any but the loop;
 * blocks. Owner: one thread.
 */
#ifndef SK_NPM_INSTALL_H
#define SK_NPM_INSTALL_H

#include "npm/registry.h"
#include "npm/spec.h"
#include "npm/sri.h"
#include "plugin/package.h"

enum sk_install_kind { SK_INSTALL_ANY, SK_INSTALL_PLUGIN, SK_INSTALL_WEBAPP };
enum sk_install_step { SK_STEP_LOOK_UP, SK_STEP_DOWNLOAD, SK_STEP_UNPACK, SK_STEP_SAVE };

struct sk_install_job {
    const char *config_dir;
    struct sk_registry *registry; /* asked when the spec is a name */
    const struct sk_spec *spec;
    enum sk_install_kind kind; /* another kind of package is refused */
    const char *integrity;     /* what it must be, whatever the registry says; NULL: the registry's word counts */
    /* NULL: nobody cares. `total` 0: not known. */
    void (*progress)(void *arg, enum sk_install_step step, uint64_t done, uint64_t total);
    void (*note)(void *arg, const char *text); /* something the user should know, as a sentence */
    bool (*cancelled)(void *arg);
    void *arg;
};

struct sk_installed {
    struct sk_package *package;
    char integrity[SK_SRI_SIZE]; /* of the archive */
    size_t files;
    uint64_t bytes; /* of all files */
};

/* The error says which package, what was wrong with it, and that nothing was changed is true for every error. */
int sk_install(const struct sk_install_job *job, struct sk_installed *ret, struct sk_errmsg *em);
void sk_installed_finish(struct sk_installed *i);

/* Takes the package away; the user's data (plugin-config-data) stays. SK_ERR_NOTFOUND: it is not in that folder. */
int sk_uninstall(const char *config_dir, const char *name, struct sk_errmsg *em);

/* package.json of what is installed there under that name. */
int sk_installed_read(const char *config_dir, const char *name, struct sk_package **ret, struct sk_errmsg *em);

/* What kind of package it is, as an error when skiff has no use for it. */
int sk_install_check_kind(const struct sk_package *p, enum sk_install_kind kind, struct sk_errmsg *em);

#endif
