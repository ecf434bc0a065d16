/*
 * Private to src/http: the connection, the request and the server as the files of this folder see them.
 *   server.c  listens, counts, closes          conn.c    life of a connection, time-outs, where its bytes go
 *   parse.c   llhttp's callbacks and limits    request.c what handlers ask of a request
 *   router.c  pattern tree                     reply.c   writes answers        negotiate.c  ETag, gzip, Accept-Encoding
 *   ws.c      WebSocket endpoint               static.c  files                upload.c    bodies that go to a file
 * All of it belongs to the loop thread, except what static.c, upload.c and reply.c hand to the thread pool.
 */
#ifndef SK_HTTP_CONN_H
#define SK_HTTP_CONN_H

#include "base/waiting.h"
#include "http/outq.h"
#include "http/server.h"

#include <llhttp.h>

#define SK_CONN_TAG 0x434f4e4eu
#define SK_REQ_TAG 0x52455153u
#define SK_SERVER_TAG 0x53525652u

#define SK_FIELDS_MAX 100
#define SK_PARAMS_MAX 8
#define SK_READ_SIZE ((size_t)64 * 1024)
#define SK_AHEAD_MAX ((size_t)64 * 1024)  /* bytes kept while an answer is awaited; then reading pauses */
#define SK_OUT_PAUSE ((size_t)256 * 1024) /* unsent bytes at which no further request of that connection is begun */
#define SK_LINGER_MS 1000                 /* wait for the client's FIN after ours, so that no reset eats the answer */

enum conn_state {
    CONN_READING, /* between requests or within one */
    CONN_BUSY,    /* a request is with its handler, or its answer is being made */
    CONN_WS,
    CONN_LINGER,  /* the last bytes go out, then FIN; what still comes in is thrown away */
    CONN_CLOSING, /* uv_close is under way */
};

struct sk_ws;

struct sk_http_conn {
    uint32_t tag;
    uint8_t state;
    bool in_head; /* between the first byte of a request and the end of its headers */
    bool feeding; /* conn_feed is on the stack */
    bool paused;  /* reading is stopped */
    bool eof;     /* the client has sent its FIN */
    bool fin_sent;
    bool resume_posted;
    bool no_socket; /* made by the fuzzer */
    bool secure;    /* it came by TLS, which ended before us */
    bool served;    /* a whole request has come */
    uint8_t open_handles;
    uint16_t fail_status; /* set by a parser callback that refuses */
    const char *fail_text;
    struct sk_http_server *server;
    struct sk_http_conn *prev, *next;
    struct sk_waiter waiter; /* in one of the server's lists while it is CONN_READING */
    struct sk_http_req *req; /* being read (CONN_READING) or answered (CONN_BUSY) */
    struct sk_ws *ws;
    size_t head_raw;         /* bytes since the request's first one */
    uint64_t deadline;       /* loop time, 0: none; its meaning depends on the state */
    uint64_t body_deadline;  /* of the body as a whole */
    uint64_t write_deadline; /* 0: nothing unsent */
    uint64_t write_mark;     /* out.written when write_deadline was set */
    uint64_t timer_due;
    struct sk_buf ahead; /* read, not yet looked at */
    struct sk_loop_task resume;
    struct sk_outq out;
    llhttp_t parser;
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_shutdown_t shutdown;
    char ip[46];
};

struct sk_http_field {
    uint32_t name, value, value_n; /* offsets into `head`; names are lower case */
    uint32_t name_n;
};

struct sk_http_param {
    struct sk_span name, value; /* value as sent */
};

