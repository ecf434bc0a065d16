/* Imports by which a plugin provides something: resources, weather, radars, binary streams. */
#include "plugin/imports.h"

#include "hub/bstreams.h"

static void register_provider(struct sk_hostcall *c, enum sk_provider_kind kind, const char *what)
{
    struct sk_buf name;
    sk_buf_init(&name, SK_PROVIDER_NAME_MAX);
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], what, &name) && name.n > 0)
        c->result = c->g->o.ops->register_provider(c->g->o.owner, kind, sk_buf_span(&name));
    sk_buf_finish(&name);
}

void sk_import_register_resource_provider(struct sk_hostcall *c)
{
    register_provider(c, SK_PROVIDES_RESOURCES, "sk_register_resource_provider");
}

void sk_import_register_weather_provider(struct sk_hostcall *c)
{
    register_provider(c, SK_PROVIDES_WEATHER, "sk_register_weather_provider");
}

void sk_import_register_radar_provider(struct sk_hostcall *c)
{
    register_provider(c, SK_PROVIDES_RADARS, "sk_register_radar_provider");
}

static bool plain_name(struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return s.n > 0;
}

/* "plugins/<name>/<more>" */
static bool below_own(struct sk_span id, const char *name)
{
    size_t n = strlen(name);
    if (!sk_span_starts(id, "plugins/") || id.n <= 8 + n + 1)
        return false;
    return memcmp(id.p + 8, name, n) == 0 && id.p[8 + n] == '/';
}

/* Names below its own (as package name or as plugin id) are a plugin's to use; the radars', which are everybody's, a radar's. */
static bool may_emit(const struct sk_package *p, struct sk_span id)
{
    if (sk_span_starts(id, "radars/"))
        return sk_package_can(p, SK_CAP_RADAR_PROVIDER) && plain_name((struct sk_span){ id.p + 7, id.n - 7 });
    return below_own(id, p->name) || below_own(id, p->id);
}

static void emit(struct sk_hostcall *c, struct sk_span id, bool spokes)
{
    uint32_t n = c->a[3];
    const uint8_t *p = n <= SK_BSTREAM_FRAME_MAX ? sk_guest_view(c->g, c->a[2], n) : NULL;
    if (p != NULL)
        c->result = c->g->o.ops->emit(c->g->o.owner, id, spokes, (struct sk_span){ (const char *)p, n });
}

void sk_import_emit_binary_stream(struct sk_hostcall *c)
{
    struct sk_buf id;
    sk_buf_init(&id, SK_BSTREAM_ID_MAX);
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], "sk_emit_binary_stream", &id) && may_emit(c->g->o.package, sk_buf_span(&id)))
        emit(c, sk_buf_span(&id), false);
    sk_buf_finish(&id);
}

void sk_import_radar_emit_spokes(struct sk_hostcall *c)
{
    struct sk_buf id;
    sk_buf_init(&id, SK_BSTREAM_ID_MAX);
    SK_BUF_LIT(&id, "radars/");
    size_t before = id.n;
    if (sk_guest_utf8(c->g, c->a[0], c->a[1], "sk_radar_emit_spokes", &id) && id.n > before)
        emit(c, sk_buf_span(&id), true);
    sk_buf_finish(&id);
}
