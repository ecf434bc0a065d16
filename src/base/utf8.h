/* UTF-8 (RFC 3629): validation and repair. Thread: any. */
#ifndef SK_BASE_UTF8_H
#define SK_BASE_UTF8_H

#include "base/buf.h"

/* Length in bytes of the well-formed character at p, 0 when the bytes there are not well formed (or n is 0). */
size_t sk_utf8_char(const unsigned char *p, size_t n);
bool sk_utf8_valid(const void *p, size_t n);
/* For text that comes in parts: length of its well-formed head. *ret_broken: what stands behind it is wrong whatever follows;
   else it is the start of a character, or nothing. */
size_t sk_utf8_head(const void *p, size_t n, bool *ret_broken);
/* Appends the text; each maximal ill-formed part becomes U+FFFD and a leading byte order mark is dropped (WHATWG "UTF-8 decode").
 */
void sk_utf8_append_lossy(struct sk_buf *b, const void *p, size_t n);
void sk_utf8_append_code(struct sk_buf *b, uint32_t code_point);

#endif
