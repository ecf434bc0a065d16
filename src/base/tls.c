#include "base/tls.h"

#include "base/library.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define PIECE 16384

#define FUNCTIONS(X)                                                                                                             \
    X(TLS_client_method)                                                                                                         \
    X(SSL_CTX_new)                                                                                                               \
    X(SSL_CTX_set_default_verify_paths)                                                                                          \
    X(SSL_CTX_load_verify_file)                                                                                                  \
    X(SSL_get1_peer_certificate)                                                                                                 \
    X(PEM_read_bio_X509)                                                                                                         \
    X(BIO_new_mem_buf)                                                                                                           \
    X(BIO_free)                                                                                                                  \
    X(X509_cmp)                                                                                                                  \
    X(X509_free)                                                                                                                 \
    X(SSL_new)                                                                                                                   \
    X(SSL_free)                                                                                                                  \
    X(SSL_set_bio)                                                                                                               \
    X(SSL_set_connect_state)                                                                                                     \
    X(SSL_set_verify)                                                                                                            \
    X(SSL_get0_param)                                                                                                            \
    X(SSL_ctrl)                                                                                                                  \
    X(SSL_do_handshake)                                                                                                          \
    X(SSL_read)                                                                                                                  \
    X(SSL_write)                                                                                                                 \
    X(SSL_get_error)                                                                                                             \
    X(SSL_get_verify_result)                                                                                                     \
    X(BIO_new)                                                                                                                   \
    X(BIO_s_mem)                                                                                                                 \
    X(BIO_read)                                                                                                                  \
    X(BIO_write)                                                                                                                 \
    X(X509_VERIFY_PARAM_set1_host)                                                                                               \
    X(X509_VERIFY_PARAM_set1_ip_asc)                                                                                             \
    X(X509_verify_cert_error_string)                                                                                             \
    X(ERR_clear_error)                                                                                                           \
    X(ERR_get_error)                                                                                                             \
    X(ERR_reason_error_string)

static struct {
#define AS_POINTER(name) __typeof__(name) *name;
    FUNCTIONS(AS_POINTER)
#undef AS_POINTER
    SSL_CTX *ctx; /* kept for the life of the process */
} ssl;

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
    if (ssl.ctx != NULL)
        return 0;
    void *lib = sk_library_open("libssl.so.3");
    if (lib == NULL)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "TLS needs libssl (OpenSSL 3), which is not installed");
