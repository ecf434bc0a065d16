/* Private to src/tls: the functions of OpenSSL's libssl that the front uses, loaded with the first front. Thread: any. */
#ifndef SK_TLS_SSL_H
#define SK_TLS_SSL_H

#include "base/err.h"
#include "tls/keys.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#define SK_SSL_FUNCTIONS(X)                                                                                                      \
    X(TLS_server_method)                                                                                                         \
    X(SSL_CTX_new)                                                                                                               \
    X(SSL_CTX_free)                                                                                                              \
    X(SSL_CTX_ctrl)                                                                                                              \
    X(SSL_CTX_set_options)                                                                                                       \
    X(SSL_CTX_set_cipher_list)                                                                                                   \
    X(SSL_CTX_set_alpn_select_cb)                                                                                                \
    X(SSL_CTX_set_session_id_context)                                                                                            \
    X(SSL_CTX_use_certificate)                                                                                                   \
    X(SSL_CTX_use_PrivateKey)                                                                                                    \
    X(SSL_CTX_check_private_key)                                                                                                 \
    X(SSL_new)                                                                                                                   \
    X(SSL_free)                                                                                                                  \
    X(SSL_set_bio)                                                                                                               \
    X(SSL_set_accept_state)                                                                                                      \
    X(SSL_do_handshake)                                                                                                          \
    X(SSL_read)                                                                                                                  \
    X(SSL_write)                                                                                                                 \
    X(SSL_shutdown)                                                                                                              \
    X(SSL_get_error)                                                                                                             \
    X(BIO_new)                                                                                                                   \
    X(BIO_new_mem_buf)                                                                                                           \
    X(BIO_free)                                                                                                                  \
    X(BIO_s_mem)                                                                                                                 \
    X(BIO_read)                                                                                                                  \
    X(BIO_write)                                                                                                                 \
    X(BIO_ctrl)                                                                                                                  \
    X(PEM_read_bio_X509)                                                                                                         \
    X(PEM_read_bio_PrivateKey)                                                                                                   \
    X(X509_free)                                                                                                                 \
    X(EVP_PKEY_free)                                                                                                             \
    X(ERR_clear_error)                                                                                                           \
    X(ERR_get_error)                                                                                                             \
    X(ERR_reason_error_string)

struct sk_ssl {
#define SK_AS_POINTER(name) __typeof__(&name) name;
    SK_SSL_FUNCTIONS(SK_AS_POINTER)
#undef SK_AS_POINTER
    bool usable;
};
extern struct sk_ssl sk_ssl;

int sk_ssl_load(struct sk_errmsg *em);
/* What a server with these keys offers. SK_ERR_INVALID says what is wrong with them. */
int sk_ssl_context(const struct sk_keys *keys, SSL_CTX **ret_ctx, struct sk_errmsg *em);

#endif
