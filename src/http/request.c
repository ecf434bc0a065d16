/* The request: pooled memory, and what handlers ask of it. */
#include "http/conn.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <strings.h>

#define POOL_MAX 8
#define ARENA_MAX ((size_t)64 * 1024 * 1024)
#define EXTRA_MAX ((size_t)32 * 1024)
#define KEPT_MAX ((size_t)64 * 1024) /* larger buffers go back to the system with their request */

static struct sk_http_req *req_create(struct sk_http_server *s)
{
    struct sk_http_req *r = sk_xcalloc(1, sizeof *r);
    sk_arena_init(&r->arena_store, ARENA_MAX);
    sk_buf_init(&r->head, s->limits.request_line_max + s->limits.header_max);
    sk_buf_init(&r->body, s->limits.body_max);
    sk_buf_init(&r->extra, EXTRA_MAX);
    return r;
}

struct sk_http_req *sk_req_take(struct sk_http_server *s, struct sk_http_conn *c)
{
    struct sk_http_req *r = s->pool;
    if (r != NULL) {
        s->pool = r->next;
        s->pooled--;
    } else {
        r = req_create(s);
    }
    r->tag = SK_REQ_TAG;
    r->arena = &r->arena_store;
    r->server = s;
    r->conn = c;
    r->client_ip[0] = '\0';
    r->prev = NULL;
    r->next = s->live;
    if (s->live != NULL)
        s->live->prev = r;
    s->live = r;
    return r;
}

void sk_http_secret(struct sk_http_req *r)
{
    r->secret = true;
    if (r->server != NULL)
        r->server->secret = true;
}

static void wipe(struct sk_http_req *r)
{
    sk_arena_wipe(&r->arena_store);
    sk_buf_wipe(&r->head);
    sk_buf_wipe(&r->body);
    r->secret = false;
}

void sk_req_really_free(struct sk_http_req *r)
{
    r->tag = 0;
    if (r->secret)
        wipe(r);
    sk_arena_finish(&r->arena_store);
    sk_buf_finish(&r->head);
    sk_buf_finish(&r->body);
    sk_buf_finish(&r->extra);
    free(r);
}

static void drop_upload(struct sk_http_req *r)
{
    if (r->upload != NULL)
        sk_upload_drop(r->upload);
    r->upload = NULL;
    r->to_file = NULL;
}

static void shrink(struct sk_buf *b)
{
    sk_buf_clear(b);
    if (b->cap > KEPT_MAX)
        sk_buf_finish(b);
}

static void unlink_live(struct sk_http_req *r)
{
    if (r->prev != NULL)
        r->prev->next = r->next;
    else
        r->server->live = r->next;
    if (r->next != NULL)
        r->next->prev = r->prev;
}

void sk_req_free(struct sk_http_req *r)
{
    struct sk_http_server *s = r->server;
    SK_ASSERT(r->tag == SK_REQ_TAG);
    if (s == NULL) {
        drop_upload(r);
        sk_req_really_free(r);
        return;
    }
    unlink_live(r);
    s->body_bytes -= r->body_counted;
    s->uploads -= r->upload != NULL;
    drop_upload(r);
    if (s->pooled == POOL_MAX || s->finished) {
        sk_req_really_free(r);
        return;
    }
    if (r->secret)
        wipe(r);
    sk_arena_reset(&r->arena_store);
    shrink(&r->head);
    shrink(&r->body);
    shrink(&r->extra);
    r->keep_alive = r->is_head = r->answered = r->dispatched = r->value_open = false;
    r->has_etag = r->has_encoding = r->has_origin = false;
    r->param_count = 0;
    r->field_count = 0;
    r->target_n = r->body_counted = 0;
    r->gone = NULL;
    r->more = NULL;
    r->tag = 0;
    r->next = s->pool;
    s->pool = r;
    s->pooled++;
}

/* ---- target ---- */

/* The absolute form (RFC 9112 §3.2.2) is what a client sends that takes us for a proxy; its authority is not ours to judge. */
static struct sk_span without_authority(struct sk_span t)
{
    size_t skip = t.n > 7 && strncasecmp(t.p, "http://", 7) == 0 ? 7 : t.n > 8 && strncasecmp(t.p, "https://", 8) == 0 ? 8 : 0;
    if (skip == 0)
        return t;
    const char *p = t.p + skip, *end = t.p + t.n;
    while (p < end && *p != '/' && *p != '?')
        p++;
    return p < end && *p == '/' ? (struct sk_span){ p, (size_t)(end - p) } : SK_SPAN("/");
}

