#include "tls/certificate.h"

#include "base/openssl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <time.h>

#define DAY_S 86400L
#define CLOCK_SLACK_S 86400L /* valid since yesterday: clocks of boats are wrong */
#define NAME_MAX_N 253u

/* ---- names ---- */

static bool is_address(const char *name)
{
    unsigned char a[16];
    return inet_pton(AF_INET, name, a) == 1 || inet_pton(AF_INET6, name, a) == 1;
}

bool sk_cert_name_ok(const char *name)
{
    size_t n = strlen(name);
    if (is_address(name))
        return true;
    if (n == 0 || n > NAME_MAX_N || name[0] == '.' || name[n - 1] == '.')
        return false;
    for (const char *p = strncmp(name, "*.", 2) == 0 ? name + 2 : name; *p != '\0'; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_';
        if (!letter && (*p != '.' || p[1] == '.'))
            return false;
    }
    return true;
}

/* "DNS:boat.local,IP:192.168.1.2" */
static int alternatives(const struct sk_cert_names *names, struct sk_buf *out, struct sk_errmsg *em)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!sk_cert_name_ok(names->names[i]))
            return sk_errmsg_set(em, SK_ERR_INVALID, "'%.100s' is neither a host name nor an address", names->names[i]);
        sk_buf_printf(out, "%s%s:%s", i > 0 ? "," : "", is_address(names->names[i]) ? "IP" : "DNS", names->names[i]);
    }
    if (names->count == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "a server certificate needs a name");
    return sk_buf_ok(out) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "too many names for one certificate");
}

/* ---- making ---- */

/* What is being made, and who signs it (itself: issuer and issuer_key are its own). */
struct draft {
    X509 *x, *issuer;
    EVP_PKEY *key, *issuer_key;
};

static bool add_extension(const struct draft *d, int nid, const char *value)
{
    X509V3_CTX ctx = { 0 };
    sk_libcrypto.X509V3_set_ctx(&ctx, d->issuer, d->x, NULL, NULL, 0);
    X509_EXTENSION *e = sk_libcrypto.X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = e != NULL && sk_libcrypto.X509_add_ext(d->x, e, -1) == 1;
    sk_libcrypto.X509_EXTENSION_free(e);
    return ok;
}

static bool begin(struct draft *d, const char *common_name, unsigned days)
{
    uint64_t serial = 0;
    unsigned char random[sizeof serial];
    d->key = sk_libcrypto.EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    d->x = sk_libcrypto.X509_new();
    if (d->key == NULL || d->x == NULL || sk_libcrypto.RAND_bytes(random, sizeof random) != 1)
        return false;
    memcpy(&serial, random, sizeof serial);
    if (d->issuer == NULL) {
        d->issuer = d->x;
        d->issuer_key = d->key;
    }
    time_t since = 0;
    X509_NAME *subject = sk_libcrypto.X509_get_subject_name(d->x);
    return sk_libcrypto.X509_set_version(d->x, X509_VERSION_3) == 1 &&
           sk_libcrypto.ASN1_INTEGER_set_uint64(sk_libcrypto.X509_get_serialNumber(d->x), serial >> 1 | 1) == 1 &&
           sk_libcrypto.X509_gmtime_adj(sk_libcrypto.X509_getm_notBefore(d->x), -CLOCK_SLACK_S) != NULL && time(&since) > 0 &&
           sk_libcrypto.X509_time_adj_ex(sk_libcrypto.X509_getm_notAfter(d->x), (int)days, 0, &since) != NULL &&
           sk_libcrypto.X509_set_pubkey(d->x, d->key) == 1 &&
           sk_libcrypto.X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) ==
               1 &&
           sk_libcrypto.X509_set_issuer_name(d->x, sk_libcrypto.X509_get_subject_name(d->issuer)) == 1;
}

