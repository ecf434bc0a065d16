#include "app/security.h"

#include "auth/access_request.h"
#include "base/log.h"
#include "oidc/oidc.h"
#include "store/fs.h"
#include "store/saver.h"
#include "store/settings.h"

#include <stdlib.h>
#include <string.h>

static bool has_users(const struct sk_options *o)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(o->config_dir, "security.json");
    return sk_fs_exists(file);
}

/* On when anything says so, also a strategy that is not known: rather too closed than too open. */
static bool wanted(const struct sk_options *o, const struct sk_settings *settings)
{
    static const char *const known[] = { "./tokensecurity", "@signalk/sk-simple-token-security" };
    yyjson_val *security = sk_json_get(sk_settings_root(settings), "security");
    const char *env = getenv("SECURITYSTRATEGY"), *strategy = sk_json_get_str(security, "strategy");
    if (env != NULL && env[0] != '\0')
        strategy = env;
    if (strategy != NULL && strcmp(strategy, known[0]) != 0 && strcmp(strategy, known[1]) != 0)
        sk_log_warn("security strategy '%s' is not known; users must log in, as with '%s'", strategy, known[0]);
    if (strategy == NULL && !o->security && sk_settings_is_broken(settings) && has_users(o)) {
        sk_log_warn("the settings cannot say whether security is on; there are users, so they must log in");
        return true;
    }
    return strategy != NULL || o->security;
}

int sk_security_start(struct sk_api *api, const struct sk_options *o, struct sk_settings *settings, struct sk_errmsg *em)
{
    const char *forbidden = getenv("DISABLE_SECURITY_ACTIVATION");
    struct sk_auth_options a = { .loop = api->loop,
                                 .config_dir = o->config_dir,
                                 .on = wanted(o, settings),
                                 .rate_limits = getenv("HTTP_RATE_LIMITS"),
                                 .admin_user = getenv("ADMINUSER"),
                                 .env = { .secret_key = getenv("SECRETKEY"),
                                          .allow_devices = getenv("ALLOW_DEVICE_ACCESS_REQUESTS"),
                                          .allow_new_users = getenv("ALLOW_NEW_USER_REGISTRATION") } };
    int r = sk_auth_create(&a, &api->auth, em);
    if (r < 0)
        return r;
    api->oidc = sk_oidc_create(api->loop, api->auth);
    api->settings = settings;
    api->settings_saver = sk_saver_create(api->loop, o->settings_file, 0644);
    api->access_requests = sk_access_requests_create();
    api->security_setup_forbidden = forbidden != NULL && (strcmp(forbidden, "1") == 0 || strcmp(forbidden, "true") == 0);
    const struct sk_security *users = sk_auth_security(api->auth);
    api->security_setup_open =
        !api->security_setup_forbidden && !sk_security_is_lost(users) && sk_security_user_count(users) == 0;
    return 0;
}

bool sk_security_idle(const struct sk_api *api)
{
    return sk_oidc_idle(api->oidc) && sk_auth_idle(api->auth) && sk_saver_idle(api->settings_saver);
}

void sk_security_stop(struct sk_api *api)
{
    sk_access_requests_destroy(api->access_requests);
    sk_oidc_destroy(api->oidc);
    sk_auth_destroy(api->auth);
    sk_saver_destroy(api->settings_saver);
}
