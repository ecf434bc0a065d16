#include "api/stream/publishers.h"

#include "base/map.h"

#include <stdlib.h>

#define FORWARDED_MAX 1000u /* per connection */

/* One (path, source) that a connection publishes; linked by path in the registry. */
struct published {
    struct published *next_of_path;
    struct sk_publisher *publisher;
    struct sk_path *path;
    struct sk_source *source;
};

struct sk_publisher {
    struct sk_publishers *all;
    const struct sk_publisher_ops *ops;
    void *arg;
    struct published **known; /* open addressing by path and source */
    uint32_t known_count, known_cap;
    struct sk_request **forwarded;
    uint32_t forwarded_count, forwarded_cap;
};

struct sk_publishers {
    struct sk_puts *puts;
    struct sk_paths *paths;
    struct published **by_path; /* indexed by path id */
    uint32_t path_cap, count;
};

static uint32_t slot_of(const struct sk_path *p, const struct sk_source *s, uint32_t cap)
{
    uint64_t h = (uint64_t)p->id * 0x9e3779b97f4a7c15u ^ (uint64_t)(uintptr_t)s;
    return (uint32_t)((h * 0xff51afd7ed558ccdu) >> 33) & (cap - 1);
}

static struct published **find_slot(const struct sk_publisher *pub, const struct sk_path *p, const struct sk_source *s)
{
    uint32_t i = slot_of(p, s, pub->known_cap);
    while (pub->known[i] != NULL && (pub->known[i]->path != p || pub->known[i]->source != s))
        i = (i + 1) & (pub->known_cap - 1);
    return &pub->known[i];
}

static void grow_known(struct sk_publisher *pub)
{
    struct published **old = pub->known;
    uint32_t cap = pub->known_cap;
    pub->known_cap = cap == 0 ? 16 : cap * 2;
    pub->known = sk_xcalloc(pub->known_cap, sizeof(struct published *));
    for (uint32_t i = 0; i < cap; i++)
        if (old[i] != NULL)
            *find_slot(pub, old[i]->path, old[i]->source) = old[i];
    free(old);
}

void sk_publisher_note(void *arg, struct sk_path *path, struct sk_source *source)
{
    struct sk_publisher *pub = arg;
    struct sk_publishers *all = pub->all;
    if (pub->known_cap != 0 && *find_slot(pub, path, source) != NULL)
        return;
    if (all->count >= SK_PUBLISHED_MAX)
        return;
    if ((pub->known_count + 1) * 4 > pub->known_cap * 3)
        grow_known(pub);
    if (path->id >= all->path_cap) {
        uint32_t cap = path->id + 256;
        all->by_path = sk_xrealloc(all->by_path, cap * sizeof(struct published *));
        memset(all->by_path + all->path_cap, 0, (cap - all->path_cap) * sizeof(struct published *));
        all->path_cap = cap;
    }
    struct published *x = sk_xcalloc(1, sizeof *x);
    *x = (struct published){ all->by_path[path->id], pub, path, source };
    all->by_path[path->id] = x;
    *find_slot(pub, path, source) = x;
    pub->known_count++;
    all->count++;
}

struct sk_publisher *sk_publisher_create(struct sk_publishers *p, const struct sk_publisher_ops *ops, void *arg)
{
    struct sk_publisher *pub = sk_xcalloc(1, sizeof *pub);
    pub->all = p;
    pub->ops = ops;
    pub->arg = arg;
    return pub;
}

static void forget(struct sk_publishers *all, struct published *x)
{
    struct published **at = &all->by_path[x->path->id];
    while (*at != x)
        at = &(*at)->next_of_path;
    *at = x->next_of_path;
    all->count--;
    free(x);
}

void sk_publisher_destroy(struct sk_publisher *pub)
{
    if (pub == NULL)
        return;
    for (uint32_t i = 0; i < pub->known_cap; i++)
        if (pub->known[i] != NULL)
            forget(pub->all, pub->known[i]);
    for (uint32_t i = 0; i < pub->forwarded_count; i++) {
        sk_request_update(pub->forwarded[i], SK_REQUEST_COMPLETED, 504, "The device that handles the path has disconnected");
        sk_request_unref(pub->forwarded[i]);
    }
    free(pub->forwarded);
    free(pub->known);
    free(pub);
}

/* ---- forwarding --------------------------------------------------------------------------------------------------------- */

