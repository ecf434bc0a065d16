#include "oidc/config.h"

#include "oidc/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define TEXT_MAX 512u /* bytes of a value that is no address */

enum kind { TEXT, FLAG, LIST };
static const struct member {
    const char *name, *env;
    enum kind kind;
    const char *otherwise;
} members[] = {
#define AS_ROW(name, env, kind, otherwise) { #name, "SIGNALK_OIDC_" env, kind, otherwise },
    SK_OIDC_MEMBERS(AS_ROW)
#undef AS_ROW
};

/* ---- from file and environment -------------------------------------------------------------------------------------------- */

/* "a, b" → ["a","b"]; empty names are left out. */
static yyjson_mut_val *split(yyjson_mut_doc *doc, struct sk_span text)
{
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    while (text.n > 0) {
        const char *comma = memchr(text.p, ',', text.n);
        size_t n = comma != NULL ? (size_t)(comma - text.p) : text.n;
        struct sk_span one = sk_span_trimmed((struct sk_span){ text.p, n });
        if (one.n > 0)
            yyjson_mut_arr_add_strncpy(doc, list, one.p, one.n);
        text = comma != NULL ? (struct sk_span){ comma + 1, text.n - n - 1 } : (struct sk_span){ NULL, 0 };
    }
    return list;
}

/* A flag that is neither stays a text, so that it is refused. */
static yyjson_mut_val *from_text(yyjson_mut_doc *doc, enum kind kind, const char *text)
{
    if (kind == LIST)
        return split(doc, sk_span_of(text));
    if (kind == FLAG && (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0))
        return yyjson_mut_bool(doc, strcasecmp(text, "true") == 0);
    return yyjson_mut_strcpy(doc, text);
}

static yyjson_mut_val *merged_value(yyjson_mut_doc *doc, const yyjson_mut_val *section, const char *from_env, size_t i)
{
    if (from_env != NULL)
        return from_text(doc, members[i].kind, from_env);
    yyjson_mut_val *kept = yyjson_mut_obj_get((yyjson_mut_val *)(uintptr_t)section, members[i].name);
    if (kept == NULL || yyjson_mut_is_null(kept))
        return from_text(doc, members[i].kind, members[i].otherwise);
    if (members[i].kind == LIST && yyjson_mut_is_str(kept))
        return split(doc, (struct sk_span){ yyjson_mut_get_str(kept), yyjson_mut_get_len(kept) });
    return yyjson_mut_val_mut_copy(doc, kept);
}

void sk_oidc_config_merge(const yyjson_mut_val *section, const char *(*env)(const char *name), struct sk_oidc_merged *ret)
{
    *ret = (struct sk_oidc_merged){ .doc = yyjson_mut_doc_new(NULL) };
    SK_ASSERT(ret->doc != NULL);
    for (size_t i = 0; i < SK_OIDC_MEMBER_COUNT; i++) {
        const char *text = env(members[i].env);
        ret->from_env[i] = text != NULL;
        ret->values[i] = merged_value(ret->doc, section, text, i);
    }
}

static struct sk_span text_of(const struct sk_oidc_merged *m, enum sk_oidc_member i)
{
    yyjson_mut_val *v = m->values[i];
    return yyjson_mut_is_str(v) ? (struct sk_span){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) } : (struct sk_span){ NULL, 0 };
}

void sk_oidc_merged_finish(struct sk_oidc_merged *m)
{
    struct sk_span secret = text_of(m, SK_OIDC_clientSecret);
    if (secret.n > 0)
        explicit_bzero((char *)(uintptr_t)secret.p, secret.n);
    yyjson_mut_doc_free(m->doc);
    *m = (struct sk_oidc_merged){ 0 };
}

void sk_oidc_merged_write(const struct sk_oidc_merged *m, struct sk_buf *out)
{
    bool any = false;
    sk_buf_char(out, '{');
    for (size_t i = 0; i < SK_OIDC_MEMBER_COUNT; i++) {
        sk_buf_printf(out, "\"%s\":", members[i].name);
        if (i == SK_OIDC_clientSecret)
            sk_buf_printf(out, "\"\",\"clientSecretSet\":%s", text_of(m, i).n > 0 ? "true" : "false");
        else
            sk_json_write_mut(out, m->values[i]);
        sk_buf_char(out, ',');
    }
    SK_BUF_LIT(out, "\"envOverrides\":{");
    for (size_t i = 0; i < SK_OIDC_MEMBER_COUNT; i++)
        if (m->from_env[i]) {
            sk_buf_printf(out, "%s\"%s\":true", any ? "," : "", members[i].name);
            any = true;
        }
    SK_BUF_LIT(out, "}}");
}

