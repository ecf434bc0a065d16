/* links: api_pure_dep */
/* Uploads: first line the content type, then the body. */
#include "api/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_span all = { (const char *)data, size };
    const char *end = size > 0 ? memchr(all.p, '\n', size) : NULL;
    struct sk_form_file file;
    if (end == NULL)
        return 0;
    struct sk_span type = { all.p, (size_t)(end - all.p) }, body = { end + 1, size - type.n - 1 };
    if (sk_multipart_file(type, body, "file", &file)) {
        SK_ASSERT(file.content.p >= body.p && file.content.p + file.content.n <= body.p + body.n);
        SK_ASSERT(file.name.n <= body.n);
    }
    return 0;
}
