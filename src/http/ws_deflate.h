/* permessage-deflate (RFC 7692) without context take-over, for the WebSocket endpoints of one server. Owner: loop thread. */
#ifndef SK_HTTP_WS_DEFLATE_H
#define SK_HTTP_WS_DEFLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/frame.h"

struct sk_http_server;

#define SK_WS_DEFLATE_ANSWER "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

/* Does a Sec-WebSocket-Extensions header hold an offer that SK_WS_DEFLATE_ANSWER accepts? */
bool sk_ws_deflate_offered(struct sk_span header);
/* Gives the frame its compressed form, once, if that is shorter: for all clients. */
void sk_ws_deflate_frame(struct sk_http_server *s, struct sk_frame *f);
/* One whole message into `out`, whose maximum holds: SK_ERR_LIMIT beyond it, SK_ERR_INVALID for anything that is not deflate. */
int sk_ws_inflate(struct sk_http_server *s, struct sk_span packed, struct sk_buf *out);
void sk_ws_deflate_free(struct sk_http_server *s);

#endif
