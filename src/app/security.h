/* Switches security on as settings, command line and environment say. Owner: loop thread. */
#ifndef SK_APP_SECURITY_H
#define SK_APP_SECURITY_H

#include "api/api.h"
#include "app/options.h"

/* Reads security.json; blocks, before the loop runs. */
int sk_security_start(struct sk_api *api, const struct sk_options *o, struct sk_settings *settings, struct sk_errmsg *em);
bool sk_security_idle(const struct sk_api *api); /* nothing is being computed or saved */
void sk_security_stop(struct sk_api *api);       /* idle only; also when it never started */

#endif
