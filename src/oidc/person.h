/*
 * Who logged in by OpenID Connect, and which user of this server that is. A person is known by issuer and subject together, never
 * by a name: names are chosen by people. Owner: loop thread (it edits security.json).
 */
#ifndef SK_OIDC_PERSON_H
#define SK_OIDC_PERSON_H

#include "oidc/config.h"
#include "oidc/id_token.h"

#define SK_OIDC_PERSON_GROUPS_MAX 200u /* kept; all count for the role */

struct sk_oidc_person {
    char subject[SK_OIDC_SUBJECT_MAX + 1];
    char name[SK_SUBJECT_MAX + 1]; /* wished for as user name, cleaned; "": none was told */
    yyjson_mut_doc *identity;      /* {sub, issuer, email?, name?, groups?}, as security.json keeps it */
    enum sk_role role;             /* by the groups */
};

/* From the claims of a checked ID token and, when the provider has such, of its userinfo (NULL: none), which goes first.
   SK_ERR_DENIED: userinfo is about somebody else. */
int sk_oidc_person_read(const struct sk_oidc_config *c, const yyjson_val *claims, const yyjson_val *userinfo,
                        struct sk_oidc_person *ret, struct sk_errmsg *em);
void sk_oidc_person_finish(struct sk_oidc_person *p); /* zeroed is fine */

/*
 * The person's user: found, brought up to date, or made. *ret_changed: security.json is to be saved. SK_ERR_DENIED: there is no
 * such user and none may be made, or nothing can be changed here.
 */
int sk_oidc_person_enter(const struct sk_oidc_config *c, const struct sk_oidc_person *p, struct sk_security *s,
                         char ret_name[SK_SUBJECT_MAX + 1], bool *ret_changed, struct sk_errmsg *em);

/* Without control characters and blanks at the ends, at most `size` - 1 bytes of whole characters. */
void sk_oidc_clean(struct sk_span text, char *out, size_t size);

#endif
