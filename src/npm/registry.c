#include "npm/registry.h"

#include "npm/npm_cli.h"
#include "npm/npmrc.h"
#include "npm/semver.h"
#include "npm/spec.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define ADDRESS_MAX 1024
#define URL_MAX (ADDRESS_MAX + 600)
#define SEARCH_MAX ((size_t)16 * 1024 * 1024)

struct sk_registry {
    struct sk_npmrc rc;
    char *setting;
    bool asked_npm;
    char address[ADDRESS_MAX];
};

/* ---- the files ------------------------------------------------------------------------------------------------------------- */

static const char *environment(const char *name)
{
    return getenv(name);
}

static void add_file(struct sk_registry *r, const char *file)
{
    char *text = NULL;
    size_t n = 0;
    if (file == NULL || sk_fs_read(file, SK_NPMRC_FILE_MAX, &text, &n, NULL) < 0)
        return;
    sk_npmrc_add(&r->rc, (struct sk_span){ text, n }, environment);
    explicit_bzero(text, n);
    free(text);
}

static void add_file_in(struct sk_registry *r, const char *dir, const char *name)
{
    if (dir == NULL || dir[0] == '\0')
        return;
    char *file = sk_fs_path(dir, name);
    add_file(r, file);
    free(file);
}

static const char *variable(const char *upper, const char *lower)
{
    const char *v = getenv(upper);
    if (v == NULL || v[0] == '\0')
        v = getenv(lower);
    return v != NULL && v[0] != '\0' ? v : NULL;
}

static void add_variable(struct sk_registry *r, const char *key, const char *upper, const char *lower)
{
    const char *v = variable(upper, lower);
    if (v != NULL)
        sk_npmrc_set(&r->rc, sk_span_of(key), sk_span_of(v));
}

struct sk_registry *sk_registry_create(const char *config_dir, const char *setting)
{
    struct sk_registry *r = sk_xcalloc(1, sizeof *r);
    r->setting = setting != NULL && setting[0] != '\0' ? sk_xstrdup(setting) : NULL;
    add_variable(r, "registry", "NPM_CONFIG_REGISTRY", "npm_config_registry");
    add_variable(r, "cafile", "NPM_CONFIG_CAFILE", "npm_config_cafile");
    add_file_in(r, config_dir, ".npmrc");
    const char *user = variable("NPM_CONFIG_USERCONFIG", "npm_config_userconfig");
    const char *machine = variable("NPM_CONFIG_GLOBALCONFIG", "npm_config_globalconfig");
    if (user != NULL)
        add_file(r, user);
    else
        add_file_in(r, getenv("HOME"), ".npmrc");
    if (machine != NULL) {
        add_file(r, machine);
        return r;
    }
    add_file_in(r, variable("NPM_CONFIG_PREFIX", "npm_config_prefix"), "etc/npmrc");
    add_file(r, "/usr/local/etc/npmrc");
    add_file(r, "/usr/etc/npmrc");
    add_file(r, "/etc/npmrc");
    return r;
}

void sk_registry_destroy(struct sk_registry *r)
{
    if (r == NULL)
        return;
    sk_npmrc_finish(&r->rc);
    free(r->setting);
    free(r);
}

/* ---- addresses ------------------------------------------------------------------------------------------------------------- */

static bool usable(const char *url)
{
    size_t n = strlen(url);
    if ((strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) || n + 2 > ADDRESS_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f || url[i] == '?' || url[i] == '#')
            return false;
    return url[n - 1] != '/' || n > 8;
}

static const char *for_scope(const struct sk_registry *r, const char *name)
{
    char key[300];
    size_t scope = name[0] == '@' ? strcspn(name, "/") : 0;
    if (scope == 0 || scope + sizeof ":registry" > sizeof key)
        return NULL;
    snprintf(key, sizeof key, "%.*s:registry", (int)scope, name);
    return sk_npmrc_get(&r->rc, key);
}

static const char *for_all(struct sk_registry *r)
{
    char answer[ADDRESS_MAX];
    if (r->setting != NULL)
        return r->setting;
    if (sk_npmrc_get(&r->rc, "registry") == NULL && !r->asked_npm) {
        r->asked_npm = true;
        if (sk_npm_cli_get("registry", answer, sizeof answer))
            sk_npmrc_set(&r->rc, SK_SPAN("registry"), sk_span_of(answer));
    }
    return sk_npmrc_get(&r->rc, "registry");
}

/* For the packages of that name, with a slash at its end; valid until the next call. */
static int address_for(struct sk_registry *r, const char *name, const char **ret_address, struct sk_errmsg *em)
{
    const char *url = for_scope(r, name);
    if (url == NULL)
        url = for_all(r);
    if (url == NULL)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND,
                             "no npm registry is known: put its address into the setting npmRegistry, the environment variable "
                             "NPM_CONFIG_REGISTRY, or a line registry=https://... of ~/.npmrc; or install from a .tgz file");
    if (!usable(url))
        return sk_errmsg_set(em, SK_ERR_INVALID, "the npm registry that is configured is no http or https address");
    snprintf(r->address, sizeof r->address, "%s%s", url, url[strlen(url) - 1] == '/' ? "" : "/");
    *ret_address = r->address;
    return 0;
}

