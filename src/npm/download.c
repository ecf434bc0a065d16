#include "npm/download.h"

#include "net/curl.h"

#include <stdio.h>
#include <stdlib.h>

#define CONNECT_MS 20000L
#define SLOW_BYTES 64L /* a second, for SLOW_S: the other side is gone */
#define SLOW_S 60L
#define REDIRECTS 5L

struct transfer {
    const struct sk_download *d;
    const struct sk_curl *curl;
    CURL *easy;
    size_t got;
    int error; /* of the receiver, or the limit */
    struct sk_errmsg *em;
};

static size_t take(char *p, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count;
    long status = 0;
    t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return n; /* an error page */
    if (n > t->d->max - t->got) {
        t->error = sk_errmsg_set(t->em, SK_ERR_LIMIT, "it is larger than %zu KiB", t->d->max / 1024);
        return 0;
    }
    t->got += n;
    t->error = t->d->bytes(t->d->arg, (struct sk_span){ p, n }, t->em);
    return t->error < 0 ? 0 : n;
}

static int watch(void *arg, curl_off_t total, curl_off_t done, curl_off_t up_total, curl_off_t up)
{
    struct transfer *t = arg;
    (void)up_total;
    (void)up;
    if (t->d->cancelled != NULL && t->d->cancelled(t->d->arg)) {
        t->error = sk_errmsg_set(t->em, SK_ERR_CLOSED, "given up");
        return 1;
    }
    if (t->d->progress != NULL && done > 0)
        t->d->progress(t->d->arg, (uint64_t)done, total > 0 ? (uint64_t)total : 0);
    return 0;
}

static struct curl_slist *add_header(const struct sk_curl *curl, struct curl_slist *list, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 3;
    char *line = sk_xmalloc(size);
    snprintf(line, size, "%s: %s", name, value);
    struct curl_slist *longer = curl->slist_append(list, line);
    explicit_bzero(line, size);
    free(line);
    return longer != NULL ? longer : list;
}

static struct curl_slist *headers(const struct transfer *t)
{
    struct curl_slist *list = add_header(t->curl, NULL, "Accept", t->d->accept != NULL ? t->d->accept : "*/*");
    return t->d->authorization != NULL ? add_header(t->curl, list, "Authorization", t->d->authorization) : list;
}

static void set_up(struct transfer *t, struct curl_slist *list, char *why)
{
    __typeof__(t->curl->easy_setopt) set = t->curl->easy_setopt;
    bool safe = strncmp(t->d->url, "https://", 8) == 0; /* it stays so on the way */
    set(t->easy, CURLOPT_URL, t->d->url);
    set(t->easy, CURLOPT_HTTPHEADER, list);
    set(t->easy, CURLOPT_USERAGENT, "skiff");
    set(t->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    set(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, safe ? "https" : "http,https");
    set(t->easy, CURLOPT_FOLLOWLOCATION, 1L);
    set(t->easy, CURLOPT_MAXREDIRS, REDIRECTS);
    set(t->easy, CURLOPT_NOSIGNAL, 1L);
    set(t->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    set(t->easy, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
    set(t->easy, CURLOPT_LOW_SPEED_TIME, SLOW_S);
    set(t->easy, CURLOPT_ERRORBUFFER, why);
    set(t->easy, CURLOPT_WRITEFUNCTION, take);
    set(t->easy, CURLOPT_WRITEDATA, t);
    set(t->easy, CURLOPT_NOPROGRESS, 0L);
    set(t->easy, CURLOPT_XFERINFOFUNCTION, watch);
    set(t->easy, CURLOPT_XFERINFODATA, t);
    if (t->d->ca_file != NULL)
        set(t->easy, CURLOPT_CAINFO, t->d->ca_file);
    if (t->d->proxy != NULL)
        set(t->easy, CURLOPT_PROXY, t->d->proxy);
}

static int judge(const struct transfer *t, CURLcode code, const char *why)
{
    long status = 0;
    if (t->error < 0)
        return t->error;
    if (code != CURLE_OK)
        return sk_errmsg_set(t->em, code == CURLE_OPERATION_TIMEDOUT ? SK_ERR_TIMEOUT : SK_ERR_IO, "%.200s",
                             why[0] != '\0' ? why : t->curl->easy_strerror(code));
    t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return 0;
    if (status == 401 || status == 403)
        return sk_errmsg_set(t->em, SK_ERR_DENIED, "it wants a login (%ld): put its _authToken into .npmrc", status);
    return sk_errmsg_set(t->em, status == 404 ? SK_ERR_NOTFOUND : SK_ERR_IO, "it answers %ld", status);
}

static void host_of(const char *url, char out[128])
{
    const char *slashes = strstr(url, "//"), *host = slashes != NULL ? slashes + 2 : url;
    size_t n = strcspn(host, "/?#");
    const char *at = memchr(host, '@', n);
    if (at != NULL) {
        n -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    snprintf(out, 128, "%.*s", (int)(n < 127 ? n : 127), host);
}

int sk_download(const struct sk_download *d, struct sk_errmsg *em)
{
    struct sk_errmsg own = { 0 };
    struct transfer t = { .d = d, .em = em != NULL ? em : &own };
    char why[CURL_ERROR_SIZE] = "", host[128];
    int r = sk_curl_load(&t.curl, em);
    if (r < 0)
        return r;
    t.easy = t.curl->easy_init();
    if (t.easy == NULL)
        return sk_errmsg_set(em, SK_ERR_NOMEM, "out of memory");
    struct curl_slist *list = headers(&t);
    set_up(&t, list, why);
    r = judge(&t, t.curl->easy_perform(t.easy), why);
    t.curl->easy_cleanup(t.easy);
    t.curl->slist_free_all(list);
    host_of(d->url, host);
    return r < 0 ? sk_errmsg_wrap(em, r, "download from %s", host) : 0;
}
