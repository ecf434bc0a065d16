/* One HTTP request through libcurl, redirect by redirect, each checked. */
#include "base/clock.h"
#include "net/curl.h"
#include "net/fetch_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#define SLICE_MS 50
#define CONNECT_MS 15000u
#define RESPONSE_HEADERS_MAX ((size_t)256 * 1024)
#define RESPONSE_HEADERS_COUNT 300u
#define ADDRESSES_MAX 16u /* of one host, where all are looked at beforehand */

struct transfer {
    const struct sk_transfer_options *o;
    const struct sk_curl *curl;
    struct sk_fetch_request *req;
    struct sk_fetch_response *response;
    CURL *easy;
    struct curl_slist *lines;
    bool by_address[2]; /* the host's name is not on that list: its address must be */
    char host[256], port[8];
    char refused[160]; /* why an address was not used */
    struct sk_address addresses[ADDRESSES_MAX];
    size_t address_count;
    unsigned header_count;
    bool too_large;
    bool look_first; /* at all addresses of the name */
};

/* ---- where to ---- */

static bool get_part(const struct sk_curl *curl, CURLU *u, CURLUPart part, char *out, size_t max)
{
    char *text = NULL;
    bool ok = curl->url_get(u, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0) == CURLUE_OK && strlen(text) < max;
    if (ok)
        memcpy(out, text, strlen(text) + 1);
    curl->free(text);
    return ok;
}

static void strip_brackets(char *host)
{
    size_t n = strlen(host);
    if (host[0] != '[' || n < 2)
        return;
    memmove(host, host + 1, n - 2);
    host[n - 2] = 0;
}

static int check_host(struct transfer *t, struct sk_errmsg *em)
{
    struct sk_address a;
    struct sk_span host = sk_span_of(t->host);
    bool is_address = sk_address_parse(host, 0, &a);
    t->look_first = t->o->refuse != NULL && !is_address;
    if (is_address && sk_address_is_link_local(&a))
        return sk_errmsg_set(em, SK_ERR_DENIED, "link-local addresses are never fetched from");
    if (is_address && t->o->refuse != NULL && t->o->refuse(&a))
        return sk_errmsg_set(em, SK_ERR_DENIED, "no connection is made to such an address");
    for (size_t i = 0; i < SK_COUNT(t->o->hosts); i++) {
        enum sk_hosts_answer answer = sk_hosts_name(t->o->hosts[i], host);
        if (answer == SK_HOSTS_NO)
            return sk_errmsg_set(em, SK_ERR_DENIED, "the host is not on the list of allowed hosts");
        t->by_address[i] = answer == SK_HOSTS_BY_ADDRESS;
    }
    return 0;
}

static int check_url(struct transfer *t, struct sk_errmsg *em)
{
    char scheme[16] = "";
    CURLU *u = t->curl->url();
    bool ok = u != NULL && t->curl->url_set(u, CURLUPART_URL, t->req->url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
    bool has_scheme = ok && get_part(t->curl, u, CURLUPART_SCHEME, scheme, sizeof scheme);
    bool has_host = ok && get_part(t->curl, u, CURLUPART_HOST, t->host, sizeof t->host) &&
                    get_part(t->curl, u, CURLUPART_PORT, t->port, sizeof t->port);
    if (u != NULL)
        t->curl->url_cleanup(u);
    if (!has_scheme || (strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0))
        return sk_errmsg_set(em, SK_ERR_INVALID, "the URL is not one of http or https");
    if (!has_host)
        return sk_errmsg_set(em, SK_ERR_INVALID, "the URL has no usable host");
    strip_brackets(t->host);
    return check_host(t, em);
}

static bool same_origin(const struct sk_curl *curl, const char *a, const char *b)
{
    static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };
    CURLU *ua = curl->url(), *ub = curl->url();
    bool same = ua != NULL && ub != NULL && curl->url_set(ua, CURLUPART_URL, a, 0) == CURLUE_OK &&
                curl->url_set(ub, CURLUPART_URL, b, 0) == CURLUE_OK;
    for (size_t i = 0; i < SK_COUNT(parts) && same; i++) {
        char x[300], y[300];
        same = get_part(curl, ua, parts[i], x, sizeof x) && get_part(curl, ub, parts[i], y, sizeof y) && strcasecmp(x, y) == 0;
    }
    curl->url_cleanup(ua);
    curl->url_cleanup(ub);
    return same;
}

