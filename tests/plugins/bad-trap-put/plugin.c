/*
 * Handlers that misbehave on request, and good ones beside them that show whether the plugin is still usable.
 * PUT test.bad.{trap,loop,garbage,empty,long,negative} and GET /api/{trap,loop,garbage,empty,long,negative,missing}.
 */
#include "skiff/plugin.h"

SKP_PLUGIN("bad-trap-put", "Bad: handlers", "{\"type\":\"object\",\"properties\":{}}")

static volatile unsigned spin;
static unsigned polls;

SKP_ON_START(config)
{
    static const char *const paths[] = { "test.bad.trap", "test.bad.loop", "test.bad.garbage", "test.bad.empty",
                                         "test.bad.long", "test.bad.good", "test.bad.negative" };
    (void)config;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        skp_register_put(paths[i]);
    skp_status("armed");
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

SKP_ON_POLL()
{
    char buf[128];
    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, "test.badHandlers.polls", ++polls);
    skp_delta_send(&d);
    return 0;
}

static int32_t garbage(char *out, size_t max)
{
    return skp_give(out, max, "{\"state\":\"COMPLETED\",\xff\xfe nonsense");
}

/* These are written without the SDK's macros: what they do wrong, the macros do not allow. */
#define BAD_HANDLERS(prefix)                                                                                                     \
    SKP_EXPORT(prefix "trap") int32_t HANDLER(trap)(const char *in, size_t len, char *out, size_t max)                           \
    {                                                                                                                            \
        (void)in, (void)len, (void)out, (void)max;                                                                               \
        __builtin_trap();                                                                                                        \
    }                                                                                                                            \
    SKP_EXPORT(prefix "loop") int32_t HANDLER(loop)(const char *in, size_t len, char *out, size_t max)                           \
    {                                                                                                                            \
        (void)in, (void)len, (void)out, (void)max;                                                                               \
        for (;;)                                                                                                                 \
            spin++;                                                                                                              \
        return 0;                                                                                                                \
    }                                                                                                                            \
    SKP_EXPORT(prefix "garbage") int32_t HANDLER(garbage)(const char *in, size_t len, char *out, size_t max)                     \
    {                                                                                                                            \
        (void)in, (void)len;                                                                                                     \
        return garbage(out, max);                                                                                                \
    }                                                                                                                            \
    SKP_EXPORT(prefix "empty") int32_t HANDLER(empty)(const char *in, size_t len, char *out, size_t max)                         \
    {                                                                                                                            \
        (void)in, (void)len, (void)out, (void)max;                                                                               \
        return 0;                                                                                                                \
    }                                                                                                                            \
    SKP_EXPORT(prefix "long") int32_t HANDLER(long)(const char *in, size_t len, char *out, size_t max)                           \
    {                                                                                                                            \
        (void)in, (void)len, (void)out, (void)max;                                                                               \
        return 0x7fffffff; /* says that it wrote more than there is */                                                           \
    }                                                                                                                            \
    SKP_EXPORT(prefix "negative") int32_t HANDLER(negative)(const char *in, size_t len, char *out, size_t max)                   \
    {                                                                                                                            \
        (void)in, (void)len, (void)out, (void)max;                                                                               \
        return -1;                                                                                                               \
    }

#define HANDLER(name) put_##name
BAD_HANDLERS("handle_put_vessels_self_test_bad_")
#undef HANDLER
#define HANDLER(name) http_##name
BAD_HANDLERS("http_")

SKP_ON_PUT(test_bad_good, value, reply)
{
    (void)value;
    skp_put_done(reply, 200, NULL);
}

/* clang-format off */
#define ROUTE(name) "{\"method\":\"GET\",\"path\":\"/api/" name "\",\"handler\":\"http_" name "\"}"
SKP_HTTP_ENDPOINTS("["
    ROUTE("trap") "," ROUTE("loop") "," ROUTE("garbage") "," ROUTE("empty") ","
    ROUTE("long") "," ROUTE("negative") "," ROUTE("missing") "," ROUTE("good")
    "]")
/* clang-format on */

SKP_ON_HTTP(http_good, request, reply)
{
    (void)request;
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_put_number(reply, "polls", polls);
    skp_write_object_end(reply);
    skp_http_end(reply);
}
