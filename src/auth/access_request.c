#include "auth/access_request.h"

#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>

#define KEPT_MS ((uint64_t)60 * 60 * 1000)

struct sk_access_requests {
    struct sk_access_request *first;
    unsigned count;
};

struct sk_access_requests *sk_access_requests_create(void)
{
    return sk_xcalloc(1, sizeof(struct sk_access_requests));
}

static void drop_token(struct sk_access_request *r)
{
    if (r->token == NULL)
        return;
    explicit_bzero(r->token, strlen(r->token));
    free(r->token);
    r->token = NULL;
}

static void request_free(struct sk_access_request *r)
{
    drop_token(r);
    explicit_bzero(r->hash, sizeof r->hash);
    free(r);
}

void sk_access_requests_destroy(struct sk_access_requests *q)
{
    if (q == NULL)
        return;
    while (q->first != NULL) {
        struct sk_access_request *r = q->first;
        q->first = r->next;
        request_free(r);
    }
    free(q);
}

/* The oldest stand behind; nobody but the table holds a pointer to one that is forgotten. */
static void forget_old(struct sk_access_requests *q, uint64_t now_ms)
{
    unsigned kept = 0;
    for (struct sk_access_request **at = &q->first; *at != NULL;) {
        struct sk_access_request *r = *at;
        if (now_ms - r->came_mono_ms < KEPT_MS && kept < SK_ACCESS_REQUESTS_KEPT) {
            kept++;
            at = &r->next;
            continue;
        }
        *at = r->next;
        request_free(r);
    }
    q->count = kept;
}

/* What an administrator reads must not steer a terminal or a page. */
static bool shows(struct sk_span text, size_t max)
{
    if (text.n == 0 || text.n > max)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return false;
    return true;
}

int sk_access_requests_add(struct sk_access_requests *q, const struct sk_access_input *in, uint64_t now_ms,
                           struct sk_access_request **ret_request, struct sk_errmsg *em)
{
    unsigned pending = 0;
    forget_old(q, now_ms);
    for (const struct sk_access_request *r = q->first; r != NULL; r = r->next)
        pending += !r->decided;
    if (pending >= SK_ACCESS_REQUESTS_PENDING)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "Too many pending access requests");
    if (!shows(in->identifier, SK_SUBJECT_MAX) || !shows(in->description, SK_ACCESS_DESCRIPTION_MAX))
        return sk_errmsg_set(em, SK_ERR_INVALID, "a name has 1 to %u bytes, a description 1 to %u, without control characters",
                             SK_SUBJECT_MAX, SK_ACCESS_DESCRIPTION_MAX);
    if (sk_access_requests_pending(q, in->identifier, now_ms) != NULL)
        return sk_errmsg_set(em, SK_ERR_EXISTS, "A %s '%.*s' has already requested access",
                             in->hash == NULL ? "device with clientId" : "user named", (int)in->identifier.n, in->identifier.p);
    struct sk_access_request *r = sk_xcalloc(1, sizeof *r);
    sk_uuid_v4(r->id);
    memcpy(r->identifier, in->identifier.p, in->identifier.n);
    memcpy(r->description, in->description.p, in->description.n);
    snprintf(r->ip, sizeof r->ip, "%s", in->ip);
    snprintf(r->hash, sizeof r->hash, "%s", in->hash != NULL ? in->hash : "");
    r->device = in->hash == NULL;
    r->wanted = in->wanted;
    r->came_ms = sk_clock_wall_ms();
    r->came_mono_ms = now_ms;
    r->next = q->first;
    q->first = r;
    q->count++;
    *ret_request = r;
    return 0;
}

struct sk_access_request *sk_access_requests_find(struct sk_access_requests *q, struct sk_span id, uint64_t now_ms)
{
    forget_old(q, now_ms);
    for (struct sk_access_request *r = q->first; r != NULL; r = r->next)
        if (id.n == sizeof r->id - 1 && sk_same_secret(id.p, r->id, id.n)) /* who knows it gets the answer, so it is a secret */
            return r;
    return NULL;
}

