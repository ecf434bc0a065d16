#include "codec/n2k/device.h"

#include <stdlib.h>

struct sk_n2k_device *sk_n2k_device_create(void)
{
    return sk_xcalloc(1, sizeof(struct sk_n2k_device));
}

void sk_n2k_device_destroy(struct sk_n2k_device *d)
{
    if (d == NULL)
        return;
    free(d->alerts);
    free(d);
}

void sk_n2k_device_reset(struct sk_n2k_device *d)
{
    free(d->alerts);
    *d = (struct sk_n2k_device){ 0 };
}

bool sk_n2k_device_note_unknown(struct sk_n2k_device *d, uint32_t pgn)
{
    for (unsigned i = 0; i < d->unknown_count; i++)
        if (d->unknown[i] == pgn)
            return false;
    if (d->unknown_count == SK_N2K_UNKNOWN_MAX)
        return false;
    d->unknown[d->unknown_count++] = pgn;
    return true;
}

static struct sk_n2k_alert_text *find_alert(const struct sk_n2k_device *d, int64_t id)
{
    for (unsigned i = 0; i < d->alert_count; i++)
        if (d->alerts[i].id == id)
            return &d->alerts[i];
    return NULL;
}

void sk_n2k_device_set_alert(struct sk_n2k_device *d, int64_t id, struct sk_span text)
{
    if (d->alerts == NULL)
        d->alerts = sk_xcalloc(SK_N2K_ALERTS_MAX, sizeof *d->alerts);
    struct sk_n2k_alert_text *a = find_alert(d, id);
    if (a == NULL) {
        a = &d->alerts[d->alert_next];
        d->alert_next = (uint8_t)((d->alert_next + 1) % SK_N2K_ALERTS_MAX);
        d->alert_count += d->alert_count < SK_N2K_ALERTS_MAX;
    }
    size_t n = text.n < sizeof a->text - 1 ? text.n : sizeof a->text - 1;
    a->id = id;
    memcpy(a->text, text.p, n);
    a->text[n] = '\0';
}

const char *sk_n2k_device_alert(const struct sk_n2k_device *d, int64_t id)
{
    const struct sk_n2k_alert_text *a = find_alert(d, id);
    return a != NULL ? a->text : NULL;
}
