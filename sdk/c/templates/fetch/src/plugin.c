/* {{title}}: fetches a number and publishes it. HTTP requests are an addition of skiff: this plugin loads on no other server. */
#include <skiff/http.h>

SKP_PLUGIN("{{name}}", "{{title}}",
           "{\"type\":\"object\",\"properties\":{"
           "\"url\":{\"type\":\"string\",\"title\":\"URL of a document like {\\\"value\\\": 291.15}\"},"
           "\"path\":{\"type\":\"string\",\"title\":\"Signal K path\",\"default\":\"environment.outside.temperature\"},"
           "\"interval\":{\"type\":\"integer\",\"title\":\"Fetch every so many seconds\",\"default\":60,\"minimum\":1}}}")

static char url[500], path[200];
static uint32_t interval, seconds;

SKP_ON_START(config)
{
    static const char usual[] = "environment.outside.temperature";
    double wanted = 60;
    url[0] = '\0';
    skp_json_text(config, "url", url, sizeof(url));
    skp_copy(path, sizeof(path), usual, sizeof(usual) - 1);
    skp_json_text(config, "path", path, sizeof(path));
    skp_json_number(config, "interval", &wanted);
    if (!(wanted >= 1 && wanted <= 86400)) {
        skp_error("The interval must be one second to one day");
        return 1;
    }
    interval = (uint32_t)wanted;
    seconds = 0;
    skp_status(url[0] == '\0' ? "Waiting for a URL in the configuration" : "Waiting");
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

/* NULL, or what went wrong; it may be in `head`. */
static const char *fetch(double *ret_value, char *head, size_t max)
{
    static char body[8192];
    struct skp_json answer, document;
    size_t len = 0;
    int32_t status = skp_http_get(url, head, max, &answer);
    for (int32_t n = 1; n > 0 && len < sizeof(body);) {
        n = sk_http_body(body + len, sizeof(body) - len);
        len += n > 0 ? (size_t)n : 0;
    }
    if (status < 0)
        return "HTTP requests need \"network\": true in wasmCapabilities";
    if (status == 0)
        return skp_json_text(&answer, "error", body, sizeof(body)) ? body : "No answer";
    if (status != 200)
        return "The server answered with an error status";
    if (!skp_json_parse(body, len, &document) || !skp_json_number(&document, "value", ret_value))
        return "The answer has no number in \"value\"";
    return NULL;
}

/* Once a second; the first fetch comes with the first. */
SKP_ON_POLL()
{
    char head[2048], buf[512];
    struct skp_delta d;
    double value;
    if (seconds++ % interval != 0 || url[0] == '\0')
        return 0;
    const char *wrong = fetch(&value, head, sizeof(head));
    if (wrong != NULL) {
        skp_error(wrong);
        return 1;
    }
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, path, value);
    skp_delta_send(&d);
    skp_status("Fetched");
    return 0;
}
