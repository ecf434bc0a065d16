/*
 * The plugin that scenario tests talk to: every server function and every kind of handler, driven from outside.
 *
 * HTTP, under /plugins/probe-abi:
 *   GET|POST|PUT|DELETE /api/echo/:id   the body is the request as the plugin got it
 *   POST /api/answer      the body of the request is handed back as the plugin's whole answer: {"statusCode":…,…}
 *   POST /api/raw         body {"text":"…"}: that text is the plugin's whole answer, JSON or not
 *   POST /api/fill        body {"bytes":n}: an answer with a string of n letters
 *   GET|POST /api/call    one call of a server function, see http_call
 *   GET  /api/state       counters, the configuration text of the last start, the last delta
 * PUT: test.put.{ok,refuse,pending,number}; test.put.missing is registered but has no handler.
 * Resources of type "probes", kept in memory.
 * Configuration: {"republish":bool, "failStart":n, "failStop":n}.
 */
#include "skiff/plugin.h"

SKP_PLUGIN("probe-abi", "ABI probe",
           "{\"type\":\"object\",\"properties\":{"
           "\"republish\":{\"type\":\"boolean\",\"title\":\"Publish the number of deltas received\",\"default\":false},"
           "\"failStart\":{\"type\":\"integer\",\"title\":\"What plugin_start returns\",\"default\":0},"
           "\"failStop\":{\"type\":\"integer\",\"title\":\"What plugin_stop returns\",\"default\":0}}}")

static struct {
    unsigned starts, stops, polls, deltas, puts;
    bool republish;
    double fail_stop;
    char config[4096];
    size_t config_len;
    char delta[16384]; /* the last one, cut */
    size_t delta_len;
} state;

static void publish_number(const char *path, double value)
{
    char buf[256];
    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, path, value);
    skp_delta_send(&d);
}

/* ---- Life ---------------------------------------------------------------------------------------------------------- */

SKP_ON_START(config)
{
    static const char *const puts[] = { "test.put.ok", "test.put.refuse", "test.put.pending", "test.put.number",
                                        "test.put.missing" };
    double fail = 0;
    state.starts++;
    state.config_len = skp_copy(state.config, sizeof(state.config), config->at, (size_t)(config->end - config->at));
    state.republish = false;
    skp_json_bool(config, "republish", &state.republish);
    state.fail_stop = 0;
    skp_json_number(config, "failStop", &state.fail_stop);
    for (size_t i = 0; i < sizeof(puts) / sizeof(puts[0]); i++)
        skp_register_put(puts[i]);
    sk_register_resource_provider("probes", 6);
    publish_number("test.abi.starts", state.starts);
    skp_json_number(config, "failStart", &fail);
    if (fail != 0)
        skp_error("told to fail");
    else
        skp_status("Probing");
    return (int32_t)fail;
}

SKP_ON_STOP()
{
    publish_number("test.abi.stops", ++state.stops);
    skp_status("Stopped");
    return (int32_t)state.fail_stop;
}

SKP_ON_POLL()
{
    publish_number("test.abi.polls", ++state.polls);
    return 0;
}

static bool contains(const char *text, size_t len, const char *part)
{
    size_t n = skp_len(part);
    for (size_t i = 0; i + n <= len; i++) {
        size_t k = 0;
        while (k < n && text[i + k] == part[k])
            k++;
        if (k == n)
            return true;
    }
    return false;
}

SKP_ON_DELTA(text, len)
{
    /* What this plugin publishes itself is not counted, or counting would never end. The exact text is looked for: that
     * deltas come without blanks and with the path first is part of what is tested. */
    if (contains(text, len, "\"path\":\"test.abi."))
        return;
    state.deltas++;
    state.delta_len = skp_copy(state.delta, sizeof(state.delta), text, len);
    if (state.republish)
        publish_number("test.abi.deltas", state.deltas);
}

/* ---- PUT ----------------------------------------------------------------------------------------------------------- */

static void publish_json(const char *path, const struct skp_json *value)
{
    char buf[2048];
    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_json(&d, path, value->at, (size_t)(value->end - value->at));
    skp_delta_send(&d);
}

SKP_ON_PUT(test_put_ok, value, reply)
{
    state.puts++;
    publish_json("test.put.ok", value);
    skp_put_done(reply, 200, NULL);
}

SKP_ON_PUT(test_put_refuse, value, reply)
{
    (void)value;
    state.puts++;
    skp_put_done(reply, 403, "refused \"politely\"");
}

SKP_ON_PUT(test_put_pending, value, reply)
{
    (void)value;
    state.puts++;
    skp_put_pending(reply, "started");
}

SKP_ON_PUT(test_put_number, value, reply)
{
    double v;
    state.puts++;
    if (!skp_json_number(value, "", &v)) {
        skp_put_done(reply, 400, "value must be a number");
        return;
    }
    publish_number("test.put.number", v);
    skp_put_done(reply, 200, "taken");
}

/* ---- HTTP ---------------------------------------------------------------------------------------------------------- */

