/* What the admin pages ask of the server itself: restart, and what they look at before they show anything. */
#include "api/admin/admin.h"

static void restart(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    if (!sk_auth_on(api->auth) || api->restart == NULL) { /* nobody is an administrator while security is off */
        sk_http_reply_json(r, 401, SK_SPAN("\"Restart not allowed\""));
        return;
    }
    sk_http_reply_json(r, 200, SK_SPAN("\"Restarting...\""));
    api->restart(api->restart_arg);
}

/* There is no Node here; the page compares these with each other and complains when the first is too old. */
static void node_info(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply_json(r, 200, SK_SPAN("{\"nodeVersion\":\"v24.0.0\",\"npmVersion\":\"\",\"recommendedNodeVersion\":\"24\"}"));
}

/* Positions are passed on as the sensors say them: correcting them for the antenna's place is not done. */
static void gnss(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply_json(r, 200, SK_SPAN("{\"correction\":\"off\",\"sensors\":[],\"status\":{\"mode\":\"off\",\"active\":false}}"));
}

/* No device is asked who it is, or told anything: nothing is known beyond what /signalk/v1/api/sources says. */
static void n2k_status(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply_json(r, 200,
                       SK_SPAN("{\"knownAddresses\":[],\"discoveredAddresses\":[],\"n2kOutAvailable\":false,"
                               "\"pgnDataInstances\":{},\"pgnSourceKeys\":{},\"sourceStatuses\":[]}"));
}

void sk_admin_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "PUT", "/skServer/restart", SK_ACCESS_ADMIN, restart, api },
        { "GET", "/skServer/nodeInfo", SK_ACCESS_ADMIN, node_info, api },
        { "GET", "/signalk/v2/api/vessels/self/sensors/gnss", SK_ACCESS_READ, gnss, api },
        { "GET", "/skServer/n2kDeviceStatus", SK_ACCESS_ADMIN, n2k_status, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
    sk_server_log_add_routes(api);
    sk_settings_add_routes(api);
    sk_vessel_add_routes(api);
    sk_paths_add_routes(api);
    sk_backup_add_routes(api);
    sk_device_identities_add_routes(api);
    sk_input_test_add_routes(api);
    sk_n2k_devices_add_routes(api);
    sk_source_remove_add_routes(api);
    if (sk_settings_interface(api->settings, "applicationData"))
        sk_app_data_add_routes(api);
    if (sk_settings_interface(api->settings, "logfiles"))
        sk_log_files_add_routes(api);
}
