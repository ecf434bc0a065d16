/* The house, wired: creates every part, connects them, runs the loop, takes them down in reverse. Owner: main thread = loop
 * thread. */
#ifndef SK_APP_SERVER_H
#define SK_APP_SERVER_H

#include "app/options.h"

/* Runs until SIGTERM or SIGINT, or until an administrator asks for a restart: then *ret_again is true. 0 after a clean stop. */
int sk_server_run(const struct sk_options *o, bool *ret_again, struct sk_errmsg *em);

#endif
