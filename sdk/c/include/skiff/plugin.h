/*
 * skiff plugin SDK for C.
 *
 * A Signal K WASM plugin in C is one source file that includes this header, names itself with SKP_PLUGIN and defines the
 * callbacks it needs with the SKP_ON_… macros. sdk/c/build.sh turns it into plugin.wasm. The result runs on every server
 * that offers Signal K's WASM interface, not only on skiff.
 *
 * Rules that hold for everything here:
 * - A plugin has one thread. The host never calls it while another call into it is still running.
 * - Text is UTF-8. `const char *` alone is NUL-terminated; with a length beside it, it need not be.
 * - What the host passes in (config, deltas, requests, values) is valid only until the callback returns. Copy what you keep.
 * - No function here keeps a pointer that you pass, except the writers, which keep your buffer until you stop using them.
 * - The library needs no libc. With wasi-libc it works too, and malloc may be used beside skp_alloc.
 */
#ifndef SKIFF_PLUGIN_H
#define SKIFF_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SKP_EXPORT(name) __attribute__((export_name(name), used))
#define SKP_IMPORT(name) __attribute__((import_module("env"), import_name(name)))

/* ---- The host's functions, exactly as it offers them ---------------------------------------------------------------
 *
 * Only those that a plugin really calls end up in its import list. The helpers further down are easier to use; these are
 * here for what the helpers do not cover. No import ever traps: each returns the failure value said here.
 */

/* One line for the server's debug log. There is no other log function: put a level into the text if you want one. */
SKP_IMPORT("sk_debug") void sk_debug(const char *text, size_t len);
/* The state shown to the user in the plugin list. Empty text removes it. */
SKP_IMPORT("sk_set_status") void sk_set_status(const char *text, size_t len);
/* Like sk_set_status, shown as an error. Does not stop the plugin. */
SKP_IMPORT("sk_set_error") void sk_set_error(const char *text, size_t len);
/* Publish one delta. version 2 = Signal K v2 data (kept out of the v1 tree), anything else = v1. Bad JSON is only logged. */
SKP_IMPORT("sk_handle_message") void sk_handle_message(const char *json, size_t len, int32_t version);
/* Publish a notification value {"state","method","message"} at `path`. 0 or -1. */
SKP_IMPORT("sk_publish_notification")
int32_t sk_publish_notification(const char *path, size_t path_len, const char *json, size_t len);
/* JSON of a node of the own vessel's tree, e.g. "navigation.position.value". Bytes written; 0 = absent or buffer too small. */
SKP_IMPORT("sk_get_self_path") int32_t sk_get_self_path(const char *path, size_t path_len, char *out, size_t max);
/* Same from the root of the full model ("vessels.self.…"). Not on every server: a plugin that calls it may fail to load there. */
SKP_IMPORT("sk_get_path") int32_t sk_get_path(const char *path, size_t path_len, char *out, size_t max);
/* The saved configuration object. Bytes written; 0 = buffer too small. */
SKP_IMPORT("sk_read_config") int32_t sk_read_config(char *out, size_t max);
/* Replace the saved configuration object. Does not restart the plugin. 0 or -1. */
SKP_IMPORT("sk_save_config") int32_t sk_save_config(const char *json, size_t len);
/* 1 if package.json grants the capability, else 0. */
SKP_IMPORT("sk_has_capability") int32_t sk_has_capability(const char *name, size_t len);
/* Ask for PUT requests on a path; see SKP_ON_PUT. 1, or 0 without the capability putHandlers. */
SKP_IMPORT("sk_register_put_handler")
int32_t sk_register_put_handler(const char *context, size_t context_len, const char *path, size_t path_len);
/* Become a provider of resources of one type. 1, or 0 without the capability resourceProvider. */
SKP_IMPORT("sk_register_resource_provider") int32_t sk_register_resource_provider(const char *type, size_t len);
/* The same for weather and radars, with the name to show; capabilities weatherProvider and radarProvider. */
SKP_IMPORT("sk_register_weather_provider") int32_t sk_register_weather_provider(const char *name, size_t len);
SKP_IMPORT("sk_register_radar_provider") int32_t sk_register_radar_provider(const char *name, size_t len);
/* One binary frame to the clients of a stream, "plugins/<package name>/…" or "radars/…". 1 or 0. */
SKP_IMPORT("sk_emit_binary_stream")
int32_t sk_emit_binary_stream(const char *id, size_t id_len, const void *data, size_t data_len);
/* The same for a radar of this plugin, to its stream "radars/<radar>". */
SKP_IMPORT("sk_radar_emit_spokes")
int32_t sk_radar_emit_spokes(const char *radar, size_t radar_len, const void *data, size_t data_len);