/* clang-format off */
#define ROUTE(method, path, handler) "{\"method\":\"" method "\",\"path\":\"" path "\",\"handler\":\"" handler "\"}"
SKP_HTTP_ENDPOINTS("["
    ROUTE("GET", "/api/echo/:id", "http_echo") ","
    ROUTE("POST", "/api/echo/:id", "http_echo") ","
    ROUTE("put", "/api/echo/:id", "http_echo") ","
    ROUTE("DELETE", "/api/echo/:id", "http_echo") ","
    ROUTE("POST", "/api/answer", "http_answer") ","
    ROUTE("POST", "/api/raw", "http_raw") ","
    ROUTE("POST", "/api/fill", "http_fill") ","
    ROUTE("GET", "/api/call", "http_call") ","
    ROUTE("POST", "/api/call", "http_call") ","
    ROUTE("GET", "/api/state", "http_state") ","
    ROUTE("GET", "/api/nobody", "http_nobody")
    "]")
/* clang-format on */

SKP_ON_HTTP(http_echo, request, reply)
{
    skp_http_begin(reply, 200);
    skp_write_json(reply, request->at, (size_t)(request->end - request->at));
    skp_http_end(reply);
}

/* The writers' answers are always well formed, so these two write the whole answer themselves. */
SKP_ON_HTTP(http_answer, request, reply)
{
    struct skp_json body;
    if (skp_json_at(request, "body", &body))
        skp_write_json(reply, body.at, (size_t)(body.end - body.at));
}

SKP_ON_HTTP(http_raw, request, reply)
{
    static char text[8192];
    if (skp_json_text(request, "body.text", text, sizeof(text)))
        skp_write_plain(reply, text);
}

SKP_ON_HTTP(http_fill, request, reply)
{
    double bytes = 0;
    skp_json_number(request, "body.bytes", &bytes);
    skp_http_begin(reply, 200);
    size_t n = (size_t)bytes;
    char *text = skp_alloc(n + 1);
    if (text == NULL) {
        skp_write_null(reply);
    } else {
        for (size_t i = 0; i < n; i++)
            text[i] = (char)('a' + i % 26);
        skp_write_text_n(reply, text, n);
    }
    skp_free(text);
    skp_http_end(reply);
}

SKP_ON_HTTP(http_state, request, reply)
{
    (void)request;
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_put_number(reply, "starts", state.starts);
    skp_put_number(reply, "stops", state.stops);
    skp_put_number(reply, "polls", state.polls);
    skp_put_number(reply, "deltas", state.deltas);
    skp_put_number(reply, "puts", state.puts);
    skp_put_number(reply, "memory", (double)(__builtin_wasm_memory_size(0) * 65536));
    skp_write_key(reply, "config");
    skp_write_text_n(reply, state.config, state.config_len);
    skp_write_key(reply, "delta");
    skp_write_text_n(reply, state.delta, state.delta_len);
    skp_write_object_end(reply);
    skp_http_end(reply);
}

/* ---- Calling the server --------------------------------------------------------------------------------------------- */

struct call {
    char name[64], arg[4096], value[8192];
    size_t max; /* size of the buffer offered, as told */
    char *out;  /* what the function wrote */
    int32_t result;
    bool has_out;
};

enum { OUT_MAX = 65536 };

/* A parameter may come in the body (any JSON type) or in the query (always text). */
static bool param(const struct skp_json *request, const char *name, struct skp_json *ret)
{
    struct skp_json from;
    return (skp_json_at(request, "body", &from) && skp_json_member(&from, name, skp_len(name), ret)) ||
           (skp_json_at(request, "query", &from) && skp_json_member(&from, name, skp_len(name), ret));
}

static void text_param(const struct skp_json *request, const char *name, char *out, size_t max)
{
    struct skp_json found;
    out[0] = '\0';
    if (!param(request, name, &found))
        return;
    if (!skp_json_text(&found, "", out, max)) /* not text: its JSON */
        skp_copy(out, max, found.at, (size_t)(found.end - found.at));
}

static double number_param(const struct skp_json *request, const char *name, double otherwise)
{
    char text[32];
    struct skp_json parsed;
    double v;
    text_param(request, name, text, sizeof(text));
    return skp_json_parse(text, skp_len(text), &parsed) && skp_json_number(&parsed, "", &v) ? v : otherwise;
}

static bool is(const struct call *c, const char *name)
{
    return skp_equal(c->name, name);
}

