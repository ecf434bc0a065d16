#include "input/bus.h"

#include "base/map.h"

#include <stdlib.h>

#define REMEMBERED 4096u /* a power of two */
#define WAYS 4u

struct sent {
    uint64_t hash, at_ms;
    const void *origin;
};

struct sk_bus {
    struct sk_bus_tap *taps;
    struct sent *sent; /* made with the first tap */
    uint64_t echoes;
};

struct sk_bus *sk_bus_create(void)
{
    return sk_xcalloc(1, sizeof(struct sk_bus));
}

void sk_bus_destroy(struct sk_bus *b)
{
    if (b == NULL)
        return;
    SK_ASSERT(b->taps == NULL);
    free(b->sent);
    free(b);
}

void sk_bus_add(struct sk_bus *b, struct sk_bus_tap *tap)
{
    if (b->sent == NULL)
        b->sent = sk_xcalloc(REMEMBERED, sizeof *b->sent);
    tap->next = b->taps;
    b->taps = tap;
}

void sk_bus_remove(struct sk_bus *b, struct sk_bus_tap *tap)
{
    for (struct sk_bus_tap **at = &b->taps; *at != NULL; at = &(*at)->next)
        if (*at == tap) {
            *at = tap->next;
            break;
        }
}

uint64_t sk_bus_echoes(const struct sk_bus *b)
{
    return b->echoes;
}

/* Remembers the line; true when somebody else's was handed on a moment ago. */
static bool is_echo(struct sk_bus *b, const void *origin, struct sk_span line, uint64_t now_ms)
{
    uint64_t hash = sk_hash_bytes(line.p, line.n);
    struct sent *row = &b->sent[hash & (REMEMBERED - 1) & ~(uint64_t)(WAYS - 1)], *oldest = row;
    for (unsigned i = 0; i < WAYS; i++) {
        if (row[i].hash == hash && row[i].origin != NULL) {
            bool echo = row[i].origin != origin && now_ms - row[i].at_ms < SK_BUS_ECHO_MS;
            if (!echo)
                row[i] = (struct sent){ hash, now_ms, origin };
            return echo;
        }
        if (row[i].at_ms < oldest->at_ms)
            oldest = &row[i];
    }
    *oldest = (struct sent){ hash, now_ms, origin };
    return false;
}

static bool wants(const struct sk_bus_tap *tap, const char *const *names)
{
    for (; *names != NULL; names++)
        for (const char *const *n = tap->names; n != NULL && *n != NULL; n++)
            if (strcmp(*n, *names) == 0)
                return true;
    return false;
}

void sk_bus_publish(struct sk_bus *b, const char *const *names, const void *origin, struct sk_span line, uint64_t now_ms)
{
    struct sk_frame *frame = NULL;
    for (struct sk_bus_tap *t = b->taps, *next; t != NULL; t = next) {
        next = t->next;
        if ((t->origin != NULL && t->origin == origin) || !wants(t, names))
            continue;
        if (frame == NULL) {
            if (is_echo(b, origin, line, now_ms)) {
                b->echoes++;
                return;
            }
            frame = sk_frame_create(line.p, line.n);
            if (frame == NULL)
                return;
        }
        t->line(t, frame);
    }
    sk_frame_unref(frame);
}
