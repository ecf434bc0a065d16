#include "input/serial_line.h"

#include <asm/termbits.h>
#include <sys/ioctl.h>

/* BOTHER takes any number. */
bool sk_serial_line_set_up(int fd, int64_t baud_rate)
{
    struct termios2 t;
    if (ioctl(fd, TCGETS2, &t) < 0)
        return false;
    t.c_iflag = IGNBRK | IGNPAR;
    t.c_oflag = 0;
    t.c_lflag = 0;
    t.c_cflag = CS8 | CREAD | CLOCAL | (baud_rate > 0 ? BOTHER | (BOTHER << IBSHIFT) : t.c_cflag & (CBAUD | CIBAUD));
    if (baud_rate > 0)
        t.c_ispeed = t.c_ospeed = (speed_t)baud_rate;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    return ioctl(fd, TCSETS2, &t) == 0;
}
