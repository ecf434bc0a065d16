/*
 * Is this ID token about somebody who logs in here and now: OpenID Connect Core 1.0, section 3.1.3.7. The signature has been
 * verified before (jose/jws.h). Pure: decides with the time it is given. Thread: any.
 */
#ifndef SK_OIDC_ID_TOKEN_H
#define SK_OIDC_ID_TOKEN_H

#include "base/json.h"
#include "jose/crypto.h"

#define SK_OIDC_LEEWAY_S 60      /* that clocks may differ */
#define SK_OIDC_ISSUED_MAX_S 600 /* since it was issued */
#define SK_OIDC_SUBJECT_MAX 255u /* bytes of "sub" */

struct sk_oidc_expected {
    const char *issuer, *client_id, *nonce;
    struct sk_span access_token; /* {NULL,0}: none came with it */
    enum sk_jose_alg alg;        /* that signed the token */
    int64_t now_s;
};

/* SK_ERR_DENIED: `em` says which claim is wrong. */
int sk_oidc_id_token_check(const yyjson_val *claims, const struct sk_oidc_expected *e, struct sk_errmsg *em);

#endif
