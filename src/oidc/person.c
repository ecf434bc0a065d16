#include "oidc/person.h"

#include "base/utf8.h"

#include <stdio.h>

#define CLASHES_MAX 100u
#define ABOUT_MAX 256u /* bytes kept of an e-mail address, a name, a group */

/* Not a control character: of ASCII, of Latin-1 (U+0080 to U+009F), or one that turns the direction of writing. */
static bool is_shown(const unsigned char *p, size_t n)
{
    if (n == 1)
        return *p >= 0x20 && *p != 0x7f;
    if (n == 2)
        return p[0] != 0xc2 || p[1] >= 0xa0;
    if (n != 3 || p[0] != 0xe2)
        return n != 0;
    return !(p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae))) &&
           !(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

void sk_oidc_clean(struct sk_span text, char *out, size_t size)
{
    size_t n = 0, step;
    for (size_t at = 0; at < text.n; at += step) {
        const unsigned char *p = (const unsigned char *)text.p + at;
        step = sk_utf8_char(p, text.n - at);
        if (is_shown(p, step) && (n > 0 || *p != ' ')) {
            if (n + step >= size)
                break;
            memcpy(out + n, p, step);
            n += step;
        }
        step = step == 0 ? 1 : step;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* ---- what is said of him or her ------------------------------------------------------------------------------------------- */

/* The claim, of userinfo first. */
static yyjson_val *claim(const yyjson_val *claims, const yyjson_val *userinfo, const char *name)
{
    yyjson_val *v = sk_json_get(userinfo, name);
    return v != NULL && !yyjson_is_null(v) ? v : sk_json_get(claims, name);
}

static bool in_list(const struct sk_buf *names, struct sk_span name)
{
    for (size_t at = 0; at < names->n; at += strlen(names->p + at) + 1)
        if (sk_span_eq(name, names->p + at))
            return true;
    return false;
}

static enum sk_role role_of(const struct sk_oidc_config *c, struct sk_span group)
{
    return in_list(&c->admin_groups, group)       ? SK_ROLE_ADMIN
           : in_list(&c->readwrite_groups, group) ? SK_ROLE_READWRITE
                                                  : SK_ROLE_NONE;
}

static void take_group(const struct sk_oidc_config *c, struct sk_span group, struct sk_oidc_person *p, yyjson_mut_val *kept)
{
    char text[ABOUT_MAX];
    enum sk_role role = role_of(c, group);
    if (role > p->role)
        p->role = role;
    sk_oidc_clean(group, text, sizeof text);
    if (text[0] != '\0' && yyjson_mut_arr_size(kept) < SK_OIDC_PERSON_GROUPS_MAX)
        yyjson_mut_arr_add_strcpy(p->identity, kept, text);
}

/* A list of texts, or one text. Somebody of no group that counts has the role that everybody has. */
static void take_groups(const struct sk_oidc_config *c, yyjson_val *groups, struct sk_oidc_person *p)
{
    yyjson_mut_val *kept = yyjson_mut_arr(p->identity);
    yyjson_val *one;
    size_t i, n;
    p->role = SK_ROLE_NONE;
    if (yyjson_is_str(groups))
        take_group(c, sk_json_str(groups), p, kept);
    yyjson_arr_foreach(groups, i, n, one)
        if (yyjson_is_str(one))
            take_group(c, sk_json_str(one), p, kept);
    if (p->role == SK_ROLE_NONE)
        p->role = c->default_role;
    if (yyjson_mut_arr_size(kept) > 0)
        yyjson_mut_obj_add_val(p->identity, yyjson_mut_doc_get_root(p->identity), "groups", kept);
}

static void take_about(const yyjson_val *claims, const yyjson_val *userinfo, const char *name, struct sk_oidc_person *p)
{
    char text[ABOUT_MAX];
    sk_oidc_clean(sk_json_str(claim(claims, userinfo, name)), text, sizeof text);
    if (text[0] != '\0')
        yyjson_mut_obj_add_strcpy(p->identity, yyjson_mut_doc_get_root(p->identity), name, text);
}

static void take_name(const yyjson_val *claims, const yyjson_val *userinfo, struct sk_oidc_person *p)
{
    static const char *const in_order[] = { "preferred_username", "email" };
    for (size_t i = 0; i < SK_COUNT(in_order) && p->name[0] == '\0'; i++)
        sk_oidc_clean(sk_json_str(claim(claims, userinfo, in_order[i])), p->name, sizeof p->name);
    if (p->name[0] == '\0') {
        char text[SK_SUBJECT_MAX + 8];
        snprintf(text, sizeof text, "oidc-%.*s", (int)SK_SUBJECT_MAX, p->subject);
        sk_oidc_clean(sk_span_of(text), p->name, sizeof p->name);
    }
}

int sk_oidc_person_read(const struct sk_oidc_config *c, const yyjson_val *claims, const yyjson_val *userinfo,
                        struct sk_oidc_person *ret, struct sk_errmsg *em)
{
    struct sk_span sub = sk_json_str(sk_json_get(claims, "sub"));
    SK_ASSERT(sub.n > 0 && sub.n <= SK_OIDC_SUBJECT_MAX);
    if (userinfo != NULL && !sk_span_is(sk_json_str(sk_json_get(userinfo, "sub")), sub))
        return sk_errmsg_set(em, SK_ERR_DENIED, "the provider's userinfo is about somebody else (sub)");
    *ret = (struct sk_oidc_person){ .identity = yyjson_mut_doc_new(NULL) };
    SK_ASSERT(ret->identity != NULL);
    yyjson_mut_val *root = yyjson_mut_obj(ret->identity);
    yyjson_mut_doc_set_root(ret->identity, root);
    memcpy(ret->subject, sub.p, sub.n);
    yyjson_mut_obj_add_strncpy(ret->identity, root, "sub", sub.p, sub.n);
    yyjson_mut_obj_add_strcpy(ret->identity, root, "issuer", c->issuer);
    take_about(claims, userinfo, "email", ret);
    take_about(claims, userinfo, "name", ret);
    take_groups(c, claim(claims, userinfo, c->groups_attribute), ret);
    take_name(claims, userinfo, ret);
    return 0;
}

void sk_oidc_person_finish(struct sk_oidc_person *p)
{
    yyjson_mut_doc_free(p->identity);
    *p = (struct sk_oidc_person){ 0 };
}

/* ---- which user ----------------------------------------------------------------------------------------------------------- */

static bool same_json(const yyjson_mut_val *a, const yyjson_mut_val *b)
{
    struct sk_buf x, y;
    sk_buf_init(&x, (size_t)256 * 1024);
    sk_buf_init(&y, (size_t)256 * 1024);
    sk_json_write_mut(&x, a);
    sk_json_write_mut(&y, b);
    bool same = sk_buf_ok(&x) && sk_buf_ok(&y) && sk_span_is(sk_buf_span(&x), sk_buf_span(&y));
    sk_buf_finish(&x);
    sk_buf_finish(&y);
    return same;
}

/* The name wished for, or with the beginning of the subject behind it, or with a number behind that. */
static bool free_name(const struct sk_oidc_person *p, const struct sk_security *s, char out[SK_SUBJECT_MAX + 1])
{
    struct sk_user taken;
    char suffix[48], begin[9];
    sk_oidc_clean((struct sk_span){ p->subject, strnlen(p->subject, 8) }, begin, sizeof begin);
    for (unsigned i = 0; i < CLASHES_MAX; i++) {
        if (i == 0)
            suffix[0] = '\0';
        else if (i == 1)
            snprintf(suffix, sizeof suffix, "-%s", begin);
        else
            snprintf(suffix, sizeof suffix, "-%s-%u", begin, i);
        sk_oidc_clean(sk_span_of(p->name), out, SK_SUBJECT_MAX + 1 - strlen(suffix));
        memcpy(out + strlen(out), suffix, strlen(suffix) + 1);
        if (!sk_security_user(s, sk_span_of(out), &taken))
            return true;
    }
    return false;
}

static int set(const struct sk_oidc_person *p, struct sk_security *s, int result, const char *name, bool *ret_changed,
               struct sk_errmsg *em)
{
    if (result == 0)
        result = sk_security_set_identity(s, sk_span_of(name), yyjson_mut_doc_get_root(p->identity), em);
    *ret_changed = result == 0;
    return result;
}

static int create(const struct sk_oidc_config *c, const struct sk_oidc_person *p, struct sk_security *s,
                  char name[SK_SUBJECT_MAX + 1], bool *ret_changed, struct sk_errmsg *em)
{
    if (!c->auto_create_users)
        return sk_errmsg_set(em, SK_ERR_DENIED, "you have no user here, and none is made by logging in; ask an administrator");
    if (!free_name(p, s, name))
        return sk_errmsg_set(em, SK_ERR_LIMIT, "too many users have your name already");
    return set(p, s, sk_security_add_user(s, sk_span_of(name), p->role, NULL, em), name, ret_changed, em);
}

int sk_oidc_person_enter(const struct sk_oidc_config *c, const struct sk_oidc_person *p, struct sk_security *s,
                         char ret_name[SK_SUBJECT_MAX + 1], bool *ret_changed, struct sk_errmsg *em)
{
    struct sk_user known;
    if (!sk_security_user_by_identity(s, c->issuer, p->subject, &known))
        return create(c, p, s, ret_name, ret_changed, em);
    if (known.name.n == 0 || known.name.n > SK_SUBJECT_MAX)
        return sk_errmsg_set(em, SK_ERR_INVALID, "your user has no usable name in security.json");
    memcpy(ret_name, known.name.p, known.name.n);
    ret_name[known.name.n] = '\0';
    *ret_changed = false;
    if (sk_security_immutable(s) || /* then what the file says holds */
        (known.role == p->role && same_json(known.oidc, yyjson_mut_doc_get_root(p->identity))))
        return 0;
    return set(p, s, sk_security_update_user(s, sk_span_of(ret_name), p->role, NULL, em), ret_name, ret_changed, em);
}