void sk_req_split_target(struct sk_http_req *r)
{
    struct sk_span t = without_authority(sk_http_target(r));
    const char *hash = t.n != 0 ? memchr(t.p, '#', t.n) : NULL;
    if (hash != NULL)
        t.n = (size_t)(hash - t.p);
    const char *mark = t.n != 0 ? memchr(t.p, '?', t.n) : NULL;
    r->path = (struct sk_span){ t.p, mark != NULL ? (size_t)(mark - t.p) : t.n };
    r->query = mark != NULL ? (struct sk_span){ mark + 1, t.n - r->path.n - 1 } : (struct sk_span){ "", 0 };
}

struct sk_arena *sk_http_arena(struct sk_http_req *r)
{
    return r->arena;
}

struct sk_span sk_http_method(const struct sk_http_req *r)
{
    return sk_span_of(llhttp_method_name((llhttp_method_t)r->method));
}

struct sk_span sk_http_target(const struct sk_http_req *r)
{
    return (struct sk_span){ r->head.p, r->target_n };
}

struct sk_span sk_http_path(const struct sk_http_req *r)
{
    return r->path;
}

struct sk_span sk_http_query(const struct sk_http_req *r)
{
    return r->query;
}

struct sk_span sk_http_body(const struct sk_http_req *r)
{
    return sk_buf_span(&r->body);
}

bool sk_http_secure(const struct sk_http_req *r)
{
    return (r->conn != NULL && r->conn->secure) || sk_span_eq(sk_http_header(r, "x-forwarded-proto"), "https");
}

const char *sk_http_remote_ip(struct sk_http_req *r)
{
    if (r->conn == NULL || sk_trust_nobody(&r->conn->server->o.trust))
        return r->conn != NULL ? r->conn->ip : r->client_ip;
    if (r->client_ip[0] == '\0')
        sk_trust_client(&r->conn->server->o.trust, r->conn->ip, sk_http_header(r, "x-forwarded-for"), r->client_ip);
    return r->client_ip;
}

void sk_http_on_gone(struct sk_http_req *r, void (*gone)(void *arg), void *arg)
{
    r->gone = gone;
    r->gone_arg = arg;
}

/* ---- headers ---- */

