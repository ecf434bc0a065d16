/* Landlock: what of the file system a thread and its children reach from now on. Private to src/sandbox. Thread: the one
 * confined. */
#ifndef SK_SANDBOX_LANDLOCK_H
#define SK_SANDBOX_LANDLOCK_H

#include "base/base.h"

enum sk_reach {
    SK_REACH_LIST,   /* names of what is in folders below, and nothing of what they hold */
    SK_REACH_READ,   /* files and folders below */
    SK_REACH_WRITE,  /* and make, change, remove them */
    SK_REACH_DEVICE, /* and use the devices that are there */
    SK_REACH_RUN     /* this one file as a program */
};

/* The version of the kernel's interface; 0: it has none, or it is switched off. */
int sk_landlock_version(void);
/* A set of rules, as a descriptor; negative: errno. */
int sk_landlock_create(int version);
/* A name that does not exist adds nothing. False: it is there, and could not be added. */
bool sk_landlock_add(int rules, int version, const char *path, enum sk_reach reach);
/* The calling thread, for good; closes `rules`. 0 or a negative errno. */
int sk_landlock_enforce(int rules);

#endif
