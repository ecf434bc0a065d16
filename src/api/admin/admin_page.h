/*
 * The admin page: the package @signalk/server-admin-ui at /admin/, and what leads there. Its index names the scripts of all
 * packages that show something within it. Owner: loop thread.
 */
#ifndef SK_API_ADMIN_PAGE_H
#define SK_API_ADMIN_PAGE_H

#include "api/api.h"

/* Answers "/", "/admin/..." and the package's own name; false: the path is none of them. */
bool sk_admin_page_serve(struct sk_api *api, struct sk_http_req *r);

#endif
