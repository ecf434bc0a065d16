/* The serial devices of this machine. Thread: any; reads folders of /dev and /sys, so it may wait: not for the loop thread. */
#ifndef SK_INPUT_SERIAL_PORTS_H
#define SK_INPUT_SERIAL_PORTS_H

#include "base/buf.h"

/* {"byId":[path],"byPath":[path],"byOpenPlotter":[path],"serialports":[{"path","manufacturer"?,"serialNumber"?,"vendorId"?,
   "productId"?}]}, sorted by name. `root` stands before the folders: "" but in tests. Limit: 256 of each. */
void sk_serial_ports_write(const char *root, struct sk_buf *out);

#endif
