/*
 * Requests for access that wait for an administrator: of devices, and of people who want a user. Kept in memory only, at most
 * SK_ACCESS_REQUESTS_PENDING undecided ones; decided and undecided ones are forgotten an hour after they came.
 * What a client says of itself is shown to the administrator and never acted upon: the role is the one the administrator grants.
 * Owner: loop thread. Decides with the time it is given.
 */
#ifndef SK_AUTH_ACCESS_REQUEST_H
#define SK_AUTH_ACCESS_REQUEST_H

#include "auth/security.h"
#include "base/clock.h"

#define SK_ACCESS_REQUESTS_PENDING 100u
#define SK_ACCESS_REQUESTS_KEPT 1000u
#define SK_ACCESS_DESCRIPTION_MAX 256u

struct sk_access_requests;

struct sk_access_request {
    struct sk_access_request *next;
    char id[SK_UUID_SIZE];               /* the server's own: who knows it may fetch the answer */
    char identifier[SK_SUBJECT_MAX + 1]; /* client id or user name */
    char description[SK_ACCESS_DESCRIPTION_MAX + 1];
    char ip[64];
    char hash[64];       /* a user's password; "" for a device */
    enum sk_role wanted; /* NONE: did not say */
    bool device, decided, approved;
    int64_t came_ms; /* wall clock */
    uint64_t came_mono_ms;
    char *token;                                              /* of an approved device; handed out once */
    void (*answered)(void *arg, struct sk_access_request *r); /* the socket that waits; NULL: none */
    void *answered_arg;
};

struct sk_access_input {
    struct sk_span identifier, description;
    const char *ip;
    const char *hash; /* NULL: a device */
    enum sk_role wanted;
};

struct sk_access_requests *sk_access_requests_create(void);
void sk_access_requests_destroy(struct sk_access_requests *q);

/* SK_ERR_LIMIT: too many undecided ones; SK_ERR_EXISTS: that one has asked already; SK_ERR_INVALID: a name or text that cannot be
   shown. *ret_request lives until it is forgotten. */
int sk_access_requests_add(struct sk_access_requests *q, const struct sk_access_input *in, uint64_t now_ms,
                           struct sk_access_request **ret_request, struct sk_errmsg *em);
struct sk_access_request *sk_access_requests_find(struct sk_access_requests *q, struct sk_span id, uint64_t now_ms);
/* The undecided one of that client or user name; NULL: none. */
struct sk_access_request *sk_access_requests_pending(struct sk_access_requests *q, struct sk_span identifier, uint64_t now_ms);
struct sk_access_request *sk_access_requests_first(struct sk_access_requests *q);
/* `token` NULL: none, else from malloc and taken over. Tells the socket that waits. */
void sk_access_request_decide(struct sk_access_request *r, bool approved, char *token);
/* The socket has left. */
void sk_access_requests_forget_listener(struct sk_access_requests *q, const void *arg);

/* What the asking client is told; hands the token out, and wipes it. */
void sk_access_request_answer(struct sk_access_request *r, struct sk_buf *out);
/* What the administrator sees: all undecided ones, without any secret. */
void sk_access_requests_write(struct sk_access_requests *q, uint64_t now_ms, struct sk_buf *out);

#endif