static bool write_forward(const struct sk_request *r, struct sk_buf *b)
{
    SK_BUF_LIT(b, "{\"requestId\":");
    sk_json_write_str(b, sk_span_of(sk_request_id(r)));
    SK_BUF_LIT(b, ",\"context\":");
    sk_json_write_str(b, sk_request_context(r));
    SK_BUF_LIT(b, ",\"put\":[{\"path\":");
    sk_json_write_str(b, sk_request_path(r));
    SK_BUF_LIT(b, ",\"value\":");
    sk_buf_span_append(b, sk_request_value(r));
    SK_BUF_LIT(b, "}]}");
    return sk_buf_ok(b);
}

static void drop_finished(struct sk_publisher *pub)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < pub->forwarded_count; i++) {
        if (sk_request_state_of(pub->forwarded[i]) == SK_REQUEST_COMPLETED)
            sk_request_unref(pub->forwarded[i]);
        else
            pub->forwarded[kept++] = pub->forwarded[i];
    }
    pub->forwarded_count = kept;
}

static void forward(struct sk_publisher *pub, struct sk_request *r)
{
    struct sk_buf b;
    sk_buf_init(&b, 1024 * 1024);
    drop_finished(pub);
    if (pub->forwarded_count == pub->forwarded_cap && pub->forwarded_cap < FORWARDED_MAX) {
        pub->forwarded_cap = pub->forwarded_cap == 0 ? 8 : pub->forwarded_cap * 2;
        pub->forwarded = sk_xrealloc(pub->forwarded, pub->forwarded_cap * sizeof(struct sk_request *));
    }
    if (pub->forwarded_count == pub->forwarded_cap || !write_forward(r, &b) || pub->ops->forward(pub->arg, sk_buf_span(&b)) < 0) {
        sk_request_update(r, SK_REQUEST_COMPLETED, 504, "The device that handles the path does not take requests now");
    } else {
        pub->forwarded[pub->forwarded_count++] = sk_request_ref(r);
        sk_request_update(r, SK_REQUEST_PENDING, 202, NULL);
    }
    sk_buf_finish(&b);
}

/* Different sources of one connection are different publishers of the path. */
static bool take_over(struct sk_request *r, struct sk_span source, void *arg)
{
    struct sk_publishers *all = arg;
    struct published *found = NULL;
    size_t i = 0;
    struct sk_path *path = sk_path_find(all->paths, sk_request_path(r));
    if (path == NULL || path->id >= all->path_cap)
        return false;
    for (struct published *x = all->by_path[path->id]; x != NULL; x = x->next_of_path) {
        if (source.n != 0 && !sk_span_is(source, x->source->ref))
            continue;
        found = x;
        i++;
    }
    if (found == NULL)
        return false;
    if (i > 1 && source.n == 0)
        sk_request_update(r, SK_REQUEST_COMPLETED, 400,
                          "there are multiple sources for the given path, but no source was specified in the request");
    else
        forward(found->publisher, r);
    return true;
}

bool sk_publisher_answer(struct sk_publisher *pub, const yyjson_val *m)
{
    const char *id = sk_json_get_str(m, "requestId"), *state = sk_json_get_str(m, "state");
    if (id == NULL || state == NULL)
        return false;
    for (uint32_t i = 0; i < pub->forwarded_count; i++) {
        struct sk_request *r = pub->forwarded[i];
        if (strcmp(sk_request_id(r), id) != 0)
            continue;
        double code = sk_json_get_number(m, "statusCode", 0);
        bool pending = strcmp(state, "PENDING") == 0, failed = strcmp(state, "FAILURE") == 0 || strcmp(state, "FAILED") == 0;
        int status = code >= 100 && code <= 999 ? (int)code : pending ? 202 : failed ? 502 : 200;
        sk_request_ref(r);
        if (!pending) {
            pub->forwarded[i] = pub->forwarded[--pub->forwarded_count];
            sk_request_unref(r);
        }
        sk_request_update(r, pending ? SK_REQUEST_PENDING : SK_REQUEST_COMPLETED, status, sk_json_get_str(m, "message"));
        sk_request_unref(r);
        return true;
    }
    return false;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct sk_publishers *sk_publishers_create(struct sk_puts *puts, struct sk_paths *paths)
{
    struct sk_publishers *p = sk_xcalloc(1, sizeof *p);
    p->puts = puts;
    p->paths = paths;
    sk_puts_set_fallback(puts, take_over, p);
    return p;
}

void sk_publishers_destroy(struct sk_publishers *p)
{
    if (p == NULL)
        return;
    SK_ASSERT(p->count == 0);
    sk_puts_set_fallback(p->puts, NULL, NULL);
    free(p->by_path);
    free(p);
}
