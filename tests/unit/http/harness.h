/* A server on a loop of its own and clients on the same loop, so that a test waits for events and never sleeps. */
#ifndef TEST_HTTP_HARNESS_H
#define TEST_HTTP_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"
#include "http/server.h"
#include "http/ws.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct sk_loop *loop;
    struct sk_http_server *server;
    bool server_done;
};

void fixture_start(struct fixture *f, const struct sk_http_limits *limits, const struct sk_route *routes, size_t count);
void fixture_stop(struct fixture *f);
void fixture_wait(struct fixture *f, bool (*done)(void *arg), void *arg); /* fails the test after some seconds */

struct client {
    struct fixture *f;
    uv_tcp_t tcp;
    uv_connect_t connect;
    bool connected, eof, closed;
    char *data; /* received, NUL-terminated */
    size_t n;
    size_t counted, answers; /* whole answers in data, and where they end */
    size_t wanted;
    const char *needle;
};

void client_open(struct client *c, struct fixture *f);
void client_send(struct client *c, const void *bytes, size_t n);
void client_text(struct client *c, const char *text);
void client_wait_text(struct client *c, const char *needle); /* until it has been received, or the server has closed */
void client_wait_bytes(struct client *c, size_t n);
void client_wait_eof(struct client *c);
void client_wait_answers(struct client *c, size_t count); /* complete answers with Content-Length */
void client_forget(struct client *c, size_t n);           /* drops the first n bytes received */
void client_reset(struct client *c);                      /* closes with RST */
void client_close(struct client *c);
void client_shutdown(struct client *c); /* FIN, keeps reading */

/* One request on a connection of its own; the whole answer, to be freed. HEAD and 204/304 end at the empty line. */
char *exchange(struct fixture *f, const char *request);
int status_of(const char *answer);
const char *body_of(const char *answer);
bool has_header(const char *answer, const char *line); /* whole line, without the line end */

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

#endif
