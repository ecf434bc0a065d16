/* A fetch on the plugin's own thread, and how its time counts. Only for imports_*.c. Thread: a worker, during a host call. */
#ifndef SK_PLUGIN_WAITING_H
#define SK_PLUGIN_WAITING_H

#include "net/fetch.h"
#include "plugin/guest_impl.h"

#define SK_FETCH_BODY_MAX ((size_t)50 * 1024 * 1024) /* of a request */

/* As sk_fetcher_run. The network's time does not count against the call's deadline, up to two minutes a call; in plugin_stop it
   does. A stop of the plugin ends it at once. */
int sk_guest_fetch(struct sk_guest *g, struct sk_fetch_request *req, struct sk_fetch_response *ret_response,
                   struct sk_errmsg *em);

#endif
