/*
 * Password hashes: bcrypt ($2a$, $2b$, $2y$), as libxcrypt's crypt_r computes them; the library is loaded when first used.
 * Thread: any but the loop: one hash takes about a tenth of a second on purpose.
 */
#ifndef SK_AUTH_PASSWORD_H
#define SK_AUTH_PASSWORD_H

#include "base/base.h"
#include "base/err.h"

#define SK_PASSWORD_MAX 1024u /* bytes; bcrypt looks at the first 72 */
#define SK_PASSWORD_HASH_SIZE 64u

/* SK_ERR_INVALID for an empty or over-long password, or one with a NUL inside. */
int sk_password_hash(struct sk_span password, char ret_hash[SK_PASSWORD_HASH_SIZE], struct sk_errmsg *em);
/* `hash` NULL or of another kind: a hash is computed all the same, so that the time tells nothing, and the answer is false. */
bool sk_password_check(struct sk_span password, const char *hash);

#endif