/* ---- what libcurl calls ---- */

/* Each address that a name has, at the moment it is used: what the name said before does not count. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = arg;
    struct sk_address a;
    char text[SK_ADDRESS_TEXT];
    (void)purpose;
    if (!sk_address_from(&to->addr, to->addrlen, &a))
        return CURL_SOCKET_BAD;
    sk_address_text(&a, text);
    if (sk_address_is_link_local(&a)) {
        snprintf(t->refused, sizeof t->refused, "its address %s is link-local, and never fetched from", text);
        return CURL_SOCKET_BAD;
    }
    if (t->o->refuse != NULL && t->o->refuse(&a)) {
        snprintf(t->refused, sizeof t->refused, "no connection is made to its address %s", text);
        return CURL_SOCKET_BAD;
    }
    for (size_t i = 0; i < SK_COUNT(t->o->hosts); i++)
        if (t->by_address[i] && !sk_hosts_address(t->o->hosts[i], &a)) {
            snprintf(t->refused, sizeof t->refused, "neither it nor its address %s is on the list of allowed hosts", text);
            return CURL_SOCKET_BAD;
        }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Opens nothing: libcurl tries one address after the other, and each is written down. */
static curl_socket_t list_address(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct transfer *t = arg;
    (void)purpose;
    if (t->address_count <= ADDRESSES_MAX) {
        struct sk_address extra, *a = t->address_count < ADDRESSES_MAX ? &t->addresses[t->address_count] : &extra;
        t->address_count += sk_address_from(&to->addr, to->addrlen, a);
    }
    return CURL_SOCKET_BAD;
}

static size_t take_body(char *p, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count;
    sk_buf_append(&t->response->body, p, n);
    t->too_large = !sk_buf_ok(&t->response->body);
    return t->too_large ? 0 : n;
}

static size_t take_header(char *p, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    struct sk_buf *out = &t->response->headers;
    size_t n = size * count, end = n;
    while (end > 0 && (p[end - 1] == '\r' || p[end - 1] == '\n'))
        end--;
    if (sk_span_starts((struct sk_span){ p, end }, "HTTP/")) { /* the last answer counts, not "100 Continue" */
        sk_buf_clear(out);
        t->header_count = 0;
    } else if (end > 0 && memchr(p, ':', end) != NULL && memchr(p, 0, end) == NULL && t->header_count < RESPONSE_HEADERS_COUNT &&
               end + 1 <= RESPONSE_HEADERS_MAX - out->n) {
        t->header_count++;
        sk_buf_append(out, p, end);
        sk_buf_char(out, 0);
    }
    return n;
}

/* ---- one request ---- */

