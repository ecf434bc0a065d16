/*
 * Access lists of security.json: which user may read, write or PUT which paths of which contexts. Without lists the role alone
 * decides; with lists, whatever no list grants is denied. Patterns know `*` only. Owner: loop thread.
 */
#ifndef SK_AUTH_ACL_H
#define SK_AUTH_ACL_H

#include "base/json.h"

enum sk_acl_action { SK_ACL_READ, SK_ACL_WRITE, SK_ACL_PUT };

/*
 * `acls` is the list of sk_security_acls; `context` "vessels.self" for the own vessel. The first list whose context matches
 * counts, in it the first resource whose paths or sources match.
 */
bool sk_acl_allows(const yyjson_mut_val *acls, struct sk_span user, enum sk_acl_action action, struct sk_span context,
                   struct sk_span path, struct sk_span source);

#endif
