/*
 * JSON files of the configuration with a second copy beside them (.NAME.good): what was last saved, or last read and sound. When
 * another program, a power cut during its writing, or a worn card has broken the file, the copy is used and put back, and what
 * was found stays as NAME.broken. Thread: any; the calls block.
 */
#ifndef SK_STORE_KEPT_H
#define SK_STORE_KEPT_H

#include "base/err.h"
#include "base/json.h"
#include "store/fs.h"

#define SK_KEPT_NOTES_MAX 16u

/* As sk_fs_read, of the copy when the file cannot be read, is empty, no JSON, or an array where the copy is an object, and the
   copy is sound. Without a copy what was found is kept as NAME.broken, since the next save replaces it. A file that is not there
   stays so: it may have been removed on purpose. */
int sk_kept_read(const char *file, size_t max, char **ret_text, size_t *ret_n, struct sk_errmsg *em);
/* The same, read as JSON: an object or an array. What is neither, and has no good copy, is SK_ERR_INVALID; the text names the
   file. */
int sk_kept_read_json(const char *file, size_t max, yyjson_doc **ret_doc, struct sk_errmsg *em);
/* As sk_fs_write_atomic, and the copy of a *.json. A copy that cannot be written is no failure. */
int sk_kept_write(const char *file, struct sk_span content, unsigned mode, struct sk_errmsg *em);
/* As sk_fs_remove, and the copy, also of a file that is gone already. */
int sk_kept_remove(const char *file, struct sk_errmsg *em);

/* What happened to files so far, for people: a sentence each, at most SK_KEPT_NOTES_MAX. The n-th, NULL when there are no more;
   it lives as long as the process. */
const char *sk_kept_note(size_t n);
/* One more, when it is new, which is answered, and there is room. */
bool sk_kept_add_note(const char *text);

#endif
