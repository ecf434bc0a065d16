/*
 * HTTP requests of one plugin. sk_fetcher_run waits for the answer on the thread that calls it; sk_fetcher_begin has a thread of
 * its own do that. Only http and https; redirects are followed (20), each one's host and each resolved address is checked anew;
 * gzip and deflate are undone. Link-local addresses are refused always. Proxy settings of the environment are not used: a proxy
 * would hide where a request goes.
 *
 * Limits: requests at once (further ones wait; of those begun at most SK_FETCH_WAITING, then they are refused), bytes of an
 * answer, time of a whole request. All is counted in the figures; texts of errors name the host and never the rest of the URL,
 * which may hold secrets.
 */
#ifndef SK_NET_FETCH_H
#define SK_NET_FETCH_H

#include "net/fetch_request.h"
#include "net/figures.h"
#include "net/hosts.h"

#define SK_FETCH_WAITING 32u
#define SK_FETCH_REDIRECTS 20u

struct sk_fetcher;

struct sk_fetch_limits {
    size_t parallel, body_max, total_ms;
};

struct sk_fetch_response {
    int status;
    bool redirected;
    char *url;             /* that answered */
    struct sk_buf headers; /* "name: value" with a NUL behind each */
    struct sk_buf body;
};
void sk_fetch_response_finish(struct sk_fetch_response *r);
/* An object with lower-case names; a header that came several times has a list. */
void sk_fetch_response_write_headers(const struct sk_fetch_response *r, struct sk_buf *out);

/* Answers requests in place of the network. Thread: any, several at once. */
struct sk_stand_in {
    int (*answer)(void *arg, const struct sk_fetch_request *req, struct sk_fetch_response *ret_response, struct sk_errmsg *em);
    void *arg;
};

struct sk_fetcher_options {
    const char *name;          /* of the plugin, for log lines */
    struct sk_hosts *hosts[2]; /* taken; NULL: no such list */
    struct sk_fetch_limits limits;
    /* Addresses that are refused, beside the link-local ones. With it a host is refused as a whole when one of its addresses is,
       and the request goes to the addresses that were looked at. NULL: none. */
    bool (*refuse)(const struct sk_address *a);
    struct sk_net_figures *figures; /* a reference is taken */
    void (*wake)(void *arg);        /* thread: any; a request that was begun is done. Not called any more after sk_fetcher_shut */
    void *arg;
    bool quiet;                         /* failures are counted, and told to who asked only */
    const struct sk_stand_in *stand_in; /* outlives the fetcher; NULL: none */
};

struct sk_fetcher *sk_fetcher_create(const struct sk_fetcher_options *o);
/* Cancels what goes on and waits for it, a second at most. */
void sk_fetcher_shut(struct sk_fetcher *f);
void sk_fetcher_destroy(struct sk_fetcher *f); /* after sk_fetcher_shut; NULL is fine */

/* Thread: the owner's. Waits up to `ms`, or what the request or the limits say when that is less. `cancelled` is asked every few
   hundredths of a second; true ends the request (SK_ERR_CLOSED). On an error, which is counted and logged, the response is empty.
 */
int sk_fetcher_run(struct sk_fetcher *f, struct sk_fetch_request *req, unsigned ms, bool (*cancelled)(void *arg), void *arg,
                   struct sk_fetch_response *ret_response, struct sk_errmsg *em);
/* A failure before there is a request, e.g. one that cannot be parsed: counted and logged as one of a request. */
void sk_fetcher_failed(struct sk_fetcher *f, const struct sk_errmsg *em);

struct sk_fetch_done {
    struct sk_fetch_done *next;
    int32_t id;
    struct sk_fetch_response response; /* status 0: failed */
    struct sk_errmsg em;               /* why it failed */
};
/* Thread: the owner's. Takes the request's contents, also on an error. */
int sk_fetcher_begin(struct sk_fetcher *f, struct sk_fetch_request *req, int32_t id, struct sk_errmsg *em);
bool sk_fetcher_has_done(struct sk_fetcher *f);              /* thread: any; no lock */
bool sk_fetcher_busy(struct sk_fetcher *f);                  /* thread: any; requests that were begun and not taken */
struct sk_fetch_done *sk_fetcher_take(struct sk_fetcher *f); /* thread: the owner's; NULL: none is done */
void sk_fetch_done_destroy(struct sk_fetch_done *d);

#endif
