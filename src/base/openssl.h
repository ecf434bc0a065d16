/*
 * OpenSSL 3's two libraries, loaded when first used: linked in at start they would cost more memory than the rest of the server.
 * What is here has the names and the meaning of OpenSSL's own; a function that is missing here is added to its list.
 * Thread: any. The loading blocks once, for a few milliseconds.
 */
#ifndef SK_BASE_OPENSSL_H
#define SK_BASE_OPENSSL_H

#include "base/err.h"

/* The low-level digests are marked as old, but they need neither OpenSSL's providers nor its configuration. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdbool.h>

/* clang-format off */
#define SK_LIBCRYPTO_FUNCTIONS(X) \
    X(SHA1_Init) X(SHA1_Update) X(SHA1_Final) X(SHA256_Init) X(SHA256_Update) X(SHA256_Final) \
    X(SHA384_Init) X(SHA384_Update) X(SHA384_Final) X(SHA512_Init) X(SHA512_Update) X(SHA512_Final) \
    X(EVP_PKEY_Q_keygen) X(EVP_PKEY_free) X(d2i_PUBKEY) X(EVP_MD_CTX_new) X(EVP_MD_CTX_free) \
    X(EVP_sha256) X(EVP_sha384) X(EVP_sha512) X(EVP_DigestVerifyInit) X(EVP_DigestVerify) \
    X(EVP_PKEY_CTX_set_rsa_padding) X(EVP_PKEY_CTX_set_rsa_pss_saltlen) \
    X(EVP_aes_256_gcm) X(EVP_CIPHER_CTX_new) X(EVP_CIPHER_CTX_free) X(EVP_CIPHER_CTX_ctrl) X(EVP_CipherInit_ex) \
    X(EVP_CipherUpdate) X(EVP_CipherFinal_ex) X(RAND_bytes) \
    X(X509_new) X(X509_free) X(X509_set_version) X(X509_get_serialNumber) X(ASN1_INTEGER_set_uint64) X(X509_gmtime_adj) \
    X(X509_time_adj_ex) X(X509_getm_notBefore) X(X509_getm_notAfter) X(X509_set_pubkey) X(X509_get_subject_name) \
    X(X509_NAME_add_entry_by_txt) X(X509_set_issuer_name) X(X509V3_set_ctx) X(X509V3_EXT_conf_nid) X(X509_add_ext) \
    X(X509_EXTENSION_free) X(X509_sign) X(X509_check_ca) X(X509_cmp) X(X509_check_private_key) X(X509_get0_notAfter) X(ASN1_TIME_to_tm) \
    X(X509_digest) X(X509_get_ext_by_NID) X(X509_get_ext) X(X509V3_EXT_print) \
    X(X509_VERIFY_PARAM_set1_host) X(X509_VERIFY_PARAM_set1_ip_asc) X(X509_verify_cert_error_string) \
    X(PEM_write_bio_X509) X(PEM_write_bio_PrivateKey) X(PEM_read_bio_X509) X(PEM_read_bio_PrivateKey) \
    X(BIO_new) X(BIO_s_secmem) X(BIO_s_mem) X(BIO_new_mem_buf) X(BIO_read) X(BIO_write) X(BIO_ctrl) X(BIO_free) \
    X(ERR_clear_error) X(ERR_get_error) X(ERR_reason_error_string)

#define SK_LIBSSL_FUNCTIONS(X) \
    X(TLS_client_method) X(TLS_server_method) X(SSL_CTX_new) X(SSL_CTX_free) X(SSL_CTX_ctrl) X(SSL_CTX_set_options) \
    X(SSL_CTX_set_default_verify_paths) X(SSL_CTX_load_verify_file) X(SSL_CTX_set_cipher_list) X(SSL_CTX_set_alpn_select_cb) \
    X(SSL_CTX_set_session_id_context) X(SSL_CTX_use_certificate) X(SSL_CTX_use_PrivateKey) X(SSL_CTX_check_private_key) \
    X(SSL_new) X(SSL_free) X(SSL_set_bio) X(SSL_set_connect_state) X(SSL_set_accept_state) X(SSL_set_verify) \
    X(SSL_get0_param) X(SSL_ctrl) X(SSL_do_handshake) X(SSL_read) X(SSL_write) X(SSL_shutdown) X(SSL_get_error) \
    X(SSL_get_verify_result) X(SSL_get1_peer_certificate)
/* clang-format on */

#define SK_AS_MEMBER(name) __typeof__(&name) name;
struct sk_libcrypto {
    SK_LIBCRYPTO_FUNCTIONS(SK_AS_MEMBER)
    bool usable;
};
struct sk_libssl {
    SK_LIBSSL_FUNCTIONS(SK_AS_MEMBER)
    bool usable;
};
#undef SK_AS_MEMBER

/* To be used after their loading has succeeded. */
extern struct sk_libcrypto sk_libcrypto;
extern struct sk_libssl sk_libssl;

/* SK_ERR_UNSUPPORTED: it is not installed, or too old; `em` names it. */
int sk_libcrypto_load(struct sk_errmsg *em);
int sk_libssl_load(struct sk_errmsg *em); /* both */

#endif
