/*
 * Other boats' servers, asked for the administrator who sets a connection to one up: is it there, does the token work, may I have
 * one? POST /skServer/testSignalKConnection, requestAccess, checkAccessRequest. Such a question must not become a way to look
 * around in the network: each address a name has is checked (sk_address_is_no_peer) and the connection made to what was checked,
 * redirects are not followed, an answer has at most 64 KiB, all takes at most ten seconds, and whatever goes wrong has one text.
 * Owner: loop thread. Full means: four questions at once, a further one is answered 503.
 */
#ifndef SK_API_REMOTE_H
#define SK_API_REMOTE_H

#include "api/api.h"

struct sk_remote;

struct sk_remote *sk_remote_create(struct sk_api *api);
void sk_remote_add_routes(struct sk_remote *remote);
void sk_remote_stop(struct sk_remote *remote); /* answers what is open; NULL is fine, here and below */
bool sk_remote_idle(struct sk_remote *remote);
void sk_remote_destroy(struct sk_remote *remote); /* stopped and idle */

#endif