/*
 * Sockets. All need the capability rawSockets, and return -1 without it; none of them waits. Ids are the plugin's own. What
 * arrives is kept up to 1,000 datagrams, lines or chunks a socket, then the oldest is dropped. All are closed when the plugin
 * stops.
 */
/* type 1: IPv6, else IPv4. The id, or -1: 64 sockets are open already. */
SKP_IMPORT("sk_udp_create") int32_t sk_udp_create(int32_t type);
/* All interfaces; port 0 = any. -1 = the port cannot be had. (The Node server says 0 then.) */
SKP_IMPORT("sk_udp_bind") int32_t sk_udp_bind(int32_t id, int32_t port);
/* interface: its address or name, or length 0 for the system's choice. Options may come before bind. 0 or -1. */
SKP_IMPORT("sk_udp_join_multicast")
int32_t sk_udp_join_multicast(int32_t id, const char *group, size_t group_len, const char *interface, size_t interface_len);
SKP_IMPORT("sk_udp_leave_multicast")
int32_t sk_udp_leave_multicast(int32_t id, const char *group, size_t group_len, const char *interface, size_t interface_len);
SKP_IMPORT("sk_udp_set_multicast_ttl") int32_t sk_udp_set_multicast_ttl(int32_t id, int32_t ttl);
SKP_IMPORT("sk_udp_set_multicast_loopback") int32_t sk_udp_set_multicast_loopback(int32_t id, int32_t on);
SKP_IMPORT("sk_udp_set_broadcast") int32_t sk_udp_set_broadcast(int32_t id, int32_t on);
/* `len`, also when the datagram could not be sent. Host names are looked up. */
SKP_IMPORT("sk_udp_send")
int32_t sk_udp_send(int32_t id, const char *host, size_t host_len, int32_t port, const void *data, size_t len);
/* Bytes of the oldest datagram (cut at max), its sender's address (46 bytes with NUL) and port; 0 = none is waiting. */
SKP_IMPORT("sk_udp_recv") int32_t sk_udp_recv(int32_t id, void *data, size_t max, char address[46], uint16_t *port);
SKP_IMPORT("sk_udp_pending") int32_t sk_udp_pending(int32_t id); /* datagrams */
SKP_IMPORT("sk_udp_close") void sk_udp_close(int32_t id);
/* A client. Line mode until sk_tcp_set_line_buffering(id, 0). */
SKP_IMPORT("sk_tcp_create") int32_t sk_tcp_create(void);
/* 0 = begun; ask sk_tcp_connected. */
SKP_IMPORT("sk_tcp_connect") int32_t sk_tcp_connect(int32_t id, const char *host, size_t host_len, int32_t port);
/* 1, 0 = not yet, -1 = failed or closed. On skiff what came before the end can still be read then. */
SKP_IMPORT("sk_tcp_connected") int32_t sk_tcp_connected(int32_t id);
SKP_IMPORT("sk_tcp_set_line_buffering") int32_t sk_tcp_set_line_buffering(int32_t id, int32_t on);
/* `len`, also when not connected (the data is lost then); -1 on skiff: too much is waiting already, nothing was taken. */
SKP_IMPORT("sk_tcp_send") int32_t sk_tcp_send(int32_t id, const void *data, size_t len);
SKP_IMPORT("sk_tcp_recv_line") int32_t sk_tcp_recv_line(int32_t id, char *line, size_t max); /* without its end; cut at max */
SKP_IMPORT("sk_tcp_recv_raw") int32_t sk_tcp_recv_raw(int32_t id, void *data, size_t max);
SKP_IMPORT("sk_tcp_pending") int32_t sk_tcp_pending(int32_t id); /* lines, or chunks */
SKP_IMPORT("sk_tcp_close") void sk_tcp_close(int32_t id);

/* ---- Memory ------------------------------------------------------------------------------------------------------- */

/*
 * A block of at least `size` bytes, aligned to 16, contents undefined. NULL when the host grants no more memory.
 * Freed blocks are reused by size class, so a plugin that frees what it takes stays at its high-water mark.
 */
void *skp_alloc(size_t size);
/* Give back a block of skp_alloc. NULL is fine. A pointer that skp_alloc did not return, or freed twice, traps. */
void skp_free(void *block);

/* ---- Text --------------------------------------------------------------------------------------------------------- */

