/* What of the server is announced on the local network, by its settings and environment. Owner: loop thread. */
#ifndef SK_APP_ANNOUNCE_H
#define SK_APP_ANNOUNCE_H

#include "api/api.h"
#include "app/mdns.h"
#include "app/options.h"
#include "store/settings.h"

/* NULL: nothing is announced: switched off, or the server listens to this machine only. `nmea_port` 0: it does not run. */
struct sk_mdns *sk_announce(const struct sk_api *api, const struct sk_settings *settings, const struct sk_options *options,
                            unsigned nmea_port, unsigned tls_port);

#endif
