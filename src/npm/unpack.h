/* The files of a package's archive into an empty folder of our own. Names, kinds and sizes are checked by tarball.h. Blocks. */
#ifndef SK_NPM_UNPACK_H
#define SK_NPM_UNPACK_H

#include "base/base.h"
#include "base/err.h"

struct sk_unpacked {
    size_t files;
    uint64_t bytes;
};

/* Files are made for everybody to read and the owner to write; the archive's own rights and times do not count. */
int sk_unpack(int archive, const char *dir, struct sk_unpacked *ret, struct sk_errmsg *em);

#endif
