#include "tls/ssl.h"

static int complain(struct sk_errmsg *em, const char *what)
{
    const char *reason = sk_libcrypto.ERR_reason_error_string(sk_libcrypto.ERR_get_error());
    return sk_errmsg_set(em, SK_ERR_INVALID, "%s: %s", what, reason != NULL ? reason : "OpenSSL gives no reason");
}

static BIO *reader(const struct sk_buf *text)
{
    return sk_libcrypto.BIO_new_mem_buf(text->p != NULL ? text->p : "", (int)text->n);
}

/* The first certificate of the text is the server's, others of it stand between it and the authority. */
static int use_certificates(SSL_CTX *ctx, const struct sk_buf *text, bool first_is_own, const char *file, struct sk_errmsg *em)
{
    BIO *in = reader(text);
    int r = in != NULL ? 0 : complain(em, file);
    size_t count = 0;
    X509 *x;
    while (r == 0 && (x = sk_libcrypto.PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        bool own = first_is_own && count++ == 0;
        bool ok = own ? sk_libssl.SSL_CTX_use_certificate(ctx, x) == 1
                      : sk_libssl.SSL_CTX_ctrl(ctx, SSL_CTRL_CHAIN_CERT, 1, x) == 1; /* 1: it takes a reference of its own */
        sk_libcrypto.X509_free(x);
        r = ok ? 0 : complain(em, file);
    }
    if (r == 0 && first_is_own && count == 0)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "%s: no certificate in it (PEM is expected)", file);
    sk_libcrypto.ERR_clear_error(); /* the end of the file is one to PEM_read */
    sk_libcrypto.BIO_free(in);
    return r;
}

static int use_key(SSL_CTX *ctx, const struct sk_buf *text, struct sk_errmsg *em)
{
    BIO *in = reader(text);
    static char no_password[] = "";
    EVP_PKEY *key = in != NULL ? sk_libcrypto.PEM_read_bio_PrivateKey(in, NULL, NULL, no_password) : NULL;
    int r = key != NULL && sk_libssl.SSL_CTX_use_PrivateKey(ctx, key) == 1 && sk_libssl.SSL_CTX_check_private_key(ctx) == 1
                ? 0
                : complain(em, SK_KEYS_KEY ": not the key of the certificate");
    sk_libcrypto.EVP_PKEY_free(key);
    sk_libcrypto.BIO_free(in);
    return r;
}

/* RFC 7301: of what the client speaks, this server speaks HTTP/1.1. */
static int choose_protocol(SSL *s, const unsigned char **ret_name, unsigned char *ret_n, const unsigned char *offered, unsigned n,
                           void *arg)
{
    static const char ours[] = "http/1.1";
    (void)s;
    (void)arg;
    for (unsigned i = 0; i < n && offered[i] < n - i; i += 1u + offered[i]) {
        if (offered[i] == sizeof ours - 1 && memcmp(offered + i + 1, ours, sizeof ours - 1) == 0) {
            *ret_name = offered + i + 1;
            *ret_n = offered[i];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_NOACK;
}

static void set_rules(SSL_CTX *ctx)
{
    static const unsigned char sessions_of[] = "skiff";
    (void)sk_libssl.SSL_CTX_ctrl(ctx, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
    sk_libssl.SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)sk_libssl.SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20"); /* of TLS 1.2; all of 1.3 are sound */
    (void)sk_libssl.SSL_CTX_ctrl(ctx, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, NULL);
    (void)sk_libssl.SSL_CTX_set_session_id_context(ctx, sessions_of, sizeof sessions_of - 1);
    sk_libssl.SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
}

int sk_ssl_context(const struct sk_keys *keys, SSL_CTX **ret_ctx, struct sk_errmsg *em)
{
    sk_libcrypto.ERR_clear_error();
    SSL_CTX *ctx = sk_libssl.SSL_CTX_new(sk_libssl.TLS_server_method());
    if (ctx == NULL)
        return complain(em, "TLS cannot be set up");
    set_rules(ctx);
    int r = use_certificates(ctx, &keys->pair.certificate, true, SK_KEYS_CERTIFICATE, em);
    if (r == 0)
        r = use_key(ctx, &keys->pair.key, em);
    if (r == 0)
        r = use_certificates(ctx, &keys->chain, false, SK_KEYS_CHAIN, em);
    if (r < 0) {
        sk_libssl.SSL_CTX_free(ctx);
        return r;
    }
    *ret_ctx = ctx;
    return 0;
}
