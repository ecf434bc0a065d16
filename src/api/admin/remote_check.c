#include "api/admin/remote_check.h"

#include <ctype.h>

/* ---- what is asked -------------------------------------------------------------------------------------------------------- */

static bool is_uuid(struct sk_span s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.p[i] != '-' : !isxdigit((unsigned char)s.p[i]))
            return false;
    }
    return true;
}

static bool is_host(struct sk_span s)
{
    bool colon = false, name_only = false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        colon |= c == ':';
        name_only |= !isxdigit(c) && c != ':' && c != '.';
        if (c >= 0x80 || (!isalnum(c) && strchr(".-_:", c) == NULL) || c == 0)
            return false;
    }
    return s.n > 0 && s.n <= SK_REMOTE_HOST_MAX && !(colon && name_only);
}

static bool is_visible(struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
            return false;
    return true;
}

static bool is_text(struct sk_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return false;
    return s.n > 0 && s.n <= SK_REMOTE_TEXT_MAX;
}

/* Forms send ports as text. */
static bool read_port(yyjson_val *v, unsigned *ret_port)
{
    double number;
    int64_t port = 0;
    if (yyjson_is_str(v)) {
        if (!sk_parse_int(sk_json_str(v), 1, 65535, &port))
            return false;
    } else if (sk_json_number(v, &number) && number >= 1 && number <= 65535) {
        port = (int64_t)number;
        if ((double)port != number)
            return false;
    }
    *ret_port = (unsigned)port;
    return port > 0;
}

static bool is_flag(yyjson_val *v)
{
    return v == NULL || yyjson_is_null(v) || yyjson_is_bool(v);
}

static bool read_token(yyjson_val *v, struct sk_span *ret_token)
{
    if (v == NULL || yyjson_is_null(v))
        return true;
    *ret_token = sk_json_str(v);
    return yyjson_is_str(v) && ret_token->n <= SK_REMOTE_TOKEN_MAX && is_visible(*ret_token);
}

static int read_more(yyjson_val *body, enum sk_remote_kind kind, struct sk_remote_ask *a, struct sk_errmsg *em)
{
    a->client_id = sk_json_str(sk_json_get(body, "clientId"));
    a->description = sk_json_str(sk_json_get(body, "description"));
    a->request_id = sk_json_str(sk_json_get(body, "requestId"));
    if (kind == SK_REMOTE_TEST && !read_token(sk_json_get(body, "token"), &a->token))
        return sk_errmsg_set(em, SK_ERR_INVALID, "token is not one");
    if (kind == SK_REMOTE_REQUEST && !is_text(a->client_id))
        return sk_errmsg_set(em, SK_ERR_INVALID, "clientId has to be a text of 1 to %u bytes", SK_REMOTE_TEXT_MAX);
    if (kind == SK_REMOTE_REQUEST && !is_text(a->description))
        return sk_errmsg_set(em, SK_ERR_INVALID, "description has to be a text of 1 to %u bytes", SK_REMOTE_TEXT_MAX);
    if (kind == SK_REMOTE_POLL && !is_uuid(a->request_id))
        return sk_errmsg_set(em, SK_ERR_INVALID, "requestId has to be a UUID");
    return 0;
}

int sk_remote_ask_read(yyjson_val *body, enum sk_remote_kind kind, struct sk_remote_ask *ret_ask, struct sk_errmsg *em)
{
    struct sk_remote_ask a = { .host = sk_json_str(sk_json_get(body, "host")) };
    yyjson_val *tls = sk_json_get(body, "useTLS"), *any = sk_json_get(body, "selfsignedcert");
    if (!yyjson_is_obj(body))
        return sk_errmsg_set(em, SK_ERR_INVALID, "the body has to be an object");
    if (a.host.n > 2 && a.host.p[0] == '[' && a.host.p[a.host.n - 1] == ']')
        a.host = (struct sk_span){ a.host.p + 1, a.host.n - 2 };
    if (!is_host(a.host))
        return sk_errmsg_set(em, SK_ERR_INVALID, "host has to be a name or an address, without anything around it");
    if (!read_port(sk_json_get(body, "port"), &a.port))
        return sk_errmsg_set(em, SK_ERR_INVALID, "port has to be a number from 1 to 65535");
    if (!is_flag(tls) || !is_flag(any))
        return sk_errmsg_set(em, SK_ERR_INVALID, "useTLS and selfsignedcert have to be true or false");
    a.tls = yyjson_is_true(tls);
    a.any_certificate = yyjson_is_true(any);
    int r = read_more(body, kind, &a, em);
    if (r == 0)
        *ret_ask = a;
    return r;
}

