/* Blocking jobs of the API on the thread pool. Owner: loop thread; the server's end waits for all of them. */
#ifndef SK_API_POOL_H
#define SK_API_POOL_H

#include "api/api.h"

/* `work` on the thread pool, then `after` on the loop, in a later turn. `arg` is theirs alone in between. */
void sk_pool_run(struct sk_api *api, void (*work)(void *arg), void (*after)(void *arg), void *arg);

#endif