size_t skp_len(const char *text);
bool skp_equal(const char *a, const char *b);
/* Whether `what` occurs in the text, such as "\"path\":\"navigation.position\"" in a delta: cheaper than parsing it. */
bool skp_contains(const char *text, size_t len, const char *what);
/* Copies as much as fits, always NUL-terminated if max > 0. Returns the bytes copied without the NUL. */
size_t skp_copy(char *out, size_t max, const char *text, size_t len);

/* ---- Talking to the user ------------------------------------------------------------------------------------------ */

void skp_debug(const char *text);
void skp_status(const char *text);
void skp_error(const char *text);

/* ---- Writing JSON -------------------------------------------------------------------------------------------------- */

/*
 * Appends JSON to a buffer of the caller's. Commas and escapes are its job; the order of calls is yours.
 * When the buffer is full it stops, remembers that in `failed`, and every later call does nothing: check once at the end.
 */
struct skp_writer {
    char *buf;
    size_t max;
    size_t len;
    bool comma;  /* the next value in this object or array needs a comma in front */
    bool failed; /* something did not fit */
};

void skp_writer_init(struct skp_writer *w, char *buf, size_t max);
void skp_write_object(struct skp_writer *w);     /* { */
void skp_write_object_end(struct skp_writer *w); /* } */
void skp_write_array(struct skp_writer *w);      /* [ */
void skp_write_array_end(struct skp_writer *w);  /* ] */
void skp_write_key(struct skp_writer *w, const char *key);
void skp_write_text(struct skp_writer *w, const char *text);
void skp_write_text_n(struct skp_writer *w, const char *text, size_t len);
/* Up to 15 significant digits, no more than needed. Not a number and infinity become null: JSON has no words for them. */
void skp_write_number(struct skp_writer *w, double value);
void skp_write_bool(struct skp_writer *w, bool value);
void skp_write_null(struct skp_writer *w);
/* Text that is JSON already, taken as it is. */
void skp_write_json(struct skp_writer *w, const char *json, size_t len);
/* For messages to people, not JSON: no quotes, no commas. The text in buf is not NUL-terminated: pass buf and len on. */
void skp_write_plain(struct skp_writer *w, const char *text);
void skp_write_plain_number(struct skp_writer *w, double value);

/* key and value in one call */
void skp_put_text(struct skp_writer *w, const char *key, const char *text);
void skp_put_number(struct skp_writer *w, const char *key, double value);
void skp_put_bool(struct skp_writer *w, const char *key, bool value);
void skp_put_position(struct skp_writer *w, const char *key, double latitude, double longitude);

/* ---- Publishing data ----------------------------------------------------------------------------------------------- */

/*
 * Builds one delta for the own vessel in a buffer of yours and publishes it. The server adds source and time.
 *
 *     char buf[512];
 *     struct skp_delta d;
 *     skp_delta_begin(&d, buf, sizeof(buf));
 *     skp_delta_number(&d, "navigation.speedOverGround", 3.1);
 *     skp_delta_send(&d);
 *
 * Values are SI: metres, metres per second, radians, kelvin, pascal, ratios from 0 to 1.
 */
struct skp_delta {
    struct skp_writer w;
    unsigned values; /* in this update */
};

void skp_delta_begin(struct skp_delta *d, char *buf, size_t max);
void skp_delta_number(struct skp_delta *d, const char *path, double value);
void skp_delta_text(struct skp_delta *d, const char *path, const char *text);
void skp_delta_bool(struct skp_delta *d, const char *path, bool value);
void skp_delta_null(struct skp_delta *d, const char *path);
void skp_delta_position(struct skp_delta *d, const char *path, double latitude, double longitude);
/* `json` must be one valid JSON value. */
void skp_delta_json(struct skp_delta *d, const char *path, const char *json, size_t len);
/* Later values go into a new update of the same delta. */
void skp_delta_next_update(struct skp_delta *d);
/* Closes and publishes. False, and nothing published, if the buffer was too small or no value was added. */
bool skp_delta_send(struct skp_delta *d);

/* Publish a notification. state: normal, alert, warn, alarm, emergency; shown and sounded. False if the host refused it. */
bool skp_notify(const char *path, const char *state, const char *message);

/* ---- Reading JSON -------------------------------------------------------------------------------------------------- */

enum skp_json_type { SKP_JSON_NULL, SKP_JSON_BOOL, SKP_JSON_NUMBER, SKP_JSON_TEXT, SKP_JSON_ARRAY, SKP_JSON_OBJECT };

/* One value inside a text that skp_json_parse has checked. A view: it lives as long as that text. */
struct skp_json {
    const char *at;
    const char *end;
};

