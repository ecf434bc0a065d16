/*
 * What is remembered of earlier runs of the server, so that it can tell that it dies again and again: the file
 * <config>/skiff-run.json is there while the server runs and stays behind when it dies. Three deaths within a minute mean safe
 * mode, which lasts until the server is stopped as it should be, the machine starts anew, or the user leaves it. Times are of the
 * clock that counts from the machine's start, as a boat's wall clock may jump; a power cut is therefore no death.
 * Thread: any; the functions with a folder block.
 */
#ifndef SK_STORE_RUN_RECORD_H
#define SK_STORE_RUN_RECORD_H

#include "base/buf.h"
#include "base/err.h"

#define SK_RUN_DEATHS 3
#define SK_RUN_WINDOW_MS 60000u
#define SK_BOOT_ID_SIZE 40

struct sk_run_record {
    char boot[SK_BOOT_ID_SIZE];
    uint64_t began_ms[SK_RUN_DEATHS]; /* runs that did not end well, oldest first */
    size_t count;
    char reason[200]; /* of safe mode; "" when it is not on */
};

/* Pure. A text that cannot be read is an empty record. */
void sk_run_record_parse(struct sk_run_record *r, struct sk_span text);
/* A run begins: forgets what is of another boot or too old, decides about safe mode, and notes this run. */
void sk_run_record_begin(struct sk_run_record *r, const char *boot, uint64_t now_ms);
void sk_run_record_write(const struct sk_run_record *r, struct sk_buf *out);

/* Once at each start, before plugins run. An error (the file cannot be written) leaves `ret` usable. */
int sk_run_begin(const char *config_dir, struct sk_run_record *ret, struct sk_errmsg *em);
/* The user left safe mode: this run goes on without it, and so does the next. */
int sk_run_leave_safe_mode(const char *config_dir, struct sk_run_record *r, struct sk_errmsg *em);
/* A clean stop. */
void sk_run_end(const char *config_dir);

#endif
