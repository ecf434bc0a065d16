/* Status board: what each connection and plugin last said of itself (server event PROVIDERSTATUS). Owner: loop thread.
   Limits: 1,000 entries, 2,000 bytes of text each (longer texts are cut). */
#ifndef SK_HUB_STATUS_H
#define SK_HUB_STATUS_H

#include "base/buf.h"

struct sk_status;

enum sk_status_kind { SK_STATUS_PROVIDER, SK_STATUS_PLUGIN };

struct sk_status *sk_status_create(void);
void sk_status_destroy(struct sk_status *s);
/* Called after each change; one listener. */
void sk_status_on_change(struct sk_status *s, void (*changed)(void *arg), void *arg);
/* An empty text removes the entry. An error that replaces a different error moves the old one to lastError. */
void sk_status_set(struct sk_status *s, enum sk_status_kind kind, const char *id, struct sk_span text);
void sk_status_error(struct sk_status *s, enum sk_status_kind kind, const char *id, struct sk_span text);
void sk_status_remove(struct sk_status *s, const char *id);
/* Last text of an entry, "" when there is none; valid until its next change. */
const char *sk_status_text(const struct sk_status *s, const char *id);
bool sk_status_is_error(const struct sk_status *s, const char *id);
/* JSON array: {"type","id","statusType","timeStamp","message","lastError"?,"lastErrorTimeStamp"?} */
void sk_status_write(const struct sk_status *s, struct sk_buf *out);

#endif
