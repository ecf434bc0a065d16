#include "app/https.h"

#include "app/doors.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/log.h"
#include "http/static.h"
#include "store/fs.h"
#include "tls/front.h"
#include "tls/keys.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_PORT 3443
#define GRACE_MS 1000u

struct sk_https {
    struct sk_api *api;
    struct sk_tls_front *front;
    struct sk_http_server *plain; /* only leads to the other */
    bool down, plain_closed;
    atomic_uint arriving; /* clients between the front's thread and the loop */
};

struct arrival {
    struct sk_loop_task task;
    struct sk_https *https;
    int fd;
    char ip[46];
};

/* ---- settings ---- */

bool sk_https_wanted(const struct sk_settings *settings)
{
    return sk_env("SSLPORT") != NULL || sk_json_get_bool(sk_settings_root(settings), "ssl", false);
}

static int choose_port(const struct sk_settings *settings, unsigned *ret_port, struct sk_errmsg *em)
{
    int64_t n;
    double set = sk_json_get_number(sk_settings_root(settings), "sslport", DEFAULT_PORT);
    if (sk_env("SSLPORT") != NULL) {
        if (!sk_parse_int(sk_span_of(sk_env("SSLPORT")), 0, 65535, &n))
            return sk_errmsg_set(em, SK_ERR_INVALID, "SSLPORT '%s' is not a number from 0 to 65535", sk_env("SSLPORT"));
        set = (double)n;
    }
    if (!(set >= 0 && set <= 65535))
        return sk_errmsg_set(em, SK_ERR_INVALID, "the setting sslport is not a number from 0 to 65535");
    *ret_port = (unsigned)set;
    return 0;
}

static const char *keys_dir(const struct sk_api *api)
{
    return sk_fs_is_file(SK_HTTPS_OWN_FOLDER "/" SK_KEYS_CERTIFICATE) ? SK_HTTPS_OWN_FOLDER : api->config_dir;
}

/* ---- clients ---- */

static void arrive(struct sk_loop_task *task)
{
    struct arrival *a = SK_CONTAINER(task, struct arrival, task);
    atomic_fetch_sub(&a->https->arriving, 1);
    if (a->https->down)
        close(a->fd);
    else
        sk_http_server_adopt(a->https->api->http, a->fd, a->ip);
    free(a);
}

/* Thread: the front's. */
static void on_accepted(void *arg, int fd, const char *ip)
{
    struct sk_https *h = arg;
    struct arrival *a = sk_xcalloc(1, sizeof *a);
    a->task.run = arrive;
    a->https = h;
    a->fd = fd;
    snprintf(a->ip, sizeof a->ip, "%s", ip);
    atomic_fetch_add(&h->arriving, 1);
    sk_loop_post(h->api->loop, &a->task);
}

/* ---- the plain port ---- */

/* The host as the client wrote it, without a port. {NULL,0}: it is no host, and nothing is built of it. */
static struct sk_span host_of(const struct sk_http_req *r)
{
    struct sk_span host = sk_http_header(r, "host");
    const char *end = host.n > 0 && host.p[0] == '[' ? memchr(host.p, ']', host.n) : memchr(host.p, ':', host.n);
    bool bracket = host.n > 0 && host.p[0] == '[';
    size_t n = end == NULL ? host.n : (size_t)(end - host.p) + bracket;
    char name[256];
    int64_t port;
    bool port_ok =
        n == host.n || (host.p[n] == ':' && sk_parse_int((struct sk_span){ host.p + n + 1, host.n - n - 1 }, 0, 65535, &port));
    if (n == 0 || n >= sizeof name || (bracket && end == NULL) || !port_ok)
        return (struct sk_span){ NULL, 0 };
    snprintf(name, sizeof name, "%.*s", (int)(bracket ? n - 2 : n), host.p + bracket);
    bool ok = sk_cert_name_ok(name) && (strchr(name, ':') != NULL) == bracket;
    return ok ? (struct sk_span){ host.p, n } : (struct sk_span){ NULL, 0 };
}

static void lead(struct sk_http_req *r, void *arg)
{
    const struct sk_https *h = arg;
    struct sk_span host = host_of(r), target = sk_http_target(r);
    struct sk_buf to;
    if (host.n == 0 || target.n == 0 || target.p[0] != '/') {
        sk_http_reply_error_page(r, 400, "This server speaks HTTPS, and the request does not say a host to be led to");
        return;
    }
    sk_buf_init(&to, 16384);
    sk_buf_printf(&to, "https://%.*s", (int)host.n, host.p);
    if (sk_https_port(h) != 443)
        sk_buf_printf(&to, ":%u", sk_https_port(h));
    sk_buf_span_append(&to, target);
    sk_http_set_header(r, "Cache-Control", SK_SPAN("no-store"));
    if (sk_buf_cstr(&to) != NULL)
        sk_http_redirect(r, 302, to.p);
    else
        sk_http_reply_error_page(r, 414, "URI Too Long");
    sk_buf_finish(&to);
}

static int start_plain(struct sk_https *h, const struct sk_options *o, unsigned port, struct sk_errmsg *em)
{
    struct sk_http_options options = { .loop = h->api->loop };
    options.limits.connections_max = 128;
    options.limits.body_max = 65536;
    int r = sk_http_server_create(&options, &h->plain, em);
    if (r < 0)
        return r;
    sk_https_add_routes(h->api, h->plain);
    sk_http_server_set_fallback(h->plain, lead, h);
    return sk_doors_open(h->plain, o->passed.redirect, o->host, port, em);
}

