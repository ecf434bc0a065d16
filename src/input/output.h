/*
 * The NMEA 0183 door: a TCP port (10110) where every sentence that came in, and those that converters make, goes to every client,
 * a line each. What clients send is data for the connections of type "tcpserver". Owner: loop thread.
 * Limits: SK_0183_CLIENTS_MAX clients; lines of 2,048 bytes; over 512 KiB unsent a client loses lines, over 30 s of it the door
 * closes for that client.
 */
#ifndef SK_INPUT_OUTPUT_H
#define SK_INPUT_OUTPUT_H

#include "base/err.h"
#include "base/loop.h"
#include "input/bus.h"

#define SK_0183_CLIENTS_MAX 64u

struct sk_output;

/* `line`: a client sent it; `origin` is the client's. */
int sk_output_create(struct sk_loop *loop, struct sk_bus *bus, const char *address, unsigned port,
                     void (*line)(void *arg, const void *origin, struct sk_span line), void *arg, struct sk_output **ret_output,
                     struct sk_errmsg *em);
/* The memory goes in later turns. */
void sk_output_destroy(struct sk_output *o);

#endif
