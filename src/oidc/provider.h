/*
 * What an identity provider says of itself: its discovery document (OpenID Connect Discovery 1.0, section 3). Pure. Thread: any.
 */
#ifndef SK_OIDC_PROVIDER_H
#define SK_OIDC_PROVIDER_H

#include "base/buf.h"
#include "base/err.h"

struct sk_oidc_provider {
    char *issuer, *authorization, *token, *jwks; /* addresses */
    char *userinfo, *end_session;                /* NULL: it has none */
    bool basic, post;                            /* how its token endpoint wants to be told the client's secret */
    bool says_issuer;                            /* in the answer to a login (RFC 9207) */
};

/* Where the document of an issuer lies (section 4). */
void sk_oidc_provider_address(const char *issuer, struct sk_buf *out);
/* SK_ERR_INVALID: not the document of that issuer, or something in it is missing or cannot be used; `em` names it. */
int sk_oidc_provider_read(const char *issuer, struct sk_span json, struct sk_oidc_provider *ret, struct sk_errmsg *em);
void sk_oidc_provider_finish(struct sk_oidc_provider *p); /* zeroed is fine */

#endif
