/*
 * Private to src/tls: one client of the front. Its handshake, and then its bytes both ways between the network (encrypted) and a
 * socket pair to the loop (clear). Each direction carries at most one buffer at a time: while it is not written, nothing more is
 * read. Thread: the front's.
 */
#ifndef SK_TLS_RELAY_H
#define SK_TLS_RELAY_H

#include "base/waiting.h"
#include "tls/front.h"
#include "tls/ssl.h"

#include <stdatomic.h>
#include <uv.h>

#define SK_RELAY_READ ((size_t)64 * 1024)
#define SK_RELAY_HELLO_MAX ((size_t)16 * 1024) /* RFC 8446 §5.1: what a record may hold */
#define SK_RELAY_SHAKE_MS 10000u
#define SK_RELAY_LINGER_MS 2000u

enum sk_relay_state {
    SK_RELAY_SHAKING,
    SK_RELAY_OPEN,
    SK_RELAY_ENDING, /* the loop has said all; the client's farewell is awaited */
    SK_RELAY_CLOSING,
};

struct sk_relay {
    struct sk_tls_front *front;
    struct sk_relay *prev, *next;    /* among the open ones */
    struct sk_waiter shaking, ready; /* in the front's lists while it shakes hands */
    struct sk_buf hello;             /* bytes before there is a session */
    enum sk_relay_state state;
    bool first_seen;          /* a byte has come */
    bool net_eof, pair_eof;   /* the other side of that socket has ended its direction */
    bool pair_deaf;           /* the loop takes nothing more; what it has said may still be here */
    bool net_full, pair_full; /* a write to that socket is under way */
    bool net_reading, pair_reading, has_pair;
    unsigned open_handles;
    uint64_t deadline; /* loop time, 0: none */
    SSL *s;            /* NULL: the first record is not whole yet */
    BIO *in, *out;     /* of s */
    uv_tcp_t net;
    uv_pipe_t pair;
    uv_write_t net_write, pair_write;
    uv_shutdown_t net_shutdown, pair_shutdown;
    char *net_bytes, *pair_bytes; /* of the writes */
    char ip[46];
};

struct sk_relay_list {
    struct sk_relay *first, *last; /* oldest first */
};

struct sk_tls_front {
    struct sk_tls_front_options o;
    char *address, *keys_dir;
    uv_loop_t uv;
    uv_tcp_t listener;
    uv_async_t wake;
    uv_fs_event_t watch;
    uv_timer_t sweep, reload;
    uv_idle_t work; /* active: clients wait for the next turn, at the listener or with their handshake */
    pthread_t thread;
    unsigned port;
    unsigned relays; /* not yet freed */
    unsigned burst;  /* clients taken in this turn */
    bool listening, stopping, client_waits;
    unsigned grace_ms;
    SSL_CTX *ctx;
    struct sk_waiting shaking, ready; /* handshakes; those of them that have something to do */
    struct sk_relay_list open_list;
    char read_buf[SK_RELAY_READ], clear_buf[SK_RELAY_READ], cipher_buf[SK_RELAY_READ];
    atomic_bool stop_wanted;
    atomic_uint_fast64_t handshakes, failed, evicted, open;
};

/* Some relay has a deadline: sk_relay_sweep is called until none has. From src/tls/front.c. */
void sk_front_sweep(struct sk_tls_front *f);
/* A handshake is ready to go on: sk_relay_shake_some is called in the next turn. From src/tls/front.c. */
void sk_front_work(struct sk_tls_front *f);
/* A relay is gone; when the front is stopping, and it was the last, the front ends. From src/tls/front.c. */
void sk_front_relay_gone(struct sk_tls_front *f);
/* Takes the client that waits at the listener. */
void sk_relay_accept(struct sk_tls_front *f);
/* The handshakes of one turn: so many, that those who are through with theirs hardly notice. True: others are left. */
bool sk_relay_shake_some(struct sk_tls_front *f);
void sk_relay_close(struct sk_relay *r);                   /* at once */
void sk_relay_close_shaking(struct sk_tls_front *f);       /* all of them */
bool sk_relay_sweep(struct sk_tls_front *f, uint64_t now); /* closes what is late; true: others have a deadline to come */

#endif