static void set_request(struct transfer *t)
{
    const struct sk_fetch_request *r = t->req;
    __typeof__(t->curl->easy_setopt) set = t->curl->easy_setopt;
    bool has_body = r->body.n > 0 || strcasecmp(r->method, "POST") == 0 || strcasecmp(r->method, "PUT") == 0;
    set(t->easy, CURLOPT_URL, r->url);
    if (strcasecmp(r->method, "HEAD") == 0) {
        set(t->easy, CURLOPT_NOBODY, 1L);
    } else if (has_body && strcasecmp(r->method, "GET") != 0) {
        set(t->easy, CURLOPT_POST, 1L);
        set(t->easy, CURLOPT_POSTFIELDS, r->body.p != NULL ? r->body.p : "");
        set(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
    }
    if (strcasecmp(r->method, "HEAD") != 0)
        set(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
    for (size_t at = 0; at < r->headers.n; at += strlen(r->headers.p + at) + 1)
        t->lines = t->curl->slist_append(t->lines, r->headers.p + at);
    if (!sk_fetch_request_has(r, "content-type"))
        t->lines = t->curl->slist_append(t->lines, "Content-Type:"); /* none rather than libcurl's guess */
    t->lines = t->curl->slist_append(t->lines, "Expect:");
    set(t->easy, CURLOPT_HTTPHEADER, t->lines);
    if (r->any_certificate) {
        set(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        set(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!sk_fetch_request_has(r, "user-agent"))
        set(t->easy, CURLOPT_USERAGENT, "skiff");
    if (!sk_fetch_request_has(r, "accept-encoding"))
        set(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
}

static void set_rules(struct transfer *t, CURL *easy, char *why, uint64_t left_ms)
{
    __typeof__(t->curl->easy_setopt) set = t->curl->easy_setopt;
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_PROXY, "");
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_QUICK_EXIT, 1L); /* a name server that does not answer shall not keep a plugin from stopping */
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(left_ms < CONNECT_MS ? left_ms : CONNECT_MS));
    set(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    set(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->o->body_max);
    set(easy, CURLOPT_ERRORBUFFER, why);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    set(easy, CURLOPT_OPENSOCKETDATA, t);
    set(easy, CURLOPT_WRITEFUNCTION, take_body);
    set(easy, CURLOPT_WRITEDATA, t);
    set(easy, CURLOPT_HEADERFUNCTION, take_header);
    set(easy, CURLOPT_HEADERDATA, t);
}

/* True when it ended by itself; `ret_code` then says how. */
static bool perform(const struct transfer *t, CURLM *multi, CURLcode *ret_code)
{
    int running = 1, left;
    for (;;) {
        if (t->curl->multi_perform(multi, &running) != CURLM_OK)
            return false;
        if (running == 0)
            break;
        if (t->o->cancelled(t->o->arg))
            return false;
        t->curl->multi_poll(multi, NULL, 0, SLICE_MS, NULL);
    }
    CURLMsg *m = t->curl->multi_info_read(multi, &left);
    if (m == NULL || m->msg != CURLMSG_DONE)
        return false;
    *ret_code = m->data.result;
    return true;
}

/* ---- every address of a host, before anything is sent ---- */

static int look_at_addresses(struct transfer *t, struct sk_errmsg *em)
{
    char text[SK_ADDRESS_TEXT];
    if (t->address_count == 0)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "the host cannot be found");
    if (t->address_count > ADDRESSES_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "it has more than %u addresses", ADDRESSES_MAX);
    for (size_t i = 0; i < t->address_count; i++) {
        if (!t->o->refuse(&t->addresses[i]))
            continue;
        sk_address_text(&t->addresses[i], text);
        return sk_errmsg_set(em, SK_ERR_DENIED, "no connection is made to its address %s", text);
    }
    return 0;
}

/* "host:port:address,address": what libcurl shall take for the answer of the name server. */
static struct curl_slist *pinned(const struct transfer *t)
{
    struct sk_buf b;
    char text[SK_ADDRESS_TEXT];
    sk_buf_init(&b, sizeof t->host + sizeof t->port + (ADDRESSES_MAX * (SK_ADDRESS_TEXT + 3)));
    sk_buf_printf(&b, "%s:%s:", t->host, t->port);
    for (size_t i = 0; i < t->address_count; i++) {
        bool v6 = t->addresses[i].u.any.sa_family == AF_INET6;
        sk_address_text(&t->addresses[i], text);
        sk_buf_printf(&b, v6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "", text);
    }
    sk_buf_char(&b, 0);
    struct curl_slist *list = t->curl->slist_append(NULL, b.p);
    sk_buf_finish(&b);
    return list;
}

/* Nothing is sent: libcurl finds no socket for any of the addresses. The connection is made to those that were looked at,
   whatever the name says a moment later. */
static int resolve(struct transfer *t, CURLM *multi, uint64_t left_ms, struct sk_errmsg *em)
{
    char why[CURL_ERROR_SIZE] = "";
    CURLcode code = CURLE_OK;
    CURL *easy = t->curl->easy_init();
    if (easy == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory");
    t->address_count = 0;
    t->curl->easy_setopt(easy, CURLOPT_URL, t->req->url);
    set_rules(t, easy, why, left_ms);
    t->curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, list_address);
    t->curl->multi_add_handle(multi, easy);
    bool ended = perform(t, multi, &code);
    t->curl->multi_remove_handle(multi, easy);
    t->curl->easy_cleanup(easy);
    if (!ended)
        return sk_errmsg_set(em, SK_ERR_CLOSED, "given up");
    return look_at_addresses(t, em);
}

static int explain(const struct transfer *t, CURLcode code, const char *why, struct sk_errmsg *em)
{
    if (t->refused[0] != 0 && code == CURLE_COULDNT_CONNECT)
        return sk_errmsg_set(em, SK_ERR_DENIED, "%s", t->refused);
    if (t->too_large || code == CURLE_FILESIZE_EXCEEDED)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "the answer is larger than %zu KiB", t->o->body_max / 1024);
    return sk_errmsg_set(em, code == CURLE_OPERATION_TIMEDOUT ? SK_ERR_TIMEOUT : SK_ERR_IO, "%.200s",
                         why[0] != 0 ? why : t->curl->easy_strerror(code));
}

static int one(struct transfer *t, CURLM *multi, char **ret_location, struct sk_errmsg *em)
{
    char why[CURL_ERROR_SIZE] = "", *location = NULL;
    CURLcode code = CURLE_OK;
    long status = 0;
    uint64_t now = sk_clock_mono_ms();
    int r = check_url(t, em);
    if (r < 0)
        return r;
    if (now >= t->o->deadline_ms)
        return sk_errmsg_set(em, SK_ERR_TIMEOUT, "took too long");
    sk_buf_clear(&t->response->body);
    if (t->look_first && (r = resolve(t, multi, t->o->deadline_ms - now, em)) < 0)
        return r;
    now = sk_clock_mono_ms();
    if (now >= t->o->deadline_ms)
        return sk_errmsg_set(em, SK_ERR_TIMEOUT, "took too long");
    t->easy = t->curl->easy_init();
    if (t->easy == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory");
    set_rules(t, t->easy, why, t->o->deadline_ms - now);
    set_request(t);
    struct curl_slist *pins = t->look_first ? pinned(t) : NULL;
    t->curl->easy_setopt(t->easy, CURLOPT_RESOLVE, pins);
    t->curl->multi_add_handle(multi, t->easy);
    if (!perform(t, multi, &code))
        r = sk_errmsg_set(em, SK_ERR_CLOSED, "given up, the plugin stops");
    else if (code != CURLE_OK)
        r = explain(t, code, why, em);
    if (r == 0 && t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
        t->response->status = (int)status;
    if (r == 0 && t->curl->easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &location) == CURLE_OK && location != NULL)
        *ret_location = sk_xstrdup(location);
    t->curl->multi_remove_handle(multi, t->easy);
    t->curl->easy_cleanup(t->easy);
    t->curl->slist_free_all(t->lines);
    t->curl->slist_free_all(pins);
    t->lines = NULL;
    return r;
}

/* ---- redirects ---- */

static void follow(struct transfer *t, char *location)
{
    static const char *const credentials[] = { "authorization", "cookie", NULL };
    static const char *const of_body[] = { "content-type", "content-encoding", "content-language", "content-location", NULL };
    struct sk_fetch_request *r = t->req;
    int status = t->response->status;
    bool post = strcasecmp(r->method, "POST") == 0, head = strcasecmp(r->method, "HEAD") == 0;
    if ((status == 303 && !head) || ((status == 301 || status == 302) && post)) {
        memcpy(r->method, "GET", 4);
        sk_buf_clear(&r->body);
        sk_fetch_request_drop(r, of_body);
    }
    if (!same_origin(t->curl, r->url, location))
        sk_fetch_request_drop(r, credentials);
    free(r->url);
    r->url = location;
    t->response->redirected = true;
}

int sk_transfer(const struct sk_transfer_options *o, struct sk_fetch_request *req, struct sk_fetch_response *ret,
                struct sk_errmsg *em)
{
    struct transfer t = { .o = o, .req = req, .response = ret };
    char *location = NULL;
    int r = sk_curl_load(&t.curl, em);
    if (r < 0)
        return r;
    CURLM *multi = t.curl->multi_init();
    if (multi == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory");
    sk_buf_init(&ret->headers, RESPONSE_HEADERS_MAX);
    sk_buf_init(&ret->body, o->body_max);
    for (unsigned hops = 0;; hops++) {
        r = one(&t, multi, &location, em);
        if (r < 0 || location == NULL || req->manual)
            break;
        if (hops == SK_FETCH_REDIRECTS) {
            r = sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u redirects", SK_FETCH_REDIRECTS);
            break;
        }
        follow(&t, location);
        location = NULL;
    }
    free(location);
    t.curl->multi_cleanup(multi);
    ret->url = sk_xstrdup(req->url);
    return r < 0 && t.host[0] != 0 ? sk_errmsg_wrap(em, r, "fetch from %s", t.host) : r;
}
