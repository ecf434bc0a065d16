/* Static files: a folder served under a URL prefix, with ETag, Last-Modified, conditional and range requests (RFC 9110 §13, §14),
   precompressed .br/.gz siblings and index.html. File names from the network pass sk_fs_join. Owner: loop thread. */
#ifndef SK_HTTP_STATIC_H
#define SK_HTTP_STATIC_H

#include "http/server.h"

struct sk_static {
    const char *root;        /* directory */
    const char *instead;     /* a file to be served in its place when it is there; NULL: none */
    const char *once;        /* its media type, for a file that is removed as soon as it is open, and that nobody keeps; NULL */
    bool deny_package_files; /* root is a package folder itself: node_modules, package.json and dot names are refused */
};

/* Answers the request with the file at `rest` (as sent, percent-encoded, without leading slash), or 404/301/304/206/416. Files
   are read on the loop library's thread pool; the loop never waits for a disk. GET and HEAD only, else 404. */
void sk_static_serve(struct sk_http_req *r, const struct sk_static *s, struct sk_span rest);
const char *sk_static_type(struct sk_span file_name); /* media type by extension; never NULL */

#endif
