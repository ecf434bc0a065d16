/*
 * Which compiled image belongs to a .wasm file that has not changed since: found by the file's identity, size and times, so that
 * a start neither reads nor hashes modules (and does not load the library that hashes). Thread: any; files only.
 */
#ifndef SK_PLUGIN_IMAGE_INDEX_H
#define SK_PLUGIN_IMAGE_INDEX_H

#include "base/base.h"

#include <sys/stat.h>

#define SK_IMAGE_NAME_MAX 160

/* `dir` is the cache folder, checked to be ours alone. False: unknown, or the file may have changed. */
bool sk_image_index_find(const char *dir, const char *file, char name[SK_IMAGE_NAME_MAX]);
/* `as_read`: the file as it was before and after its content was read. A file that changed within the last seconds is not
   noted: it could change again without its times showing it. */
void sk_image_index_note(const char *dir, const char *file, const struct stat *as_read, const char *name);

#endif
