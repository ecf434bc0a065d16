/* One HTTP request of a sub-command, over a blocking socket with a time limit; with TLS when the address says so. */
#include "base/tls.h"
#include "cli/cli.h"
#include "cli/peer.h"

#include <errno.h>
#include <llhttp.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WAIT_S 10
#define HOST_MAX 256

struct target {
    char host[HOST_MAX], port[8];
    bool secure;
};

static int no_address(const char *url, struct sk_errmsg *em)
{
    return sk_errmsg_set(em, SK_ERR_INVALID, "'%s' is no address of the form http://host:port or https://host:port", url);
}

static int parse_url(const char *url, struct target *t, struct sk_errmsg *em)
{
    t->secure = strncmp(url, "https://", 8) == 0;
    if (!t->secure && strncmp(url, "http://", 7) != 0)
        return no_address(url, em);
    const char *host = url + (t->secure ? 8 : 7), *usual = t->secure ? "443" : "80";
    size_t all = strcspn(host, "/"), n = all;
    bool bracket = host[0] == '[';
    if (bracket) {
        host++;
        all--;
        n = strcspn(host, "]");
    } else {
        n = strcspn(host, ":/");
    }
    const char *rest = host + n + (bracket && host[n] == ']');
    if (n == 0 || n >= sizeof t->host || n > all || (host[all] == '/' && host[all + 1] != 0))
        return no_address(url, em);
    snprintf(t->host, sizeof t->host, "%.*s", (int)n, host);
    size_t digits = *rest == ':' ? strcspn(rest + 1, "/") : 0;
    if (digits >= sizeof t->port)
        return sk_errmsg_set(em, SK_ERR_INVALID, "'%s': no such port", url);
    snprintf(t->port, sizeof t->port, "%.*s", digits > 0 ? (int)digits : 3, digits > 0 ? rest + 1 : usual);
    return 0;
}

static int dial(const struct target *t, struct sk_errmsg *em)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    struct timeval wait = { .tv_sec = WAIT_S };
    int r = getaddrinfo(t->host, t->port, &hints, &list), fd = -1, why = 0;
    if (r != 0)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "%s: %s", t->host, gai_strerror(r));
    for (struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
            why = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0)
        return sk_errmsg_errno(em, why, "no server answers at %s port %s", t->host, t->port);
    return fd;
}

struct exchange {
    int fd;
    struct sk_tls *tls; /* NULL: none */
    bool secured, complete;
    llhttp_t parser;
    struct sk_buf *body;
    struct sk_errmsg *em; /* of what went wrong within a callback of TLS, when `code` is not 0 */
    int code;
};

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct exchange *x = p->data;
    sk_buf_append(x->body, at, n);
    return sk_buf_ok(x->body) ? 0 : -1;
}

static int on_complete(llhttp_t *p)
{
    struct exchange *x = p->data;
    x->complete = true;
    return 0;
}

static int send_all(void *arg, struct sk_span bytes)
{
    const struct exchange *x = arg;
    return send(x->fd, bytes.p, bytes.n, MSG_NOSIGNAL) == (ssize_t)bytes.n ? 0 : SK_ERR_IO;
}

static void on_secured(void *arg)
{
    ((struct exchange *)arg)->secured = true;
}

static void on_bytes(void *arg, struct sk_span bytes)
{
    struct exchange *x = arg;
    if (x->complete || x->code < 0 || llhttp_execute(&x->parser, bytes.p, bytes.n) == HPE_OK || x->complete)
        return;
    x->code = sk_errmsg_set(x->em, SK_ERR_PROTOCOL, "the answer is not HTTP: %s", llhttp_get_error_reason(&x->parser));
}

/* The next bytes of the server. 0: it has ended the connection. */
static ssize_t receive(struct exchange *x, char *part, size_t max)
{
    ssize_t n = recv(x->fd, part, max, 0);
    return n < 0 ? sk_errmsg_errno(x->em, errno, "waiting for the answer") : n;
}

static const struct sk_tls_ops tls_ops = { send_all, on_secured, on_bytes };

