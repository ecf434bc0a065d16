#include "plugin/mailbox.h"

#include "base/cond.h"

#include <stdlib.h>

struct sk_order *sk_order_create(const char *name, struct sk_span request)
{
    size_t n = strlen(name) + 1;
    struct sk_order *o = malloc(sizeof *o + n + request.n);
    if (o == NULL)
        return NULL;
    *o = (struct sk_order){ .name = o->bytes, .request = { o->bytes + n, request.n } };
    memcpy(o->bytes, name, n);
    if (request.n > 0)
        memcpy(o->bytes + n, request.p, request.n);
    return o;
}

struct sk_question *sk_question_create(void)
{
    struct sk_question *q = sk_xcalloc(1, sizeof *q);
    q->refs = 1;
    pthread_mutex_init(&q->lock, NULL);
    sk_cond_init(&q->answered);
    sk_buf_init(&q->answer, 0);
    return q;
}

void sk_question_unref(struct sk_question *q)
{
    if (q == NULL || atomic_fetch_sub(&q->refs, 1) != 1)
        return;
    sk_buf_finish(&q->answer);
    pthread_mutex_destroy(&q->lock);
    pthread_cond_destroy(&q->answered);
    free(q);
}

void sk_question_answer(struct sk_question *q, int result, struct sk_buf *answer)
{
    pthread_mutex_lock(&q->lock);
    if (!q->done) {
        q->done = true;
        q->result = result;
        if (answer != NULL) {
            q->answer = *answer;
            sk_buf_init(answer, answer->max);
        }
        pthread_cond_signal(&q->answered);
    }
    pthread_mutex_unlock(&q->lock);
}

int sk_question_wait(struct sk_question *q, unsigned ms, struct sk_buf *out)
{
    struct timespec until = sk_cond_deadline(ms);
    int r = 0;
    pthread_mutex_lock(&q->lock);
    while (!q->done && r == 0)
        r = pthread_cond_timedwait(&q->answered, &q->lock, &until);
    int result = q->done ? q->result : SK_ERR_TIMEOUT;
    if (q->done && result == 0 && out != NULL)
        sk_buf_span_append(out, sk_buf_span(&q->answer));
    q->done = true; /* an answer that comes later goes nowhere */
    pthread_mutex_unlock(&q->lock);
    return result;
}

static struct sk_span copy_to(char **at, struct sk_span s)
{
    if (s.p == NULL)
        return s;
    char *p = *at;
    memcpy(p, s.p, s.n);
    p[s.n] = 0; /* so that names can be used as strings */
    *at += s.n + 1;
    return (struct sk_span){ p, s.n };
}

struct sk_note *sk_note_create(enum sk_note_kind kind, struct sk_span text, struct sk_span more, struct sk_span third,
                               struct sk_question *question)
{
    size_t size = text.n + more.n + third.n + 3;
    struct sk_note *n = malloc(sizeof *n + size);
    if (n == NULL)
        return NULL;
    char *at = n->bytes;
    *n = (struct sk_note){ .kind = kind, .size = size };
    n->text = copy_to(&at, text);
    n->more = copy_to(&at, more);
    n->third = copy_to(&at, third);
    if (question != NULL) {
        atomic_fetch_add(&question->refs, 1);
        n->question = question;
    }
    return n;
}

void sk_note_destroy(struct sk_note *n)
{
    if (n == NULL)
        return;
    if (n->question != NULL) {
        sk_question_answer(n->question, SK_ERR_CLOSED, NULL);
        sk_question_unref(n->question);
    }
    sk_frame_unref(n->frame);
    free(n);
}