/* False for an unknown name. */
static bool carry_out(struct call *c, int32_t version)
{
    size_t arg_len = skp_len(c->arg), value_len = skp_len(c->value);
    c->result = 0;
    if (is(c, "debug"))
        sk_debug(c->arg, arg_len);
    else if (is(c, "set_status"))
        sk_set_status(c->arg, arg_len);
    else if (is(c, "set_error"))
        sk_set_error(c->arg, arg_len);
    else if (is(c, "handle_message"))
        sk_handle_message(c->value, value_len, version);
    else if (is(c, "publish_notification"))
        c->result = sk_publish_notification(c->arg, arg_len, c->value, value_len);
    else if (is(c, "get_self_path")) {
        c->has_out = true;
        c->result = sk_get_self_path(c->arg, arg_len, c->out, c->max);
    } else if (is(c, "read_config")) {
        c->has_out = true;
        c->result = sk_read_config(c->out, c->max);
    } else if (is(c, "save_config"))
        c->result = sk_save_config(c->value, value_len);
    else if (is(c, "has_capability"))
        c->result = sk_has_capability(c->arg, arg_len);
    else if (is(c, "register_put_handler"))
        c->result = sk_register_put_handler("vessels.self", 12, c->arg, arg_len);
    else if (is(c, "register_resource_provider"))
        c->result = sk_register_resource_provider(c->arg, arg_len);
    else if (is(c, "emit_binary_stream"))
        c->result = sk_emit_binary_stream(c->arg, arg_len, c->value, value_len);
    else
        return false;
    return true;
}

/* Bytes that the server wrote behind the end it reported: there must be none. */
static unsigned overrun(const struct call *c)
{
    unsigned n = 0;
    for (size_t i = c->result > 0 ? (size_t)c->result : 0; i < OUT_MAX; i++)
        n += c->out[i] != '#';
    return n;
}

/*
 * /api/call?name=get_self_path&arg=navigation.position&max=1024: {"result":n,"text":"…","overrun":0}. The name is that of
 * the function without sk_. `arg` is its path, text or name, `value` its JSON or data, `max` the size of the buffer that it
 * may fill, `version` that of handle_message.
 */
SKP_ON_HTTP(http_call, request, reply)
{
    static struct call c;
    static char out[OUT_MAX];
    text_param(request, "name", c.name, sizeof(c.name));
    text_param(request, "arg", c.arg, sizeof(c.arg));
    text_param(request, "value", c.value, sizeof(c.value));
    double max = number_param(request, "max", 4096);
    c.max = max < 0 ? 0 : max > OUT_MAX ? OUT_MAX : (size_t)max;
    c.out = out;
    c.has_out = false;
    __builtin_memset(out, '#', sizeof(out));
    if (!carry_out(&c, (int32_t)number_param(request, "version", 1))) {
        skp_http_error(reply, 404, "no such function");
        return;
    }
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_put_number(reply, "result", c.result);
    if (c.has_out) {
        skp_write_key(reply, "text");
        skp_write_text_n(reply, out, c.result > 0 ? (size_t)c.result : 0);
        skp_put_number(reply, "overrun", overrun(&c));
    }
    skp_write_object_end(reply);
    skp_http_end(reply);
}

/* ---- Resources ------------------------------------------------------------------------------------------------------ */

enum { PROBES = 16 };

static struct {
    char id[80]; /* empty = free */
    char json[2048];
} probes[PROBES];

static int find_probe(const char *id)
{
    for (int i = 0; i < PROBES; i++) {
        if (skp_equal(probes[i].id, id))
            return i;
    }
    return -1;
}

static int request_probe(const char *text, size_t len, struct skp_json *request)
{
    char id[80];
    if (!skp_json_parse(text, len, request) || !skp_json_text(request, "id", id, sizeof(id)) || id[0] == '\0')
        return -1;
    return find_probe(id);
}

SKP_EXPORT("resources_list_resources") int32_t list_probes(const char *text, size_t len, char *out, size_t max)
{
    struct skp_writer w;
    (void)text, (void)len;
    skp_writer_init(&w, out, max);
    skp_write_object(&w);
    for (int i = 0; i < PROBES; i++) {
        if (probes[i].id[0] != '\0') {
            skp_write_key(&w, probes[i].id);
            skp_write_json(&w, probes[i].json, skp_len(probes[i].json));
        }
    }
    skp_write_object_end(&w);
    return w.failed ? 0 : (int32_t)w.len;
}

SKP_EXPORT("resources_get_resource") int32_t get_probe(const char *text, size_t len, char *out, size_t max)
{
    struct skp_json request;
    int i = request_probe(text, len, &request);
    return i < 0 ? 0 : skp_give(out, max, probes[i].json);
}

SKP_EXPORT("resources_set_resource") int32_t set_probe(const char *text, size_t len, char *out, size_t max)
{
    struct skp_json request, value;
    int i = request_probe(text, len, &request);
    if (i < 0)
        i = find_probe("");
    if (i >= 0 && skp_json_at(&request, "value", &value) && (size_t)(value.end - value.at) < sizeof(probes[i].json) &&
        skp_json_text(&request, "id", probes[i].id, sizeof(probes[i].id)))
        skp_copy(probes[i].json, sizeof(probes[i].json), value.at, (size_t)(value.end - value.at));
    return skp_give(out, max, "{}");
}

SKP_EXPORT("resources_delete_resource") int32_t delete_probe(const char *text, size_t len, char *out, size_t max)
{
    struct skp_json request;
    int i = request_probe(text, len, &request);
    if (i >= 0)
        probes[i].id[0] = '\0';
    return skp_give(out, max, "{}");
}
