/* Makes the archive of a package. The same folder gives the same bytes: times, owners and order do not count. Blocks. */
#ifndef SK_NPM_PACK_H
#define SK_NPM_PACK_H

#include "npm/packlist.h"

/* Writes the files of `p` in `dir` to the open file, from where it stands. */
int sk_pack_write(const char *dir, const struct sk_packlist *p, int fd, struct sk_errmsg *em);
/* "name-1.2.3.tgz", "scope-name-1.2.3.tgz"; free() it. */
char *sk_pack_file_name(const struct sk_packlist *p);

#endif
