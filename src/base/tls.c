#include "base/tls.h"

#include "base/openssl.h"

#include <stdlib.h>

#define PIECE 16384

static SSL_CTX *context; /* made with the first connection, kept for the life of the process */

struct sk_tls {
    const struct sk_tls_ops *ops;
    void *arg;
    SSL *s;
    BIO *in, *out; /* of s */
    X509 *exactly; /* NULL: whom the system knows */
    bool any_certificate, ready;
};

/* Thread: the loop's, like all that use it. */
static int load(struct sk_errmsg *em)
{
    int r = context != NULL ? 0 : sk_libssl_load(em);
    if (r < 0 || context != NULL)
        return r;
    SSL_CTX *ctx = sk_libssl.SSL_CTX_new(sk_libssl.TLS_client_method());
    if (ctx == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "TLS cannot be set up");
    (void)sk_libssl.SSL_CTX_set_default_verify_paths(ctx);
    context = ctx;
    return 0;
}

/* What TLS wants to say. */
static int pump_out(struct sk_tls *t)
{
    char piece[PIECE];
    for (int n; (n = sk_libcrypto.BIO_read(t->out, piece, sizeof piece)) > 0;) {
        int r = t->ops->send(t->arg, (struct sk_span){ piece, (size_t)n });
        if (r < 0)
            return r;
    }
    return 0;
}

static int failed(const struct sk_tls *t, int result, struct sk_errmsg *em)
{
    int what = sk_libssl.SSL_get_error(t->s, result);
    long verdict = sk_libssl.SSL_get_verify_result(t->s);
    if (what == SSL_ERROR_ZERO_RETURN)
        return sk_errmsg_set(em, SK_ERR_CLOSED, "the other side closed the connection");
    if (!t->ready && !t->any_certificate && verdict != X509_V_OK)
        return sk_errmsg_set(em, SK_ERR_DENIED, "its certificate is not accepted: %s",
                             sk_libcrypto.X509_verify_cert_error_string(verdict));
    const char *reason = sk_libcrypto.ERR_reason_error_string(sk_libcrypto.ERR_get_error());
    return sk_errmsg_set(em, SK_ERR_PROTOCOL, "TLS failed: %s", reason != NULL ? reason : "no reason given");
}

static bool waits(const struct sk_tls *t, int result)
{
    int what = sk_libssl.SSL_get_error(t->s, result);
    return what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE;
}

/* Its key has been proved by the handshake. */
static int check_exactly(const struct sk_tls *t, struct sk_errmsg *em)
{
    if (t->exactly == NULL)
        return 0;
    X509 *shown = sk_libssl.SSL_get1_peer_certificate(t->s);
    bool same = shown != NULL && sk_libcrypto.X509_cmp(shown, t->exactly) == 0;
    sk_libcrypto.X509_free(shown);
    return same ? 0 : sk_errmsg_set(em, SK_ERR_DENIED, "its certificate is not the one that is expected");
}

static int shake_hands(struct sk_tls *t, struct sk_errmsg *em)
{
    sk_libcrypto.ERR_clear_error();
    int n = sk_libssl.SSL_do_handshake(t->s);
    int r = n == 1 ? check_exactly(t, em) : waits(t, n) ? 0 : failed(t, n, em);
    int sent = pump_out(t); /* also what tells the other side why not */
    if (r < 0 || sent < 0)
        return r < 0 ? r : sk_errmsg_set(em, sent, "the TLS handshake could not be sent");
    if (n == 1) {
        t->ready = true;
        t->ops->ready(t->arg);
    }
    return 0;
}

