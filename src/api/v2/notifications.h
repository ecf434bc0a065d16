/*
 * Notifications over HTTP (/signalk/v2/api/notifications) and over a restart: alarms that are not normal are kept in
 * serverState/notifications/alarms.json with what the user did about them. Owner: loop thread.
 */
#ifndef SK_API_NOTIFICATIONS_H
#define SK_API_NOTIFICATIONS_H

#include "api/api.h"

struct sk_notifications;

/* `managed` false (setting notifications.manageNotifications): they pass as they come, without ids, and nothing is kept.
   Alarms of the last run go out at once. */
struct sk_notifications *sk_notifications_start(struct sk_api *api, bool managed);
/* Behind the base deltas: what nobody watches any more ends. */
void sk_notifications_settle(struct sk_notifications *n);
void sk_notifications_add_routes(struct sk_notifications *n);
/* Saves what is not saved yet; then run the loop until idle. */
void sk_notifications_flush(struct sk_notifications *n);
bool sk_notifications_idle(const struct sk_notifications *n);
void sk_notifications_destroy(struct sk_notifications *n); /* before the hub, idle only; NULL is fine */

#endif
