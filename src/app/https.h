/*
 * HTTPS, when the user wants it: the TLS front hands its clients to the HTTP server, and the plain port only says where to go
 * now. Also the page from which a phone installs the boat's certificate authority (made by `skiff tls new`), on both. Owner: main
 * thread.
 */
#ifndef SK_APP_HTTPS_H
#define SK_APP_HTTPS_H

#include "api/api.h"
#include "app/options.h"
#include "store/settings.h"

#define SK_HTTPS_OWN_FOLDER "./settings" /* where the Node server looks for keys first */

struct sk_https;

/* The setting `ssl`, or SSLPORT. */
bool sk_https_wanted(const struct sk_settings *settings);
/* Of the authority: /skiff/ca and /skiff/ca.crt. */
void sk_https_add_routes(struct sk_api *api, struct sk_http_server *http);
/* `plain_port` leads to HTTPS from now on. With doors that were passed only those are used. */
int sk_https_start(struct sk_api *api, const struct sk_options *o, const struct sk_settings *settings, unsigned plain_port,
                   struct sk_https **ret_https, struct sk_errmsg *em);
unsigned sk_https_port(const struct sk_https *h);
char *sk_https_certificate(const struct sk_https *h); /* its file; free() it */
/* Runs the loop until all is closed; api->http must still be there. NULL is fine. False: it did not end in time. */
bool sk_https_stop(struct sk_https *h, unsigned deadline_ms);

#endif
