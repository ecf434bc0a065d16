#include "jose/crypto.h"

#include "base/clock.h"
#include "base/openssl.h"

#define NONCE_SIZE 12u
#define TAG_SIZE 16u
#define SEALED_MAX 65536u
#define SIGNATURE_MAX 1024u /* RSA with 8192 bits */

enum sk_jose_alg sk_jose_alg_of(struct sk_span name)
{
    static const char *const names[] = { "",
#define AS_TEXT(name) #name,
                                         SK_JOSE_ALGORITHMS(AS_TEXT)
#undef AS_TEXT
    };
    for (unsigned i = 1; i < SK_COUNT(names); i++)
        if (sk_span_eq(name, names[i]))
            return (enum sk_jose_alg)i;
    return SK_JOSE_NO_ALG;
}

/* ---- DER ------------------------------------------------------------------------------------------------------------------ */

void sk_der_append(struct sk_buf *out, unsigned char tag, struct sk_span content)
{
    sk_buf_char(out, (char)tag);
    if (content.n >= 256) {
        SK_ASSERT(content.n < 65536);
        sk_buf_char(out, (char)0x82);
        sk_buf_char(out, (char)(content.n >> 8));
    } else if (content.n >= 128) {
        sk_buf_char(out, (char)0x81);
    }
    sk_buf_char(out, (char)(content.n & 255));
    sk_buf_span_append(out, content);
}

void sk_der_append_number(struct sk_buf *out, struct sk_span n)
{
    struct sk_buf b;
    while (n.n > 1 && n.p[0] == 0)
        n = (struct sk_span){ n.p + 1, n.n - 1 };
    sk_buf_init(&b, n.n + 1);
    if (n.n == 0 || ((unsigned char)n.p[0] & 0x80) != 0)
        sk_buf_char(&b, 0); /* it would be negative */
    sk_buf_span_append(&b, n);
    sk_der_append(out, SK_DER_INTEGER, sk_buf_span(&b));
    sk_buf_finish(&b);
}

/* r and s one after the other → SEQUENCE of both, as OpenSSL wants it. */
static void ecdsa_to_der(struct sk_span signature, struct sk_buf *out)
{
    struct sk_buf b;
    size_t half = signature.n / 2;
    sk_buf_init(&b, SIGNATURE_MAX);
    sk_der_append_number(&b, (struct sk_span){ signature.p, half });
    sk_der_append_number(&b, (struct sk_span){ signature.p + half, half });
    sk_der_append(out, SK_DER_SEQUENCE, sk_buf_span(&b));
    sk_buf_finish(&b);
}

/* ---- signatures ----------------------------------------------------------------------------------------------------------- */

/* Bytes of an ECDSA signature; 0: another kind. */
static size_t ecdsa_size(enum sk_jose_alg alg)
{
    return alg == SK_JOSE_ES256 ? 64 : alg == SK_JOSE_ES384 ? 96 : alg == SK_JOSE_ES512 ? 132 : 0;
}

static const EVP_MD *digest_of(enum sk_jose_alg alg)
{
    switch (alg) {
    case SK_JOSE_RS256:
    case SK_JOSE_PS256:
    case SK_JOSE_ES256:
        return sk_libcrypto.EVP_sha256();
    case SK_JOSE_RS384:
    case SK_JOSE_PS384:
    case SK_JOSE_ES384:
        return sk_libcrypto.EVP_sha384();
    case SK_JOSE_RS512:
    case SK_JOSE_PS512:
    case SK_JOSE_ES512:
        return sk_libcrypto.EVP_sha512();
    case SK_JOSE_EdDSA: /* brings its own */
    case SK_JOSE_NO_ALG:
        break;
    }
    return NULL;
}

static bool verify(enum sk_jose_alg alg, EVP_PKEY *key, struct sk_span text, struct sk_span signature)
{
    EVP_MD_CTX *ctx = sk_libcrypto.EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL; /* belongs to ctx */
    bool pss = alg == SK_JOSE_PS256 || alg == SK_JOSE_PS384 || alg == SK_JOSE_PS512;
    bool ok = ctx != NULL && sk_libcrypto.EVP_DigestVerifyInit(ctx, &how, digest_of(alg), NULL, key) == 1;
    if (ok && pss)
        ok = sk_libcrypto.EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
             sk_libcrypto.EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
    ok = ok && sk_libcrypto.EVP_DigestVerify(ctx, (const unsigned char *)signature.p, signature.n, (const unsigned char *)text.p,
                                             text.n) == 1;
    sk_libcrypto.EVP_MD_CTX_free(ctx);
    return ok;
}

