/* The house, wired: creates every part, connects them, runs the loop, takes them down in reverse. Owner: main thread = loop
 * thread. */
#ifndef SK_APP_SERVER_H
#define SK_APP_SERVER_H

#include "app/options.h"

/* Runs until SIGTERM or SIGINT. 0 after a clean stop. */
int sk_server_run(const struct sk_options *o, struct sk_errmsg *em);

#endif
