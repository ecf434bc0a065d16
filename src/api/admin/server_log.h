/*
 * The log in the browser: the last lines and each new one to administrators who asked (a subscription to "log" on their stream),
 * and which debug namespaces are on. Lines come from any thread; all the rest is the loop thread's.
 * Limits: the last 100 lines are kept; at most 100 new ones are sent each 100 ms, older ones of a flood are left out.
 * File: `debug` in the configuration folder holds the namespaces while they shall be remembered.
 */
#ifndef SK_API_SERVER_LOG_H
#define SK_API_SERVER_LOG_H

#include "api/stream/stream.h"

struct sk_server_log;

/* Begins to listen to the log, and switches remembered namespaces on. One at a time; blocks (before other threads start). */
struct sk_server_log *sk_server_log_create(struct sk_api *api, const char *config_dir);
void sk_server_log_close(struct sk_server_log *l);   /* closes its timer; it still listens */
void sk_server_log_destroy(struct sk_server_log *l); /* idle only, when no other thread logs any more */
bool sk_server_log_idle(const struct sk_server_log *l);
/* debugKeys, debug, rememberDebug */
void sk_server_log_add_routes(struct sk_api *api);

/* A message of a stream may ask for the log, or not any more. */
void sk_server_log_subscribe(struct sk_stream *s, const yyjson_val *message);
void sk_server_log_unsubscribe(struct sk_stream *s, const yyjson_val *message);
/* The newest lines that tell of trouble, newest first, at most `max`: [{"time","text"}] */
void sk_server_log_write_trouble(struct sk_server_log *l, size_t max, struct sk_buf *out);
/* {"debugEnabled":"…","rememberDebug":false} */
void sk_server_log_write_settings(const struct sk_server_log *l, struct sk_buf *out);

#endif