int sk_signature_check(enum sk_jose_alg alg, struct sk_span key, struct sk_span text, struct sk_span signature,
                       struct sk_errmsg *em)
{
    struct sk_buf der;
    size_t ecdsa = ecdsa_size(alg);
    int r = sk_libcrypto_load(em);
    if (r < 0)
        return r;
    if (alg == SK_JOSE_NO_ALG || signature.n == 0 || signature.n > SIGNATURE_MAX || (ecdsa != 0 && signature.n != ecdsa))
        return sk_errmsg_set(em, SK_ERR_DENIED, "the signature does not have the length of its algorithm's");
    const unsigned char *at = (const unsigned char *)key.p;
    EVP_PKEY *k = sk_libcrypto.d2i_PUBKEY(NULL, &at, (long)key.n);
    if (k == NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "the key is none");
    sk_buf_init(&der, SIGNATURE_MAX);
    if (ecdsa != 0)
        ecdsa_to_der(signature, &der);
    bool ok = sk_buf_ok(&der) && verify(alg, k, text, ecdsa != 0 ? sk_buf_span(&der) : signature);
    sk_buf_finish(&der);
    sk_libcrypto.EVP_PKEY_free(k);
    sk_libcrypto.ERR_clear_error();
    return ok ? 0 : sk_errmsg_set(em, SK_ERR_DENIED, "the signature is wrong");
}

/* ---- sealing -------------------------------------------------------------------------------------------------------------- */

static bool begin(EVP_CIPHER_CTX *ctx, const unsigned char *key, const unsigned char *nonce, struct sk_span context, int encrypt)
{
    int n = 0;
    return ctx != NULL && sk_libcrypto.EVP_CipherInit_ex(ctx, sk_libcrypto.EVP_aes_256_gcm(), NULL, key, nonce, encrypt) == 1 &&
           sk_libcrypto.EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)context.p, (int)context.n) == 1;
}

int sk_seal(const unsigned char key[SK_SEAL_KEY_SIZE], struct sk_span context, struct sk_span text, struct sk_buf *out,
            struct sk_errmsg *em)
{
    int r = sk_libcrypto_load(em), n = 0, rest = 0;
    if (r < 0)
        return r;
    unsigned char *to = text.n <= SEALED_MAX ? (unsigned char *)sk_buf_reserve(out, NONCE_SIZE + text.n + TAG_SIZE) : NULL;
    if (to == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "too long to be sealed");
    EVP_CIPHER_CTX *ctx = sk_libcrypto.EVP_CIPHER_CTX_new();
    sk_random_bytes(to, NONCE_SIZE);
    bool ok = begin(ctx, key, to, context, 1) &&
              sk_libcrypto.EVP_CipherUpdate(ctx, to + NONCE_SIZE, &n, (const unsigned char *)text.p, (int)text.n) == 1 &&
              sk_libcrypto.EVP_CipherFinal_ex(ctx, to + NONCE_SIZE + n, &rest) == 1 &&
              sk_libcrypto.EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)TAG_SIZE, to + NONCE_SIZE + text.n) == 1;
    sk_libcrypto.EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        return sk_errmsg_set(em, SK_ERR_INTERNAL, "OpenSSL could not encrypt");
    out->n += NONCE_SIZE + text.n + TAG_SIZE;
    return 0;
}

int sk_unseal(const unsigned char key[SK_SEAL_KEY_SIZE], struct sk_span context, struct sk_span sealed, struct sk_buf *out,
              struct sk_errmsg *em)
{
    int r = sk_libcrypto_load(em), n = 0, rest = 0;
    unsigned char tag[TAG_SIZE];
    if (r < 0)
        return r;
    if (sealed.n < NONCE_SIZE + TAG_SIZE || sealed.n > SEALED_MAX)
        return sk_errmsg_set(em, SK_ERR_DENIED, "not sealed by this server");
    size_t length = sealed.n - NONCE_SIZE - TAG_SIZE;
    const unsigned char *from = (const unsigned char *)sealed.p;
    unsigned char *to = (unsigned char *)sk_buf_reserve(out, length + 1);
    if (to == NULL)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "too long to be unsealed");
    memcpy(tag, from + NONCE_SIZE + length, TAG_SIZE);
    EVP_CIPHER_CTX *ctx = sk_libcrypto.EVP_CIPHER_CTX_new();
    bool ok = begin(ctx, key, from, context, 0) &&
              sk_libcrypto.EVP_CipherUpdate(ctx, to, &n, from + NONCE_SIZE, (int)length) == 1 &&
              sk_libcrypto.EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)TAG_SIZE, tag) == 1 &&
              sk_libcrypto.EVP_CipherFinal_ex(ctx, to + n, &rest) == 1;
    sk_libcrypto.EVP_CIPHER_CTX_free(ctx);
    sk_libcrypto.ERR_clear_error();
    if (!ok)
        return sk_errmsg_set(em, SK_ERR_DENIED, "not sealed by this server");
    out->n += length;
    return 0;
}