static bool take(BIO *from, struct sk_buf *out)
{
    char piece[1024];
    for (int n; (n = sk_libcrypto.BIO_read(from, piece, sizeof piece)) > 0;)
        sk_buf_append(out, piece, (size_t)n);
    explicit_bzero(piece, sizeof piece);
    return sk_buf_ok(out) && out->n > 0;
}

static bool write_out(const struct draft *d, struct sk_cert_pair *pair)
{
    BIO *certificate = sk_libcrypto.BIO_new(sk_libcrypto.BIO_s_secmem()),
        *key = sk_libcrypto.BIO_new(sk_libcrypto.BIO_s_secmem());
    bool ok = certificate != NULL && key != NULL && sk_libcrypto.PEM_write_bio_X509(certificate, d->x) == 1 &&
              sk_libcrypto.PEM_write_bio_PrivateKey(key, d->key, NULL, NULL, 0, NULL, NULL) == 1 &&
              take(certificate, &pair->certificate) && take(key, &pair->key);
    sk_libcrypto.BIO_free(certificate);
    sk_libcrypto.BIO_free(key);
    return ok;
}

static void init_pair(struct sk_cert_pair *pair)
{
    sk_buf_init(&pair->certificate, SK_CERT_PEM_MAX);
    sk_buf_init(&pair->key, SK_CERT_PEM_MAX);
}

static int finish(struct draft *d, bool ok, struct sk_cert_pair *pair, struct sk_errmsg *em)
{
    ok = ok && sk_libcrypto.X509_sign(d->x, d->issuer_key, sk_libcrypto.EVP_sha256()) > 0 && write_out(d, pair);
    sk_libcrypto.X509_free(d->x);
    sk_libcrypto.EVP_PKEY_free(d->key);
    return ok ? 0 : sk_errmsg_set(em, SK_ERR_INTERNAL, "OpenSSL could not make the certificate");
}

static int make_server(struct draft *d, const struct sk_cert_names *names, unsigned days, struct sk_cert_pair *pair,
                       struct sk_errmsg *em)
{
    struct sk_buf san;
    sk_buf_init(&san, 32 * 1024);
    int r = alternatives(names, &san, em);
    if (r == 0) {
        /* a common name has 64 bytes at most; browsers read the alternative names only */
        const char *cn = strlen(names->names[0]) <= 64 ? names->names[0] : "skiff";
        bool ok = begin(d, cn, days) && add_extension(d, NID_basic_constraints, "critical,CA:FALSE") &&
                  add_extension(d, NID_key_usage, "critical,digitalSignature") &&
                  add_extension(d, NID_ext_key_usage, "serverAuth") && add_extension(d, NID_subject_key_identifier, "hash") &&
                  add_extension(d, NID_subject_alt_name, sk_buf_cstr(&san)) &&
                  (d->issuer == d->x || add_extension(d, NID_authority_key_identifier, "keyid"));
        r = finish(d, ok, pair, em);
    }
    sk_buf_finish(&san);
    return r;
}

int sk_cert_make_self_signed(const struct sk_cert_names *names, unsigned days, struct sk_cert_pair *ret_pair,
                             struct sk_errmsg *em)
{
    struct draft d = { 0 };
    init_pair(ret_pair);
    int r = sk_libcrypto_load(em);
    return r < 0 ? r : make_server(&d, names, days, ret_pair, em);
}

