/*
 * What `skiff plugin new` can make, as it stands in sdk/ (scripts/embed_templates.py puts it into the program). Texts with holes
 * have {{name}} and the like in them. Constant. Thread: any.
 */
#ifndef SK_CLI_TEMPLATES_H
#define SK_CLI_TEMPLATES_H

#include <stdbool.h>
#include <stddef.h>

struct sk_template_file {
    const char *path; /* in the package */
    const char *text;
    size_t n;
    bool holes, executable;
};

struct sk_template {
    const char *lang, *name;
    const char *brief;                    /* what the plugin does, a few words */
    const char *about;                    /* for its README, with holes */
    const char *capabilities;             /* JSON */
    const struct sk_template_file *files; /* ends with a row without path */
};

extern const struct sk_template sk_templates[]; /* ends with a row without lang */

#endif
