/* The client's own struct, for the files of this folder only. */
#ifndef SK_OIDC_OIDC_PRIVATE_H
#define SK_OIDC_OIDC_PRIVATE_H

#include "auth/budget.h"
#include "jose/jws.h"
#include "net/ask.h"
#include "oidc/oidc.h"
#include "oidc/state.h"

#define SK_OIDC_ANSWER_MAX ((size_t)256 * 1024)
#define SK_OIDC_KEEP_MS 3600000u
#define SK_OIDC_USED_MAX 1024u /* logins of the last ten minutes; of more, the oldest are forgotten */

struct sk_oidc {
    struct sk_loop *loop;
    struct sk_auth *auth;
    struct sk_asks *asks;
    struct sk_oidc_config config;
    unsigned generation; /* counts the changes of the settings */
    struct sk_oidc_provider provider;
    uint64_t provider_until_ms; /* 0: not known */
    struct sk_oidc_waiter *waiters;
    struct sk_jwks keys;
    uint64_t keys_until_ms; /* 0: not known */
    struct sk_budget more_keys;
    unsigned char (*used)[16]; /* what their states begin with; NULL before the first login */
    size_t used_next;
    unsigned logins; /* on their way */
};

/* 0 when the answer is a JSON object with status 200; `what` names who answered in the error. Free the document. */
int sk_oidc_read_answer(const char *what, int status, struct sk_span body, const struct sk_errmsg *failed, yyjson_doc **ret_doc,
                        struct sk_errmsg *em);
/* A GET that wants JSON. */
void sk_oidc_request(struct sk_fetch_request *req, const char *url);

#endif
