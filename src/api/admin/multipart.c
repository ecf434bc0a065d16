#include "api/admin/multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define BOUNDARY_MAX 70 /* RFC 2046 §5.1.1 */
#define PARTS_MAX 20
#define HEAD_MAX ((size_t)8 * 1024) /* of one part */
#define WINDOW ((size_t)64 * 1024)

struct search {
    const struct sk_form_source *source;
    char *window; /* WINDOW bytes */
};

static bool starts_any_case(struct sk_span s, const char *text)
{
    size_t n = strlen(text);
    return s.n >= n && strncasecmp(s.p, text, n) == 0;
}

/* The value behind `name=` in a header's parameters, without its quotes. */
static struct sk_span parameter(struct sk_span header, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + n + 1 < header.n; i++) {
        bool begins = i > 0 && (header.p[i - 1] == ' ' || header.p[i - 1] == ';');
        if (!begins || strncasecmp(header.p + i, name, n) != 0 || header.p[i + n] != '=')
            continue;
        struct sk_span v = { header.p + i + n + 1, header.n - i - n - 1 };
        bool quoted = v.p[0] == '"';
        v.p += quoted;
        v.n -= quoted;
        const char *end = v.n > 0 ? memchr(v.p, quoted ? '"' : ';', v.n) : NULL;
        v.n = end != NULL ? (size_t)(end - v.p) : v.n;
        return v;
    }
    return (struct sk_span){ NULL, 0 };
}

/* Where `what` begins at `from` or behind it. */
static bool find(const struct search *s, uint64_t from, struct sk_span what, uint64_t *ret_at)
{
    while (from < s->source->size) {
        size_t n = s->source->read_at(s->source->arg, from, s->window, WINDOW);
        const char *at = n >= what.n ? memmem(s->window, n, what.p, what.n) : NULL;
        if (at != NULL) {
            *ret_at = from + (uint64_t)(at - s->window);
            return true;
        }
        if (n < what.n)
            return false;
        from += n - (what.n - 1); /* it may lie across the edge */
    }
    return false;
}

/* The header line that says what the part is. */
static struct sk_span disposition(struct sk_span head)
{
    while (head.n > 0) {
        const char *end = memmem(head.p, head.n, "\r\n", 2);
        struct sk_span line = { head.p, end != NULL ? (size_t)(end - head.p) : head.n };
        if (starts_any_case(line, "content-disposition:"))
            return line;
        size_t used = line.n + (end != NULL ? 2 : 0);
        head = (struct sk_span){ head.p + used, head.n - used };
    }
    return (struct sk_span){ NULL, 0 };
}

/* The head of the part at `from`: does it name a file of that field? -1: it is no head. */
static int read_head(const struct search *s, uint64_t from, const char *field, struct sk_form_file *ret)
{
    size_t n = s->source->read_at(s->source->arg, from, s->window, HEAD_MAX);
    const char *end = n > 0 ? memmem(s->window, n, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return -1;
    struct sk_span head = { s->window, (size_t)(end - s->window) }, says = disposition(head);
    struct sk_span name = parameter(says, "filename");
    ret->from = from + head.n + 4;
    if (!sk_span_eq(parameter(says, "name"), field) || name.p == NULL)
        return 0;
    snprintf(ret->name, sizeof ret->name, "%.*s", (int)(name.n < sizeof ret->name ? name.n : 0), name.p);
    return 1;
}

static bool find_file(const struct search *s, struct sk_span limit, const char *field, struct sk_form_file *ret)
{
    uint64_t at, end;
    struct sk_span first = { limit.p + 2, limit.n - 2 };
    if (!find(s, 0, first, &at))
        return false;
    at += first.n;
    for (unsigned part = 0; part < PARTS_MAX; part++) {
        int wanted = read_head(s, at, field, ret);
        if (wanted < 0 || !find(s, ret->from, limit, &end))
            return false;
        ret->length = end - ret->from;
        if (wanted > 0)
            return true;
        at = end + limit.n;
    }
    return false;
}

bool sk_multipart_file(struct sk_span content_type, const struct sk_form_source *source, const char *field,
                       struct sk_form_file *ret)
{
    char mark[BOUNDARY_MAX + 5];
    struct sk_span boundary = parameter(content_type, "boundary");
    if (!starts_any_case(content_type, "multipart/form-data") || boundary.n == 0 || boundary.n > BOUNDARY_MAX)
        return false;
    int n = snprintf(mark, sizeof mark, "\r\n--%.*s", (int)boundary.n, boundary.p);
    SK_CLEANUP(sk_freep) char *window = malloc(WINDOW);
    const struct search s = { source, window };
    return window != NULL && find_file(&s, (struct sk_span){ mark, (size_t)n }, field, ret);
}
