#include "hub/put.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>

#define KEEP_MS ((uint64_t)60 * 60 * 1000)
#define DEADLINE_MS ((uint64_t)60 * 1000)
#define HANDLERS_MAX 20000u
#define ID_MAX 200u

struct handler {
    struct handler *next; /* of the same (context, path) */
    char *source;
    sk_put_handler fn;
    void *arg;
};

/* All handlers of one (context, path). */
struct place {
    char *key;
    struct handler *handlers;
};

struct sk_request {
    struct sk_puts *puts;
    struct sk_request *older, *newer;
    uint32_t refs;
    char id[ID_MAX + 1];
    char *context, *path, *value;
    bool is_delete, listed, forwarded;
    enum sk_request_state state;
    int status_code;
    char *message;
    uint64_t started_ms, changed_ms;
    sk_request_listener listener;
    void *listener_arg;
};

struct sk_puts {
    struct sk_loop *loop;
    struct sk_map places, requests;
    size_t handler_count;
    struct sk_request *oldest, *newest;
    uv_timer_t timer;
    bool sweeping;
    sk_put_fallback fallback;
    void *fallback_arg;
    const char *subtree;
    sk_put_handler subtree_fn;
    void *subtree_arg;
};

/* ---- requests ----------------------------------------------------------------------------------------------------------- */

struct sk_request *sk_request_ref(struct sk_request *r)
{
    r->refs++;
    return r;
}

void sk_request_unref(struct sk_request *r)
{
    if (r == NULL || --r->refs > 0)
        return;
    free(r->context);
    free(r->path);
    free(r->value);
    free(r->message);
    free(r);
}

struct sk_span sk_request_context(const struct sk_request *r)
{
    return sk_span_of(r->context);
}

struct sk_span sk_request_path(const struct sk_request *r)
{
    return sk_span_of(r->path);
}

struct sk_span sk_request_value(const struct sk_request *r)
{
    return sk_span_of(r->value);
}

const char *sk_request_id(const struct sk_request *r)
{
    return r->id;
}

enum sk_request_state sk_request_state_of(const struct sk_request *r)
{
    return r->state;
}

int sk_request_status_code(const struct sk_request *r)
{
    return r->status_code;
}

void sk_request_forget_listener(struct sk_request *r)
{
    r->listener = NULL;
}

void sk_request_update(struct sk_request *r, enum sk_request_state state, int status_code, const char *message)
{
    if (r->state == SK_REQUEST_COMPLETED)
        return;
    r->state = state;
    r->status_code = status_code;
    free(r->message);
    r->message = message != NULL && message[0] != '\0' ? sk_xstrdup(message) : NULL;
    r->changed_ms = uv_now(sk_loop_uv(r->puts->loop));
    sk_request_ref(r);
    if (r->listener != NULL)
        r->listener(r, r->listener_arg);
    sk_request_unref(r);
}

static void href(const struct sk_request *r, struct sk_buf *out)
{
    struct sk_buf b;
    sk_buf_init(&b, ID_MAX + 64);
    sk_buf_printf(&b, "/signalk/v1/requests/%s", r->id);
    sk_json_write_str(out, sk_buf_span(&b));
    sk_buf_finish(&b);
}

void sk_request_write(const struct sk_request *r, bool action, struct sk_buf *out)
{
    sk_buf_printf(out, "{\"state\":\"%s\",\"requestId\":", r->state == SK_REQUEST_COMPLETED ? "COMPLETED" : "PENDING");
    sk_json_write_str(out, sk_span_of(r->id));
    sk_buf_printf(out, ",\"statusCode\":%d", r->status_code);
    if (r->message != NULL) {
        SK_BUF_LIT(out, ",\"message\":");
        sk_json_write_str(out, sk_span_of(r->message));
    }
    SK_BUF_LIT(out, ",\"href\":");
    href(r, out);
    if (action && r->state == SK_REQUEST_PENDING) {
        SK_BUF_LIT(out, ",\"action\":{\"href\":");
        href(r, out);
        sk_buf_char(out, '}');
    }
    sk_buf_char(out, '}');
}

/* ---- keeping them ------------------------------------------------------------------------------------------------------- */

static void unlist(struct sk_puts *p, struct sk_request *r)
{
    *(r->older != NULL ? &r->older->newer : &p->oldest) = r->newer;
    *(r->newer != NULL ? &r->newer->older : &p->newest) = r->older;
    sk_map_remove(&p->requests, sk_span_of(r->id));
    r->listed = false;
    sk_request_unref(r);
}

