/* Answers that are small pages, in the words that clients of the Node server know: errors and redirections. */
#include "http/conn.h"

#include <stdio.h>

static void append_escaped(struct sk_buf *b, struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '<':
            SK_BUF_LIT(b, "&lt;");
            break;
        case '>':
            SK_BUF_LIT(b, "&gt;");
            break;
        case '&':
            SK_BUF_LIT(b, "&amp;");
            break;
        case '"':
            SK_BUF_LIT(b, "&quot;");
            break;
        case '\'':
            SK_BUF_LIT(b, "&#39;");
            break;
        default:
            sk_buf_char(b, s.p[i]);
        }
    }
}

static void error_page(struct sk_http_req *r, int status, struct sk_span before, struct sk_span text)
{
    struct sk_buf b;
    sk_buf_init(&b, (size_t)1024 * 1024);
    SK_BUF_LIT(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
                   "charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>");
    append_escaped(&b, before);
    append_escaped(&b, text);
    SK_BUF_LIT(&b, "</pre>\n</body>\n</html>\n");
    sk_http_set_header(r, "Content-Security-Policy", SK_SPAN("default-src 'none'"));
    sk_http_reply_buf(r, status, SK_HTTP_HTML, &b);
}

void sk_http_reply_error_page(struct sk_http_req *r, int status, const char *text)
{
    error_page(r, status, SK_SPAN(""), sk_span_of(text));
}

void sk_http_reply_cannot(struct sk_http_req *r)
{
    char before[48];
    struct sk_span m = sk_http_method(r);
    snprintf(before, sizeof before, "Cannot %.*s ", (int)m.n, m.p);
    error_page(r, 404, sk_span_of(before), r->path);
}

void sk_http_redirect(struct sk_http_req *r, int status, const char *location)
{
    struct sk_buf b;
    sk_buf_init(&b, (size_t)256 * 1024);
    sk_http_set_header(r, "Location", sk_span_of(location));
    SK_BUF_LIT(&b, "<p>");
    sk_buf_text(&b, sk_http_reason(status));
    SK_BUF_LIT(&b, ". Redirecting to ");
    append_escaped(&b, sk_span_of(location));
    SK_BUF_LIT(&b, "</p>");
    sk_http_reply_buf(r, status, SK_HTTP_HTML, &b);
}

bool sk_http_is_own_path(struct sk_span target)
{
    if (target.n == 0 || target.p[0] != '/' || (target.n > 1 && target.p[1] == '/'))
        return false;
    for (size_t i = 0; i < target.n; i++)
        if ((unsigned char)target.p[i] <= 0x20 || target.p[i] == 0x7f || target.p[i] == '\\')
            return false;
    return true;
}
