#include "app/doors.h"

#include "app/activation.h"

int sk_doors_open(struct sk_http_server *http, int passed, const char *host, unsigned port, struct sk_errmsg *em)
{
    int fd, r;
    if (passed != 0) {
        r = sk_activation_dup(passed, &fd, em);
        return r == 0 ? sk_http_server_listen_fd(http, fd, em) : r;
    }
    r = sk_http_server_listen(http, host != NULL ? host : "::", port, em);
    if (r < 0 && host == NULL) /* a machine without IPv6 */
        r = sk_http_server_listen(http, "0.0.0.0", port, em);
    return r;
}
