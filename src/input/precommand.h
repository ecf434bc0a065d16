/*
 * A command of the user's that gets a serial device ready before it is opened: environment variable PRESERIALCOMMAND, run by the
 * shell with the device's name behind it ("stty -F DEVICE ..."); launcher.h says by whom. Owner: loop thread, which never waits
 * for it.
 */
#ifndef SK_INPUT_PRECOMMAND_H
#define SK_INPUT_PRECOMMAND_H

#include "input/inputs.h"

#define SK_PRECOMMAND_MAX_MS 20000 /* then it is killed */

struct sk_precommand;

/* Does the user want one? */
bool sk_precommand_wanted(void);
/*
 * Starts it. `done` is called in a later turn, once, with what went wrong as text or with NULL; nothing of it is left then. NULL:
 * it could not even be started, and *ret_problem says why (it lives until the next call).
 */
struct sk_precommand *sk_precommand_start(struct sk_inputs *list, const char *device,
                                          void (*done)(void *arg, const char *problem), void *arg, const char **ret_problem);
/* Kills it; `done` is not called any more. NULL does nothing. */
void sk_precommand_cancel(struct sk_precommand *p);

#endif
