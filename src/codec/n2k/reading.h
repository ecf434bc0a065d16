/*
 * One message being read by its definition, and the delta being written from it. Private to codec/n2k. Owner: the decoder, for
 * the length of one message.
 */
#ifndef SK_CODEC_N2K_READING_H
#define SK_CODEC_N2K_READING_H

#include "base/buf.h"
#include "codec/n2k/message.h"
#include "codec/n2k/table.h"
#include "n2k_generated.h"

#define SK_N2K_STRING_MAX 1024u /* bytes of a text field in UTF-8; a message is shorter */

struct sk_n2k_device;

struct sk_n2k_reading {
    const struct sk_n2k_message *m;
    const struct sk_n2k_pgn *def;
    struct sk_n2k_device *device; /* who sent it */
    struct sk_buf *out;           /* the delta's text */
    unsigned group;               /* which of the repeated fields */
    unsigned values;              /* written so far */
};

/* ---- fields (field.c): by number in the definition. False: not available, or behind the message's end ---- */
bool sk_n2k_raw(const struct sk_n2k_reading *r, unsigned field, int64_t *ret_raw);
/* Text of a string field in `out`, UTF-8, without padding; n is 0 when it says nothing. */
struct sk_span sk_n2k_string(const struct sk_n2k_reading *r, unsigned field, char out[SK_N2K_STRING_MAX]);
/* Text of a lookup: NULL when not available or without text. */
const char *sk_n2k_lookup(const struct sk_n2k_reading *r, unsigned field);
/* How many groups of repeated fields there are to read: what the message says, as far as it reaches. */
unsigned sk_n2k_groups(const struct sk_n2k_reading *r);
static inline const struct sk_n2k_field *sk_n2k_field(const struct sk_n2k_reading *r, unsigned field)
{
    return &sk_n2k_fields[r->def->first_field + field];
}

/* ---- writing (write.c) ---- */
/* n / 10^exp10, exactly, as JSON.stringify writes it. */
void sk_n2k_write_decimal(struct sk_buf *out, int64_t n, unsigned exp10);
/* A field's number, unscaled by its row; false (nothing written) when not available. */
bool sk_n2k_write_field(struct sk_n2k_reading *r, unsigned field);
/* {"path":"...","value": of the row's path; false (nothing written) when the path cannot be filled. Then the value, then
   sk_n2k_value_end. */
bool sk_n2k_value_begin(struct sk_n2k_reading *r, const struct sk_n2k_row *row);
void sk_n2k_value_begin_path(struct sk_n2k_reading *r, const char *path); /* plain, known to need no escapes */
void sk_n2k_value_end(struct sk_n2k_reading *r);
/* "YYYY-MM-DDTHH:MM:SS[.fffff]Z" of days since 1970 and 1/10000 s of the day, in quotes. */
void sk_n2k_write_time(struct sk_buf *out, int64_t days, int64_t ticks);

/* "name":value of each field from `first` to before `stop` that says something (fields.c). */
void sk_n2k_put_members(struct sk_n2k_reading *r, unsigned first, unsigned stop);

/* ---- functions named in paths.txt: special.c, position.c, ais.c ---- */
#define SK_N2K_BY(name) void sk_n2k_by_##name(struct sk_n2k_reading *r, const struct sk_n2k_row *row)
#define SK_N2K_DECLARE(name) SK_N2K_BY(name);
SK_N2K_FUNCTIONS(SK_N2K_DECLARE)
#undef SK_N2K_DECLARE

#endif
