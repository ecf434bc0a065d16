/*
 * Putting a restored configuration in its place. What was unpacked lies in <config>/.skiff-restore/files; the restore is asked
 * for by a list beside it, and done at the next start, before anything reads the folder: nothing that runs writes over it. Each
 * item is moved by renames, so a start that is interrupted goes on with the next, and one that fails takes back what it moved;
 * what was there before is kept in <config>/.skiff-before-restore, with a mark for what was not there. Thread: any; all calls
 * block.
 */
#ifndef SK_STORE_RESTORE_H
#define SK_STORE_RESTORE_H

#include "base/buf.h"
#include "base/err.h"

#define SK_BACKUP_FOLDER ".skiff-backup" /* backups under way lie here for a moment */

char *sk_restore_folder(const char *config_dir); /* where to unpack to; free() it */
/* Forgets what was unpacked, and a restore that was asked for. */
int sk_restore_clear(const char *config_dir, struct sk_errmsg *em);
/* `items`: a JSON array of names at the top ("settings.json", "serverState/"); durable when it returns 0, forgotten otherwise. */
int sk_restore_ask(const char *config_dir, struct sk_span items, struct sk_errmsg *em);
/* The same with what the last restore replaced. SK_ERR_NOTFOUND: there is nothing. */
int sk_restore_ask_undo(const char *config_dir, struct sk_errmsg *em);
/* At start; also clears away backups that were under way when the server ended. True: a restore was done. Failures are logged,
 * and tried again at the next start. */
bool sk_restore_finish(const char *config_dir);

#endif
