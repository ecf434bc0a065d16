/*
 * Lines that connections hand on under the name of an event: "nmea0183" carries every sentence that comes in, "nmea0183out" what
 * converters make, and a connection may announce its lines under names of its own. Whoever forwards lines taps the names it
 * wants. Owner: loop thread.
 *
 * Loops: two servers that forward to each other would pass a line round for ever. A line that was handed on less than
 * SK_BUS_ECHO_MS ago is not handed on again when it comes from somewhere else; it is counted in `echoes`.
 */
#ifndef SK_INPUT_BUS_H
#define SK_INPUT_BUS_H

#include "base/frame.h"

#define SK_BUS_ECHO_MS 10000

struct sk_bus;

struct sk_bus_tap {
    struct sk_bus_tap *next;
    const char *const *names;                                    /* events, NULL at the end; NULL: none */
    const void *origin;                                          /* lines from there are not handed back; NULL: all are */
    void (*line)(struct sk_bus_tap *tap, struct sk_frame *line); /* takes a reference of its own if it keeps the frame */
};

struct sk_bus *sk_bus_create(void);
void sk_bus_destroy(struct sk_bus *b); /* all taps must be gone */
void sk_bus_add(struct sk_bus *b, struct sk_bus_tap *tap);
void sk_bus_remove(struct sk_bus *b, struct sk_bus_tap *tap);
/* Under each of the names. `origin` tells senders apart. A line goes to a tap once, however many names it came under. */
void sk_bus_publish(struct sk_bus *b, const char *const *names, const void *origin, struct sk_span line, uint64_t now_ms);
uint64_t sk_bus_echoes(const struct sk_bus *b);

#endif
