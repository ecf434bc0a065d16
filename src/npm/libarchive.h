/*
 * libarchive, loaded with the first archive: linked in, it and its compression libraries would cost the idle server memory.
 * Thread: any. The loading blocks once for some milliseconds. What is here has the names and the meaning of libarchive's own.
 */
#ifndef SK_NPM_LIBARCHIVE_H
#define SK_NPM_LIBARCHIVE_H

#include "base/err.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>

/* The functions that are used. */
/* clang-format off */
#define SK_ARCHIVE_FUNCTIONS(X) \
    X(error_string) X(filter_bytes) \
    X(read_new) X(read_free) X(read_support_filter_gzip) X(read_support_format_tar) X(read_support_format_zip) X(read_open_fd) X(read_open_memory) X(read_open1) \
    X(read_set_read_callback) X(read_set_seek_callback) X(read_set_callback_data) \
    X(read_next_header) X(read_data) \
    X(write_new) X(write_free) X(write_close) X(write_set_format_pax_restricted) X(write_set_format_zip) X(write_add_filter_gzip) X(write_set_filter_option) \
    X(write_set_bytes_in_last_block) X(write_open_fd) X(write_header) X(write_data) \
    X(entry_new) X(entry_free) X(entry_pathname) X(entry_pathname_utf8) X(entry_filetype) X(entry_hardlink) X(entry_size) \
    X(entry_set_pathname) X(entry_set_size) X(entry_set_filetype) X(entry_set_perm) X(entry_set_mtime)
/* clang-format on */

struct sk_archive {
#define SK_AS_MEMBER(name) __typeof__(&archive_##name) name;
    SK_ARCHIVE_FUNCTIONS(SK_AS_MEMBER)
#undef SK_AS_MEMBER
    bool usable;
};

/* SK_ERR_UNSUPPORTED when libarchive is not installed; `em` names the package. */
int sk_archive_load(const struct sk_archive **ret_archive, struct sk_errmsg *em);

#endif