/* ---- which can be used ---------------------------------------------------------------------------------------------------- */

/* "oidc.scope", or "SIGNALK_OIDC_SCOPE" when that says it. */
static const char *label(const struct sk_oidc_merged *m, size_t i, char out[64])
{
    snprintf(out, 64, "%s%s", m->from_env[i] ? "" : "oidc.", m->from_env[i] ? members[i].env : members[i].name);
    return out;
}

static int refuse(const struct sk_oidc_merged *m, size_t i, struct sk_errmsg *em, const char *why)
{
    char name[64];
    return sk_errmsg_set(em, SK_ERR_INVALID, "%s %s", label(m, i, name), why);
}

static int check_text(const struct sk_oidc_merged *m, size_t i, struct sk_span text, struct sk_errmsg *em)
{
    if (text.n > SK_OIDC_URL_MAX || (text.n > TEXT_MAX && i != SK_OIDC_issuer && i != SK_OIDC_redirectUri))
        return refuse(m, i, em, "is too long");
    for (size_t at = 0; at < text.n; at++)
        if ((unsigned char)text.p[at] < 0x20 || text.p[at] == 0x7f)
            return refuse(m, i, em, "holds a control character");
    return 0;
}

static int check_list(const struct sk_oidc_merged *m, size_t i, struct sk_errmsg *em)
{
    yyjson_mut_val *one;
    size_t at, n;
    if (yyjson_mut_arr_size(m->values[i]) > SK_OIDC_GROUPS_MAX)
        return refuse(m, i, em, "has more than 100 names");
    yyjson_mut_arr_foreach(m->values[i], at, n, one)
    {
        int r = yyjson_mut_is_str(one) && yyjson_mut_get_len(one) > 0
                    ? check_text(m, i, (struct sk_span){ yyjson_mut_get_str(one), yyjson_mut_get_len(one) }, em)
                    : refuse(m, i, em, "must hold the names of groups as texts");
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_kind(const struct sk_oidc_merged *m, size_t i, struct sk_errmsg *em)
{
    yyjson_mut_val *v = m->values[i];
    if (members[i].kind == FLAG)
        return yyjson_mut_is_bool(v) ? 0 : refuse(m, i, em, "must be true or false");
    if (members[i].kind == TEXT)
        return yyjson_mut_is_str(v) ? check_text(m, i, text_of(m, i), em) : refuse(m, i, em, "must be a text");
    return yyjson_mut_is_arr(v) ? check_list(m, i, em) : refuse(m, i, em, "must be a list of texts");
}

static int check_address(const struct sk_oidc_merged *m, size_t i, struct sk_errmsg *em)
{
    struct sk_errmsg why;
    return sk_oidc_url_check(text_of(m, i), &why) < 0 ? refuse(m, i, em, why.text) : 0;
}

static bool has_word(struct sk_span text, const char *word)
{
    size_t n = strlen(word);
    for (size_t at = 0; at + n <= text.n; at++)
        if (memcmp(text.p + at, word, n) == 0 && (at == 0 || text.p[at - 1] == ' ') &&
            (at + n == text.n || text.p[at + n] == ' '))
            return true;
    return false;
}

/* What must be right for a login to work. */
static int check_use(const struct sk_oidc_merged *m, struct sk_errmsg *em)
{
    static const enum sk_oidc_member wanted[] = { SK_OIDC_clientId, SK_OIDC_clientSecret, SK_OIDC_groupsAttribute,
                                                  SK_OIDC_providerName };
    struct sk_span issuer = text_of(m, SK_OIDC_issuer);
    int r = check_address(m, SK_OIDC_issuer, em);
    if (r == 0)
        r = check_address(m, SK_OIDC_redirectUri, em);
    if (r < 0)
        return r;
    if (memchr(issuer.p, '?', issuer.n) != NULL)
        return refuse(m, SK_OIDC_issuer, em, "must not have a query (?)");
    for (size_t i = 0; i < SK_COUNT(wanted); i++)
        if (text_of(m, wanted[i]).n == 0)
            return refuse(m, wanted[i], em, "is missing");
    if (!has_word(text_of(m, SK_OIDC_scope), "openid"))
        return refuse(m, SK_OIDC_scope, em, "must hold the word openid");
    if (sk_role_of(text_of(m, SK_OIDC_defaultPermission)) == SK_ROLE_NONE)
        return refuse(m, SK_OIDC_defaultPermission, em, "must be readonly, readwrite or admin");
    return 0;
}

static char *copy(const struct sk_oidc_merged *m, enum sk_oidc_member i)
{
    struct sk_span text = text_of(m, i);
    return sk_xstrndup(text.p, text.n);
}

static bool flag(const struct sk_oidc_merged *m, enum sk_oidc_member i)
{
    return yyjson_mut_get_bool(m->values[i]);
}

static void copy_list(const struct sk_oidc_merged *m, enum sk_oidc_member i, struct sk_buf *out)
{
    yyjson_mut_val *one;
    size_t at, n;
    sk_buf_init(out, SK_OIDC_GROUPS_MAX * (TEXT_MAX + 1));
    yyjson_mut_arr_foreach(m->values[i], at, n, one) sk_buf_append(out, yyjson_mut_get_str(one), yyjson_mut_get_len(one) + 1);
}

int sk_oidc_config_read(const struct sk_oidc_merged *m, struct sk_oidc_config *ret, struct sk_errmsg *em)
{
    int r = 0;
    for (size_t i = 0; i < SK_OIDC_MEMBER_COUNT && r == 0; i++)
        r = check_kind(m, i, em);
    if (r == 0 && flag(m, SK_OIDC_enabled))
        r = check_use(m, em);
    if (r < 0)
        return r;
    *ret = (struct sk_oidc_config){ .enabled = flag(m, SK_OIDC_enabled),
                                    .auto_create_users = flag(m, SK_OIDC_autoCreateUsers),
                                    .auto_login = flag(m, SK_OIDC_autoLogin),
                                    .issuer = copy(m, SK_OIDC_issuer),
                                    .client_id = copy(m, SK_OIDC_clientId),
                                    .client_secret = copy(m, SK_OIDC_clientSecret),
                                    .redirect_uri = copy(m, SK_OIDC_redirectUri),
                                    .scope = copy(m, SK_OIDC_scope),
                                    .groups_attribute = copy(m, SK_OIDC_groupsAttribute),
                                    .provider_name = copy(m, SK_OIDC_providerName),
                                    .default_role = sk_role_of(text_of(m, SK_OIDC_defaultPermission)) };
    copy_list(m, SK_OIDC_adminGroups, &ret->admin_groups);
    copy_list(m, SK_OIDC_readwriteGroups, &ret->readwrite_groups);
    return 0;
}

void sk_oidc_config_finish(struct sk_oidc_config *c)
{
    char *const texts[] = { c->issuer, c->client_id, c->redirect_uri, c->scope, c->groups_attribute, c->provider_name };
    for (size_t i = 0; i < SK_COUNT(texts); i++)
        free(texts[i]);
    if (c->client_secret != NULL)
        explicit_bzero(c->client_secret, strlen(c->client_secret));
    free(c->client_secret);
    sk_buf_finish(&c->admin_groups);
    sk_buf_finish(&c->readwrite_groups);
    *c = (struct sk_oidc_config){ 0 };
}

/* ---- edited --------------------------------------------------------------------------------------------------------------- */

yyjson_mut_val *sk_oidc_config_edit(const yyjson_mut_val *section, const yyjson_val *sent, const char *(*env)(const char *name),
                                    yyjson_mut_doc *doc)
{
    yyjson_mut_val *edited = yyjson_mut_is_obj((yyjson_mut_val *)(uintptr_t)section)
                                 ? yyjson_mut_val_mut_copy(doc, (yyjson_mut_val *)(uintptr_t)section)
                                 : yyjson_mut_obj(doc);
    for (size_t i = 0; i < SK_OIDC_MEMBER_COUNT; i++) {
        yyjson_val *v = sk_json_get(sent, members[i].name);
        bool no_secret = i == SK_OIDC_clientSecret && (yyjson_is_null(v) || yyjson_equals_str(v, ""));
        if (v == NULL || no_secret || env(members[i].env) != NULL)
            continue;
        yyjson_mut_val *value =
            members[i].kind == LIST && yyjson_is_str(v) ? split(doc, sk_json_str(v)) : yyjson_val_mut_copy(doc, v);
        yyjson_mut_obj_put(edited, yyjson_mut_str(doc, members[i].name), value);
    }
    return edited;
}
