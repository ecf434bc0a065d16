/* What writers that were killed in the middle of a save left in the configuration folder. Thread: any; the call blocks. */
#ifndef SK_STORE_LEFTOVERS_H
#define SK_STORE_LEFTOVERS_H

/* Removes them where the server and its commands save (plugins' own folders and node_modules are not looked into). Others may
   write there meanwhile: what is being written stays (sk_fs_is_leftover). Failures are left to the next start. */
void sk_leftovers_remove(const char *config_dir);

#endif
