/*
 * The pages of the admin UI that are about the server itself; a file each, all of them routes under /skServer/. Owner: loop
 * thread.
 */
#ifndef SK_API_ADMIN_H
#define SK_API_ADMIN_H

#include "api/admin/server_log.h"
#include "store/settings.h"

/* All of those below. */
void sk_admin_add_routes(struct sk_api *api);

void sk_settings_add_routes(struct sk_api *api); /* settings */
void sk_vessel_add_routes(struct sk_api *api);   /* vessel */
void sk_app_data_add_routes(struct sk_api *api); /* applicationData */
void sk_backup_add_routes(struct sk_api *api);   /* backup, validateBackup, restore */
void sk_backup_free(struct sk_api *api);
void sk_paths_add_routes(struct sk_api *api); /* paths */
void sk_device_identities_add_routes(struct sk_api *api);
void sk_input_test_add_routes(struct sk_api *api);    /* inputTest */
void sk_n2k_devices_add_routes(struct sk_api *api);   /* n2kDiscoverDevices, n2kConfigDevice */
void sk_source_remove_add_routes(struct sk_api *api); /* removeSource */
void sk_log_files_add_routes(struct sk_api *api);     /* logfiles */

/* Where raw logs lie, and whether a name is one of theirs (and fit to be a file name). */
const char *sk_log_files_folder(const struct sk_api *api);
bool sk_log_files_is_name(struct sk_span name);

#endif
