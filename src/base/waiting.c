#include "base/waiting.h"

#include "base/map.h"

#include <arpa/inet.h>

#define SIX_PREFIX 8u /* bytes */

void sk_waiter_init(struct sk_waiter *w, const char *ip)
{
    unsigned char six[16];
    bool is_six = inet_pton(AF_INET6, ip, six) == 1;
    uint64_t hash = is_six ? sk_hash_bytes(six, SIX_PREFIX) : sk_hash_bytes(ip, strlen(ip));
    *w = (struct sk_waiter){ .address = (uint16_t)(hash % SK_WAITING_ADDRESSES) };
}

void sk_waiter_leave(struct sk_waiter *w)
{
    struct sk_waiting *list = w->in;
    if (list == NULL)
        return;
    if (w->prev != NULL)
        w->prev->next = w->next;
    else
        list->first = w->next;
    if (w->next != NULL)
        w->next->prev = w->prev;
    else
        list->last = w->prev;
    list->count--;
    list->by_address[w->address]--;
    w->in = NULL;
}

void sk_waiter_join(struct sk_waiter *w, struct sk_waiting *list)
{
    if (w->in == list)
        return;
    SK_ASSERT(list->count < UINT16_MAX);
    sk_waiter_leave(w);
    w->in = list;
    w->prev = list->last;
    w->next = NULL;
    if (list->last != NULL)
        list->last->next = w;
    else
        list->first = w;
    list->last = w;
    list->count++;
    list->by_address[w->address]++;
}

static size_t address_with_most(const struct sk_waiting *const lists[], size_t count)
{
    uint32_t most = 0;
    size_t found = 0;
    for (size_t i = 0; i < SK_WAITING_ADDRESSES; i++) {
        uint32_t sum = 0;
        for (size_t l = 0; l < count; l++)
            sum += lists[l]->by_address[i];
        found = sum > most ? i : found;
        most = sum > most ? sum : most;
    }
    return found;
}

struct sk_waiter *sk_waiting_of_most(const struct sk_waiting *const lists[], size_t count)
{
    size_t most = address_with_most(lists, count);
    struct sk_waiter *w = NULL;
    for (size_t l = 0; l < count && w == NULL; l++) {
        w = lists[l]->by_address[most] > 0 ? lists[l]->first : NULL;
        while (w != NULL && w->address != most)
            w = w->next;
    }
    return w;
}

struct sk_waiter *sk_waiting_of_fewest(const struct sk_waiting *list)
{
    struct sk_waiter *found = list->first;
    for (struct sk_waiter *w = found; w != NULL && list->by_address[found->address] > 1; w = w->next)
        if (list->by_address[w->address] < list->by_address[found->address])
            found = w;
    return found;
}
