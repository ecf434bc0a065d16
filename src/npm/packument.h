/*
 * What a registry says about a package (npm's "packument"): its tags, versions, and where each version's archive lies. Foreign
 * text. Pure. Thread: any.
 */
#ifndef SK_NPM_PACKUMENT_H
#define SK_NPM_PACKUMENT_H

#include "base/json.h"

#define SK_PACKUMENT_MAX ((size_t)48 * 1024 * 1024)

struct sk_release {
    char *name, *version;
    char *archive;    /* address of the .tgz */
    char *integrity;  /* as in Subresource Integrity; "" when the registry gives none */
    char *shasum;     /* SHA-1 in hexadecimal; "" when the registry gives none */
    char *deprecated; /* the author's words; "" when it is not */
};

/*
 * Chooses as npm does. `wanted` "" is the tag "latest"; a version is exactly that one; a range is "latest" when that fits, else
 * the highest that fits, those not deprecated first; everything else is a tag. The error says what there is.
 */
int sk_packument_choose(const yyjson_val *packument, const char *name, const char *wanted, struct sk_release *ret,
                        struct sk_errmsg *em);
void sk_release_finish(struct sk_release *r);

#endif
