/* Names of paths, for pages that let somebody choose: /skServer/paths, the well-known ones of a vessel with their metadata, and
   /skServer/availablePaths, those of the own vessel that have had a value. */
#include "api/admin/admin.h"
#include "base/json.h"
#include "model/meta_table.h"
#include "model/query.h"

#define PATHS_MAX ((size_t)4 * 1024 * 1024)

/* The pattern with its dots as slashes, below the vessels. */
static void write_key(const char *pattern, struct sk_buf *b)
{
    SK_BUF_LIT(b, "\"/vessels/*/");
    for (; *pattern != '\0'; pattern++)
        sk_buf_char(b, *pattern == '.' ? '/' : *pattern);
    SK_BUF_LIT(b, "\":");
}

static void get_paths(struct sk_http_req *r, void *arg)
{
    struct sk_buf b;
    (void)arg;
    sk_buf_init(&b, PATHS_MAX);
    for (uint32_t i = 0; i < sk_meta_row_count; i++) {
        sk_buf_char(&b, i == 0 ? '{' : ',');
        write_key(sk_meta_text + sk_meta_rows[i].pattern, &b);
        sk_buf_append(&b, sk_meta_text + sk_meta_rows[i].json, sk_meta_rows[i].json_len);
    }
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

static void write_available(const struct sk_node *n, struct sk_buf *b)
{
    for (; n != NULL; n = n->next) {
        if (n->leaf != NULL) {
            sk_buf_append(b, ",", b->n > 1);
            sk_json_write_str(b, n->path->text);
        }
        write_available(n->first, b);
    }
}

static void get_available(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    const struct sk_context *self = sk_model_self(api->model);
    struct sk_buf b;
    sk_buf_init(&b, PATHS_MAX);
    sk_buf_text(&b, self->root_count > 0 ? "[\"\"" : "[");
    write_available(self->first, &b);
    sk_buf_char(&b, ']');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
}

void sk_paths_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = { { "GET", "/skServer/paths", SK_ACCESS_READ, get_paths, api },
                                      { "GET", "/skServer/availablePaths", SK_ACCESS_READ, get_available, api } };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
