/* links: api_pure_dep */
/* Uploads: first line the content type, then the body. */
#include "api/admin/multipart.h"

static size_t read_at(void *arg, uint64_t at, char *to, size_t n)
{
    const struct sk_span *body = arg;
    SK_ASSERT(at <= body->n);
    size_t most = body->n - (size_t)at;
    n = n < most ? n : most;
    if (n > 0)
        memcpy(to, body->p + at, n);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_span all = { (const char *)data, size };
    const char *end = size > 0 ? memchr(all.p, '\n', size) : NULL;
    struct sk_form_file file;
    if (end == NULL)
        return 0;
    struct sk_span type = { all.p, (size_t)(end - all.p) }, body = { end + 1, size - type.n - 1 };
    const struct sk_form_source source = { .size = body.n, .read_at = read_at, .arg = &body };
    if (sk_multipart_file(type, &source, "file", &file)) {
        SK_ASSERT(file.from <= body.n && file.length <= body.n - file.from);
        SK_ASSERT(strlen(file.name) < sizeof file.name);
    }
    return 0;
}
