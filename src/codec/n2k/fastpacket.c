#include "codec/n2k/fastpacket.h"

#define FIRST_BYTES 6u /* of data in frame 0; the others carry 7 */
#define OTHER_BYTES 7u

static void give_up(struct sk_n2k_fastpackets *f, struct sk_n2k_assembly *a)
{
    a->used = false;
    f->incomplete++;
}

/* Time-outs are found when a slot is looked at; a clock that went back far counts too (a recording starts over). */
static bool is_stale(const struct sk_n2k_assembly *a, int64_t now_ms)
{
    return now_ms - a->heard_ms > SK_N2K_ASSEMBLY_MS || a->heard_ms - now_ms > SK_N2K_ASSEMBLY_MS;
}

static struct sk_n2k_assembly *find(struct sk_n2k_fastpackets *f, const struct sk_n2k_message *m, unsigned sequence)
{
    for (unsigned i = 0; i < SK_N2K_ASSEMBLIES; i++) {
        struct sk_n2k_assembly *a = &f->slots[i];
        if (!a->used || a->src != m->src || a->pgn != m->pgn || a->sequence != sequence)
            continue;
        if (!is_stale(a, m->time_ms))
            return a;
        give_up(f, a);
        return NULL;
    }
    return NULL;
}

/* A free slot; the source's oldest when it has its share, else the oldest of all. */
static struct sk_n2k_assembly *claim(struct sk_n2k_fastpackets *f, const struct sk_n2k_message *m)
{
    struct sk_n2k_assembly *unused = NULL, *oldest = NULL, *own = NULL;
    unsigned mine = 0;
    for (unsigned i = 0; i < SK_N2K_ASSEMBLIES; i++) {
        struct sk_n2k_assembly *a = &f->slots[i];
        if (a->used && is_stale(a, m->time_ms))
            give_up(f, a);
        if (!a->used) {
            unused = unused != NULL ? unused : a;
            continue;
        }
        if (oldest == NULL || a->heard_ms < oldest->heard_ms)
            oldest = a;
        if (a->src != m->src)
            continue;
        mine++;
        if (own == NULL || a->heard_ms < own->heard_ms)
            own = a;
    }
    struct sk_n2k_assembly *a = mine >= SK_N2K_ASSEMBLIES_PER_SOURCE ? own : unused != NULL ? unused : oldest;
    if (a->used)
        give_up(f, a);
    return a;
}

static struct sk_n2k_assembly *start(struct sk_n2k_fastpackets *f, const struct sk_n2k_message *m, unsigned sequence,
                                     uint8_t total)
{
    struct sk_n2k_assembly *a = find(f, m, sequence);
    if (a != NULL)
        give_up(f, a);
    else
        a = claim(f, m);
    a->used = true;
    a->pgn = m->pgn;
    a->src = m->src;
    a->sequence = (uint8_t)sequence;
    a->total = total;
    a->have = 0;
    return a;
}

static bool is_whole(const struct sk_n2k_assembly *a)
{
    unsigned frames = a->total <= FIRST_BYTES ? 1 : 1 + (a->total - FIRST_BYTES + OTHER_BYTES - 1) / OTHER_BYTES;
    uint32_t all = frames == 32 ? UINT32_MAX : (1u << frames) - 1;
    return (a->have & all) == all;
}

/* Puts the frame's bytes in place. False: it cannot belong to this message, which is given up. */
static bool place(struct sk_n2k_assembly *a, unsigned index, const uint8_t *bytes, size_t len)
{
    size_t at = index == 0 ? 0 : FIRST_BYTES + (index - 1) * OTHER_BYTES, room = index == 0 ? FIRST_BYTES : OTHER_BYTES;
    if (at >= a->total)
        return true; /* behind the end: padding */
    size_t want = a->total - at < room ? a->total - at : room;
    if (len < want)
        return false;
    if (a->have & 1u << index)
        return memcmp(a->data + at, bytes, want) == 0; /* twice is fine, something else is of another message */
    memcpy(a->data + at, bytes, want);
    a->have |= 1u << index;
    return true;
}

/* Frame 0 a second time, not of a new message: it is all there is so far, and the same. */
static bool is_again(const struct sk_n2k_assembly *a, const uint8_t *frame, size_t len)
{
    return a->have == 1 && a->total == frame[1] && a->total > FIRST_BYTES && len >= 2 + FIRST_BYTES &&
           memcmp(a->data, frame + 2, FIRST_BYTES) == 0;
}

bool sk_n2k_fastpacket_take(struct sk_n2k_fastpackets *f, struct sk_n2k_message *m, const uint8_t *frame, size_t len)
{
    if (len < 2) {
        f->incomplete++;
        return false;
    }
    unsigned sequence = frame[0] >> 5, index = frame[0] & 0x1f;
    struct sk_n2k_assembly *a;
    if (index == 0) {
        if (frame[1] == 0 || frame[1] > SK_N2K_DATA_MAX) {
            f->oversized++;
            return false;
        }
        a = find(f, m, sequence);
        if (a == NULL || !is_again(a, frame, len))
            a = start(f, m, sequence, frame[1]);
    } else if ((a = find(f, m, sequence)) == NULL) {
        return false; /* its beginning was lost, and counted when it was */
    }
    size_t head = index == 0 ? 2 : 1;
    a->heard_ms = m->time_ms;
    if (!place(a, index, frame + head, len - head)) {
        give_up(f, a);
        return false;
    }
    if (!is_whole(a))
        return false;
    a->used = false;
    m->data = a->data;
    m->len = a->total;
    return true;
}

void sk_n2k_fastpacket_reset(struct sk_n2k_fastpackets *f)
{
    for (unsigned i = 0; i < SK_N2K_ASSEMBLIES; i++)
        if (f->slots[i].used)
            give_up(f, &f->slots[i]);
}

bool sk_n2k_fastpacket_cut(const struct sk_n2k_message *m, uint8_t sequence, unsigned i, uint8_t ret_frame[8])
{
    size_t head = i == 0 ? 2 : 1, at = i == 0 ? 0 : 6 + (size_t)(i - 1) * 7;
    if (i > 31 || (i > 0 && at >= m->len))
        return false;
    size_t n = m->len - at < 8 - head ? m->len - at : 8 - head;
    memset(ret_frame, 0xff, 8);
    ret_frame[0] = (uint8_t)(sequence << 5 | i);
    ret_frame[1] = (uint8_t)m->len; /* of the first frame; the others write over it */
    memcpy(ret_frame + head, m->data + at, n);
    return true;
}
