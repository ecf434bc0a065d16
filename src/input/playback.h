/* Recordings that are named on a command line: their entries in a list of connections (pipedProviders). Pure. Thread: any. */
#ifndef SK_INPUT_PLAYBACK_H
#define SK_INPUT_PLAYBACK_H

#include "base/buf.h"

/* Appends an entry to `out`, which ends with '[' or with another entry. `data_type`: "Multiplexed" (a raw log), "NMEA0183",
   "NMEA2000YD", "SignalK". Lines with a time of their own keep their pace; others play 210 bytes a second, as fast as the samples
   happened. */
void sk_playback_write(struct sk_buf *out, const char *id, const char *data_type, const char *file, bool override_timestamps);

#endif
