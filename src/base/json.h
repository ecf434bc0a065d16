/*
 * JSON in and out. Reading is yyjson's (strict RFC 8259); writing is append-only into an sk_buf, compact, and prints numbers as
 * ECMAScript's JSON.stringify does (5000, 0.1, 1e+21): plugins and clients match such text. No locale is ever consulted.
 * Thread: any; a document belongs to one thread at a time.
 */
#ifndef SK_BASE_JSON_H
#define SK_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <yyjson.h>

#define SK_JSON_DEPTH_MAX 100 /* deeper values are refused by the writers */

/* The error text names line and column. Free with yyjson_doc_free. */
int sk_json_read(struct sk_span text, yyjson_doc **ret_doc, struct sk_errmsg *em);
/* As yyjson_doc_free, and none of its texts stays in memory. Of a document of sk_json_read. */
void sk_json_wipe(yyjson_doc *doc);
/* For data on its way through: numbers stay as their text (yyjson_is_raw), to be copied or turned by sk_json_number; all
   memory comes from `a`, so the document is not freed on its own. */
int sk_json_read_raw(struct sk_arena *a, struct sk_span text, yyjson_doc **ret_doc, struct sk_errmsg *em);

/* Number of a value, raw or not. False: not a finite number. */
bool sk_json_number(const yyjson_val *v, double *ret_value);
static inline struct sk_span sk_json_str(const yyjson_val *v) /* {NULL,0} unless a string */
{
    yyjson_val *s = (yyjson_val *)(uintptr_t)v;
    return yyjson_is_str(s) ? (struct sk_span){ yyjson_get_str(s), yyjson_get_len(s) } : (struct sk_span){ NULL, 0 };
}
/* The last member of that name, as ECMAScript reads duplicates; NULL when absent or `obj` is no object. */
yyjson_val *sk_json_get(const yyjson_val *obj, const char *key);
/* Text of a member that is a string; NULL otherwise. */
const char *sk_json_get_str(const yyjson_val *obj, const char *key);
bool sk_json_get_bool(const yyjson_val *obj, const char *key, bool otherwise);
double sk_json_get_number(const yyjson_val *obj, const char *key, double otherwise);
bool sk_json_lists(const yyjson_val *list, struct sk_span text); /* an array with this string in it */
/* JavaScript truth: not false, null, 0, "" or absent. */
bool sk_json_truthy(const yyjson_val *v);

/* Writers; a value nested deeper than SK_JSON_DEPTH_MAX fails the buffer. */
void sk_json_write(struct sk_buf *b, const yyjson_val *v);
void sk_json_write_pretty(struct sk_buf *b, const yyjson_val *v); /* two spaces, as JSON.stringify(v, null, 2) */
void sk_json_write_mut(struct sk_buf *b, const yyjson_mut_val *v);
void sk_json_write_mut_pretty(struct sk_buf *b, const yyjson_mut_val *v);
void sk_json_write_str(struct sk_buf *b, struct sk_span s); /* with quotes; bad UTF-8 becomes U+FFFD */
void sk_json_write_double(struct sk_buf *b, double d);      /* not finite: null */
void sk_json_write_int(struct sk_buf *b, int64_t v);

/* The only door from text to a number: the whole span must be one JSON number. */
bool sk_parse_double(struct sk_span text, double *ret_value);
bool sk_parse_int(struct sk_span text, int64_t min, int64_t max, int64_t *ret_value);

#endif
