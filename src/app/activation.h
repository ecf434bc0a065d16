/*
 * Doors that the service manager opened before it started the server: LISTEN_PID and LISTEN_FDS, as in sd_listen_fds(3). The
 * first is the primary port (HTTP, or HTTPS when that is on), the second the plain port that leads to HTTPS. Owner: main thread.
 */
#ifndef SK_APP_ACTIVATION_H
#define SK_APP_ACTIVATION_H

#include "base/err.h"

struct sk_activation {
    int primary, redirect; /* listening descriptors of this process; 0: not given */
};

/* Both 0 when the variables are absent or meant for another process. SK_ERR_INVALID: what was passed is no listening TCP socket.
   Programs started from here do not inherit the descriptors. */
int sk_activation_read(struct sk_activation *ret_activation, struct sk_errmsg *em);
/* Another descriptor of the same door, for somebody who closes it; the original stays for a start anew. */
int sk_activation_dup(int fd, int *ret_fd, struct sk_errmsg *em);
/* Before this program takes its own place by execv: it finds the descriptors again. */
void sk_activation_pass_on(void);

#endif
