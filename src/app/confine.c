/* What this server, with its settings, has to reach: said to src/sandbox once, before the first thread starts. */
#include "app/server_private.h"
#include "base/log.h"
#include "input/input.h"
#include "input/launcher.h"
#include "input/precommand.h"
#include "plugin/host.h"
#include "sandbox/sandbox.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OWNED_MAX 192

struct reach {
    struct sk_sandbox_paths paths;
    char *owned[OWNED_MAX];
    size_t owned_count;
};

/* Takes `path`; NULL stays NULL. */
static const char *own(struct reach *r, char *path)
{
    if (path != NULL && r->owned_count == OWNED_MAX) {
        free(path);
        return NULL;
    }
    if (path != NULL)
        r->owned[r->owned_count++] = path;
    return path;
}

/* The folder of a file, which may be replaced by renaming; the file alone where that would be everything. */
static const char *folder_of(struct reach *r, const char *file)
{
    char *real = realpath(file, NULL), *path = real != NULL ? real : sk_xstrdup(file), *slash = strrchr(path, '/');
    if (slash != NULL && slash != path)
        *slash = '\0';
    return own(r, path);
}

static const char *below(struct reach *r, const char *folder, const char *name)
{
    return folder != NULL && folder[0] == '/' ? own(r, sk_fs_path(folder, name)) : NULL;
}

/* They are made now, because a folder that is not there cannot be named. */
static void write_folder(struct reach *r, const char *folder)
{
    struct sk_errmsg em;
    if (folder == NULL)
        return;
    if (sk_fs_mkdirs(folder, 0755, &em) < 0)
        sk_log_debug("signalk-server:sandbox", "%s", em.text);
    sk_sandbox_write(&r->paths, folder);
}

static void add_own_folders(struct reach *r, const struct sk_server *s)
{
    const char *logs = sk_json_get_str(sk_settings_root(s->settings), "loggingDirectory");
    sk_sandbox_write(&r->paths, s->options->config_dir);
    sk_sandbox_write(&r->paths, folder_of(r, s->options->settings_file));
    sk_sandbox_write(&r->paths, SK_HTTPS_OWN_FOLDER);
    write_folder(r, own(r, sk_host_default_cache_dir()));
    if (logs != NULL && logs[0] == '/')
        write_folder(r, logs);
}

static void add_list(struct reach *r, const char *list)
{
    while (list != NULL && list[0] != '\0') {
        size_t n = strcspn(list, ":");
        sk_sandbox_read(&r->paths, own(r, sk_xstrndup(list, n)));
        list += n + (list[n] == ':');
    }
}

/* Where npm, OpenSSL and the loader are told by the environment to look. */
static void add_named_by_environment(struct reach *r)
{
    add_list(r, getenv("LD_LIBRARY_PATH"));
    static const char *const names[] = { "SSL_CERT_FILE",           "SSL_CERT_DIR",          "OPENSSL_CONF",
                                         "CURL_CA_BUNDLE",          "NPM_CONFIG_CAFILE",     "npm_config_cafile",
                                         "NPM_CONFIG_USERCONFIG",   "npm_config_userconfig", "NPM_CONFIG_GLOBALCONFIG",
                                         "npm_config_globalconfig", "NPM_CONFIG_PREFIX",     "TZDIR" };
    for (size_t i = 0; i < SK_COUNT(names); i++)
        sk_sandbox_read(&r->paths, getenv(names[i]));
    sk_sandbox_read(&r->paths, below(r, getenv("HOME"), ".npmrc"));
}

static void add_recordings(struct reach *r, const struct sk_server *s, const struct sk_inputs_needs *needs)
{
    char *samples;
    for (size_t i = 0; (samples = sk_input_sample_folder(i)) != NULL; i++)
        sk_sandbox_read(&r->paths, own(r, samples));
    for (size_t i = 0; i < needs->file_count; i++)
        sk_sandbox_read(&r->paths, folder_of(r, needs->files[i]));
    if (s->options->data != NULL)
        sk_sandbox_read(&r->paths, folder_of(r, s->options->data));
}

static void start_launcher(struct sk_server *s)
{
    struct sk_errmsg em;
    int left = sk_launcher_left();
    if (left > 0)
        s->launcher = left;
    else if (sk_sandbox_inherited())
        sk_log_warn(
            "a connection runs a command, but none did when the server was started: it gave up the right to start programs then. "
            "Stop it and start it again (systemctl restart skiff)");
    else if (sk_launcher_spawn(&s->launcher, &em) < 0)
        sk_log_error("%s", em.text);
    if (s->launcher != 0)
        sk_log_info("a connection runs a command: a process beside the server starts it, and it is not confined");
}

static void confine(struct sk_server *s, const struct sk_inputs_needs *needs)
{
    struct reach r = { .owned_count = 0 };
    char **roots = sk_server_plugin_roots(s);
    add_own_folders(&r, s);
    for (size_t i = 0; roots[i] != NULL; i++)
        sk_sandbox_read(&r.paths, roots[i]);
    add_named_by_environment(&r);
    add_recordings(&r, s, needs);
    sk_sandbox_confine(&r.paths);
    sk_host_free_roots(roots);
    for (size_t i = 0; i < r.owned_count; i++)
        free(r.owned[i]);
}

void sk_confine(struct sk_server *s)
{
    struct sk_inputs_needs needs = { 0 };
    if (geteuid() == 0)
        sk_log_warn("the server runs as root, which it never needs: let it run as a user of its own (docs/security.md)");
    if (s->options->no_sandbox) {
        sk_log_warn("not confined (--no-sandbox): a mistake in the server would reach whatever its user reaches");
        return;
    }
    if (s->options->data == NULL)
        sk_inputs_add_needs(sk_json_get(sk_settings_root(s->settings), "pipedProviders"), &needs);
    if (needs.commands || sk_precommand_wanted())
        start_launcher(s);
    confine(s, &needs);
}
