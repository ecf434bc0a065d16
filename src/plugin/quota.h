/*
 * How much a plugin keeps in its files. What it writes is added to an estimate, which only ever errs upwards; when that reaches
 * the limit, the folder is measured anew, so that neither deleting nor overwriting has to be followed. Unless something was
 * deleted, measuring takes no more than a twentieth of the time. Owner: the plugin's worker thread.
 */
#ifndef SK_PLUGIN_QUOTA_H
#define SK_PLUGIN_QUOTA_H

#include "base/base.h"

#define SK_QUOTA_DEPTH_MAX 64 /* folders in folders; deeper ones count as over the limit */

struct sk_quota {
    char *root; /* host folder of guest "/" */
    uint64_t bytes_max, files_max;
    unsigned open_max;     /* open files at once; kept by whoever opens them */
    uint64_t bytes, files; /* estimate */
    bool measured, freed;  /* freed: something may have become smaller since; set by whoever sees it */
    uint64_t measured_at_ns, cost_ns;
};

void sk_quota_init(struct sk_quota *q, const char *root, uint64_t bytes_max, uint64_t files_max, unsigned open_max);
void sk_quota_finish(struct sk_quota *q); /* zeroed is fine */
/* May so many bytes, files and folders be added? True: they are counted. Blocks while it measures. */
bool sk_quota_admit(struct sk_quota *q, uint64_t bytes, uint64_t files);
/* Measures now. False: the folder cannot be read, is nested too deeply, or holds more files than allowed. */
bool sk_quota_measure(struct sk_quota *q);

#endif