static void list(struct sk_puts *p, struct sk_request *r)
{
    r->older = p->newest;
    *(p->newest != NULL ? &p->newest->newer : &p->oldest) = r;
    p->newest = r;
    r->listed = true;
    sk_map_put(&p->requests, sk_span_of(r->id), sk_request_ref(r));
}

static void make_room(struct sk_puts *p)
{
    if (p->requests.count < SK_REQUESTS_MAX)
        return;
    struct sk_request *r = p->oldest;
    while (r->newer != NULL && r->state != SK_REQUEST_COMPLETED)
        r = r->newer;
    if (r->state != SK_REQUEST_COMPLETED)
        sk_request_update(r, SK_REQUEST_COMPLETED, 504, "Too many requests are waiting");
    unlist(p, r);
}

static void sweep(uv_timer_t *t)
{
    struct sk_puts *p = t->data;
    uint64_t now = uv_now(t->loop);
    for (struct sk_request *r = p->oldest, *next; r != NULL; r = next) {
        next = r->newer;
        if (r->state == SK_REQUEST_PENDING && now - r->changed_ms >= DEADLINE_MS)
            sk_request_update(r, SK_REQUEST_COMPLETED, 504, "Timed out waiting for an answer");
        else if (r->state == SK_REQUEST_COMPLETED && now - r->changed_ms >= KEEP_MS)
            unlist(p, r);
    }
    p->sweeping = p->oldest != NULL;
    if (!p->sweeping)
        uv_timer_stop(t);
}

/* The deadline is checked to the second while anything waits, the keeping time each minute. */
static void start_sweeping(struct sk_puts *p)
{
    if (!p->sweeping)
        uv_timer_start(&p->timer, sweep, 1000, 1000);
    p->sweeping = true;
}

struct sk_request *sk_puts_find(struct sk_puts *p, struct sk_span id)
{
    return sk_map_get(&p->requests, id);
}

/* ---- handlers ----------------------------------------------------------------------------------------------------------- */

static char *key_of(struct sk_span context, struct sk_span path)
{
    char *k = sk_xmalloc(context.n + path.n + 2);
    if (context.n > 0)
        memcpy(k, context.p, context.n);
    k[context.n] = '\n'; /* stands in no context */
    if (path.n > 0)
        memcpy(k + context.n + 1, path.p, path.n);
    k[context.n + 1 + path.n] = '\0';
    return k;
}

static struct place *find_place(const struct sk_puts *p, struct sk_span context, struct sk_span path)
{
    SK_CLEANUP(sk_freep) char *key = key_of(context, path);
    return sk_map_get(&p->places, sk_span_of(key));
}

int sk_puts_register(struct sk_puts *p, struct sk_span context, struct sk_span path, const char *source, sk_put_handler fn,
                     void *arg, struct sk_errmsg *em)
{
    struct place *at = find_place(p, context, path);
    if (at == NULL) {
        at = sk_xcalloc(1, sizeof *at);
        at->key = key_of(context, path);
        sk_map_put(&p->places, sk_span_of(at->key), at);
    }
    struct handler *h = at->handlers;
    while (h != NULL && strcmp(h->source, source) != 0)
        h = h->next;
    if (h == NULL) {
        if (p->handler_count >= HANDLERS_MAX)
            return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %u PUT handlers", HANDLERS_MAX);
        h = sk_xcalloc(1, sizeof *h);
        h->source = sk_xstrdup(source);
        h->next = at->handlers;
        at->handlers = h;
        p->handler_count++;
    }
    h->fn = fn;
    h->arg = arg;
    return 0;
}

static bool remove_of_source(struct sk_puts *p, struct place *at, const char *source)
{
    for (struct handler **h = &at->handlers; *h != NULL;) {
        struct handler *x = *h;
        if (source == NULL || strcmp(x->source, source) == 0) {
            *h = x->next;
            free(x->source);
            free(x);
            p->handler_count--;
        } else {
            h = &x->next;
        }
    }
    return at->handlers == NULL;
}

/* Emptied places are taken out one by one, starting over: the map may not change under an iteration, and this is rare. */
void sk_puts_unregister_source(struct sk_puts *p, const char *source)
{
    size_t pos = 0;
    struct place *at;
    while ((at = sk_map_next(&p->places, &pos)) != NULL) {
        if (!remove_of_source(p, at, source))
            continue;
        sk_map_remove(&p->places, sk_span_of(at->key));
        free(at->key);
        free(at);
        pos = 0;
    }
}