/* ---- the authority's page ---- */

static const char page[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>Trust this boat</title><style>body{font:1.1em/1.5 sans-serif;max-width:38em;margin:2em auto;padding:0 1em}"
    "a.b{display:inline-block;padding:.6em 1em;background:#06c;color:#fff;border-radius:.4em;text-decoration:none}</style></head>"
    "<body><h1>Trust this boat's server</h1>"
    "<p>Install the boat's certificate authority once, and this device opens the server without a warning.</p>"
    "<p><a class=\"b\" href=\"/skiff/ca.crt\" download=\"boat-ca.crt\">Download the certificate</a></p>"
    "<h2>iPhone, iPad</h2><p>Open this page in Safari and download. Settings &rarr; Profile Downloaded &rarr; Install. Then "
    "Settings "
    "&rarr; General &rarr; About &rarr; Certificate Trust Settings: switch it on.</p>"
    "<h2>Android</h2><p>Download. Settings &rarr; Security &rarr; Encryption &amp; credentials &rarr; Install a certificate "
    "&rarr; "
    "CA certificate, and choose the file.</p>"
    "<h2>Windows, macOS, Linux</h2><p>Windows: open the file, Install Certificate, Trusted Root Certification Authorities. "
    "macOS: "
    "open it in Keychain Access and set it to Always Trust. Linux: import it in the browser's settings, under Authorities.</p>"
    "<p>Do so on the boat's own network only. <code>skiff tls show</code> on the server prints the fingerprint to compare.</p>"
    "</body></html>";

static void serve_page(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply(r, 200, SK_HTTP_HTML, (struct sk_span){ page, sizeof page - 1 });
}

static void serve_authority(struct sk_http_req *r, void *arg)
{
    const struct sk_api *api = arg;
    sk_static_serve(r, &(struct sk_static){ .root = api->config_dir }, SK_SPAN(SK_KEYS_AUTHORITY));
}

void sk_https_add_routes(struct sk_api *api, struct sk_http_server *http)
{
    static struct sk_route routes[2]; /* the same for both servers, of which there is one each */
    routes[0] = (struct sk_route){ "GET", "/skiff/ca", SK_ACCESS_OPEN, serve_page, api };
    routes[1] = (struct sk_route){ "GET", "/skiff/ca.crt", SK_ACCESS_OPEN, serve_authority, api };
    sk_http_server_add(http, routes, SK_COUNT(routes));
}

/* ---- up and down ---- */

static int start_front(struct sk_https *h, const struct sk_options *o, unsigned port, struct sk_errmsg *em)
{
    int fd = 0;
    if (o->passed.primary != 0 && sk_activation_dup(o->passed.primary, &fd, em) < 0)
        return SK_ERR_IO;
    struct sk_tls_front_options f = { .address = o->host != NULL ? o->host : "::",
                                      .keys_dir = keys_dir(h->api),
                                      .port = port,
                                      .fd = fd,
                                      .accepted = on_accepted,
                                      .arg = h };
    int r = sk_tls_front_create(&f, &h->front, em);
    if (r < 0 && r != SK_ERR_EXISTS && o->host == NULL && fd == 0) { /* a machine without IPv6 */
        f.address = "0.0.0.0";
        r = sk_tls_front_create(&f, &h->front, em);
    }
    return r;
}

int sk_https_start(struct sk_api *api, const struct sk_options *o, const struct sk_settings *settings, unsigned plain_port,
                   struct sk_https **ret_https, struct sk_errmsg *em)
{
    unsigned port;
    int r = choose_port(settings, &port, em);
    if (r < 0)
        return r;
    struct sk_https *h = sk_xcalloc(1, sizeof *h);
    *ret_https = h;
    h->api = api;
    r = start_front(h, o, port, em);
    api->tls = h->front;
    if (r == 0 && (o->passed.primary == 0 || o->passed.redirect != 0))
        r = start_plain(h, o, plain_port, em);
    return r;
}

unsigned sk_https_port(const struct sk_https *h)
{
    return sk_tls_front_port(h->front);
}

char *sk_https_certificate(const struct sk_https *h)
{
    return sk_fs_path(keys_dir(h->api), SK_KEYS_CERTIFICATE);
}

static void on_plain_closed(void *arg)
{
    ((struct sk_https *)arg)->plain_closed = true;
}

static bool all_gone(void *arg)
{
    const struct sk_https *h = arg;
    return (h->plain == NULL || h->plain_closed) && atomic_load(&h->arriving) == 0;
}

bool sk_https_stop(struct sk_https *h, unsigned deadline_ms)
{
    if (h == NULL)
        return true;
    h->down = true;
    h->api->tls = NULL;
    sk_tls_front_destroy(h->front, GRACE_MS);
    if (h->plain != NULL)
        sk_http_server_close(h->plain, GRACE_MS, on_plain_closed, h);
    if (!sk_loop_run_until(h->api->loop, all_gone, h, sk_clock_mono_ms() + deadline_ms))
        return false;
    sk_http_server_destroy(h->plain);
    free(h);
    return true;
}
