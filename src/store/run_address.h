/*
 * Where the server of a configuration folder can be asked, for the commands of this machine: the file skiff-address.json is there
 * while it runs, and worth nothing when its process is gone. Thread: any; blocks.
 */
#ifndef SK_STORE_RUN_ADDRESS_H
#define SK_STORE_RUN_ADDRESS_H

#include "base/err.h"

#include <limits.h>

#define SK_RUN_ADDRESS_MAX 300

struct sk_run_address {
    char url[SK_RUN_ADDRESS_MAX]; /* "http://host:port", or https */
    char certificate[PATH_MAX];   /* file of the one that it shows; "": no HTTPS */
};

/* `host`: where it listens; all addresses ("0.0.0.0", "::") and NULL become the loopback one. `certificate` NULL: no HTTPS. */
int sk_run_address_write(const char *config_dir, const char *host, unsigned port, const char *certificate, struct sk_errmsg *em);
/* Of the server that runs there. SK_ERR_NOTFOUND: none does. */
int sk_run_address_read(const char *config_dir, struct sk_run_address *ret_address, struct sk_errmsg *em);
void sk_run_address_remove(const char *config_dir);

#endif
