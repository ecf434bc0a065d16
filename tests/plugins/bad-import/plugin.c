/* Calls env.sk_emit_delta, the name that plugin authors guess most often instead of sk_handle_message. */
#include "skiff/plugin.h"

SKP_IMPORT("sk_emit_delta") void sk_emit_delta(const char *json, size_t len);

SKP_PLUGIN("bad-import", "Bad: unknown import", "{\"type\":\"object\",\"properties\":{}}")

SKP_ON_START(config)
{
    static const char delta[] = "{\"updates\":[{\"values\":[{\"path\":\"test.badImport\",\"value\":true}]}]}";
    (void)config;
    sk_emit_delta(delta, sizeof(delta) - 1);
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}
