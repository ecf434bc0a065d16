/*
 * NMEA 2000 devices are asked who they are (POST /skServer/n2kDiscoverDevices) and told to change their settings
 * (POST /skServer/n2kConfigDevice): PGN 126208, Command Group Function, on every bus that takes messages.
 */
#include "api/admin/admin.h"
#include "api/body.h"
#include "api/v2/v2.h"
#include "codec/n2k/textline.h"
#include "input/input.h"

#include <stdio.h>

#define PGN_GROUP_FUNCTION 126208u
#define PRIORITY 3
#define TEXT_BYTES_MAX 70u /* of an installation description: the standard's limit */

/* False: nobody takes it, and the request was answered. */
static bool has_bus(struct sk_http_req *r, const struct sk_api *api)
{
    if (sk_inputs_n2k_writable(api->inputs))
        return true;
    sk_v2_reply(r, 503, SK_SPAN("no connection takes NMEA 2000 messages now"));
    return false;
}

static void put_on_bus(struct sk_api *api, uint32_t pgn, uint8_t dst, const uint8_t *data, size_t n)
{
    struct sk_buf line;
    struct sk_n2k_message m = { .pgn = pgn, .priority = PRIORITY, .dst = dst, .data = data, .len = n };
    sk_buf_init(&line, 2048);
    sk_n2k_line_write(&line, &m);
    sk_inputs_n2k_send(api->inputs, sk_buf_span(&line));
    sk_buf_finish(&line);
}

static void discover(struct sk_http_req *r, void *arg)
{
    static const uint32_t wanted[] = { SK_N2K_PGN_CLAIM, SK_N2K_PGN_PRODUCT, SK_N2K_PGN_CONFIGURATION };
    struct sk_api *api = arg;
    if (!has_bus(r, api))
        return;
    for (size_t i = 0; i < SK_COUNT(wanted); i++)
        put_on_bus(api, SK_N2K_PGN_REQUEST, SK_N2K_ALL,
                   (const uint8_t[]){ (uint8_t)wanted[i], (uint8_t)(wanted[i] >> 8), (uint8_t)(wanted[i] >> 16) }, 3);
    sk_v2_reply(r, 200, SK_SPAN("the devices were asked who they are"));
}

/* ---- settings ----------------------------------------------------------------------------------------------------------- */

struct command {
    uint8_t data[6 + 2 * (TEXT_BYTES_MAX + 3)];
    size_t n;
};

static void begin(struct command *c, uint32_t pgn)
{
    const uint8_t head[] = {
        1, (uint8_t)pgn, (uint8_t)(pgn >> 8), (uint8_t)(pgn >> 16), 0xf8, 0
    }; /* 1: command; 8: priority as it is */
    memcpy(c->data, head, sizeof head);
    c->n = sizeof head;
}

/* Parameters are named by the number of the field in its message. */
static void parameter(struct command *c, uint8_t field, const uint8_t *value, size_t n)
{
    c->data[5]++;
    c->data[c->n++] = field;
    memcpy(c->data + c->n, value, n);
    c->n += n;
}

static void byte_parameter(struct command *c, uint8_t field, unsigned value)
{
    parameter(c, field, &(uint8_t){ (uint8_t)value }, 1);
}

static int set_text(struct command *c, uint8_t field, const yyjson_val *v, struct sk_errmsg *em)
{
    uint8_t value[2 + TEXT_BYTES_MAX];
    struct sk_span text = sk_json_str(v);
    if (text.p == NULL || text.n > TEXT_BYTES_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "value is not a text of at most %u bytes", TEXT_BYTES_MAX);
    value[0] = (uint8_t)(text.n + 2);
    value[1] = 1;
    memcpy(value + 2, text.p, text.n);
    begin(c, SK_N2K_PGN_CONFIGURATION);
    parameter(c, field, value, text.n + 2);
    return 0;
}

/* Of the address claim: 3 the three lower bits of the device's instance, 4 the five upper ones, 8 the system's. */
static int set_number(struct command *c, struct sk_span field, const yyjson_val *v, struct sk_errmsg *em)
{
    static const struct {
        const char *name;
        unsigned max;
    } known[] = {
        { "deviceInstance", 253 }, { "deviceInstanceLower", 7 }, { "deviceInstanceUpper", 31 }, { "systemInstance", 15 }
    };
    double d;
    size_t i = 0;
    while (i < SK_COUNT(known) && !sk_span_eq(field, known[i].name))
        i++;
    if (i == SK_COUNT(known))
        return sk_errmsg_set(em, SK_ERR_INVALID,
                             "field is none of deviceInstance, deviceInstanceLower, deviceInstanceUpper, "
                             "systemInstance, installationDescription1, installationDescription2");
    if (!sk_json_number(v, &d) || d < 0 || d > known[i].max || (double)(unsigned)d != d)
        return sk_errmsg_set(em, SK_ERR_INVALID, "value is not a number from 0 to %u", known[i].max);
    begin(c, SK_N2K_PGN_CLAIM);
    if (i == 0 || i == 1)
        byte_parameter(c, 3, (unsigned)d & 7);
    if (i == 0 || i == 2)
        byte_parameter(c, 4, i == 0 ? (unsigned)d >> 3 : (unsigned)d);
    if (i == 3)
        byte_parameter(c, 8, (unsigned)d);
    return 0;
}

static int read_command(const yyjson_val *body, struct command *c, uint8_t *ret_dst, struct sk_errmsg *em)
{
    double dst;
    struct sk_span field = sk_json_str(sk_json_get(body, "field"));
    yyjson_val *value = sk_json_get(body, "value"), *to = sk_json_get(body, "dst");
    if (to == NULL || !sk_json_number(to, &dst) || dst < 0 || dst >= 254 || (double)(uint8_t)dst != dst)
        return sk_errmsg_set(em, SK_ERR_INVALID, "dst is not the address of a device, 0 to 253");
    *ret_dst = (uint8_t)dst;
    if (sk_span_eq(field, "installationDescription1"))
        return set_text(c, 1, value, em);
    if (sk_span_eq(field, "installationDescription2"))
        return set_text(c, 2, value, em);
    return value != NULL ? set_number(c, field, value, em) : sk_errmsg_set(em, SK_ERR_INVALID, "there is no value");
}

static void configure(struct sk_http_req *r, void *arg)
{
    struct command c = { .n = 0 };
    uint8_t dst = SK_N2K_ALL;
    struct sk_errmsg em;
    yyjson_doc *doc = sk_body_json(r);
    if (doc == NULL)
        return;
    if (read_command(yyjson_doc_get_root(doc), &c, &dst, &em) < 0) {
        sk_v2_reply(r, 400, sk_span_of(em.text));
    } else if (has_bus(r, arg)) {
        put_on_bus(arg, PGN_GROUP_FUNCTION, dst, c.data, c.n);
        sk_v2_reply(r, 200, SK_SPAN("the device was told"));
    }
    yyjson_doc_free(doc);
}

void sk_n2k_devices_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = { { "POST", "/skServer/n2kDiscoverDevices", SK_ACCESS_ADMIN, discover, api },
                                      { "POST", "/skServer/n2kConfigDevice", SK_ACCESS_ADMIN, configure, api } };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
