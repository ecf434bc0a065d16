/*
 * The functions that plugins may import: one table of module, name, canonical type, needed capability and implementation.
 * A module links with whatever numeric types it declares (missing arguments are 0, surplus ones are dropped); that is done once,
 * here, for all of them. Thread: a worker, during a call into its guest.
 */
#ifndef SK_PLUGIN_IMPORTS_H
#define SK_PLUGIN_IMPORTS_H

#include "plugin/guest_impl.h"

/* One call: arguments both as 32-bit words and as doubles, whatever the module declared. */
struct sk_hostcall {
    struct sk_guest *g;
    uint32_t a[SK_GUEST_PARAMS_MAX];
    double f[SK_GUEST_PARAMS_MAX];
    unsigned given; /* arguments that the module declares */
    int32_t result;
    double result_f;  /* of functions whose canonical result is a double */
    const char *trap; /* set: the call traps with this text */
};

struct sk_import {
    const char *module, *name;
    const char *type; /* letters of parameters, '>', letter of the result: i = i32, d = f64 */
    enum sk_capability cap;
    int32_t denied; /* result without the capability */
    void (*fn)(struct sk_hostcall *c);
};

extern const struct sk_import sk_imports[];
extern const size_t sk_import_count;
const struct sk_import *sk_import_find(const wasm_name_t *module, const wasm_name_t *name); /* NULL: not ours */
bool sk_import_is_wasi(const wasm_name_t *module);
bool sk_wasm_name_is(const wasm_name_t *name, const char *text);

/* Implementations, by family. */
void sk_import_debug(struct sk_hostcall *c);
void sk_import_set_status(struct sk_hostcall *c);
void sk_import_set_error(struct sk_hostcall *c);
void sk_import_abort(struct sk_hostcall *c);
void sk_import_console(struct sk_hostcall *c);
void sk_import_console_assert(struct sk_hostcall *c);
void sk_import_trace(struct sk_hostcall *c);
void sk_import_seed(struct sk_hostcall *c);
void sk_import_now(struct sk_hostcall *c);
void sk_import_performance_now(struct sk_hostcall *c);
void sk_import_exit(struct sk_hostcall *c);
void sk_import_nothing(struct sk_hostcall *c);

void sk_import_handle_message(struct sk_hostcall *c);
void sk_import_publish_notification(struct sk_hostcall *c);
void sk_import_get_self_path(struct sk_hostcall *c);
void sk_import_get_path(struct sk_hostcall *c);
void sk_import_read_config(struct sk_hostcall *c);
void sk_import_save_config(struct sk_hostcall *c);
void sk_import_has_capability(struct sk_hostcall *c);
void sk_import_register_put_handler(struct sk_hostcall *c);

/* imports_fetch.c, imports_http.c */
void sk_import_fetch_get_sync(struct sk_hostcall *c);
void sk_import_fetch_post_sync(struct sk_hostcall *c);
void sk_import_fetch_get(struct sk_hostcall *c);
void sk_import_fetch_post(struct sk_hostcall *c);
void sk_import_http_request(struct sk_hostcall *c);
void sk_import_http_body(struct sk_hostcall *c);

/* imports_provide.c */
void sk_import_register_resource_provider(struct sk_hostcall *c);
void sk_import_register_weather_provider(struct sk_hostcall *c);
void sk_import_register_radar_provider(struct sk_hostcall *c);
void sk_import_emit_binary_stream(struct sk_hostcall *c);
void sk_import_radar_emit_spokes(struct sk_hostcall *c);

void sk_import_udp_create(struct sk_hostcall *c);
void sk_import_udp_bind(struct sk_hostcall *c);
void sk_import_udp_join_multicast(struct sk_hostcall *c);
void sk_import_udp_leave_multicast(struct sk_hostcall *c);
void sk_import_udp_set_multicast_ttl(struct sk_hostcall *c);
void sk_import_udp_set_multicast_loopback(struct sk_hostcall *c);
void sk_import_udp_set_broadcast(struct sk_hostcall *c);
void sk_import_udp_send(struct sk_hostcall *c);
void sk_import_udp_recv(struct sk_hostcall *c);
void sk_import_udp_pending(struct sk_hostcall *c);
void sk_import_udp_close(struct sk_hostcall *c);
void sk_import_tcp_create(struct sk_hostcall *c);
void sk_import_tcp_connect(struct sk_hostcall *c);
void sk_import_tcp_connected(struct sk_hostcall *c);
void sk_import_tcp_set_line_buffering(struct sk_hostcall *c);
void sk_import_tcp_send(struct sk_hostcall *c);
void sk_import_tcp_recv_line(struct sk_hostcall *c);
void sk_import_tcp_recv_raw(struct sk_hostcall *c);
void sk_import_tcp_pending(struct sk_hostcall *c);
void sk_import_tcp_close(struct sk_hostcall *c);

/* wasi.c: replaces Wasmtime's, which sleeps where no deadline reaches. */
void sk_wasi_poll_oneoff(struct sk_hostcall *c);
void sk_wasi_clock_time_get(struct sk_hostcall *c); /* only where time is not the machine's */

#endif
