/*
 * Watches folders (inotify): tells, once things have been quiet for a moment, that something in one of them has changed. What it
 * was, is for the listener to find out. Owner: loop thread.
 */
#ifndef SK_PLUGIN_FOLDER_WATCH_H
#define SK_PLUGIN_FOLDER_WATCH_H

#include "base/loop.h"

#define SK_FOLDERS_MAX 512     /* further folders are not watched */
#define SK_FOLDER_QUIET_MS 150 /* a file that is being written keeps on changing */
#define SK_FOLDER_LATEST_MS 600

struct sk_folder_watch;

struct sk_folders { /* a set; zeroed is empty */
    struct sk_folder {
        char *path;
        uint64_t dev, ino; /* a folder that was replaced is another one */
    } list[SK_FOLDERS_MAX];
    size_t count;
};
/* Thread: any; blocks. Adds the folder that the path leads to, if there is one. */
void sk_folders_add(struct sk_folders *f, const char *path);
void sk_folders_finish(struct sk_folders *f);

struct sk_folder_watch *sk_folder_watch_create(struct sk_loop *loop, void (*changed)(void *arg), void *arg);
void sk_folder_watch_destroy(struct sk_folder_watch *w); /* closes its handles: run the loop once more */
/* From now on these. True: some are watched for the first time, so what happened in them just before is not known. */
bool sk_folder_watch_set(struct sk_folder_watch *w, const struct sk_folders *folders);
/* Tells in so many milliseconds, as if something had changed. */
void sk_folder_watch_poke(struct sk_folder_watch *w, unsigned ms);

#endif
