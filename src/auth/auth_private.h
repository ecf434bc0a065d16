/* The authoriser's own struct, for the files of this folder only. */
#ifndef SK_AUTH_AUTH_PRIVATE_H
#define SK_AUTH_AUTH_PRIVATE_H

#include "auth/auth.h"
#include "store/saver.h"

#define SK_PASSWORD_JOBS_MAX 64u /* waiting for the pool; further ones are refused */

struct sk_auth {
    struct sk_loop *loop;
    struct sk_security *security;
    struct sk_saver *saver;
    bool on, switched;
    struct sk_budget logins, statuses, requests, refusals;
    struct sk_password_job *jobs; /* the first is being computed */
    unsigned job_count;
    bool working;
    uv_work_t work;
};

/* refuse.c: the answer, and the reason in the log, a few times for an address and then no more for a while. `p` NULL: nobody. */
void sk_auth_refuse_token(struct sk_auth *a, struct sk_http_req *req, const struct sk_errmsg *why);
void sk_auth_refuse_role(struct sk_auth *a, struct sk_http_req *req, const struct sk_principal *p, enum sk_access needed);

#endif
