/* Inside of a fetcher; only for fetch.c and transfer.c. */
#ifndef SK_NET_FETCH_IMPL_H
#define SK_NET_FETCH_IMPL_H

#include "net/fetch.h"

/* One request with its redirects, on the calling thread. The hosts and limits must not change meanwhile. */
struct sk_transfer_options {
    const struct sk_hosts *hosts[2];
    bool (*refuse)(const struct sk_address *a); /* see sk_fetcher_options */
    size_t body_max;
    uint64_t deadline_ms; /* monotonic */
    bool (*cancelled)(void *arg);
    void *arg;
};
/* The request is changed by redirects. The error names the host where there is one. */
int sk_transfer(const struct sk_transfer_options *o, struct sk_fetch_request *req, struct sk_fetch_response *ret,
                struct sk_errmsg *em);

#endif
