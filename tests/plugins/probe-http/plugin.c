/*
 * skiff's own HTTP import: POST /api/request {"request":{…},"body":"…","room":n} -> {"result":n,"head":…,"length":n,"text":"…"}.
 * `room` is the size of the buffer for the head. The body is taken in pieces of 1000 bytes; its first 1000 are told.
 */
#include "skiff/http.h"

SKP_PLUGIN("probe-http", "HTTP probe", "{\"type\":\"object\",\"properties\":{}}")

SKP_ON_START(config)
{
    char url[300], head[2048];
    struct skp_json answer;
    if (skp_json_text(config, "start", url, sizeof(url)))
        skp_status(skp_http_get(url, head, sizeof(head), &answer) == 200 ? "fetched" : "not fetched");
    return 0;
}

SKP_ON_STOP()
{
    return 0;
}

SKP_HTTP_ENDPOINTS("[{\"method\":\"POST\",\"path\":\"/api/request\",\"handler\":\"http_request\"}]")

SKP_ON_HTTP(http_request, request, reply)
{
    static char body[4096], head[8192], piece[1000], first[1000];
    struct skp_json asked;
    double room = sizeof(head);
    size_t length = 0, kept = 0;
    int32_t n;
    if (!skp_json_at(request, "body.request", &asked)) {
        skp_http_error(reply, 400, "no request");
        return;
    }
    if (!skp_json_text(request, "body.body", body, sizeof(body)))
        body[0] = 0;
    skp_json_number(request, "body.room", &room);
    int32_t result = sk_http_request(asked.at, (size_t)(asked.end - asked.at), body, skp_len(body), head, (size_t)room);
    while ((n = sk_http_body(piece, sizeof(piece))) > 0) {
        for (int32_t i = 0; i < n && length == 0; i++)
            first[kept++] = piece[i];
        length += (size_t)n;
    }
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_put_number(reply, "result", result);
    skp_write_key(reply, "head");
    if (result > 0)
        skp_write_json(reply, head, (size_t)result);
    else
        skp_write_null(reply);
    skp_put_number(reply, "length", (double)length);
    skp_write_key(reply, "text");
    skp_write_text_n(reply, first, kept);
    skp_write_object_end(reply);
    skp_http_end(reply);
}
