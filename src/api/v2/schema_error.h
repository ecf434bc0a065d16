/*
 * What is wrong with a body, in the form of ajv, which clients of the v2 APIs know:
 * [{"keyword","dataPath","schemaPath","params","message"}]. No text of the client's is quoted. Pure. Thread: any.
 */
#ifndef SK_API_SCHEMA_ERROR_H
#define SK_API_SCHEMA_ERROR_H

#include "base/buf.h"
#include "base/err.h"

/* Where in the value, as ajv writes it: .feature.geometry.coordinates[3]; NULL: the value itself. */
struct sk_schema_at {
    const struct sk_schema_at *up;
    const char *name; /* NULL: an index */
    size_t index;
};

/* All return SK_ERR_INVALID. `params` is a JSON object. */
int sk_schema_wrong(struct sk_buf *errors, const struct sk_schema_at *at, const char *keyword, const char *params,
                    const char *message);
int sk_schema_wrong_type(struct sk_buf *errors, const struct sk_schema_at *at, const char *type);
int sk_schema_missing(struct sk_buf *errors, const struct sk_schema_at *at, const char *name);

#endif
