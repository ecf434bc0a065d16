/* Private to src/tls: what the front offers to clients. Thread: any. */
#ifndef SK_TLS_SSL_H
#define SK_TLS_SSL_H

#include "base/openssl.h"
#include "tls/keys.h"

/* What a server with these keys offers. SK_ERR_INVALID says what is wrong with them. */
int sk_ssl_context(const struct sk_keys *keys, SSL_CTX **ret_ctx, struct sk_errmsg *em);

#endif
