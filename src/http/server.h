/*
 * HTTP/1.1 server on the loop: llhttp parses (strict), this layer frames, limits, routes and answers. RFC 9110, RFC 9112.
 * Owner: the loop thread; every function here is called on it. A handler may answer at once or keep the request and answer in a
 * later turn; each request gets exactly one answer. A request whose client has left is still answered by its handler (the answer
 * goes nowhere), so that handlers need no second path; `on_gone` tells those who hold something costly.
 * Pipelined requests are handed to handlers one after the other, in order.
 */
#ifndef SK_HTTP_SERVER_H
#define SK_HTTP_SERVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/frame.h"
#include "base/loop.h"
#include "http/trust.h"

struct sk_http_server;
struct sk_http_req;

/* What a route needs; auth/auth.h compares it with who asks. While security is off everything is granted. */
enum sk_access {
    SK_ACCESS_OPEN = 1, /* anybody, also with security on; 0 is no level, so that none is forgotten */
    SK_ACCESS_READ,     /* read-only users, or anybody when anonymous reading is allowed */
    SK_ACCESS_WRITE,    /* users who may write */
    SK_ACCESS_ADMIN,
};

typedef void (*sk_http_handler)(struct sk_http_req *req, void *arg);

struct sk_body_to_file {
    const char *folder; /* where the nameless file lies; outlives the server, as this does */
    uint64_t max;       /* bytes: 413 */
};

/*
 * Pattern: segments divided by '/', `:name` takes one segment, a last segment `*` takes the rest (also nothing). "GET" serves
 * HEAD too; method "*" any. A trailing slash of the request is tolerated unless the pattern ends in one.
 * More literal segments win over `:name`, `:name` over `*`; otherwise the earlier registration wins.
 *
 * Bodies lie in memory, within body_max, unless `to_file` is set: then the request is authorised before its body is read, the
 * body goes to a file as it arrives, and the handler is called when all of it is there (sk_http_body_file).
 */
struct sk_route {
    const char *method;
    const char *pattern;
    enum sk_access access;
    sk_http_handler handler;
    void *arg;
    const char *about; /* what it does, for people, in the OpenAPI documents; NULL: goes without saying */
    const struct sk_body_to_file *to_file;
    bool any_body; /* else sk_http_wants_json comes before the handler */
};

struct sk_http_limits {      /* 0: the default */
    size_t request_line_max; /* bytes, default 8 KiB: 414 */
    size_t header_max;       /* all header bytes, default 16 KiB: 431 */
    size_t body_max;         /* default 10 MB: 413 */
    size_t connections_max;  /* default 2048: then one without a whole request gives way, of the address with most of them; are
                                all at work: 503 and closed */
    size_t pipeline_max;     /* requests of one connection answered in one turn, default 32: then the others get theirs */
    unsigned header_ms;      /* first byte to end of headers, default 10 s: 408 */
    unsigned body_ms;        /* silence within a body, default 30 s: 408 */
    unsigned idle_ms;        /* keep-alive wait, default 5 s: closed */
    unsigned write_ms;       /* a client that takes nothing of its answer, default 60 s: closed */
};
extern const struct sk_http_limits sk_http_default_limits;

struct sk_http_options {
    struct sk_loop *loop;
    struct sk_http_limits limits;
    /* Security seam: may this request use a route of that access level? NULL: yes. Not granted: the hook answers itself
       (401, 403) and returns false. */
    bool (*authorise)(void *arg, struct sk_http_req *req, enum sk_access access);
    void *authorise_arg;
    struct sk_trust trust; /* proxies that may say who the client is */
};

int sk_http_server_create(const struct sk_http_options *o, struct sk_http_server **ret_server, struct sk_errmsg *em);
/* Starts listening; may be called for several addresses. `port` 0 lets the system choose; sk_http_server_port tells. */
int sk_http_server_listen(struct sk_http_server *s, const char *address, unsigned port, struct sk_errmsg *em);
/* The same with a socket that listens already, of this machine's service manager; takes `fd` over. */
int sk_http_server_listen_fd(struct sk_http_server *s, int fd, struct sk_errmsg *em);
/* Takes over a socket whose TLS ended before us (RFC 8446 is somebody else's part); `ip` is the client's. It gets nothing but a
   close when there is no room. */
void sk_http_server_adopt(struct sk_http_server *s, int fd, const char *ip);
unsigned sk_http_server_port(const struct sk_http_server *s);
/* `r` and its strings must outlive the server. */
void sk_http_server_add(struct sk_http_server *s, const struct sk_route *r, size_t count);
/* Those of one pattern follow each other. */
void sk_http_server_each_route(const struct sk_http_server *s, void (*fn)(void *arg, const struct sk_route *r), void *arg);
/* Called when no route matches; without one the answer is sk_http_reply_cannot. */
void sk_http_server_set_fallback(struct sk_http_server *s, sk_http_handler handler, void *arg);
/* CORS (default NULL: any origin, without credentials): a text that begins with '*' echoes the caller's origin, else only members
   of the comma list are echoed. A handler that sets Access-Control-Allow-Origin itself decides for its answer ("" leaves it out).
 */
void sk_http_server_set_origins(struct sk_http_server *s, const char *origins);
/* Stops listening, closes WebSockets with 1001, lets running answers go out for `grace_ms`, then closes all; `done` is called
   in a later turn and may free the server. */
