/* A file in a body of type multipart/form-data (RFC 7578). Pure; thread: any. */
#ifndef SK_API_MULTIPART_H
#define SK_API_MULTIPART_H

#include "base/base.h"

struct sk_form_file {
    struct sk_span name, content; /* the file's own name, as the browser says it; both lie in the body */
};
/* The part `field`, whose end must be there. False: there is none, or the body is not of that type. */
bool sk_multipart_file(struct sk_span content_type, struct sk_span body, const char *field, struct sk_form_file *ret);

#endif