struct sk_http_req {
    uint32_t tag;
    bool keep_alive, is_head, answered, dispatched;
    bool value_open;                         /* the parser is within a header value */
    bool has_etag, has_encoding, has_origin; /* set by the handler: ours stay out */
    bool secret;                             /* nothing of it stays in memory */
    uint8_t method;                          /* llhttp's number */
    uint8_t minor;
    uint8_t param_count;
    uint16_t field_count;
    struct sk_http_server *server; /* NULL once it is gone */
    struct sk_http_conn *conn;     /* NULL once the client has left */
    struct sk_http_req *prev, *next;
    struct sk_arena *arena; /* = &arena_store: accessors take a const request and still allocate */
    struct sk_arena arena_store;
    struct sk_buf head; /* target, then names and values */
    struct sk_buf body;
    const struct sk_body_to_file *to_file; /* of the route, for a request with a body; NULL: to memory */
    struct sk_upload *upload;              /* NULL: not yet, or never */
    struct sk_buf extra;                   /* headers of the answer */
    size_t target_n;
    size_t body_counted; /* against the server's budget */
    struct sk_span path, query;
    void (*gone)(void *arg);
    void *gone_arg;
    void (*more)(struct sk_http_req *r); /* a streamed answer: the queue has drained */
    void *more_arg;
    struct sk_http_param params[SK_PARAMS_MAX];
    char client_ip[46]; /* empty: not asked yet */
    struct sk_http_field fields[SK_FIELDS_MAX];
};

struct sk_listener;
struct sk_node;
struct sk_ws_reader;

struct sk_http_server {
    uint32_t tag;
    struct sk_loop *loop;
    struct sk_http_limits limits;
    struct sk_http_options o;
    struct sk_listener *listeners;
    struct sk_http_conn *conns;
    struct sk_waiting silent, idle, partial; /* no whole request yet; between two; within a later one */
    struct sk_http_req *live, *pool;
    unsigned pooled;
    struct sk_node *routes;
    sk_http_handler fallback;
    void *fallback_arg;
    struct sk_ws_deflate *deflate; /* NULL: nothing was compressed yet */
    struct sk_ws_reader *readers;  /* idle wslay contexts */
    unsigned readers_kept;
    size_t leaving;        /* connections that are being closed */
    struct sk_buf scratch; /* one answer head */
    size_t body_bytes;     /* of all requests together */
    unsigned uploads;      /* bodies that go to a file, or lie there */
    size_t open_listeners;
    bool closing, finished;
    void (*done)(void *arg);
    void *done_arg;
    uv_timer_t grace;
    uint64_t bytes_out_closed;
    struct sk_http_stats stats;
    char *origins; /* allowed CORS origins, NULL: any */
    char keep_alive[64];
    int64_t date_second;
    char date[64]; /* whole header line */
    char *read_buf;
    bool secret;    /* the buffers below hold a secret, until the callback that filled them ends */
    char *unmasked; /* SK_READ_SIZE bytes for a WebSocket message, from the first on */
};

/* ---- conn.c ---- */
struct sk_http_conn *sk_conn_create(struct sk_http_server *s);
struct sk_http_conn *sk_conn_create_deaf(struct sk_http_server *s); /* without a socket, for fuzzing: answers vanish */
void sk_conn_start(struct sk_http_conn *c);
void sk_conn_bytes(struct sk_http_conn *c, const char *p, size_t n); /* what the socket (or the fuzzer) has read */
void sk_conn_begins(struct sk_http_conn *c);                         /* the first byte of a request */
void sk_conn_eof(struct sk_http_conn *c);
void sk_conn_answered(struct sk_http_conn *c, bool keep_alive);
void sk_conn_upgrade(struct sk_http_conn *c, struct sk_ws *ws);          /* from now on its bytes are the endpoint's */
void sk_conn_linger(struct sk_http_conn *c);                             /* sends what is queued, then closes */
void sk_conn_close(struct sk_http_conn *c);                              /* at once */
void sk_conn_fail(struct sk_http_conn *c, int status, const char *text); /* answers without a request and closes */
void sk_conn_eased(struct sk_http_conn *c);                              /* an upload takes more bytes again */
void sk_conn_deadline(struct sk_http_conn *c, unsigned ms);              /* 0: none */
void sk_conn_wrote(struct sk_http_conn *c); /* after queueing: starts the watch on a client that takes nothing */

/* ---- parse.c ---- */
extern const llhttp_settings_t sk_parse_settings;
bool sk_parse_expectation(struct sk_http_conn *c); /* answers Expect; false: fail_status says why not */