int sk_tls_bytes(struct sk_tls *t, struct sk_span bytes, struct sk_errmsg *em)
{
    char piece[PIECE];
    if (sk_libcrypto.BIO_write(t->in, bytes.p, (int)bytes.n) != (int)bytes.n)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "TLS: out of memory");
    int r = t->ready ? 0 : shake_hands(t, em);
    if (r < 0 || !t->ready)
        return r;
    sk_libcrypto.ERR_clear_error();
    int n;
    while ((n = sk_libssl.SSL_read(t->s, piece, sizeof piece)) > 0)
        t->ops->bytes(t->arg, (struct sk_span){ piece, (size_t)n });
    r = waits(t, n) ? 0 : failed(t, n, em);
    (void)pump_out(t);
    return r;
}

int sk_tls_write(struct sk_tls *t, struct sk_span bytes)
{
    if (!t->ready || bytes.n > INT32_MAX)
        return SK_ERR_CLOSED;
    sk_libcrypto.ERR_clear_error();
    if (bytes.n > 0 && sk_libssl.SSL_write(t->s, bytes.p, (int)bytes.n) <= 0)
        return SK_ERR_CLOSED;
    return pump_out(t);
}

/* The certificate must be for that name, or that address. */
static void set_peer(const struct sk_tls *t, const char *host)
{
    X509_VERIFY_PARAM *p = sk_libssl.SSL_get0_param(t->s);
    if (sk_libcrypto.X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1)
        return;
    (void)sk_libcrypto.X509_VERIFY_PARAM_set1_host(p, host, 0);
    char *name = sk_xstrdup(host);
    (void)sk_libssl.SSL_ctrl(t->s, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name);
    free(name);
}

static int read_exactly(struct sk_span pem, X509 **ret, struct sk_errmsg *em)
{
    if (pem.p == NULL)
        return 0;
    BIO *in = pem.n <= INT32_MAX ? sk_libcrypto.BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    *ret = in != NULL ? sk_libcrypto.PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    sk_libcrypto.BIO_free(in);
    sk_libcrypto.ERR_clear_error();
    return *ret != NULL ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "the certificate that is expected is none (PEM is expected)");
}

int sk_tls_create(const char *host, const struct sk_tls_trust *trust, const struct sk_tls_ops *ops, void *arg,
                  struct sk_tls **ret_tls, struct sk_errmsg *em)
{
    X509 *exactly = NULL;
    int r = load(em);
    if (r == 0)
        r = read_exactly(trust->exactly, &exactly, em);
    if (r < 0)
        return r;
    bool any_certificate = trust->any || exactly != NULL; /* to OpenSSL */
    struct sk_tls *t = sk_xcalloc(1, sizeof *t);
    *t = (struct sk_tls){ .ops = ops, .arg = arg, .any_certificate = any_certificate, .exactly = exactly };
    t->s = sk_libssl.SSL_new(context);
    t->in = sk_libcrypto.BIO_new(sk_libcrypto.BIO_s_mem());
    t->out = sk_libcrypto.BIO_new(sk_libcrypto.BIO_s_mem());
    SK_ASSERT(t->s != NULL && t->in != NULL && t->out != NULL);
    sk_libssl.SSL_set_bio(t->s, t->in, t->out);
    sk_libssl.SSL_set_connect_state(t->s);
    sk_libssl.SSL_set_verify(t->s, any_certificate ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    set_peer(t, host);
    r = shake_hands(t, em);
    if (r < 0) {
        sk_tls_destroy(t);
        return r;
    }
    *ret_tls = t;
    return 0;
}

void sk_tls_destroy(struct sk_tls *t)
{
    if (t == NULL)
        return;
    sk_libssl.SSL_free(t->s);
    sk_libcrypto.X509_free(t->exactly);
    free(t);
}

int sk_tls_also_trust(const char *file, struct sk_errmsg *em)
{
    int r = load(em);
    if (r < 0)
        return r;
    sk_libcrypto.ERR_clear_error();
    if (sk_libssl.SSL_CTX_load_verify_file(context, file) != 1)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "%s: no certificates can be read from it", file);
    sk_libcrypto.ERR_clear_error();
    return r;
}
