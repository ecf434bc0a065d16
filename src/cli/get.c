/* One HTTP request of a sub-command, over a blocking socket with a time limit. */
#include "cli/cli.h"

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
};

static int parse_url(const char *url, struct target *t, struct sk_errmsg *em)
{
    static const char scheme[] = "http://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "'%s' is no address of the form http://host:port", url);
    const char *host = url + sizeof scheme - 1;
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
        return sk_errmsg_set(em, SK_ERR_INVALID, "'%s' is no address of the form http://host:port", url);
    snprintf(t->host, sizeof t->host, "%.*s", (int)n, host);
    size_t digits = *rest == ':' ? strcspn(rest + 1, "/") : 0;
    if (digits >= sizeof t->port)
        return sk_errmsg_set(em, SK_ERR_INVALID, "'%s': no such port", url);
    snprintf(t->port, sizeof t->port, "%.*s", digits > 0 ? (int)digits : 2, digits > 0 ? rest + 1 : "80");
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

struct answer {
    struct sk_buf *body;
    bool complete;
};

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct answer *a = p->data;
    sk_buf_append(a->body, at, n);
    return sk_buf_ok(a->body) ? 0 : -1;
}

static int on_complete(llhttp_t *p)
{
    struct answer *a = p->data;
    a->complete = true;
    return 0;
}

static int exchange(int fd, struct sk_span request, struct sk_buf *ret_body, int *ret_status, struct sk_errmsg *em)
{
    llhttp_settings_t settings;
    llhttp_t parser;
    struct answer answer = { .body = ret_body };
    char part[16384];
    llhttp_settings_init(&settings);
    settings.on_body = on_body;
    settings.on_message_complete = on_complete;
    llhttp_init(&parser, HTTP_RESPONSE, &settings);
    parser.data = &answer;
    if (send(fd, request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n)
        return sk_errmsg_errno(em, errno, "sending the request");
    while (!answer.complete) {
        ssize_t n = recv(fd, part, sizeof part, 0);
        if (n < 0)
            return sk_errmsg_errno(em, errno, "waiting for the answer");
        if (n == 0) {
            llhttp_finish(&parser);
            break;
        }
        if (llhttp_execute(&parser, part, (size_t)n) != HPE_OK && !answer.complete)
            return sk_errmsg_set(em, SK_ERR_PROTOCOL, "the answer is not HTTP: %s", llhttp_get_error_reason(&parser));
    }
    if (!answer.complete)
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "the connection ended before the answer");
    *ret_status = parser.status_code;
    return 0;
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
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "the server speaks HTTPS only, which this command does not");
    return sk_errmsg_set(em, status == 404 ? SK_ERR_NOTFOUND : SK_ERR_PROTOCOL, "the server answers %d to %s", status, path);
}

/* `body` NULL: GET, else POST. */
static int request(const char *url, const char *path, const char *token, const char *body, struct sk_buf *ret_body,
                   struct sk_errmsg *em)
{
    struct target t;
    struct sk_buf b;
    int status = 0, r = parse_url(url, &t, em);
    int fd = r == 0 ? dial(&t, em) : r;
    if (fd < 0)
        return fd;
    sk_buf_init(&b, 16384 + (body != NULL ? strlen(body) : 0));
    write_request(&b, &t, path, token, body);
    r = sk_buf_ok(&b) ? exchange(fd, sk_buf_span(&b), ret_body, &status, em)
                      : sk_errmsg_set(em, SK_ERR_LIMIT, "the request is too long");
    close(fd);
    sk_buf_finish(&b);
    return r == 0 && status != 200 ? judge(status, path, em) : r;
}

int sk_cli_get(const char *url, const char *path, const char *token, struct sk_buf *ret_body, struct sk_errmsg *em)
{
    return request(url, path, token, NULL, ret_body, em);
}

int sk_cli_post(const char *url, const char *path, const char *token, const char *body, struct sk_buf *ret_body,
                struct sk_errmsg *em)
{
    return request(url, path, token, body, ret_body, em);
}
