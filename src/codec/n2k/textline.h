/*
 * The text formats that gateways and tools write NMEA 2000 in, one frame or message a line: canboat's PLAIN (Actisense), Yacht
 * Devices RAW, candump's three, Actisense N2K ASCII, iKonvert's !PDGY, and $PCDIN / $MXPGN, which travel among NMEA 0183
 * sentences. A line tells its format by itself. Thread: any. No allocation.
 */
#ifndef SK_CODEC_N2K_TEXTLINE_H
#define SK_CODEC_N2K_TEXTLINE_H

#include "codec/n2k/message.h"

enum sk_n2k_line_kind {
    SK_N2K_LINE_FOREIGN,  /* of no known format */
    SK_N2K_LINE_BAD,      /* of a known format, but broken */
    SK_N2K_LINE_CHECKSUM, /* its checksum does not match */
    SK_N2K_LINE_STATUS,   /* the gateway speaks of itself */
    SK_N2K_LINE_FRAME,    /* one CAN frame: parts of fast packets come alone */
    SK_N2K_LINE_MESSAGE,  /* a whole message */
    SK_N2K_LINE_EITHER    /* up to 8 bytes in a format that has both */
};

struct sk_n2k_line {
    enum sk_n2k_line_kind kind;
    struct sk_n2k_message m; /* data points into what the caller gave; time_ms is the line's own, if it has one */
    bool has_date, has_time_of_day;
};

/* `reverse`: data of $MXPGN stands last byte first. */
void sk_n2k_line_read(struct sk_span line, bool reverse, uint8_t data[SK_N2K_DATA_MAX], struct sk_n2k_line *ret);

/* The message in canboat's PLAIN form, as raw logs keep it: at most 1024 bytes. */
struct sk_buf;
void sk_n2k_line_write(struct sk_buf *out, const struct sk_n2k_message *m);

#endif
