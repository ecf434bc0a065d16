/* The administrator's page of OpenID Connect: its settings, and whether the provider can be reached. */
#include "oidc/oidc.h"

#include "api/access/session.h"
#include "api/body.h"
#include "base/env.h"
#include "oidc/person.h"
#include "oidc/url.h"

#include <stdlib.h>

#define TEXT_MAX ((size_t)4 * 1024 * 1024)

void sk_oidc_admin_get(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_oidc_merged m;
    struct sk_buf b;
    if (sk_session_refuse_while_off(r, api))
        return;
    sk_oidc_config_merge(sk_security_oidc(sk_auth_security(api->auth)), sk_env, &m);
    sk_buf_init(&b, TEXT_MAX);
    sk_oidc_merged_write(&m, &b);
    sk_http_set_header(r, "Cache-Control", SK_SPAN("no-store"));
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
    sk_oidc_merged_finish(&m);
}

/* ---- saving --------------------------------------------------------------------------------------------------------------- */

struct change {
    struct sk_api *api;
    struct sk_http_req *req;
};

static void on_saved(void *arg, int result, const char *error)
{
    struct change *c = arg;
    (void)error; /* logged where it happened */
    if (result < 0) {
        sk_body_reply_error(c->req, 500, "Unable to save OIDC configuration");
    } else {
        sk_oidc_configure(c->api->oidc);
        sk_http_reply_json(c->req, 200, SK_SPAN("{\"message\":\"OIDC configuration saved\"}"));
    }
    free(c);
}

/* Would the server take it at its next start? */
static int check(const yyjson_mut_val *section, struct sk_errmsg *em)
{
    struct sk_oidc_merged m;
    struct sk_oidc_config c = { 0 };
    sk_oidc_config_merge(section, sk_env, &m);
    int r = sk_oidc_config_read(&m, &c, em);
    sk_oidc_config_finish(&c);
    sk_oidc_merged_finish(&m);
    return r;
}

static void save(struct sk_http_req *r, struct sk_api *api, const yyjson_val *sent)
{
    struct sk_security *s = sk_auth_security(api->auth);
    struct sk_errmsg em;
    struct sk_buf before;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    SK_ASSERT(doc != NULL);
    yyjson_mut_val *section = sk_oidc_config_edit(sk_security_oidc(s), sent, sk_env, doc);
    sk_buf_init(&before, TEXT_MAX);
    sk_security_write(s, &before);
    int result = check(section, &em);
    if (result == 0)
        result = sk_security_set_oidc(s, section, &em);
    if (result < 0) {
        sk_body_reply_error(r, result == SK_ERR_INVALID ? 400 : 500, em.text);
    } else {
        struct change *c = sk_xcalloc(1, sizeof *c);
        *c = (struct change){ .api = api, .req = r };
        sk_auth_save(api->auth, &before, on_saved, c);
    }
    sk_buf_finish(&before);
    yyjson_mut_doc_free(doc);
}

void sk_oidc_admin_put(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    yyjson_doc *doc = sk_session_refuse_while_off(r, api) ? NULL : sk_body_json(r);
    if (doc == NULL)
        return;
    if (yyjson_is_obj(yyjson_doc_get_root(doc)))
        save(r, api, yyjson_doc_get_root(doc));
    else
        sk_body_reply_error(r, 400, "an object with the settings is wanted");
    yyjson_doc_free(doc);
}

/* ---- trying --------------------------------------------------------------------------------------------------------------- */

static void on_tried(void *arg, const struct sk_oidc_provider *p, const struct sk_errmsg *em)
{
    struct sk_http_req *r = arg;
    struct sk_buf b;
    char text[sizeof em->text];
    if (em != NULL) {
        sk_oidc_clean(sk_span_of(em->text), text, sizeof text);
        sk_body_reply_error(r, 502, text);
        return;
    }
    const struct {
        const char *name, *value;
    } members[] = { { "issuer", p->issuer },
                    { "authorization_endpoint", p->authorization },
                    { "token_endpoint", p->token },
                    { "userinfo_endpoint", p->userinfo },
                    { "jwks_uri", p->jwks } };
    sk_buf_init(&b, TEXT_MAX);
    SK_BUF_LIT(&b, "{\"success\":true");
    for (size_t i = 0; i < SK_COUNT(members); i++)
        if (members[i].value != NULL) {
            sk_buf_printf(&b, ",\"%s\":", members[i].name);
            sk_json_write_str(&b, sk_span_of(members[i].value));
        }
    sk_buf_char(&b, '}');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

void sk_oidc_admin_test(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    yyjson_doc *doc = sk_session_refuse_while_off(r, api) ? NULL : sk_body_json(r);
    if (doc == NULL)
        return;
    struct sk_errmsg em;
    struct sk_span issuer = sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "issuer"));
    if (issuer.n == 0)
        sk_body_reply_error(r, 400, "Issuer URL is required");
    else if (sk_oidc_url_check(issuer, &em) < 0)
        sk_body_reply_error(r, 400, (sk_errmsg_wrap(&em, em.code, "the issuer's address"), em.text));
    else
        sk_oidc_try_issuer(api->oidc, issuer, on_tried, r);
    yyjson_doc_free(doc);
}
