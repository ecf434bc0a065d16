/*
 * One GET over HTTP or HTTPS, with redirects, through libcurl. Unlike a plugin's fetch it may go anywhere the user's registry
 * says, and uses the machine's proxy. Thread: any but the loop; blocks until it is done, fails, or is cancelled.
 */
#ifndef SK_NPM_DOWNLOAD_H
#define SK_NPM_DOWNLOAD_H

#include "base/base.h"
#include "base/err.h"

struct sk_download {
    const char *url;
    const char *accept;        /* NULL: anything */
    const char *authorization; /* value of that header, a secret; sent to the first host only. NULL: none */
    const char *ca_file;       /* further certificates; NULL: the system's */
    const char *proxy;         /* NULL: as the environment says */
    size_t max;                /* bytes; more is SK_ERR_LIMIT */
    /* Negative ends the download with that code and `em`. */
    int (*bytes)(void *arg, struct sk_span bytes, struct sk_errmsg *em);
    void (*progress)(void *arg, uint64_t done, uint64_t total); /* total 0: not known. NULL: nobody cares */
    bool (*cancelled)(void *arg);                               /* asked often. NULL: never */
    void *arg;
};

/* SK_ERR_NOTFOUND for 404, SK_ERR_DENIED for 401 and 403, SK_ERR_CLOSED when it was cancelled. The text names the host only: an
   address may hold secrets. */
int sk_download(const struct sk_download *d, struct sk_errmsg *em);

#endif
