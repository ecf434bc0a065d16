/* links: api_pure_dep */
/* Documents of webapps: first line the address (version, then path), second the document, then what the client sends. */
#include "api/admin/app_data_edit.h"

static struct sk_span take_line(struct sk_span *rest)
{
    const char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n;
    struct sk_span line = { rest->p, n };
    rest->p += n + (end != NULL);
    rest->n -= n + (end != NULL);
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_span rest = { (const char *)data, size }, address = take_line(&rest), document = take_line(&rest);
    char version[SK_APP_VERSION_SIZE];
    struct sk_app_path path;
    struct sk_buf out, again;
    struct sk_errmsg em;
    if (sk_app_data_version(address, version))
        SK_ASSERT(strlen(version) >= 5);
    if (sk_app_data_id_ok(address))
        SK_ASSERT(memchr(address.p, '/', address.n) == NULL && address.p[0] != '.');
    if (sk_app_data_path(address, &path, &em) < 0)
        return 0;
    sk_buf_init(&out, SK_APP_DATA_MAX);
    sk_buf_init(&again, SK_APP_DATA_MAX);
    (void)sk_app_data_read(document, &path, rest.n % 2 == 0, &out, &em);
    sk_buf_clear(&out);
    if (sk_app_data_change(document, &path, rest, &out, &em) == 0) { /* what is saved can be read */
        path.count = 0;
        SK_ASSERT(sk_app_data_read(sk_buf_span(&out), &path, false, &again, &em) == 0);
    }
    sk_buf_finish(&out);
    sk_buf_finish(&again);
    return 0;
}
