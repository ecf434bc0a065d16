/* GET /api/get?path=vessels.self.name&max=1000: what sk_get_path answers. Apart from probe-abi, because a server that lacks
 * the function cannot load a plugin that names it. */
#include "skiff/plugin.h"

SKP_PLUGIN("probe-get-path", "sk_get_path", "{\"type\":\"object\",\"properties\":{}}")

SKP_ON_START(config)
{
    (void)config;
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

SKP_HTTP_ENDPOINTS("[{\"method\":\"GET\",\"path\":\"/api/get\",\"handler\":\"http_get\"}]")

SKP_ON_HTTP(http_get, request, reply)
{
    static char out[32768];
    char path[512] = "";
    skp_json_text(request, "query.path", path, sizeof(path));
    int32_t n = sk_get_path(path, skp_len(path), out, sizeof(out));
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_put_number(reply, "result", n);
    skp_write_key(reply, "text");
    skp_write_text_n(reply, out, n > 0 ? (size_t)n : 0);
    skp_write_object_end(reply);
    skp_http_end(reply);
}