int sk_cert_make_authority(const char *common_name, unsigned days, struct sk_cert_pair *ret_pair, struct sk_errmsg *em)
{
    struct draft d = { 0 };
    init_pair(ret_pair);
    int r = sk_libcrypto_load(em);
    if (r < 0)
        return r;
    bool ok = begin(&d, common_name, days) && add_extension(&d, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
              add_extension(&d, NID_key_usage, "critical,keyCertSign,cRLSign") &&
              add_extension(&d, NID_subject_key_identifier, "hash");
    return finish(&d, ok, ret_pair, em);
}

static bool read_authority(const struct sk_cert_pair *authority, struct draft *d)
{
    BIO *certificate = sk_libcrypto.BIO_new_mem_buf(authority->certificate.p, (int)authority->certificate.n);
    BIO *key = sk_libcrypto.BIO_new_mem_buf(authority->key.p, (int)authority->key.n);
    if (certificate != NULL && key != NULL) {
        d->issuer = sk_libcrypto.PEM_read_bio_X509(certificate, NULL, NULL, NULL);
        d->issuer_key = sk_libcrypto.PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    }
    sk_libcrypto.BIO_free(certificate);
    sk_libcrypto.BIO_free(key);
    return d->issuer != NULL && d->issuer_key != NULL && sk_libcrypto.X509_check_ca(d->issuer) == 1 &&
           sk_libcrypto.X509_check_private_key(d->issuer, d->issuer_key) == 1;
}

int sk_cert_issue(const struct sk_cert_pair *authority, const struct sk_cert_names *names, unsigned days,
                  struct sk_cert_pair *ret_pair, struct sk_errmsg *em)
{
    struct draft d = { 0 };
    init_pair(ret_pair);
    int r = sk_libcrypto_load(em);
    if (r < 0)
        return r;
    r = read_authority(authority, &d) ? make_server(&d, names, days, ret_pair, em)
                                      : sk_errmsg_set(em, SK_ERR_INVALID, "these are not a certificate authority and its key");
    sk_libcrypto.X509_free(d.issuer);
    sk_libcrypto.EVP_PKEY_free(d.issuer_key);
    return r;
}

static void read_names(const X509 *x, char out[SK_CERT_TEXT_MAX])
{
    int at = sk_libcrypto.X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
    BIO *text = at >= 0 ? sk_libcrypto.BIO_new(sk_libcrypto.BIO_s_mem()) : NULL;
    out[0] = '\0';
    if (text != NULL && sk_libcrypto.X509V3_EXT_print(text, sk_libcrypto.X509_get_ext(x, at), 0, 0) == 1) {
        int n = sk_libcrypto.BIO_read(text, out, SK_CERT_TEXT_MAX - 1);
        out[n > 0 ? n : 0] = '\0';
    }
    sk_libcrypto.BIO_free(text);
}

static bool read_info(const X509 *x, struct sk_cert_info *i)
{
    unsigned char hash[32];
    unsigned size = sizeof hash;
    struct tm until;
    if (sk_libcrypto.X509_digest(x, sk_libcrypto.EVP_sha256(), hash, &size) != 1 ||
        sk_libcrypto.ASN1_TIME_to_tm(sk_libcrypto.X509_get0_notAfter(x), &until) != 1)
        return false;
    for (unsigned k = 0; k < size; k++)
        snprintf(i->fingerprint + (size_t)3 * k, 4, "%02X%s", hash[k], k + 1 < size ? ":" : "");
    strftime(i->until, sizeof i->until, "%Y-%m-%dT%H:%M:%SZ", &until);
    read_names(x, i->names);
    return true;
}

int sk_cert_read(struct sk_span pem, struct sk_cert_info *ret_info, struct sk_errmsg *em)
{
    int r = sk_libcrypto_load(em);
    if (r < 0)
        return r;
    BIO *in = sk_libcrypto.BIO_new_mem_buf(pem.p != NULL ? pem.p : "", (int)pem.n);
    X509 *x = in != NULL ? sk_libcrypto.PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    r = x != NULL && read_info(x, ret_info) ? 0 : sk_errmsg_set(em, SK_ERR_INVALID, "no certificate in it (PEM is expected)");
    sk_libcrypto.X509_free(x);
    sk_libcrypto.BIO_free(in);
    return r;
}

void sk_cert_wipe(struct sk_cert_pair *pair)
{
    if (pair->key.p != NULL)
        explicit_bzero(pair->key.p, pair->key.n);
    sk_buf_finish(&pair->key);
    sk_buf_finish(&pair->certificate);
}
