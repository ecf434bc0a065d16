/*
 * Addresses of an identity provider and of this server towards it. Pure. Thread: any.
 */
#ifndef SK_OIDC_URL_H
#define SK_OIDC_URL_H

#include "base/base.h"
#include "base/err.h"

#define SK_OIDC_URL_MAX 2048u

/*
 * Absolute, https, or http to this machine itself (localhost, 127.0.0.1, [::1]); a host, no user, no fragment; printable ASCII
 * only. SK_ERR_INVALID: `em` says which of these it is not.
 */
int sk_oidc_url_check(struct sk_span url, struct sk_errmsg *em);
/* Scheme, host and port of one that has been checked: "https://boat.example:3443". */
struct sk_span sk_oidc_url_origin(struct sk_span url);

#endif
