#include "oidc/provider.h"

#include "base/json.h"
#include "oidc/url.h"

#include <stdlib.h>

void sk_oidc_provider_address(const char *issuer, struct sk_buf *out)
{
    struct sk_span base = sk_span_of(issuer);
    while (base.n > 0 && base.p[base.n - 1] == '/')
        base.n--;
    sk_buf_span_append(out, base);
    SK_BUF_LIT(out, "/.well-known/openid-configuration");
}

static int take_address(const yyjson_val *doc, const char *member, bool needed, char **ret, struct sk_errmsg *em)
{
    yyjson_val *v = sk_json_get(doc, member);
    struct sk_span text = sk_json_str(v);
    if (v == NULL && !needed)
        return 0;
    struct sk_errmsg why;
    int r = sk_oidc_url_check(text, &why);
    if (r < 0)
        return sk_errmsg_set(em, r, "%s %s", member, why.text);
    *ret = sk_xstrndup(text.p, text.n);
    return 0;
}

static int read_members(const yyjson_val *doc, struct sk_oidc_provider *p, struct sk_errmsg *em)
{
    const struct {
        const char *member;
        char **to;
        bool needed;
    } addresses[] = {
        { "authorization_endpoint", &p->authorization, true },
        { "token_endpoint", &p->token, true },
        { "jwks_uri", &p->jwks, true },
        { "userinfo_endpoint", &p->userinfo, false },
        { "end_session_endpoint", &p->end_session, false },
    };
    for (size_t i = 0; i < SK_COUNT(addresses); i++) {
        int r = take_address(doc, addresses[i].member, addresses[i].needed, addresses[i].to, em);
        if (r < 0)
            return r;
    }
    yyjson_val *methods = sk_json_get(doc, "token_endpoint_auth_methods_supported");
    p->basic = methods == NULL || sk_json_lists(methods, SK_SPAN("client_secret_basic"));
    p->post = sk_json_lists(methods, SK_SPAN("client_secret_post"));
    if (!p->basic && !p->post)
        return sk_errmsg_set(em, SK_ERR_INVALID, "its token endpoint takes neither client_secret_post nor client_secret_basic");
    p->says_issuer = sk_json_get_bool(doc, "authorization_response_iss_parameter_supported", false);
    return 0;
}

int sk_oidc_provider_read(const char *issuer, struct sk_span json, struct sk_oidc_provider *ret, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    struct sk_oidc_provider p = { 0 };
    int r = sk_json_read(json, &doc, em);
    if (r < 0)
        return r;
    const yyjson_val *root = yyjson_doc_get_root(doc);
    struct sk_span own = sk_json_str(sk_json_get(root, "issuer"));
    if (!sk_span_eq(own, issuer))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "it belongs to the issuer \"%.*s\": is that the address to configure?",
                          (int)(own.n < 200 ? own.n : 200), own.p != NULL ? own.p : "");
    if (r == 0)
        r = read_members(root, &p, em);
    yyjson_doc_free(doc);
    if (r < 0) {
        sk_oidc_provider_finish(&p);
        return r;
    }
    p.issuer = sk_xstrdup(issuer);
    *ret = p;
    return 0;
}

void sk_oidc_provider_finish(struct sk_oidc_provider *p)
{
    char *const texts[] = { p->issuer, p->authorization, p->token, p->jwks, p->userinfo, p->end_session };
    for (size_t i = 0; i < SK_COUNT(texts); i++)
        free(texts[i]);
    *p = (struct sk_oidc_provider){ 0 };
}
