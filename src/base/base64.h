/*
 * Base64, and the kind of it for addresses and tokens (RFC 4648 sections 4 and 5). Thread: any.
 */
#ifndef SK_BASE_BASE64_H
#define SK_BASE_BASE64_H

#include "base/buf.h"

#define SK_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1) /* of the text of n bytes, with its NUL */

extern const char sk_base64_digits[65];

void sk_base64_encode(const void *data, size_t n, char *out); /* out has SK_BASE64_SIZE(n) */
/* The padding may be missing. False: another character, or more than `max` bytes. */
bool sk_base64_decode(struct sk_span text, void *out, size_t max, size_t *ret_n);

/* Section 5, without padding. */
void sk_base64url_append(struct sk_buf *out, const void *data, size_t n);
/* There is one text for each sequence of bytes: padding, other characters and bits left over are refused. */
bool sk_base64url_decode(struct sk_span text, void *out, size_t max, size_t *ret_n);

#endif