/* ---- requests -------------------------------------------------------------------------------------------------------------- */

/* "Bearer <token>" or "Basic <user:password>" for the address; NULL: none. free() it. */
static char *authorization(const struct sk_registry *r, const char *url)
{
    const char *token = sk_npmrc_for_url(&r->rc, url, "_authToken"), *basic = sk_npmrc_for_url(&r->rc, url, "_auth");
    const char *secret = token != NULL ? token : basic;
    if (secret == NULL || secret[0] == '\0' || strpbrk(secret, "\r\n") != NULL)
        return NULL;
    size_t size = strlen(secret) + sizeof "Bearer ";
    char *value = sk_xmalloc(size);
    snprintf(value, size, "%s %s", token != NULL ? "Bearer" : "Basic", secret);
    return value;
}

int sk_registry_download(struct sk_registry *r, struct sk_download *d, struct sk_errmsg *em)
{
    char *secret = authorization(r, d->url);
    d->authorization = secret;
    d->ca_file = sk_npmrc_get(&r->rc, "cafile");
    d->proxy = sk_npmrc_get(&r->rc, strncmp(d->url, "https:", 6) == 0 ? "https-proxy" : "proxy");
    int e = sk_download(d, em);
    d->authorization = NULL;
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
    return e;
}

struct answer {
    struct sk_buf body;
    bool (*cancelled)(void *arg);
    void *arg;
};

static int take(void *arg, struct sk_span bytes, struct sk_errmsg *em)
{
    struct answer *a = arg;
    sk_buf_span_append(&a->body, bytes);
    return sk_buf_ok(&a->body) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "the answer is too large");
}

static bool is_cancelled(void *arg)
{
    const struct answer *a = arg;
    return a->cancelled != NULL && a->cancelled(a->arg);
}

static int get_json(struct sk_registry *r, const char *url, size_t max, struct answer *a, yyjson_doc **ret, struct sk_errmsg *em)
{
    struct sk_download d = { .url = url,
                             .accept = "application/vnd.npm.install-v1+json, application/json;q=0.9",
                             .max = max,
                             .bytes = take,
                             .cancelled = is_cancelled,
                             .arg = a };
    sk_buf_init(&a->body, max);
    int e = sk_registry_download(r, &d, em);
    if (e == 0 && (e = sk_json_read(sk_buf_span(&a->body), ret, em)) < 0)
        e = sk_errmsg_wrap(em, e, "the registry's answer");
    sk_buf_finish(&a->body);
    return e;
}

/* A scoped name is one part of the path. `tail` goes behind it. */
static int package_url(struct sk_registry *r, const char *name, const char *tail, char *out, size_t size, struct sk_errmsg *em)
{
    const char *base, *slash = strchr(name, '/');
    SK_ASSERT(sk_npm_name_ok(sk_span_of(name)));
    int e = address_for(r, name, &base, em);
    if (e < 0)
        return e;
    if (slash != NULL)
        snprintf(out, size, "%s%.*s%%2f%s%s", base, (int)(slash - name), name, slash + 1, tail);
    else
        snprintf(out, size, "%s%s%s", base, name, tail);
    return 0;
}

int sk_registry_packument(struct sk_registry *r, const char *name, bool (*cancelled)(void *arg), void *arg, yyjson_doc **ret,
                          struct sk_errmsg *em)
{
    char url[URL_MAX];
    struct answer a = { .cancelled = cancelled, .arg = arg };
    int e = package_url(r, name, "", url, sizeof url, em);
    if (e < 0)
        return e;
    e = get_json(r, url, SK_PACKUMENT_MAX, &a, ret, em);
    return e == SK_ERR_NOTFOUND ? sk_errmsg_set(em, e, "the registry knows no package %s", name) : e;
}

int sk_registry_manifest(struct sk_registry *r, const char *name, const char *version, yyjson_doc **ret, struct sk_errmsg *em)
{
    char url[URL_MAX], tail[SK_SEMVER_TEXT_MAX + 2];
    struct answer a = { 0 };
    snprintf(tail, sizeof tail, "/%s", version);
    int e = package_url(r, name, tail, url, sizeof url, em);
    return e == 0 ? get_json(r, url, SK_PACKUMENT_MAX, &a, ret, em) : e;
}

int sk_registry_search(struct sk_registry *r, const char *keyword, unsigned count, unsigned from, bool (*cancelled)(void *arg),
                       void *arg, yyjson_doc **ret, struct sk_errmsg *em)
{
    const char *base;
    char url[URL_MAX];
    struct answer a = { .cancelled = cancelled, .arg = arg };
    int e = address_for(r, "", &base, em);
    if (e < 0)
        return e;
    snprintf(url, sizeof url, "%s-/v1/search?text=keywords:%s&size=%u&from=%u", base, keyword, count, from);
    e = get_json(r, url, SEARCH_MAX, &a, ret, em);
    if (e == SK_ERR_NOTFOUND)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "this registry cannot search");
    return e;
}
