/*
 * Makes certificates (X.509 v3, RFC 5280) with OpenSSL's libcrypto, loaded when first used: a server certificate that signs
 * itself, or a boat's own certificate authority and server certificates signed by it. Keys are ECDSA P-256: a small computer
 * makes a handshake with one in a fraction of a millisecond. Texts are PEM. Thread: any; the calls block for some milliseconds.
 * Keys are secrets: sk_cert_wipe what is no longer needed.
 */
#ifndef SK_TLS_CERTIFICATE_H
#define SK_TLS_CERTIFICATE_H

#include "base/buf.h"
#include "base/err.h"

#define SK_CERT_NAMES_MAX 64u
#define SK_CERT_PEM_MAX ((size_t)64 * 1024)

struct sk_cert_pair {
    struct sk_buf certificate, key;
};

/* What a certificate is for: host names and addresses as text. */
struct sk_cert_names {
    const char *names[SK_CERT_NAMES_MAX];
    size_t count;
};

/* May `name` stand in a certificate: a host name (also "*.boat.lan"), or an IPv4 or IPv6 address. */
bool sk_cert_name_ok(const char *name);

/* The buffers of `ret_pair` are initialised here, also when it fails. */
int sk_cert_make_self_signed(const struct sk_cert_names *names, unsigned days, struct sk_cert_pair *ret_pair,
                             struct sk_errmsg *em);
/* Its subject is `common_name`; it signs certificates, not servers. */
int sk_cert_make_authority(const char *common_name, unsigned days, struct sk_cert_pair *ret_pair, struct sk_errmsg *em);
/* A server certificate signed by `authority`. SK_ERR_INVALID: that is no authority, or its key belongs to another one. */
int sk_cert_issue(const struct sk_cert_pair *authority, const struct sk_cert_names *names, unsigned days,
                  struct sk_cert_pair *ret_pair, struct sk_errmsg *em);
#define SK_CERT_TEXT_MAX 4096u
struct sk_cert_info {
    char names[SK_CERT_TEXT_MAX]; /* "DNS:boat, IP Address:10.0.0.2"; cut when there are very many */
    char until[32];               /* ISO 8601 */
    char fingerprint[3 * 32];     /* SHA-256, "AB:CD:..." */
};
/* Of the first certificate of a PEM text. */
int sk_cert_read(struct sk_span pem, struct sk_cert_info *ret_info, struct sk_errmsg *em);
void sk_cert_wipe(struct sk_cert_pair *pair);

#endif
