/*
 * What `skiff plugin install` and `skiff webapp install` share: one run over several packages, each told as it ends, as lines for
 * people or as one JSON array. Owner: main thread.
 */
#ifndef SK_CLI_PACKAGES_H
#define SK_CLI_PACKAGES_H

#include "cli/home.h"
#include "cli/progress.h"
#include "npm/install.h"

struct sk_cli_packages {
    const struct sk_cli_args *args;
    enum sk_install_kind kind;
    struct sk_cli_home home;
    struct sk_progress progress;
    const char *what; /* under way */
    bool json, quiet;
    struct sk_buf out; /* members of the JSON array */
    unsigned failed;
};

/* Finds the folder, calls `work`, prints the JSON; returns the exit status: 1 when anything failed. Options that the command must
   have: config, settings, json; it may have registry and quiet. */
int sk_cli_packages_run(const struct sk_cli_args *a, enum sk_install_kind kind, void (*work)(struct sk_cli_packages *p));

/* `integrity` NULL: what the registry says. 0: *ret is to be finished by the caller; an error has been told. */
int sk_cli_packages_install(struct sk_cli_packages *p, const char *text, const char *integrity, struct sk_installed *ret);
/* Also checks that it is of that kind. */
bool sk_cli_packages_remove(struct sk_cli_packages *p, const char *name);
/* All of that kind in the folder, sorted. */
void sk_cli_packages_each(const struct sk_cli_packages *p, void (*fn)(void *arg, const struct sk_package *package), void *arg);

void sk_cli_packages_error(struct sk_cli_packages *p, const char *what, const struct sk_errmsg *em);
/* A member of the array: open, texts, close. */
void sk_cli_row_begin(struct sk_cli_packages *p);
void sk_cli_row_text(struct sk_cli_packages *p, const char *name, const char *text);
void sk_cli_row_json(struct sk_cli_packages *p, const char *name, const char *json);
void sk_cli_row_end(struct sk_cli_packages *p);

#endif
