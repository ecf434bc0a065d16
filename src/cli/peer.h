/*
 * The server that a command talks to: the one of a configuration folder, or one by its address. Over HTTPS the one of the folder
 * must show exactly the certificate of the folder, so a name that it does not hold, or a date that a boat's clock got wrong, does
 * not matter; one by its address must show one that is good for that name and signed by whom the system knows, or by the boat's
 * own authority. Thread: main; blocks.
 */
#ifndef SK_CLI_PEER_H
#define SK_CLI_PEER_H

#include "base/buf.h"
#include "store/run_address.h"

struct sk_cli_peer {
    char url[SK_RUN_ADDRESS_MAX];
    const char *token;          /* NULL: none */
    struct sk_span certificate; /* that it must show (PEM); {NULL,0}: one that is signed */
    char *owned;
};

/* `url` NULL: the server of the folder; SK_ERR_NOTFOUND: none runs there. `token` NULL: $SIGNALK_TOKEN. Always to be finished. */
int sk_cli_peer_find(struct sk_cli_peer *ret, const char *config_dir, const char *url, const char *token, struct sk_errmsg *em);
void sk_cli_peer_finish(struct sk_cli_peer *p);

/* GET of `path`; blocks, at most about ten seconds. A status other than 200 is an error that says it. */
int sk_cli_get(const struct sk_cli_peer *peer, const char *path, struct sk_buf *ret_body, struct sk_errmsg *em);
/* The same as a POST of JSON. */
int sk_cli_post(const struct sk_cli_peer *peer, const char *path, const char *body, struct sk_buf *ret_body,
                struct sk_errmsg *em);

#endif
