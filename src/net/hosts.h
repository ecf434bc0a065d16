/*
 * Which hosts a plugin may fetch from: names, "*.name" for all names below one, addresses, and ranges of addresses. Two lists can
 * be given (the server's settings and the plugin's own configuration); a host has to be on each that is there.
 * Immutable once made. Thread: any.
 */
#ifndef SK_NET_HOSTS_H
#define SK_NET_HOSTS_H

#include "base/json.h"
#include "net/address.h"

#define SK_HOSTS_MAX 256u /* entries of one list */

struct sk_hosts;

/* `list`: an array of texts, or NULL: everything is allowed. What is no such list gives one that allows nothing, and an error
   that names the entry: a typing mistake must not open a door. */
int sk_hosts_create(const yyjson_val *list, struct sk_hosts **ret_hosts, struct sk_errmsg *em);
void sk_hosts_destroy(struct sk_hosts *h); /* NULL is fine */

enum sk_hosts_answer {
    SK_HOSTS_NO,
    SK_HOSTS_BY_ADDRESS, /* the name is not listed, but addresses are: sk_hosts_address decides when it is looked up */
    SK_HOSTS_YES,
};
/* `host`: a name, or a numeric address without brackets. A NULL list allows all. */
enum sk_hosts_answer sk_hosts_name(const struct sk_hosts *h, struct sk_span host);
bool sk_hosts_address(const struct sk_hosts *h, const struct sk_address *a);

#endif