static int shake_hands(struct exchange *x, const struct target *t, const struct sk_cli_peer *peer)
{
    char part[16384];
    int r = sk_tls_create(t->host, &(struct sk_tls_trust){ .exactly = peer->certificate }, &tls_ops, x, &x->tls, x->em);
    while (r == 0 && !x->secured) {
        ssize_t n = receive(x, part, sizeof part);
        if (n <= 0)
            return n < 0 ? (int)n : sk_errmsg_set(x->em, SK_ERR_PROTOCOL, "the connection ended within the TLS handshake");
        r = sk_tls_bytes(x->tls, (struct sk_span){ part, (size_t)n }, x->em);
    }
    return r;
}

static int read_answer(struct exchange *x)
{
    char part[16384];
    while (!x->complete && x->code == 0) {
        ssize_t n = receive(x, part, sizeof part);
        if (n < 0)
            return (int)n;
        struct sk_span bytes = { part, (size_t)n };
        int r = n > 0 && x->tls != NULL ? sk_tls_bytes(x->tls, bytes, x->em) : 0;
        if (n > 0 && x->tls == NULL)
            on_bytes(x, bytes);
        if ((n == 0 || r == SK_ERR_CLOSED) && !x->complete) { /* an answer without a length ends like that */
            llhttp_finish(&x->parser);
            break;
        }
        if (r < 0 && !x->complete)
            return r;
    }
    if (x->code == 0 && !x->complete)
        return sk_errmsg_set(x->em, SK_ERR_PROTOCOL, "the connection ended before the answer");
    return x->code;
}

static int exchange(struct exchange *x, const struct target *t, const struct sk_cli_peer *peer, struct sk_span request)
{
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_body = on_body;
    settings.on_message_complete = on_complete;
    llhttp_init(&x->parser, HTTP_RESPONSE, &settings);
    x->parser.data = x;
    int r = t->secure ? shake_hands(x, t, peer) : 0;
    if (r == 0 && (x->tls != NULL ? sk_tls_write(x->tls, request) : send_all(x, request)) < 0)
        r = sk_errmsg_errno(x->em, errno, "sending the request");
    if (r == 0)
        r = read_answer(x);
    sk_tls_destroy(x->tls);
    return r;
}

static void write_request(struct sk_buf *b, const struct target *t, const char *path, const char *token, const char *body)
{
    sk_buf_printf(b, "%s %s HTTP/1.1\r\nHost: %s:%s\r\nAccept: application/json\r\nConnection: close\r\n",
                  body != NULL ? "POST" : "GET", path, t->host, t->port);
    if (token != NULL)
        sk_buf_printf(b, "Authorization: Bearer %s\r\n", token);
    if (body != NULL)
        sk_buf_printf(b, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    SK_BUF_LIT(b, "\r\n");
    if (body != NULL)
        sk_buf_text(b, body);
}

static int judge(int status, const char *path, struct sk_errmsg *em)
{
    if (status == 401)
        return sk_errmsg_set(em, SK_ERR_DENIED, "the server wants a login: give a token of an administrator with --token");
    if (status >= 300 && status < 400)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "the server leads to another address: give that one, with https, by --url");
    return sk_errmsg_set(em, status == 404 ? SK_ERR_NOTFOUND : SK_ERR_PROTOCOL, "the server answers %d to %s", status, path);
}

/* `body` NULL: GET, else POST. */
static int request(const struct sk_cli_peer *peer, const char *path, const char *body, struct sk_buf *ret_body,
                   struct sk_errmsg *em)
{
    struct target t;
    struct sk_buf b;
    int r = parse_url(peer->url, &t, em);
    int fd = r == 0 ? dial(&t, em) : r;
    if (fd < 0)
        return fd;
    struct exchange x = { .fd = fd, .body = ret_body, .em = em };
    sk_buf_init(&b, 16384 + (body != NULL ? strlen(body) : 0));
    write_request(&b, &t, path, peer->token, body);
    r = sk_buf_ok(&b) ? exchange(&x, &t, peer, sk_buf_span(&b)) : sk_errmsg_set(em, SK_ERR_LIMIT, "the request is too long");
    close(fd);
    sk_buf_finish(&b);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%s", peer->url);
    return x.parser.status_code == 200 ? 0 : judge(x.parser.status_code, path, em);
}

int sk_cli_get(const struct sk_cli_peer *peer, const char *path, struct sk_buf *ret_body, struct sk_errmsg *em)
{
    return request(peer, path, NULL, ret_body, em);
}

int sk_cli_post(const struct sk_cli_peer *peer, const char *path, const char *body, struct sk_buf *ret_body, struct sk_errmsg *em)
{
    return request(peer, path, body, ret_body, em);
}
