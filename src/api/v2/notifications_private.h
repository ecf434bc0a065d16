/* Shared by notifications.c (routes) and notifications_keep.c (over a restart). Owner: loop thread. */
#ifndef SK_API_NOTIFICATIONS_PRIVATE_H
#define SK_API_NOTIFICATIONS_PRIVATE_H

#include "api/v2/notifications.h"
#include "hub/alarms.h"
#include "store/saver.h"

#define SK_NOTIFICATION_ROUTES 10

struct sk_notifications {
    struct sk_api *api;
    struct sk_alarms *alarms; /* NULL: not managed */
    struct sk_saver *saver;
    uv_timer_t *timer; /* of the next save */
    bool unsaved;
    uint64_t saved_ms; /* when the last save began */
    struct sk_route routes[SK_NOTIFICATION_ROUTES];
};

/* Saves now and tells when it is on disk. */
void sk_notifications_save(struct sk_notifications *n, sk_saver_done done, void *arg);
/* PUT to <notification>.method and <notification>.state. */
void sk_notifications_put(struct sk_request *r, void *arg);

#endif
