/*
 * Patterns of .npmignore, .gitignore and the "files" of package.json: *, ?, **, [a-z], {a,b}, '!' in front, '/' in front and
 * behind. Letters of either case match, as npm has it. Pure. Owner: one thread at a time.
 */
#ifndef SK_NPM_IGNORE_H
#define SK_NPM_IGNORE_H

#include "base/base.h"

#define SK_IGNORE_RULES_MAX 2000

struct sk_ignore {
    struct sk_ignore_rule *list;
    size_t count, cap;
};

/* Lines of an ignore file. */
void sk_ignore_add_text(struct sk_ignore *ig, struct sk_span text);
/* One pattern. `rooted`: it is one from the top even without a '/', as in "files". */
void sk_ignore_add(struct sk_ignore *ig, struct sk_span pattern, bool rooted);
/*
 * What the last rule that fits says of the path (relative to where the rules are from): 1 it fits, 0 none does, -1 one with '!'
 * does. `below`: a rule that fits a folder fits what is in it too.
 */
int sk_ignore_match(const struct sk_ignore *ig, struct sk_span path, bool is_folder, bool below);
void sk_ignore_finish(struct sk_ignore *ig);

#endif
