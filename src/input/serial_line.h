/* The settings of a serial line. A file of its own: the kernel's header for any baud rate does not go with the C library's. */
#ifndef SK_INPUT_SERIAL_LINE_H
#define SK_INPUT_SERIAL_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* Thread: any. Raw bytes both ways, 8N1, at that speed (0: as it is). False: errno says why. */
bool sk_serial_line_set_up(int fd, int64_t baud_rate);

#endif
