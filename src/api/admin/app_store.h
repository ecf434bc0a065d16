/*
 * /skServer/appstore: finding, installing, updating and removing plugins and webapps from the admin page, by skiff's own
 * installer. One operation at a time, others wait; each change is told to administrators as the event APP_STORE_CHANGED, and how
 * far a download is as APP_STORE_PROGRESS. The registry is asked only when somebody opens the page. Owner: loop thread; what
 * blocks happens on a thread of its own (operations) or the thread pool (reading folders).
 */
#ifndef SK_API_APP_STORE_H
#define SK_API_APP_STORE_H

#include "api/api.h"

struct sk_app_store *sk_app_store_create(struct sk_api *api);
void sk_app_store_add_routes(struct sk_app_store *s);
void sk_app_store_stop(struct sk_app_store *s);       /* what is under way ends soon; nothing new begins */
bool sk_app_store_idle(const struct sk_app_store *s); /* but for what api/pool.h has of it; NULL: true */
void sk_app_store_destroy(struct sk_app_store *s);    /* idle, and no job of the pool under way; NULL is fine */

#endif
