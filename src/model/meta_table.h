/*
 * The well-known Signal K paths and their metadata, generated at build from the pinned npm package (scripts/gen_metadata.js).
 * Read-only data with offsets in place of pointers: no relocations, no memory used before a page of it is looked at.
 *
 * A pattern is a path below the context ("navigation.speedOverGround"); a segment "*" stands for any one segment. A path has at
 * most one right row: at each segment the literal wins over "*", going back to "*" when the literal leads nowhere. Rows are in
 * byte order of their pattern, which is also segment order because no character of a name sorts below '.'; so all rows with a
 * common head lie together, its "*" children first, and a binary search per segment finds them.
 */
#ifndef SK_MODEL_META_TABLE_H
#define SK_MODEL_META_TABLE_H

#include <stdint.h>

struct sk_meta_row {
    uint32_t pattern;  /* offset in sk_meta_text of a NUL-terminated pattern */
    uint32_t json;     /* offset in sk_meta_text of a compact JSON object, NUL-terminated; many rows may share one */
    uint32_t json_len; /* without the NUL */
};

extern const struct sk_meta_row sk_meta_rows[];
extern const uint32_t sk_meta_row_count;
extern const char sk_meta_text[];

#endif
