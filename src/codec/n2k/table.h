/*
 * What NMEA 2000 messages hold and which Signal K paths they become: constant tables that scripts/gen_n2k.js makes from canboat's
 * definitions and from paths.txt. Thread: any. Texts are offsets into sk_n2k_text; offset 0 is the empty text, for "none".
 */
#ifndef SK_CODEC_N2K_TABLE_H
#define SK_CODEC_N2K_TABLE_H

#include "base/base.h"

#define SK_N2K_NONE 0xffu     /* no field */
#define SK_N2K_MOVING 0xffffu /* place depends on strings before it */
#define SK_N2K_FIELDS_PER_ROW 3u
#define SK_N2K_CONDITIONS 3u

enum sk_n2k_type {
    SK_N2K_OTHER,
    SK_N2K_SPARE, /* sent as zeros; other reserved bits are ones */
    SK_N2K_NUMBER,
    SK_N2K_DATE, /* days since 1970 */
    SK_N2K_TIME, /* seconds of the day */
    SK_N2K_LOOKUP,
    SK_N2K_INDIRECT,
    SK_N2K_BITS,
    SK_N2K_FIXED_TEXT,
    SK_N2K_LAU_TEXT
};

/* value = (raw + offset) * mult / 10^exp10; raw outside min..max says "not available" or is reserved. */
struct sk_n2k_field {
    int64_t min, max;
    uint32_t mult, id; /* id: its name; 0: reserved bits */
    int32_t offset;
    uint16_t bit;  /* from the message's start, of a repeated field in its first group */
    uint16_t bits; /* 0: a string that tells its length */
    uint8_t type, exp10, lookup;
    bool is_signed, repeated;
};

enum sk_n2k_kind {
    SK_N2K_IS_NUMBER,
    SK_N2K_IS_TEXT,  /* of a lookup; a value without text as number */
    SK_N2K_IS_LOWER, /* the same in small letters; a value without text gives nothing */
    SK_N2K_IS_FLAG,  /* true when the lookup has the row's value */
    SK_N2K_IS_STRING,
    SK_N2K_IS_CONSTANT,
    SK_N2K_IS_BIT, /* a notification */
    SK_N2K_IS_BY   /* a function's work */
};

enum sk_n2k_when { SK_N2K_ALWAYS, SK_N2K_WHEN_ONE_OF, SK_N2K_WHEN_OVER, SK_N2K_WHEN_ABOVE_ZERO, SK_N2K_WHEN_BELOW_ZERO };

#define SK_N2K_OR_ABSENT 1u /* the condition holds too when its field is not available */
#define SK_N2K_SIGNED 2u
#define SK_N2K_NONZERO 4u
#define SK_N2K_NULLABLE 8u
#define SK_N2K_ROOT 16u   /* a member of the context itself, named by `text` */
#define SK_N2K_MEMBER 32u /* an object with one member, named by `text` */

/*
 * Paths are text with places to fill: SK_N2K_PATH_* bytes, the first three followed by a byte that is a field's number plus one.
 */
#define SK_N2K_PATH_ENGINE '\1'
#define SK_N2K_PATH_NUMBER '\2'
#define SK_N2K_PATH_LOOKUP '\3'
#define SK_N2K_PATH_SRC '\4'
#define SK_N2K_PATH_LINE '\5'
#define SK_N2K_PATH_COURSE '\6'

struct sk_n2k_row {
    double divide; /* on top of mult and exp10; 1 mostly */
    uint32_t mult, path, text;
    uint16_t values[SK_N2K_CONDITIONS];
    uint8_t value_count, when, when_field;
    uint8_t exp10, kind, flags, plus;
    uint8_t arg; /* number of a bit, value of a flag, function */
    uint8_t field[SK_N2K_FIELDS_PER_ROW];
    bool repeated;
};

/* A field that must have a value for a definition to be the right one: makers share numbers. */
struct sk_n2k_match {
    uint16_t bit, bits;
    uint32_t value;
};

struct sk_n2k_pgn {
    uint32_t pgn, root; /* root: of the other vessel's context, or none */
    uint16_t first_field, first_row, first_match;
    uint8_t field_count, match_count;
    uint16_t row_count;
    uint16_t group_bits;              /* of the repeated fields; 0: they have strings */
    uint8_t group_first, group_count; /* first repeated field; the field with their number */
    uint8_t context_field, instance_field;
    bool context_padded, describes;
};

struct sk_n2k_lookup {
    uint16_t first, count;
};
struct sk_n2k_lookup_value {
    uint16_t value; /* ascending in a lookup; of an indirect one: class * 256 + function */
    uint32_t text;
    uint32_t name; /* as canboat calls it, where `text` is another word for it; or 0 */
};

extern const char sk_n2k_text[];
extern const struct sk_n2k_field sk_n2k_fields[];
extern const struct sk_n2k_row sk_n2k_rows[];
extern const struct sk_n2k_match sk_n2k_matches[];
extern const struct sk_n2k_pgn sk_n2k_pgns[]; /* ascending by number */
extern const uint32_t sk_n2k_pgn_count;
extern const struct sk_n2k_lookup sk_n2k_lookups[]; /* 0: none */
extern const struct sk_n2k_lookup_value sk_n2k_lookup_values[];
extern const uint32_t sk_n2k_fast_pgns[]; /* all that come as fast packets, ascending */
extern const uint32_t sk_n2k_fast_count;

/* First definition of that number, or NULL; the others follow it. */
const struct sk_n2k_pgn *sk_n2k_pgn_find(uint32_t pgn);
/* Does a message of that number come in several frames (a fast packet)? Unknown numbers by the ranges of the standard. */
bool sk_n2k_is_fast(uint32_t pgn);
/* NULL: no such value. The empty text: a value that is to say nothing. */
const char *sk_n2k_lookup_text(uint8_t lookup, int64_t value);
/* The value of a text, canboat's or ours; `low`: only its low byte counts (indirect lookups). False: there is none. */
bool sk_n2k_lookup_value(uint8_t lookup, struct sk_span text, bool low, int64_t *ret_value);

#endif
