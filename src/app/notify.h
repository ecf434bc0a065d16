/*
 * What systemd hears of the server (sd_notify(3), without its library): READY=1 when its doors are open, WATCHDOG=1 while its
 * loop turns, STOPPING=1. Nothing happens when NOTIFY_SOCKET does not say where. Owner: main thread, then loop.
 */
#ifndef SK_APP_NOTIFY_H
#define SK_APP_NOTIFY_H

#include "base/loop.h"

struct sk_notify {
    int fd; /* -1: nobody listens */
    bool ticking;
    uv_timer_t timer; /* at half of the time that the watchdog allows: late by as much as the loop stands still */
};

/* Before the server confines itself: an address may be of a kind that it cannot reach any more. */
void sk_notify_open(struct sk_notify *n);
void sk_notify_ready(struct sk_notify *n, struct sk_loop *loop);
void sk_notify_stopping(struct sk_notify *n); /* for good: not when it is about to start anew; the watchdog is still fed */
void sk_notify_close(struct sk_notify *n);    /* before the loop is destroyed */

#endif