void sk_http_server_close(struct sk_http_server *s, unsigned grace_ms, void (*done)(void *arg), void *arg);
void sk_http_server_destroy(struct sk_http_server *s); /* after done */

struct sk_http_stats {
    size_t connections, websockets;
    uint64_t requests, bad_requests, bytes_in, bytes_out;
    uint64_t evicted; /* silent connections that gave way to new ones */
};
void sk_http_server_stats(const struct sk_http_server *s, struct sk_http_stats *ret_stats);

/* ---- the request; all spans live until the answer ------------------------------------------------------------------------ */
struct sk_arena *sk_http_arena(struct sk_http_req *r); /* of this request */
struct sk_span sk_http_method(const struct sk_http_req *r);
struct sk_span sk_http_target(const struct sk_http_req *r); /* as sent: path and query, not decoded */
struct sk_span sk_http_path(const struct sk_http_req *r);   /* as sent, without the query */
struct sk_span sk_http_query(const struct sk_http_req *r);  /* behind '?', not decoded; empty without */
struct sk_span sk_http_header(const struct sk_http_req *r,
                              const char *name); /* any case; {NULL,0} when absent; repeated: joined by ", " */
bool sk_http_header_next(const struct sk_http_req *r, size_t *pos, struct sk_span *ret_name,
                         struct sk_span *ret_value);                          /* names lower case */
struct sk_span sk_http_cookie(const struct sk_http_req *r, const char *name); /* its value; {NULL,0} when absent */
/* Within the handler: head and body hold a secret (a password), of which nothing stays in memory once the request is answered. */
void sk_http_secret(struct sk_http_req *r);
struct sk_span sk_http_body(const struct sk_http_req *r);
/* The body's file and its length, until the answer; -1: there was no body, or it is in memory. Any thread may read it by pread.
 */
int sk_http_body_file(const struct sk_http_req *r, uint64_t *ret_size);
/* The client's, by way of the proxies that are trusted; "" once it has left. */
const char *sk_http_remote_ip(struct sk_http_req *r);
/* Did it come by TLS, to this server or to a proxy before it that says so. */
bool sk_http_secure(const struct sk_http_req *r);
/* `:name` of the pattern, percent-decoded ({NULL,0} if it decodes to no valid UTF-8 or holds NUL); "*" is the rest, as sent. */
struct sk_span sk_http_param(const struct sk_http_req *r, const char *name);
/* First query parameter of that name, decoded ('+' is a blank); {NULL,0} when absent. */
struct sk_span sk_http_query_param(const struct sk_http_req *r, const char *name);
/* The same of a body of type application/x-www-form-urlencoded. */
struct sk_span sk_http_form_param(const struct sk_http_req *r, const char *name);
/* Percent-decodes into the arena; {NULL,0} for a malformed escape, NUL or invalid UTF-8. */
struct sk_span sk_http_decode(struct sk_arena *a, struct sk_span s, bool plus_is_blank);
/* Called at most once, when the connection broke or the client sent its FIN. After a FIN the answer still goes out: some clients
   close their half and read on. */
void sk_http_on_gone(struct sk_http_req *r, void (*gone)(void *arg), void *arg);

/* ---- the answer: exactly one of the reply functions ---------------------------------------------------------------------- */
/* Adds a header to the coming answer; a name set twice is sent twice. Values with line breaks are refused (dropped, logged). */
void sk_http_set_header(struct sk_http_req *r, const char *name, struct sk_span value);
/* Copies the body. A 200 to GET/HEAD gets a weak ETag and answers 304 to a matching If-None-Match; bodies of 1 KiB and more are
   compressed when the client accepts gzip. `type` NULL: none. */
void sk_http_reply(struct sk_http_req *r, int status, const char *type, struct sk_span body);
/* Takes the buffer's memory (which is empty afterwards); a failed buffer answers 500. */
void sk_http_reply_buf(struct sk_http_req *r, int status, const char *type, struct sk_buf *body);
/*
 * A large answer to GET that is made of shared parts; nothing is copied on the loop. Takes the malloc'd array and one reference
 * of each frame. Of each part the first `skip` bytes stay out. `hash` stands for the content, in its ETag.
 */
struct sk_http_part {
    struct sk_frame *frame;
    uint32_t skip;
};
void sk_http_reply_parts(struct sk_http_req *r, const char *type, struct sk_http_part *parts, size_t count, uint64_t hash);
void sk_http_reply_json(struct sk_http_req *r, int status, struct sk_span json);
void sk_http_reply_text(struct sk_http_req *r, int status,
                        const char *text); /* text/html; charset=utf-8, as Express sends strings; scripts in it do not run */
/* False, and answered 415: a POST whose body is not called JSON. A browser lets any page send forms and texts to any server; JSON
   it does not, unless that server agrees beforehand. */
bool sk_http_wants_json(struct sk_http_req *r);
/* 404 with the small HTML page whose <pre> says "Cannot GET /path" (escaped). */
void sk_http_reply_cannot(struct sk_http_req *r);
/* HTML error page with that text in <pre>. */
void sk_http_reply_error_page(struct sk_http_req *r, int status, const char *text);
void sk_http_redirect(struct sk_http_req *r, int status, const char *location);
/* A path of this server, and nothing that a browser could take for another one's address: a login may lead there. */
bool sk_http_is_own_path(struct sk_span target);

#define SK_HTTP_JSON "application/json; charset=utf-8"
#define SK_HTTP_HTML "text/html; charset=utf-8"

#endif
