/*
 * What a worker and its loop send each other. Orders go to the worker, notes come back, in one queue each, so that the effects
 * of a plugin keep their order. Questions are notes whose sender waits, for a bounded time.
 */
#ifndef SK_PLUGIN_MAILBOX_H
#define SK_PLUGIN_MAILBOX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/frame.h"
#include "plugin/host.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- orders: loop -> worker ---- */
struct sk_order { /* one call of an export by name */
    struct sk_order *next;
    uint64_t id, deadline_ms; /* monotonic */
    enum sk_call_shape shape;
    size_t out_max;
    char *name;
    struct sk_span request;
    char bytes[]; /* name, request */
};
struct sk_order *sk_order_create(const char *name, struct sk_span request); /* NULL out of memory; free() it */

/* ---- questions ---- */
struct sk_question {
    atomic_int refs;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
    int result;
    struct sk_buf answer;
};
struct sk_question *sk_question_create(void);
void sk_question_unref(struct sk_question *q);
/* Thread: any, once; later answers are ignored. Takes the buffer's memory; NULL: none. */
void sk_question_answer(struct sk_question *q, int result, struct sk_buf *answer);
/* The asker's side: the result, or SK_ERR_TIMEOUT. The answer is moved into `out`. */
int sk_question_wait(struct sk_question *q, unsigned ms, struct sk_buf *out);

/* ---- notes: worker -> loop ---- */
enum sk_note_kind {
    SK_NOTE_LOADED,       /* text: display name, more: schema, third: endpoints (p NULL: not asked) */
    SK_NOTE_LOAD_FAILED,  /* text: reason */
    SK_NOTE_STARTED,      /* code: what plugin_start returned; flag: it has a delta handler */
    SK_NOTE_DELTA,        /* text; code: version */
    SK_NOTE_STATUS,       /* text; flag: an error */
    SK_NOTE_REGISTER_PUT, /* text: context, more: path */
    SK_NOTE_PROVIDE,      /* text: type or name; code: enum sk_provider_kind */
    SK_NOTE_EMIT,         /* text: stream id; frame */
    SK_NOTE_QUERY,        /* text: path; flag: from the root; question */
    SK_NOTE_SAVE_CONFIG,  /* text: configuration; question */
    SK_NOTE_REPLY,        /* id; code: enum sk_call_result; text */
    SK_NOTE_LOG,          /* text: a line */
    SK_NOTE_IDLE,         /* it was asked for */
    SK_NOTE_CRASHED,      /* text: reason, more: with back-trace; flag: a missed deadline */
    SK_NOTE_ENDED,        /* the thread is at its end */
};

struct sk_note {
    struct sk_note *next;
    enum sk_note_kind kind;
    int32_t code;
    bool flag;
    uint64_t id;
    struct sk_span text, more, third;
    struct sk_question *question;
    struct sk_frame *frame; /* with a reference of its own, or NULL */
    size_t size;
    char bytes[];
};
/* Copies the texts. NULL out of memory. Takes a reference of `question`. */
struct sk_note *sk_note_create(enum sk_note_kind kind, struct sk_span text, struct sk_span more, struct sk_span third,
                               struct sk_question *question);
void sk_note_destroy(struct sk_note *n); /* an unanswered question gets SK_ERR_CLOSED */

#endif
