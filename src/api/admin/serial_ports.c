/* GET /skServer/serialports: the serial devices that a connection can use. Looked for on the thread pool. */
#include "input/serial_ports.h"
#include "api/pool.h"

#include <stdlib.h>

#define TEXT_MAX ((size_t)1024 * 1024)

struct search {
    struct sk_api *api;
    struct sk_http_req *req;
    struct sk_buf found;
};

static void look(void *arg)
{
    struct search *s = arg;
    sk_serial_ports_write("", &s->found);
}

static void looked(void *arg)
{
    struct search *s = arg;
    sk_http_reply_buf(s->req, 200, SK_HTTP_JSON, &s->found);
    sk_buf_finish(&s->found);
    free(s);
}

void sk_serial_ports_get(struct sk_http_req *r, void *arg)
{
    struct search *s = sk_xcalloc(1, sizeof *s);
    *s = (struct search){ .api = arg, .req = r };
    sk_buf_init(&s->found, TEXT_MAX);
    sk_pool_run(s->api, look, looked, s);
}
