/*
 * Calls server functions with pointers and lengths that lie outside this plugin's memory, wrap around, or point at the
 * server's answer to itself. Each must fail with its failure value and harm nobody. Reports what each returned.
 */
#include "skiff/plugin.h"

SKP_PLUGIN("bad-pointers", "Bad: pointers", "{\"type\":\"object\",\"properties\":{}}")

/* Pairs of pointer and length, all wrong, whatever the size of the memory is (the server grants far less than 2 GiB). */
static const struct {
    uintptr_t at;
    size_t len;
} wrong[] = {
    { 0x7ffffff0u, 64 }, { 16, 0xfffffff0u },          { 0xfffffff0u, 32 },
    { 0xffffffffu, 1 },  { 0xffffffffu, 0xffffffffu }, { 16, 0x7fffffffu },
};
enum { WRONGS = sizeof(wrong) / sizeof(wrong[0]) };

SKP_ON_START(config)
{
    (void)config;
    skp_status("armed");
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

static void void_functions(const char *p, size_t n)
{
    sk_debug(p, n);
    sk_set_status(p, n);
    sk_set_error(p, n);
    sk_handle_message(p, n, 1);
}

static void report(struct skp_writer *w, const char *name, int32_t result)
{
    skp_write_array(w);
    skp_write_text(w, name);
    skp_write_number(w, result);
    skp_write_array_end(w);
}

static void functions_with_results(struct skp_writer *w, char *p, size_t n, int32_t socket)
{
    static const char path[] = "navigation.position";
    char small[8];
    report(w, "sk_get_self_path path", sk_get_self_path(p, n, small, sizeof(small)));
    report(w, "sk_get_self_path out", sk_get_self_path(path, sizeof(path) - 1, p, n));
    report(w, "sk_read_config", sk_read_config(p, n));
    report(w, "sk_save_config", sk_save_config(p, n));
    report(w, "sk_has_capability", sk_has_capability(p, n));
    report(w, "sk_register_put_handler", sk_register_put_handler(p, n, path, sizeof(path) - 1));
    report(w, "sk_register_resource_provider", sk_register_resource_provider(p, n));
    report(w, "sk_publish_notification", sk_publish_notification(path, sizeof(path) - 1, p, n));
    report(w, "sk_emit_binary_stream", sk_emit_binary_stream("plugins/bad-pointers/x", 22, p, n));
    report(w, "sk_udp_recv", sk_udp_recv(socket, p, n, p, (uint16_t *)p));
    report(w, "sk_udp_send", sk_udp_send(socket, p, n, 9, p, n));
}

SKP_ON_POLL()
{
    static char results[16384], delta[20000];
    static int32_t socket;
    struct skp_writer w;
    struct skp_delta d;
    if (socket == 0)
        socket = sk_udp_create(0);
    skp_writer_init(&w, results, sizeof(results));
    skp_write_array(&w);
    for (int i = 0; i < WRONGS; i++) {
        void_functions((const char *)wrong[i].at, wrong[i].len);
        functions_with_results(&w, (char *)wrong[i].at, wrong[i].len, socket);
    }
    skp_write_array_end(&w);
    skp_delta_begin(&d, delta, sizeof(delta));
    skp_delta_json(&d, "test.badPointers.results", results, w.len);
    skp_delta_send(&d);
    skp_status("survived");
    return 0;
}
