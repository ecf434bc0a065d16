#include "api/multipart.h"

#include <stdio.h>
#include <strings.h>

#define BOUNDARY_MAX 70 /* RFC 2046 §5.1.1 */
#define PARTS_MAX 20

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

static const char *find(struct sk_span in, struct sk_span what)
{
    return in.n >= what.n && what.n > 0 ? memmem(in.p, in.n, what.p, what.n) : NULL;
}

static struct sk_span rest_from(struct sk_span s, const char *at)
{
    return (struct sk_span){ at, s.n - (size_t)(at - s.p) };
}

/* The header line that says what the part is. */
static struct sk_span disposition(struct sk_span head)
{
    while (head.n > 0) {
        const char *end = find(head, SK_SPAN("\r\n"));
        struct sk_span line = { head.p, end != NULL ? (size_t)(end - head.p) : head.n };
        if (starts_any_case(line, "content-disposition:"))
            return line;
        head = end != NULL ? rest_from(head, end + 2) : (struct sk_span){ NULL, 0 };
    }
    return (struct sk_span){ NULL, 0 };
}

bool sk_multipart_file(struct sk_span content_type, struct sk_span body, const char *field, struct sk_form_file *ret)
{
    char mark[BOUNDARY_MAX + 5];
    struct sk_span boundary = parameter(content_type, "boundary");
    if (!starts_any_case(content_type, "multipart/form-data") || boundary.n == 0 || boundary.n > BOUNDARY_MAX)
        return false;
    int n = snprintf(mark, sizeof mark, "\r\n--%.*s", (int)boundary.n, boundary.p);
    struct sk_span limit = { mark, (size_t)n }, first = { mark + 2, (size_t)n - 2 };
    const char *at = find(body, first);
    for (unsigned part = 0; at != NULL && part < PARTS_MAX; part++) {
        struct sk_span rest = rest_from(body, at + (part == 0 ? first.n : limit.n));
        const char *content = find(rest, SK_SPAN("\r\n\r\n"));
        if (content == NULL)
            return false;
        struct sk_span head = { rest.p, (size_t)(content - rest.p) };
        rest = rest_from(rest, content + 4);
        at = find(rest, limit);
        struct sk_span says = disposition(head);
        if (at == NULL)
            return false;
        if (sk_span_eq(parameter(says, "name"), field) && parameter(says, "filename").p != NULL) {
            *ret = (struct sk_form_file){ parameter(says, "filename"), { rest.p, (size_t)(at - rest.p) } };
            return true;
        }
    }
    return false;
}
