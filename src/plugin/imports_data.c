/* Imports that read and write data: deltas, notifications, the model, the plugin's configuration, PUT handlers. */
#include "plugin/imports.h"

#include "base/json.h"
#include "hub/hub.h"
#include "plugin/config.h"

#define PATH_MAX_BYTES 2048u

void sk_import_handle_message(struct sk_hostcall *c)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_DELTA_MAX);
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], "sk_handle_message", &b))
        c->g->o.ops->delta(c->g->o.owner, sk_buf_span(&b), c->a[2] == 2 ? 2 : 1);
    sk_buf_finish(&b);
}

static bool known_state(const char *state)
{
    static const char *const states[] = { "normal", "alert", "warn", "alarm", "emergency" };
    for (size_t i = 0; state != NULL && i < SK_COUNT(states); i++)
        if (strcmp(state, states[i]) == 0)
            return true;
    return false;
}

static int notification(struct sk_guest *g, struct sk_span path, struct sk_span value)
{
    yyjson_doc *doc = NULL;
    if (sk_json_read(value, &doc, NULL) < 0)
        return -1;
    struct sk_buf b;
    sk_buf_init(&b, SK_DELTA_MAX);
    const yyjson_val *root = yyjson_doc_get_root(doc);
    bool ok = path.n > 0 && known_state(sk_json_get_str(root, "state"));
    if (ok) {
        SK_BUF_LIT(&b, "{\"updates\":[{\"values\":[{\"path\":");
        sk_json_write_str(&b, path);
        SK_BUF_LIT(&b, ",\"value\":");
        sk_json_write(&b, root);
        SK_BUF_LIT(&b, "}]}]}");
        ok = sk_buf_ok(&b);
    }
    ok = ok && g->o.ops->delta(g->o.owner, sk_buf_span(&b), 1);
    sk_buf_finish(&b);
    yyjson_doc_free(doc);
    return ok ? 0 : -1;
}

void sk_import_publish_notification(struct sk_hostcall *c)
{
    struct sk_buf path, value;
    sk_buf_init(&path, PATH_MAX_BYTES);
    sk_buf_init(&value, SK_DELTA_MAX);
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], "sk_publish_notification path", &path) &&
        sk_guest_utf8(c->g, c->a[2], c->a[3], "sk_publish_notification value", &value))
        c->result = notification(c->g, sk_buf_span(&path), sk_buf_span(&value));
    sk_buf_finish(&path);
    sk_buf_finish(&value);
}

/* Whole or not at all: a guest would read a cut text as JSON. */
static int32_t answer(struct sk_guest *g, uint32_t buf, uint32_t max, const struct sk_buf *text)
{
    if (!sk_buf_ok(text) || text->n > max || text->n > INT32_MAX || !sk_guest_put(g, buf, text->p, text->n))
        return 0;
    return (int32_t)text->n;
}

static void query(struct sk_hostcall *c, const char *what, bool from_root)
{
    struct sk_buf path, node;
    sk_buf_init(&path, PATH_MAX_BYTES);
    sk_buf_init(&node, (size_t)16 * 1024 * 1024);
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], what, &path) &&
        c->g->o.ops->query(c->g->o.owner, sk_buf_span(&path), from_root, &node) == 0 && !sk_span_eq(sk_buf_span(&node), "null"))
        c->result = answer(c->g, c->a[2], c->a[3], &node);
    sk_buf_finish(&path);
    sk_buf_finish(&node);
}

void sk_import_get_self_path(struct sk_hostcall *c)
{
    query(c, "sk_get_self_path", false);
}

void sk_import_get_path(struct sk_hostcall *c)
{
    query(c, "sk_get_path", true);
}

void sk_import_read_config(struct sk_hostcall *c)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_PLUGIN_CONFIG_MAX);
    c->g->o.ops->read_config(c->g->o.owner, &b);
    c->result = answer(c->g, c->a[0], c->a[1], &b);
    sk_buf_finish(&b);
}

void sk_import_save_config(struct sk_hostcall *c)
{
    struct sk_buf b;
    sk_buf_init(&b, SK_PLUGIN_CONFIG_MAX);
    c->result = -1;
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], "sk_save_config", &b) &&
        c->g->o.ops->save_config(c->g->o.owner, sk_buf_span(&b)) == 0)
        c->result = 0;
    sk_buf_finish(&b);
}

void sk_import_has_capability(struct sk_hostcall *c)
{
    struct sk_buf b;
    sk_buf_init(&b, 256);
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], "sk_has_capability", &b))
        for (unsigned i = 0; i < SK_CAP_COUNT; i++)
            if (sk_span_eq(sk_buf_span(&b), sk_capability_key(i)))
                c->result = sk_package_can(c->g->o.package, i);
    sk_buf_finish(&b);
}

void sk_import_register_put_handler(struct sk_hostcall *c)
{
    struct sk_buf context, path;
    sk_buf_init(&context, PATH_MAX_BYTES);
    sk_buf_init(&path, PATH_MAX_BYTES);
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], "sk_register_put_handler context", &context) &&
        sk_guest_utf8(c->g, c->a[2], c->a[3], "sk_register_put_handler path", &path) && path.n > 0)
        c->result = c->g->o.ops->register_put(c->g->o.owner, sk_buf_span(&context), sk_buf_span(&path));
    sk_buf_finish(&context);
    sk_buf_finish(&path);
}
