/*
 * Keeps the cache of compiled modules from growing for ever: what has not been used for longest goes. Thread: any; files only.
 * Images that are in use may go too: who has loaded one keeps it.
 */
#ifndef SK_PLUGIN_IMAGE_PRUNE_H
#define SK_PLUGIN_IMAGE_PRUNE_H

#include "base/base.h"

#define SK_IMAGES_MAX 400
#define SK_IMAGES_BYTES_MAX ((uint64_t)512 * 1024 * 1024)

/* Notes that the image behind the descriptor is used, at most once a day. */
void sk_image_used(int fd);
/* `dir` is the cache folder. Returns how many images were removed. */
size_t sk_image_prune(const char *dir, size_t images_max, uint64_t bytes_max);

#endif
