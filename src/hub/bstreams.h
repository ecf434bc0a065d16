/*
 * Binary streams by name ("radars/<id>", "plugins/<package>/<what>"): what plugins emit goes, as one shared frame, to whoever
 * listens to that name at the moment; nothing is kept for later listeners. Owner: loop thread.
 */
#ifndef SK_HUB_BSTREAMS_H
#define SK_HUB_BSTREAMS_H

#include "base/frame.h"

#define SK_BSTREAM_ID_MAX 256u                     /* bytes of a name */
#define SK_BSTREAM_FRAME_MAX ((size_t)1024 * 1024) /* bytes of one message; larger ones are refused */

struct sk_bstreams;
struct sk_bstream;

/* Embedded in the listener, which must outlive its listening. `deliver` must not block nor remove a listener; it takes its own
   reference if it keeps the frame. */
struct sk_bstream_tap {
    struct sk_bstream_tap *next;
    struct sk_bstream *stream;
    void (*deliver)(struct sk_bstream_tap *tap, struct sk_frame *frame);
};

struct sk_bstreams *sk_bstreams_create(void);
void sk_bstreams_destroy(struct sk_bstreams *s); /* nobody may listen any more */
void sk_bstreams_listen(struct sk_bstreams *s, struct sk_span id, struct sk_bstream_tap *tap);
void sk_bstreams_leave(struct sk_bstreams *s, struct sk_bstream_tap *tap);
void sk_bstreams_emit(struct sk_bstreams *s, struct sk_span id, struct sk_frame *frame);

#endif
