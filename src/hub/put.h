/*
 * PUT and DELETE requests and their states (Signal K 1.x "Request/Response"): who handles a path, what became of a request.
 * Owner: loop thread. A request is kept for an hour after its last change, at most SK_REQUESTS_MAX (oldest finished first out);
 * every request is answered: by its handler, or by 504 when the deadline passes.
 */
#ifndef SK_HUB_PUT_H
#define SK_HUB_PUT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

#define SK_REQUESTS_MAX 10000

struct sk_puts;
struct sk_request;

enum sk_request_state { SK_REQUEST_PENDING, SK_REQUEST_COMPLETED };

struct sk_puts *sk_puts_create(struct sk_loop *loop);
void sk_puts_destroy(struct sk_puts *p);

/* ---- handlers ---- */
/* Called once per PUT, must lead to exactly one final sk_request_update(COMPLETED), now or later; PENDING may come before. */
typedef void (*sk_put_handler)(struct sk_request *r, void *arg);
/* Replaces a registration of the same (context, path, source). Context as clients address it: "vessels.self". */
int sk_puts_register(struct sk_puts *p, struct sk_span context, struct sk_span path, const char *source, sk_put_handler fn,
                     void *arg, struct sk_errmsg *em);
void sk_puts_unregister_source(struct sk_puts *p, const char *source); /* NULL: all */
/* Asked when no handler is registered for (context, path): true when it took the request over (or refused it itself). */
typedef bool (*sk_put_fallback)(struct sk_request *r, struct sk_span source, void *arg);
void sk_puts_set_fallback(struct sk_puts *p, sk_put_fallback fallback, void *arg);

/* Takes the PUTs to paths below `head` ("notifications") for which nobody has registered, before the fallback is asked. One such
   subtree; head NULL: none. */
void sk_puts_set_subtree(struct sk_puts *p, const char *head, sk_put_handler fn, void *arg);

/* What the handler works with; spans live as long as the request is referenced. */
struct sk_span sk_request_context(const struct sk_request *r);
struct sk_span sk_request_path(const struct sk_request *r);
struct sk_span sk_request_value(const struct sk_request *r); /* compact JSON */
const char *sk_request_id(const struct sk_request *r);
struct sk_request *sk_request_ref(struct sk_request *r); /* to answer in a later turn */
void sk_request_unref(struct sk_request *r);
/* `message` NULL: none. Updates after COMPLETED are ignored. */
void sk_request_update(struct sk_request *r, enum sk_request_state state, int status_code, const char *message);

/* ---- requests (for the API) ---- */
/* Told of every state of a request; `r` is valid during the call. */
typedef void (*sk_request_listener)(struct sk_request *r, void *arg);

struct sk_put_input {
    const char *id;                              /* client's, or NULL for a new UUID */
    struct sk_span context, path, value, source; /* value: JSON; source may be empty */
    bool is_delete;
    sk_request_listener listener; /* may be NULL */
    void *listener_arg;
};
/* Chooses the handler and starts the request. The listener hears the first state before this returns. Always gives a request
   (a refusal is a COMPLETED one); the caller gets a reference. */
struct sk_request *sk_puts_submit(struct sk_puts *p, const struct sk_put_input *in);
/* The same without choosing a handler: the caller leads it to its end. */
struct sk_request *sk_puts_open(struct sk_puts *p, const struct sk_put_input *in);
bool sk_request_forwarded(const struct sk_request *r);                 /* the fallback took it */
struct sk_request *sk_puts_find(struct sk_puts *p, struct sk_span id); /* no reference; NULL when unknown */
void sk_request_forget_listener(struct sk_request *r);                 /* its client has left */
enum sk_request_state sk_request_state_of(const struct sk_request *r);
int sk_request_status_code(const struct sk_request *r);
/* {"state","requestId","statusCode","message"?,"href","action"?}; `action` as HTTP's immediate PENDING answers carry it. */
void sk_request_write(const struct sk_request *r, bool action, struct sk_buf *out);

#endif