void sk_remote_write_url(const struct sk_remote_ask *a, const char *path, struct sk_span rest, struct sk_buf *out)
{
    bool v6 = memchr(a->host.p, ':', a->host.n) != NULL;
    sk_buf_text(out, a->tls ? "https://" : "http://");
    sk_buf_text(out, v6 ? "[" : "");
    sk_buf_span_append(out, a->host);
    sk_buf_printf(out, "%s:%u%s", v6 ? "]" : "", a->port, path);
    sk_buf_span_append(out, rest);
}

/* ---- what is answered ----------------------------------------------------------------------------------------------------- */

static yyjson_doc *read_object(struct sk_span text)
{
    yyjson_doc *doc = NULL;
    if (sk_json_read(text, &doc, NULL) < 0)
        return NULL;
    if (yyjson_is_obj(yyjson_doc_get_root(doc)))
        return doc;
    yyjson_doc_free(doc);
    return NULL;
}

/* ,"name":"text" when it is a text that can be shown; without the comma at the beginning of `out` or behind a brace. */
static void write_text(yyjson_val *from, const char *name, struct sk_buf *out)
{
    struct sk_span s = sk_json_str(sk_json_get(from, name));
    if (!is_text(s))
        return;
    if (out->n > 0 && out->p[out->n - 1] != '{')
        sk_buf_char(out, ',');
    sk_buf_printf(out, "\"%s\":", name);
    sk_json_write_str(out, s);
}

bool sk_remote_write_server(struct sk_span document, struct sk_buf *out)
{
    yyjson_doc *doc = read_object(document);
    yyjson_val *root = yyjson_doc_get_root(doc), *server = sk_json_get(root, "server");
    bool found = yyjson_is_obj(sk_json_get(root, "endpoints")) || yyjson_is_obj(server);
    if (found) {
        sk_buf_char(out, '{');
        write_text(server, "id", out);
        write_text(server, "version", out);
        sk_buf_char(out, '}');
    }
    yyjson_doc_free(doc);
    return found;
}

bool sk_remote_write_login(struct sk_span status, struct sk_buf *out)
{
    yyjson_doc *doc = read_object(status);
    yyjson_val *root = yyjson_doc_get_root(doc);
    bool in = sk_span_eq(sk_json_str(sk_json_get(root, "status")), "loggedIn");
    if (in) {
        write_text(root, "userLevel", out);
        write_text(root, "username", out);
    }
    yyjson_doc_free(doc);
    return in;
}

static const char *one_of(yyjson_val *v, const char *const *words)
{
    struct sk_span s = sk_json_str(v);
    while (*words != NULL && !sk_span_eq(s, *words))
        words++;
    return *words;
}

static void write_decision(yyjson_val *decision, struct sk_buf *out)
{
    static const char *const permissions[] = { "APPROVED", "DENIED", NULL };
    const char *permission = one_of(sk_json_get(decision, "permission"), permissions);
    struct sk_span token = sk_json_str(sk_json_get(decision, "token"));
    if (permission == NULL)
        return;
    sk_buf_printf(out, ",\"accessRequest\":{\"permission\":\"%s\"", permission);
    if (token.n > 0 && token.n <= SK_REMOTE_TOKEN_MAX && is_visible(token)) {
        SK_BUF_LIT(out, ",\"token\":");
        sk_json_write_str(out, token);
    }
    sk_buf_char(out, '}');
}

bool sk_remote_write_request(struct sk_span answer, struct sk_buf *out)
{
    static const char *const states[] = { "PENDING", "COMPLETED", "FAILED", NULL };
    yyjson_doc *doc = read_object(answer);
    yyjson_val *root = yyjson_doc_get_root(doc);
    const char *state = one_of(sk_json_get(root, "state"), states);
    if (state != NULL) {
        sk_buf_printf(out, "{\"state\":\"%s\"", state);
        if (is_uuid(sk_json_str(sk_json_get(root, "requestId"))))
            write_text(root, "requestId", out);
        write_decision(sk_json_get(root, "accessRequest"), out);
        sk_buf_char(out, '}');
    }
    yyjson_doc_free(doc);
    return state != NULL;
}
