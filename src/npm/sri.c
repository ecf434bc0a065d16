#include "npm/sri.h"

#include "base/base64.h"

#include <stdio.h>

static const struct {
    const char *name;
    enum sk_digest_kind kind;
    size_t size;
} algorithms[] = { /* strongest first */
                   { "sha512-", SK_DIGEST_SHA512, 64 },
                   { "sha384-", SK_DIGEST_SHA384, 48 },
                   { "sha256-", SK_DIGEST_SHA256, 32 },
                   { "sha1-", SK_DIGEST_SHA1, SK_SHA1_SIZE }
};

static struct sk_span next_word(const char **at)
{
    *at += strspn(*at, " \t\r\n");
    struct sk_span word = { *at, strcspn(*at, " \t\r\n") };
    *at += word.n;
    const char *options = memchr(word.p, '?', word.n);
    return (struct sk_span){ word.p, options != NULL ? (size_t)(options - word.p) : word.n };
}

/* All digests of that algorithm. */
static void collect(struct sk_sri *s, const char *integrity, size_t algorithm)
{
    struct sk_span word;
    size_t prefix = strlen(algorithms[algorithm].name);
    for (const char *at = integrity; (word = next_word(&at)).n > 0;) {
        size_t n = 0;
        unsigned char out[SK_DIGEST_SIZE_MAX];
        if (!sk_span_starts(word, algorithms[algorithm].name) || s->wanted_count == SK_COUNT(s->wanted) ||
            !sk_base64_decode((struct sk_span){ word.p + prefix, word.n - prefix }, out, sizeof out, &n) ||
            n != algorithms[algorithm].size)
            continue;
        memcpy(s->wanted[s->wanted_count++], out, n);
    }
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(const char *text, unsigned char out[SK_SHA1_SIZE])
{
    if (strlen(text) != (size_t)2 * SK_SHA1_SIZE)
        return false;
    for (size_t i = 0; i < SK_SHA1_SIZE; i++) {
        int high = hex(text[2 * i]), low = hex(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

int sk_sri_begin(struct sk_sri *s, const char *integrity, const char *shasum, struct sk_errmsg *em)
{
    s->wanted_count = 0;
    for (size_t i = 0; i < SK_COUNT(algorithms); i++) {
        collect(s, integrity, i);
        if (s->wanted_count > 0)
            return sk_digest_begin(algorithms[i].kind, &s->digest, em);
    }
    if (integrity[0] != '\0')
        return sk_errmsg_set(em, SK_ERR_INVALID, "the integrity '%.120s' cannot be checked: no digest of a known kind",
                             integrity);
    if (!read_hex(shasum, s->wanted[0]))
        return sk_errmsg_set(em, SK_ERR_INVALID, "there is no digest to check it against");
    s->wanted_count = 1;
    return sk_digest_begin(SK_DIGEST_SHA1, &s->digest, em);
}

void sk_sri_add(struct sk_sri *s, struct sk_span bytes)
{
    sk_digest_add(&s->digest, bytes);
}

int sk_sri_end(struct sk_sri *s, struct sk_errmsg *em)
{
    unsigned char is[SK_DIGEST_SIZE_MAX];
    size_t n = sk_digest_end(&s->digest, is);
    for (size_t i = 0; i < s->wanted_count; i++)
        if (memcmp(s->wanted[i], is, n) == 0)
            return 0;
    return sk_errmsg_set(em, SK_ERR_INVALID, "the archive is not the one that was published: its digest is another");
}

void sk_sri_write(struct sk_digest *d, char out[SK_SRI_SIZE])
{
    unsigned char is[SK_DIGEST_SIZE_MAX];
    char text[SK_BASE64_SIZE(SK_DIGEST_SIZE_MAX)];
    sk_base64_encode(is, sk_digest_end(d, is), text);
    snprintf(out, SK_SRI_SIZE, "sha512-%s", text);
}
