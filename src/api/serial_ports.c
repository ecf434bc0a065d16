/* GET /skServer/serialports: the serial devices that a connection can use. Looked for on the thread pool. */
#include "input/serial_ports.h"
#include "api/api.h"

#include <stdlib.h>

#define TEXT_MAX ((size_t)1024 * 1024)

struct search {
    uv_work_t work;
    struct sk_api *api;
    struct sk_http_req *req;
    struct sk_buf found;
};

static void look(uv_work_t *work)
{
    struct search *s = work->data;
    sk_serial_ports_write("", &s->found);
}

static void looked(uv_work_t *work, int status)
{
    struct search *s = work->data;
    (void)status;
    s->api->port_searches--;
    sk_http_reply_buf(s->req, 200, SK_HTTP_JSON, &s->found);
    sk_buf_finish(&s->found);
    free(s);
}

void sk_serial_ports_get(struct sk_http_req *r, void *arg)
{
    struct search *s = sk_xcalloc(1, sizeof *s);
    *s = (struct search){ .api = arg, .req = r };
    s->work.data = s;
    sk_buf_init(&s->found, TEXT_MAX);
    s->api->port_searches++;
    SK_ASSERT(uv_queue_work(sk_loop_uv(s->api->loop), &s->work, look, looked) == 0);
}
