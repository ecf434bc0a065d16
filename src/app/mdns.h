/*
 * Announces the server on the local network (DNS-SD over mDNS) through the avahi daemon, when there is one. libavahi-client is
 * loaded when the daemon is there, on the thread pool; without either nothing happens, and the daemon may come later.
 * Owner: loop thread. Avahi's own thread serves its callbacks and touches nothing of the server. Spec: RFC 6763, Signal K
 * "Discovery and Connection Establishment".
 */
#ifndef SK_APP_MDNS_H
#define SK_APP_MDNS_H

#include "base/loop.h"

#define SK_MDNS_SERVICES_MAX 8u
#define SK_MDNS_TXT_MAX 16u
#define SK_MDNS_TEXT_MAX 255u /* bytes of a TXT string, by RFC 6763 */

struct sk_mdns_options {
    struct sk_loop *loop;
    const char *name; /* of the services; NULL: the machine's host name */
    const char *host; /* where they are; NULL: this machine */
    struct sk_mdns_service {
        const char *type; /* a literal: "_http._tcp" */
        unsigned port;
    } services[SK_MDNS_SERVICES_MAX];
    size_t service_count;
    char txt[SK_MDNS_TXT_MAX][SK_MDNS_TEXT_MAX + 1]; /* "key=value", the same for all services */
    size_t txt_count;
};

struct sk_mdns;

struct sk_mdns *sk_mdns_start(const struct sk_mdns_options *o);
/* Withdraws the services, which may take a moment. Run the loop until sk_mdns_idle, then stop. NULL is fine. */
bool sk_mdns_idle(const struct sk_mdns *m);
void sk_mdns_stop(struct sk_mdns *m);

#endif
