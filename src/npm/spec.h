/* What a person asks for: NAME, NAME@VERSION, NAME@RANGE, NAME@TAG, a folder, or a .tgz file. Pure but for the last. Thread: any.
 */
#ifndef SK_NPM_SPEC_H
#define SK_NPM_SPEC_H

#include "base/base.h"
#include "base/err.h"

/* npm's rules for names: one scope at most, lower-case letters (older packages have others), digits, '-', '_', '.', '~'. Such a
   name is safe as a part of file names and addresses. */
bool sk_npm_name_ok(struct sk_span name);

enum sk_spec_kind { SK_SPEC_REGISTRY, SK_SPEC_FILE, SK_SPEC_FOLDER };

struct sk_spec {
    enum sk_spec_kind kind;
    char *name;   /* of the registry; "" else */
    char *wanted; /* version, range or tag; "" is the newest */
    char *path;   /* of a file or folder; "" else */
};

/* Looks at the disk: what begins with '.', '/' or '~', ends in .tgz or .tar.gz, or is "file:..." is a path. The error says what
   would be right. */
int sk_spec_read(const char *text, struct sk_spec *ret, struct sk_errmsg *em);
void sk_spec_finish(struct sk_spec *s);

#endif
