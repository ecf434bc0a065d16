/*
 * libcurl, loaded with the first request: linked in, it and its thirty libraries would double the server's resident memory.
 * Thread: any. The loading blocks once for some milliseconds. What is here has the names and the meaning of libcurl's own.
 */
#ifndef SK_NET_CURL_H
#define SK_NET_CURL_H

#include "base/err.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include <stdbool.h>

/* The functions that are used. */
/* clang-format off */
#define SK_CURL_FUNCTIONS(X) \
    X(global_init) X(easy_init) X(easy_perform) X(easy_setopt) X(easy_getinfo) X(easy_strerror) X(easy_cleanup) X(free) \
    X(multi_init) X(multi_add_handle) X(multi_remove_handle) X(multi_perform) X(multi_poll) X(multi_info_read) X(multi_cleanup) \
    X(slist_append) X(slist_free_all) X(url) X(url_set) X(url_get) X(url_cleanup)
/* clang-format on */

/* The names are macros with arguments there, and plain functions here. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

struct sk_curl {
#define SK_AS_MEMBER(name) __typeof__(&curl_##name) name;
    SK_CURL_FUNCTIONS(SK_AS_MEMBER)
#undef SK_AS_MEMBER
    bool usable;
};

/* SK_ERR_UNSUPPORTED when libcurl is not installed; `em` names the package. */
int sk_curl_load(const struct sk_curl **ret_curl, struct sk_errmsg *em);

#endif