struct sk_access_request *sk_access_requests_pending(struct sk_access_requests *q, struct sk_span identifier, uint64_t now_ms)
{
    forget_old(q, now_ms);
    for (struct sk_access_request *r = q->first; r != NULL; r = r->next)
        if (!r->decided && sk_span_eq(identifier, r->identifier))
            return r;
    return NULL;
}

struct sk_access_request *sk_access_requests_first(struct sk_access_requests *q)
{
    return q->first;
}

void sk_access_request_decide(struct sk_access_request *r, bool approved, char *token)
{
    r->decided = true;
    r->approved = approved;
    r->token = token;
    if (r->answered == NULL)
        return;
    r->answered(r->answered_arg, r);
    r->answered = NULL;
    drop_token(r); /* handed out */
}

void sk_access_requests_forget_listener(struct sk_access_requests *q, const void *arg)
{
    for (struct sk_access_request *r = q->first; r != NULL; r = r->next)
        if (r->answered_arg == arg)
            r->answered = NULL;
}

/* ---- out ------------------------------------------------------------------------------------------------------------------ */

void sk_access_request_answer(struct sk_access_request *r, struct sk_buf *out)
{
    sk_buf_printf(out, "{\"state\":\"%s\",\"requestId\":\"%s\",\"statusCode\":%d", r->decided ? "COMPLETED" : "PENDING", r->id,
                  r->decided ? 200 : 202);
    sk_buf_printf(out, ",\"href\":\"/signalk/v1/requests/%s\",\"ip\":", r->id);
    sk_json_write_str(out, sk_span_of(r->ip));
    SK_BUF_LIT(out, ",\"user\":null");
    if (r->decided) {
        sk_buf_printf(out, ",\"accessRequest\":{\"permission\":\"%s\"", r->approved ? "APPROVED" : "DENIED");
        if (r->token != NULL) {
            SK_BUF_LIT(out, ",\"token\":");
            sk_json_write_str(out, sk_span_of(r->token));
            drop_token(r);
        }
        sk_buf_char(out, '}');
    }
    sk_buf_char(out, '}');
}

static void write_asked(const struct sk_access_request *r, struct sk_buf *out)
{
    sk_buf_printf(out, "{\"accessRequest\":{\"%s\":", r->device ? "clientId" : "userId");
    sk_json_write_str(out, sk_span_of(r->identifier));
    SK_BUF_LIT(out, ",\"description\":");
    sk_json_write_str(out, sk_span_of(r->description));
    if (r->wanted != SK_ROLE_NONE)
        sk_buf_printf(out, ",\"permissions\":\"%s\"", sk_role_name(r->wanted));
    SK_BUF_LIT(out, "}}");
}

static void write_one(const struct sk_access_request *r, struct sk_buf *out)
{
    char date[SK_ISO_TIME_SIZE];
    sk_iso_time(date, r->came_ms);
    sk_buf_printf(out, "{\"requestId\":\"%s\",\"type\":\"accessRequest\",\"clientRequest\":", r->id);
    write_asked(r, out);
    SK_BUF_LIT(out, ",\"ip\":");
    sk_json_write_str(out, sk_span_of(r->ip));
    sk_buf_printf(out, ",\"date\":\"%s\",\"state\":\"PENDING\",\"statusCode\":202,\"user\":null,\"requestedPermissions\":%s",
                  date, r->wanted != SK_ROLE_NONE ? "true" : "false");
    sk_buf_printf(out, ",\"permissions\":\"%s\",\"accessIdentifier\":",
                  r->wanted != SK_ROLE_NONE ? sk_role_name(r->wanted) : "readonly");
    sk_json_write_str(out, sk_span_of(r->identifier));
    SK_BUF_LIT(out, ",\"accessDescription\":");
    sk_json_write_str(out, sk_span_of(r->description));
    sk_buf_char(out, '}');
}

void sk_access_requests_write(struct sk_access_requests *q, uint64_t now_ms, struct sk_buf *out)
{
    bool first = true;
    forget_old(q, now_ms);
    sk_buf_char(out, '[');
    for (const struct sk_access_request *r = q->first; r != NULL; r = r->next) {
        if (r->decided)
            continue;
        sk_buf_append(out, ",", !first);
        first = false;
        write_one(r, out);
    }
    sk_buf_char(out, ']');
}