/* Checks the whole text and sets `ret` to its value. False (and `ret` untouched) if it is not exactly one JSON value. */
bool skp_json_parse(const char *text, size_t len, struct skp_json *ret);
enum skp_json_type skp_json_type(const struct skp_json *v);

/*
 * The value at a path below `v`: member names and array indexes with dots between, "" for `v` itself. A member name that
 * itself holds a dot is reached with skp_json_member. Of repeated names the last one counts.
 */
bool skp_json_at(const struct skp_json *v, const char *path, struct skp_json *ret);
bool skp_json_member(const struct skp_json *v, const char *name, size_t len, struct skp_json *ret);
/* The next element of an array: start with *cursor = 0. False at the end, or if `v` is no array. */
bool skp_json_next(const struct skp_json *v, size_t *cursor, struct skp_json *ret);

/* These give false, and leave the result alone, when the value is absent or of another type. */
bool skp_json_number(const struct skp_json *v, const char *path, double *ret);
bool skp_json_bool(const struct skp_json *v, const char *path, bool *ret);
/* Escapes are undone. `out` is NUL-terminated: false also when the text with the NUL does not fit, or holds a NUL itself. */
bool skp_json_text(const struct skp_json *v, const char *path, char *out, size_t max);
bool skp_json_is_null(const struct skp_json *v, const char *path);

/* The own vessel's value at a path, e.g. "navigation.position.value". `ret` is a view into `buf`. False if there is none. */
bool skp_self(const char *path, char *buf, size_t max, struct skp_json *ret);

/* ---- The plugin ---------------------------------------------------------------------------------------------------- */

/* Exports the plugin's id, its name for people, and the JSON schema of its configuration. Once per plugin. */
#define SKP_PLUGIN(id, name, schema)                                                                                             \
    SKP_EXPORT("plugin_id") int32_t skp_export_id(char *out, size_t max)                                                         \
    {                                                                                                                            \
        return skp_give(out, max, id);                                                                                           \
    }                                                                                                                            \
    SKP_EXPORT("plugin_name") int32_t skp_export_name(char *out, size_t max)                                                     \
    {                                                                                                                            \
        return skp_give(out, max, name);                                                                                         \
    }                                                                                                                            \
    SKP_EXPORT("plugin_schema") int32_t skp_export_schema(char *out, size_t max)                                                 \
    {                                                                                                                            \
        return skp_give(out, max, schema);                                                                                       \
    }

/*
 * Each of these is followed by a function body. The argument is the name that the body uses.
 *
 *     SKP_ON_START(config) { …; return 0; }      config: const struct skp_json *, an object. Not 0 = the start failed; say why
 *                                                with skp_error first. A text that is no JSON never reaches the body.
 *     SKP_ON_STOP() { …; return 0; }             imports still work here.
 *     SKP_ON_POLL() { …; return 0; }             once a second while the plugin runs.
 *     SKP_ON_DELTA(json, len) { … }              each delta that the server takes in, the plugin's own too, of every vessel.
 */
#define SKP_ON_START(config)                                                                                                     \
    static int32_t skp_body_start(const struct skp_json *config);                                                                \
    SKP_EXPORT("plugin_start") int32_t skp_export_start(const char *text, size_t len)                                            \
    {                                                                                                                            \
        struct skp_json parsed;                                                                                                  \
        return skp_parse_config(text, len, &parsed) ? skp_body_start(&parsed) : 1;                                               \
    }                                                                                                                            \
    static int32_t skp_body_start(const struct skp_json *config)

#define SKP_ON_STOP() SKP_EXPORT("plugin_stop") int32_t skp_export_stop(void)
#define SKP_ON_POLL() SKP_EXPORT("poll") int32_t skp_export_poll(void)
#define SKP_ON_DELTA(json, len) SKP_EXPORT("delta_handler") void skp_export_delta(const char *json, size_t len)

/*
 * PUT. Call skp_register_put("navigation.x.y") in the start, and define
 *
 *     SKP_ON_PUT(navigation_x_y, value, reply) { skp_put_done(reply, 200, NULL); }
 *
 * with the dots of the path as underscores, letters kept as they are. value: const struct skp_json *.
 * Answer exactly once. A body that answers nothing gives status 500.
 */