void sk_puts_set_fallback(struct sk_puts *p, sk_put_fallback fallback, void *arg)
{
    p->fallback = fallback;
    p->fallback_arg = arg;
}

void sk_puts_set_subtree(struct sk_puts *p, const char *head, sk_put_handler fn, void *arg)
{
    p->subtree = head;
    p->subtree_fn = fn;
    p->subtree_arg = arg;
}

static bool in_subtree(const struct sk_puts *p, struct sk_span path)
{
    size_t n = p->subtree != NULL ? strlen(p->subtree) : 0;
    return n != 0 && path.n > n && path.p[n] == '.' && memcmp(path.p, p->subtree, n) == 0;
}

/* ---- submitting --------------------------------------------------------------------------------------------------------- */

static void refuse(struct sk_request *r, int code, const char *fmt, const char *text)
{
    struct sk_buf b;
    sk_buf_init(&b, 4096);
    sk_buf_text(&b, fmt);
    sk_buf_text(&b, text);
    sk_request_update(r, SK_REQUEST_COMPLETED, code, sk_buf_cstr(&b));
    sk_buf_finish(&b);
}

static void dispatch(struct sk_puts *p, struct sk_request *r, struct sk_span source)
{
    struct place *at = r->is_delete ? NULL : find_place(p, sk_request_context(r), sk_request_path(r));
    struct handler *h = at != NULL ? at->handlers : NULL;
    if (h != NULL && source.n == 0 && h->next != NULL) {
        refuse(r, 400, "there are multiple sources for the given path, but no source was specified in the request", "");
        return;
    }
    while (h != NULL && source.n != 0 && !sk_span_eq(source, h->source))
        h = h->next;
    if (h != NULL) {
        h->fn(r, h->arg);
        return;
    }
    if (at == NULL && !r->is_delete && in_subtree(p, sk_request_path(r))) {
        p->subtree_fn(r, p->subtree_arg);
        return;
    }
    r->forwarded = at == NULL && !r->is_delete && p->fallback != NULL;
    if (!r->forwarded || !p->fallback(r, source, p->fallback_arg))
        refuse(r, 405, r->is_delete ? "DELETE not supported for " : "PUT not supported for ", r->path);
}

bool sk_request_forwarded(const struct sk_request *r)
{
    return r->forwarded;
}

struct sk_request *sk_puts_open(struct sk_puts *p, const struct sk_put_input *in)
{
    SK_ASSERT(sk_loop_is_current(p->loop));
    make_room(p);
    struct sk_request *r = sk_xcalloc(1, sizeof *r);
    r->puts = p;
    r->refs = 1;
    r->context = sk_xstrndup(in->context.p, in->context.n);
    r->path = sk_xstrndup(in->path.p, in->path.n);
    r->value = sk_xstrndup(in->value.p, in->value.n);
    r->is_delete = in->is_delete;
    r->state = SK_REQUEST_PENDING;
    r->status_code = 202;
    r->started_ms = r->changed_ms = uv_now(sk_loop_uv(p->loop));
    r->listener = in->listener;
    r->listener_arg = in->listener_arg;
    if (in->id != NULL && strlen(in->id) <= ID_MAX)
        snprintf(r->id, sizeof r->id, "%s", in->id);
    else
        sk_uuid_v4(r->id);
    struct sk_request *same = sk_puts_find(p, sk_span_of(r->id));
    if (same != NULL) /* a client that uses an id again means the new request */
        unlist(p, same);
    list(p, r);
    start_sweeping(p);
    return r;
}

struct sk_request *sk_puts_submit(struct sk_puts *p, const struct sk_put_input *in)
{
    struct sk_request *r = sk_puts_open(p, in);
    dispatch(p, r, in->source);
    return r;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct sk_puts *sk_puts_create(struct sk_loop *loop)
{
    struct sk_puts *p = sk_xcalloc(1, sizeof *p);
    p->loop = loop;
    uv_timer_init(sk_loop_uv(loop), &p->timer);
    p->timer.data = p;
    return p;
}

static void timer_closed(uv_handle_t *t)
{
    free(t->data);
}

void sk_puts_destroy(struct sk_puts *p)
{
    if (p == NULL)
        return;
    while (p->oldest != NULL) {
        p->oldest->listener = NULL;
        unlist(p, p->oldest);
    }
    sk_puts_unregister_source(p, NULL);
    sk_map_finish(&p->places);
    sk_map_finish(&p->requests);
    uv_close((uv_handle_t *)&p->timer, timer_closed);
}
