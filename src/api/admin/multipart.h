/* A file in a body of type multipart/form-data (RFC 7578), wherever the body lies. Pure but for the reading; thread: any. */
#ifndef SK_API_MULTIPART_H
#define SK_API_MULTIPART_H

#include "base/base.h"

struct sk_form_source {
    uint64_t size;
    /* Up to `n` bytes from `at` on; fewer only at the end, or after an error, which ends the search. */
    size_t (*read_at)(void *arg, uint64_t at, char *to, size_t n);
    void *arg;
};
struct sk_form_file {
    char name[256];        /* the file's own, as the browser says it; "" when it is longer */
    uint64_t from, length; /* of the content, in the body */
};
/* The part `field`, whose end must be there. False: there is none, or the body is not of that type, or
   there is no memory to look. */
bool sk_multipart_file(struct sk_span content_type, const struct sk_form_source *source, const char *field,
                       struct sk_form_file *ret);

#endif