#define SKP_ON_PUT(path_, value, reply)                                                                                          \
    static void skp_body_put_##path_(const struct skp_json *value, struct skp_writer *reply);                                    \
    SKP_EXPORT("handle_put_vessels_self_" #path_)                                                                                \
    int32_t skp_export_put_##path_(const char *text, size_t len, char *out, size_t max)                                          \
    {                                                                                                                            \
        return skp_run_put(text, len, out, max, skp_body_put_##path_);                                                           \
    }                                                                                                                            \
    static void skp_body_put_##path_(const struct skp_json *value, struct skp_writer *reply)

/* For the own vessel. Needs "putHandlers": true in package.json; false without it. */
bool skp_register_put(const char *path);
/* The request is finished: 200, or an error status with a message for the user. message may be NULL. */
void skp_put_done(struct skp_writer *reply, int status, const char *message);
/* The request goes on after the answer (status 202). */
void skp_put_pending(struct skp_writer *reply, const char *message);

/*
 * HTTP. Routes live under /plugins/<plugin id>. List them once, then define one handler per name:
 *
 *     SKP_HTTP_ENDPOINTS("[{\"method\":\"GET\",\"path\":\"/api/status\",\"handler\":\"http_status\"}]")
 *     SKP_ON_HTTP(http_status, request, reply)
 *     {
 *         skp_http_begin(reply, 200);
 *         skp_write_object(reply);
 *         skp_put_bool(reply, "running", true);
 *         skp_write_object_end(reply);
 *         skp_http_end(reply);
 *     }
 *
 * request: const struct skp_json *, an object with method, path, query, params, body, headers.
 */
#define SKP_HTTP_ENDPOINTS(json)                                                                                                 \
    SKP_EXPORT("http_endpoints") int32_t skp_export_http_endpoints(char *out, size_t max)                                        \
    {                                                                                                                            \
        return skp_give(out, max, json);                                                                                         \
    }

#define SKP_ON_HTTP(handler, request, reply)                                                                                     \
    static void skp_body_##handler(const struct skp_json *request, struct skp_writer *reply);                                    \
    SKP_EXPORT(#handler) int32_t skp_export_##handler(const char *text, size_t len, char *out, size_t max)                       \
    {                                                                                                                            \
        return skp_run_http(text, len, out, max, skp_body_##handler);                                                            \
    }                                                                                                                            \
    static void skp_body_##handler(const struct skp_json *request, struct skp_writer *reply)

/* Between these two write exactly one JSON value: the body. */
void skp_http_begin(struct skp_writer *reply, int status);
void skp_http_end(struct skp_writer *reply);
/* A whole answer {"error": message}. */
void skp_http_error(struct skp_writer *reply, int status, const char *message);

/*
 * Providers. Register in the start, and define the exports that the server asks (docs/plugins/reference.md lists them with their
 * requests):
 *
 *     SKP_ON_REQUEST(resources_get_resource, request, reply) { skp_write_null(reply); }
 *
 * request: const struct skp_json *. Write exactly one JSON value; {"error":…} for what went wrong. When it does not fit, the
 * server asks again with more room. radar_get_radars has no request and a macro of its own.
 */
bool skp_provide_resources(const char *type);
bool skp_provide_weather(const char *name);
bool skp_provide_radars(const char *name);

#define SKP_ON_REQUEST(export_, request, reply)                                                                                  \
    static void skp_body_##export_(const struct skp_json *request, struct skp_writer *reply);                                    \
    SKP_EXPORT(#export_) int32_t skp_export_##export_(const char *text, size_t len, char *out, size_t max)                       \
    {                                                                                                                            \
        return skp_run_request(text, len, out, max, skp_body_##export_);                                                         \
    }                                                                                                                            \
    static void skp_body_##export_(const struct skp_json *request, struct skp_writer *reply)

#define SKP_RADARS(json)                                                                                                         \
    SKP_EXPORT("radar_get_radars") int32_t skp_export_radars(char *out, size_t max)                                              \
    {                                                                                                                            \
        return skp_give(out, max, json);                                                                                         \
    }

/* A whole answer {"error": message}: there is none, or it was refused. */
void skp_reply_error(struct skp_writer *reply, const char *message);
/* A whole answer of the set functions of radars: {"success":true}, or with a message {"success":false,"error":message}. */
void skp_reply_success(struct skp_writer *reply, const char *error);

/* What the macros above call. Not for direct use. */
typedef void (*skp_handler)(const struct skp_json *input, struct skp_writer *reply);
int32_t skp_give(char *out, size_t max, const char *text);
bool skp_parse_config(const char *text, size_t len, struct skp_json *ret);
int32_t skp_run_put(const char *text, size_t len, char *out, size_t max, skp_handler handler);
int32_t skp_run_http(const char *text, size_t len, char *out, size_t max, skp_handler handler);
int32_t skp_run_request(const char *text, size_t len, char *out, size_t max, skp_handler handler);

#ifdef __cplusplus
}
#endif
#endif
