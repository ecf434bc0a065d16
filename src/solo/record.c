#include "solo/record.h"

#include "base/json.h"

#include <stdlib.h>

void sk_record_init(struct sk_record *r)
{
    *r = (struct sk_record){ .state = "" };
    pthread_mutex_init(&r->lock, NULL);
}

static void forget(struct sk_record_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        yyjson_doc_free(l->list[i]);
    l->count = l->lost = 0;
}

void sk_record_forget(struct sk_record *r)
{
    forget(&r->deltas);
    forget(&r->logs);
    pthread_mutex_lock(&r->lock);
    forget(&r->requests);
    pthread_mutex_unlock(&r->lock);
}

void sk_record_finish(struct sk_record *r)
{
    sk_record_forget(r);
    free(r->deltas.list);
    free(r->logs.list);
    free(r->requests.list);
    pthread_mutex_destroy(&r->lock);
}

static void forget_older(struct sk_record_list *l)
{
    size_t n = l->count / 2;
    for (size_t i = 0; i < n; i++)
        yyjson_doc_free(l->list[i]);
    l->count -= n;
    l->lost += n;
    memmove(l->list, l->list + n, l->count * sizeof(yyjson_doc *));
}

void sk_record_add(struct sk_record_list *l, struct sk_span json)
{
    yyjson_doc *doc = NULL;
    if (sk_json_read(json, &doc, NULL) < 0) {
        l->lost++;
        return;
    }
    if (l->count == SK_RECORD_MAX)
        forget_older(l);
    if (l->count == l->cap) {
        l->cap = l->cap == 0 ? 16 : 2 * l->cap;
        l->list = sk_xrealloc(l->list, l->cap * sizeof(yyjson_doc *));
    }
    l->list[l->count++] = doc;
}

void sk_record_add_text(struct sk_record_list *l, struct sk_span text)
{
    struct sk_buf b;
    sk_buf_init(&b, 6 * text.n + 16);
    sk_json_write_str(&b, text);
    sk_record_add(l, sk_buf_span(&b));
    sk_buf_finish(&b);
}
