/*
 * HTTP requests for plugins in C: an addition of skiff. A plugin that includes this and calls it does not load on other servers.
 * Needs the capability network.
 *
 *     char head[2048];
 *     struct skp_json answer;
 *     if (skp_http_get("http://192.168.1.20/status", head, sizeof(head), &answer) == 200)
 *         … sk_http_body …
 *
 * The call waits for the answer on the plugin's own thread, 30 seconds at most; that time does not count against the deadline of
 * the call that the plugin is in. An answer may have 50 MiB; redirects are followed.
 */
#ifndef SKIFF_HTTP_H
#define SKIFF_HTTP_H

#include "skiff/plugin.h"

/*
 * request: {"url":…,"method":"GET","headers":{"name":"value" or ["value",…]},"redirect":"follow" or "manual","timeoutMs":…}; all
 * but the url may be left out. body: what is sent along, or length 0.
 * The head goes to `head`: {"status":200,"url":…,"redirected":false,"bodyLength":n,"headers":{…}} with lower-case names, or
 * {"status":0,"error":"…"} when there was no answer. If it does not fit, it comes without headers ("headersLeftOut":true).
 * Bytes of the head; -1 = no capability, or not even that fits.
 */
SKP_IMPORT("sk_http_request")
int32_t sk_http_request(const char *request, size_t request_len, const void *body, size_t body_len, char *head, size_t max);
/* The next bytes of the answer's body, kept until all were taken or the next request; 0 = that was all. */
SKP_IMPORT("sk_http_body") int32_t sk_http_body(void *out, size_t max);

/* The status, 0 when there was no answer, -1 when sk_http_request says so. `ret` is a view into `head`. */
static inline int32_t skp_http(const char *request, size_t request_len, const void *body, size_t body_len, char *head, size_t max,
                               struct skp_json *ret)
{
    double status = 0;
    int32_t n = sk_http_request(request, request_len, body, body_len, head, max);
    if (n < 0 || !skp_json_parse(head, (size_t)n, ret) || !skp_json_number(ret, "status", &status))
        return -1;
    return (int32_t)status;
}

static inline int32_t skp_http_get(const char *url, char *head, size_t max, struct skp_json *ret)
{
    struct skp_writer w;
    skp_writer_init(&w, head, max); /* the request may stand where the answer will */
    skp_write_object(&w);
    skp_put_text(&w, "url", url);
    skp_write_object_end(&w);
    return w.failed ? -1 : skp_http(head, w.len, NULL, 0, head, max, ret);
}

#endif
