/*
 * What the server shows who it is with: ssl-cert.pem, ssl-key.pem and, when there are any, the certificates between them and a
 * known authority in ssl-chain.pem. Names as the Node server has them. Thread: any; the calls block.
 */
#ifndef SK_TLS_KEYS_H
#define SK_TLS_KEYS_H

#include "tls/certificate.h"

#define SK_KEYS_CERTIFICATE "ssl-cert.pem"
#define SK_KEYS_KEY "ssl-key.pem"
#define SK_KEYS_CHAIN "ssl-chain.pem"
#define SK_KEYS_AUTHORITY "ssl-ca-cert.pem" /* made by `skiff tls new`; this one is for everybody to install */
#define SK_KEYS_AUTHORITY_KEY "ssl-ca-key.pem"
#define SK_KEYS_SELF_SIGNED_DAYS 3650u

struct sk_keys {
    struct sk_cert_pair pair;
    struct sk_buf chain; /* empty: none */
};

/*
 * Reads them from `dir`. Where neither certificate nor key is there, a self-signed pair is made and kept. A key that others than
 * its owner may read is closed to them (as is the certificate), with a warning. SK_ERR_NOTFOUND: one of the two is missing.
 */
int sk_keys_load(const char *dir, struct sk_keys *ret_keys, struct sk_errmsg *em);
/* A pair for this run only, when those of the folder cannot be used. */
int sk_keys_temporary(struct sk_keys *ret_keys, struct sk_errmsg *em);
/* One PEM file of `dir`, appended to `out`. */
int sk_keys_read(const char *dir, const char *name, struct sk_buf *out, struct sk_errmsg *em);
int sk_keys_write(const char *dir, const char *name, const struct sk_buf *text, struct sk_errmsg *em);
void sk_keys_wipe(struct sk_keys *keys);

/* This computer by name (as is, with .local, localhost) and by the addresses of its interfaces. free() each, and the array. */
size_t sk_keys_own_names(char *ret_names[SK_CERT_NAMES_MAX]);

#endif