#define LOAD(name)                                                                                                               \
    if (!sk_library_find(lib, #name, &ssl.name))                                                                                 \
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "libssl lacks " #name);
    FUNCTIONS(LOAD)
#undef LOAD
    SSL_CTX *ctx = ssl.SSL_CTX_new(ssl.TLS_client_method());
    if (ctx == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "TLS cannot be set up");
    (void)ssl.SSL_CTX_set_default_verify_paths(ctx);
    ssl.ctx = ctx;
    return 0;
}

/* What TLS wants to say. */
static int pump_out(struct sk_tls *t)
{
    char piece[PIECE];
    for (int n; (n = ssl.BIO_read(t->out, piece, sizeof piece)) > 0;) {
        int r = t->ops->send(t->arg, (struct sk_span){ piece, (size_t)n });
        if (r < 0)
            return r;
    }
    return 0;
}

static int failed(const struct sk_tls *t, int result, struct sk_errmsg *em)
{
    int what = ssl.SSL_get_error(t->s, result);
    long verdict = ssl.SSL_get_verify_result(t->s);
    if (what == SSL_ERROR_ZERO_RETURN)
        return sk_errmsg_set(em, SK_ERR_CLOSED, "the other side closed the connection");
    if (!t->ready && !t->any_certificate && verdict != X509_V_OK)
        return sk_errmsg_set(em, SK_ERR_DENIED, "its certificate is not accepted: %s",
                             ssl.X509_verify_cert_error_string(verdict));
    const char *reason = ssl.ERR_reason_error_string(ssl.ERR_get_error());
    return sk_errmsg_set(em, SK_ERR_PROTOCOL, "TLS failed: %s", reason != NULL ? reason : "no reason given");
}

static bool waits(const struct sk_tls *t, int result)
{
    int what = ssl.SSL_get_error(t->s, result);
    return what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE;
}

/* Its key has been proved by the handshake. */
static int check_exactly(const struct sk_tls *t, struct sk_errmsg *em)
{
    if (t->exactly == NULL)
        return 0;
    X509 *shown = ssl.SSL_get1_peer_certificate(t->s);
    bool same = shown != NULL && ssl.X509_cmp(shown, t->exactly) == 0;
    ssl.X509_free(shown);
    return same ? 0 : sk_errmsg_set(em, SK_ERR_DENIED, "its certificate is not the one that is expected");
}

static int shake_hands(struct sk_tls *t, struct sk_errmsg *em)
{
    ssl.ERR_clear_error();
    int n = ssl.SSL_do_handshake(t->s);
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
    if (ssl.BIO_write(t->in, bytes.p, (int)bytes.n) != (int)bytes.n)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "TLS: out of memory");
    int r = t->ready ? 0 : shake_hands(t, em);
    if (r < 0 || !t->ready)
        return r;
    ssl.ERR_clear_error();
    int n;
    while ((n = ssl.SSL_read(t->s, piece, sizeof piece)) > 0)
        t->ops->bytes(t->arg, (struct sk_span){ piece, (size_t)n });
    r = waits(t, n) ? 0 : failed(t, n, em);
    (void)pump_out(t);
    return r;
}

int sk_tls_write(struct sk_tls *t, struct sk_span bytes)
{
    if (!t->ready || bytes.n > INT32_MAX)
        return SK_ERR_CLOSED;
    ssl.ERR_clear_error();
    if (bytes.n > 0 && ssl.SSL_write(t->s, bytes.p, (int)bytes.n) <= 0)
        return SK_ERR_CLOSED;
    return pump_out(t);
}

/* The certificate must be for that name, or that address. */
static void set_peer(const struct sk_tls *t, const char *host)
{
    X509_VERIFY_PARAM *p = ssl.SSL_get0_param(t->s);
    if (ssl.X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1)
        return;
    (void)ssl.X509_VERIFY_PARAM_set1_host(p, host, 0);
    char *name = sk_xstrdup(host);
    (void)ssl.SSL_ctrl(t->s, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name);
    free(name);
}

static int read_exactly(struct sk_span pem, X509 **ret, struct sk_errmsg *em)
{
    if (pem.p == NULL)
        return 0;
    BIO *in = pem.n <= INT32_MAX ? ssl.BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    *ret = in != NULL ? ssl.PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    ssl.BIO_free(in);
    ssl.ERR_clear_error();
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
    t->s = ssl.SSL_new(ssl.ctx);
    t->in = ssl.BIO_new(ssl.BIO_s_mem());
    t->out = ssl.BIO_new(ssl.BIO_s_mem());
    SK_ASSERT(t->s != NULL && t->in != NULL && t->out != NULL);
    ssl.SSL_set_bio(t->s, t->in, t->out);
    ssl.SSL_set_connect_state(t->s);
    ssl.SSL_set_verify(t->s, any_certificate ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
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
    ssl.SSL_free(t->s);
    ssl.X509_free(t->exactly);
    free(t);
}

int sk_tls_also_trust(const char *file, struct sk_errmsg *em)
{
    int r = load(em);
    if (r < 0)
        return r;
    ssl.ERR_clear_error();
    if (ssl.SSL_CTX_load_verify_file(ssl.ctx, file) != 1)
        r = sk_errmsg_set(em, SK_ERR_INVALID, "%s: no certificates can be read from it", file);
    ssl.ERR_clear_error();
    return r;
}