/* ---- request.c ---- */
struct sk_http_req *sk_req_take(struct sk_http_server *s, struct sk_http_conn *c);
void sk_req_free(struct sk_http_req *r);
void sk_req_really_free(struct sk_http_req *r);
void sk_req_split_target(struct sk_http_req *r);
bool sk_token_in(struct sk_span list, struct sk_span token); /* comma list, any case */
bool sk_span_same(struct sk_span a, const char *b);          /* any case */

/* ---- router.c ---- */
void sk_router_add(struct sk_http_server *s, const struct sk_route *r);
void sk_router_free(struct sk_node *n);
void sk_router_dispatch(struct sk_http_req *r);
const struct sk_body_to_file *sk_router_to_file(struct sk_http_req *r); /* of its route; NULL: none */
bool sk_router_allows(struct sk_http_req *r);                           /* false: it is answered */

/* ---- upload.c ---- */
struct sk_upload;
bool sk_upload_begin(struct sk_http_req *r);                        /* false: too many at once */
bool sk_upload_bytes(struct sk_upload *u, const char *p, size_t n); /* false: it grows too large */
bool sk_upload_is_full(const struct sk_upload *u);                  /* then reading pauses until sk_conn_eased */
void sk_upload_end(struct sk_upload *u);  /* dispatches the request, now or later; fails it when the file could not be written */
void sk_upload_drop(struct sk_upload *u); /* with its request */
uint64_t sk_upload_max_ms(const struct sk_body_to_file *rule, uint64_t length); /* what a slow client is given for all of it */

/* ---- reply.c ---- */
/* Head and body bytes of an answer in slices: begin, then own memory, then end. The client may be gone: then it all vanishes. */
void sk_reply_begin(struct sk_http_req *r, int status, const char *type, uint64_t length);
void sk_reply_slice(struct sk_http_req *r, char *bytes, size_t n); /* takes malloc'd memory */
void sk_reply_end(struct sk_http_req *r);
void sk_reply_abort(struct sk_http_req *r); /* after begin: the promised bytes cannot come; the connection is cut */
void sk_reply_preflight(struct sk_http_req *r);
void sk_reply_bare(struct sk_http_conn *c, int status, const char *text);
const char *sk_http_reason(int status);

/* ---- negotiate.c ---- */
bool sk_accepts(struct sk_span accept_encoding, const char *coding);
bool sk_etag_listed(struct sk_span if_none_match, struct sk_span etag); /* weak comparison; "*" is any */
bool sk_type_compressible(const char *type);
int sk_gzip(struct sk_span in, char **ret_bytes, size_t *ret_n); /* malloc'd; thread: any */
#define SK_ETAG_SIZE 48
void sk_etag_from(size_t length, uint64_t hash, char out[SK_ETAG_SIZE]);
void sk_etag_of(struct sk_span body, char out[SK_ETAG_SIZE]);

/* ---- date.c ---- */
#define SK_HTTP_DATE_SIZE 30
void sk_http_date(char out[SK_HTTP_DATE_SIZE], int64_t seconds);
bool sk_http_date_parse(struct sk_span s, int64_t *ret_seconds); /* IMF-fixdate only; the older forms are no match */

/* ---- ws.c ---- */
void sk_ws_feed(struct sk_ws *ws, const char *p, size_t n);
void sk_ws_time(struct sk_ws *ws); /* the connection's deadline has come */
void sk_ws_drained(struct sk_ws *ws);
void sk_ws_eased(struct sk_ws *ws);
void sk_ws_gone(struct sk_ws *ws); /* last call: the connection is closed */
void sk_ws_free_readers(struct sk_http_server *s);

/* ---- ws_accept.c ---- */
#define SK_WS_KEY_SIZE 29
bool sk_ws_accept_key(struct sk_span key, char out[SK_WS_KEY_SIZE]);      /* false: the client's key is malformed */
bool sk_ws_accept_check(struct sk_http_req *r, char key[SK_WS_KEY_SIZE]); /* false: the request is refused and answered */
void sk_ws_accept_answer(struct sk_http_conn *c, const char *key, bool deflate);

/* ---- server.c ---- */
void sk_server_forget(struct sk_http_server *s, struct sk_http_conn *c); /* its handles are closed */

#endif