static bool same(struct sk_span a, struct sk_span b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool sk_span_same(struct sk_span a, const char *b)
{
    return same(a, sk_span_of(b));
}

static struct sk_span field_name(const struct sk_http_req *r, unsigned i)
{
    return (struct sk_span){ r->head.p + r->fields[i].name, r->fields[i].name_n };
}

static struct sk_span field_value(const struct sk_http_req *r, unsigned i)
{
    return (struct sk_span){ r->head.p + r->fields[i].value, r->fields[i].value_n };
}

static struct sk_span joined(const struct sk_http_req *r, const char *name, unsigned first)
{
    const char *glue = sk_span_same(sk_span_of(name), "cookie") ? "; " : ", "; /* RFC 6265 §5.4 */
    size_t n = 0;
    for (unsigned i = first; i < r->field_count; i++)
        if (sk_span_same(field_name(r, i), name))
            n += field_value(r, i).n + 2;
    char *to = sk_arena_alloc(r->arena, n), *end = to;
    if (to == NULL)
        return field_value(r, first);
    for (unsigned i = first; i < r->field_count; i++) {
        if (!sk_span_same(field_name(r, i), name))
            continue;
        struct sk_span v = field_value(r, i);
        if (end != to) {
            memcpy(end, glue, 2);
            end += 2;
        }
        memcpy(end, v.p, v.n);
        end += v.n;
    }
    return (struct sk_span){ to, (size_t)(end - to) };
}

struct sk_span sk_http_header(const struct sk_http_req *r, const char *name)
{
    unsigned found = 0, first = 0;
    for (unsigned i = 0; i < r->field_count; i++)
        if (sk_span_same(field_name(r, i), name) && found++ == 0)
            first = i;
    if (found == 0)
        return (struct sk_span){ NULL, 0 };
    return found == 1 ? field_value(r, first) : joined(r, name, first);
}

struct sk_span sk_http_cookie(const struct sk_http_req *req, const char *name)
{
    struct sk_span all = sk_http_header(req, "cookie");
    size_t n = strlen(name);
    while (all.n > 0) {
        const char *end = memchr(all.p, ';', all.n);
        struct sk_span one = { all.p, end != NULL ? (size_t)(end - all.p) : all.n };
        all = end != NULL ? (struct sk_span){ end + 1, all.n - one.n - 1 } : (struct sk_span){ NULL, 0 };
        while (one.n > 0 && one.p[0] == ' ')
            one = (struct sk_span){ one.p + 1, one.n - 1 };
        if (one.n > n && memcmp(one.p, name, n) == 0 && one.p[n] == '=')
            return (struct sk_span){ one.p + n + 1, one.n - n - 1 };
    }
    return (struct sk_span){ NULL, 0 };
}

bool sk_http_header_next(const struct sk_http_req *r, size_t *pos, struct sk_span *ret_name, struct sk_span *ret_value)
{
    if (*pos >= r->field_count)
        return false;
    *ret_name = field_name(r, (unsigned)*pos);
    *ret_value = field_value(r, (unsigned)*pos);
    (*pos)++;
    return true;
}

bool sk_token_in(struct sk_span list, struct sk_span token)
{
    size_t at = 0;
    while (at < list.n) {
        const char *comma = memchr(list.p + at, ',', list.n - at);
        size_t end = comma != NULL ? (size_t)(comma - list.p) : list.n, next = end + 1;
        while (at < end && (list.p[at] == ' ' || list.p[at] == '\t'))
            at++;
        while (end > at && (list.p[end - 1] == ' ' || list.p[end - 1] == '\t'))
            end--;
        if (same((struct sk_span){ list.p + at, end - at }, token))
            return true;
        at = next;
    }
    return false;
}

/* ---- parameters ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct sk_span sk_http_decode(struct sk_arena *a, struct sk_span s, bool plus_is_blank)
{
    const struct sk_span bad = { NULL, 0 };
    char *to = sk_arena_alloc(a, s.n + 1);
    size_t n = 0;
    if (to == NULL)
        return bad;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            int hi = s.n - i > 2 ? hex(s.p[i + 1]) : -1, lo = s.n - i > 2 ? hex(s.p[i + 2]) : -1;
            if (hi < 0 || lo < 0)
                return bad;
            c = (char)(hi << 4 | lo);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0')
            return bad;
        to[n++] = c;
    }
    to[n] = '\0';
    return sk_utf8_valid(to, n) ? (struct sk_span){ to, n } : bad;
}

struct sk_span sk_http_param(const struct sk_http_req *r, const char *name)
{
    for (unsigned i = 0; i < r->param_count; i++)
        if (sk_span_eq(r->params[i].name, name))
            return *name == '*' ? r->params[i].value : sk_http_decode(r->arena, r->params[i].value, false);
    return (struct sk_span){ NULL, 0 };
}

/* Names are almost always sent plain; only others cost a decoding. */
static bool query_name_is(const struct sk_http_req *r, struct sk_span sent, const char *name)
{
    if (sk_span_eq(sent, name))
        return true;
    if (sent.n == 0 || (memchr(sent.p, '%', sent.n) == NULL && memchr(sent.p, '+', sent.n) == NULL))
        return false;
    return sk_span_eq(sk_http_decode(r->arena, sent, true), name);
}

/* The value behind `name` in "a=1&b=2", decoded. */
static struct sk_span pair_value(const struct sk_http_req *r, struct sk_span q, const char *name)
{
    for (size_t at = 0; at < q.n;) {
        const char *amp = memchr(q.p + at, '&', q.n - at);
        size_t end = amp != NULL ? (size_t)(amp - q.p) : q.n;
        const char *eq = memchr(q.p + at, '=', end - at);
        size_t name_end = eq != NULL ? (size_t)(eq - q.p) : end;
        if (query_name_is(r, (struct sk_span){ q.p + at, name_end - at }, name)) {
            size_t from = eq != NULL ? name_end + 1 : end;
            return sk_http_decode(r->arena, (struct sk_span){ q.p + from, end - from }, true);
        }
        at = end + 1;
    }
    return (struct sk_span){ NULL, 0 };
}

struct sk_span sk_http_query_param(const struct sk_http_req *r, const char *name)
{
    return pair_value(r, r->query, name);
}

struct sk_span sk_http_form_param(const struct sk_http_req *r, const char *name)
{
    return pair_value(r, sk_http_body(r), name);
}
