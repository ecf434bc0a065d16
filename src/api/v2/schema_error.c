#include "api/v2/schema_error.h"

#include "base/json.h"

#include <stdio.h>

static void write_place(const struct sk_schema_at *at, struct sk_buf *out)
{
    if (at == NULL)
        return;
    write_place(at->up, out);
    if (at->name != NULL)
        sk_buf_printf(out, ".%s", at->name);
    else
        sk_buf_printf(out, "[%zu]", at->index);
}

int sk_schema_wrong(struct sk_buf *errors, const struct sk_schema_at *at, const char *keyword, const char *params,
                    const char *message)
{
    struct sk_buf place;
    sk_buf_init(&place, 1024);
    write_place(at, &place);
    sk_buf_printf(errors, "[{\"keyword\":\"%s\",\"dataPath\":\"%.*s\",\"schemaPath\":\"#/", keyword, (int)place.n,
                  place.n > 0 ? place.p : "");
    for (size_t i = 1; i < place.n; i++)
        sk_buf_char(errors, place.p[i] == '.' || place.p[i] == '[' ? '/' : place.p[i] == ']' ? '_' : place.p[i]);
    sk_buf_printf(errors, "%s%s\",\"params\":%s,\"message\":", place.n > 0 ? "/" : "", keyword, params);
    sk_json_write_str(errors, sk_span_of(message));
    SK_BUF_LIT(errors, "}]");
    sk_buf_finish(&place);
    return SK_ERR_INVALID;
}

int sk_schema_wrong_type(struct sk_buf *errors, const struct sk_schema_at *at, const char *type)
{
    char params[64], message[64];
    snprintf(params, sizeof params, "{\"type\":\"%s\"}", type);
    snprintf(message, sizeof message, "should be %s", type);
    return sk_schema_wrong(errors, at, "type", params, message);
}

int sk_schema_missing(struct sk_buf *errors, const struct sk_schema_at *at, const char *name)
{
    char params[96], message[96];
    snprintf(params, sizeof params, "{\"missingProperty\":\"%s\"}", name);
    snprintf(message, sizeof message, "should have required property '%s'", name);
    return sk_schema_wrong(errors, at, "required", params, message);
}
