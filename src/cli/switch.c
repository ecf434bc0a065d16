#include "cli/switch.h"

#include "base/clock.h"
#include "cli/peer.h"
#include "plugin/config.h"
#include "plugin/data.h"
#include "store/fs.h"
#include "store/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOTICED_MS 15000u /* from the installation until the server lists it */
#define LOOK_NS 100000000L
#define ANSWER_MAX ((size_t)8 * 1024 * 1024)

/* The same configuration, switched. */
static int switched(struct sk_span text, bool on, struct sk_plugin_config *ret, struct sk_errmsg *em)
{
    struct sk_buf b;
    struct sk_plugin_config c = { 0 };
    int r = text.n > 0 ? sk_plugin_config_parse(&c, text, em) : 0;
    if (r < 0)
        return r;
    sk_buf_init(&b, 2 * SK_PLUGIN_CONFIG_MAX);
    sk_buf_printf(&b, "{\"enabled\":%s,\"configuration\":", on ? "true" : "false");
    sk_buf_text(&b, c.configuration != NULL ? c.configuration : "{}");
    sk_buf_char(&b, '}');
    r = sk_plugin_config_apply(&c, sk_buf_span(&b), em);
    sk_buf_finish(&b);
    if (r == 0)
        *ret = c;
    else
        sk_plugin_config_finish(&c);
    return r;
}

static int in_file(const char *config_dir, const struct sk_package *p, bool on, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_plugin_data_file(config_dir, p->id);
    SK_CLEANUP(sk_freep) char *dir = sk_xstrdup(file);
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n = 0;
    struct sk_plugin_config c;
    struct sk_buf b;
    int r = sk_kept_read(file, SK_PLUGIN_CONFIG_MAX, &text, &n, em);
    if (r < 0 && r != SK_ERR_NOTFOUND)
        return r;
    r = switched((struct sk_span){ text, n }, on, &c, em);
    if (r < 0)
        return sk_errmsg_wrap(em, r, "%s", file);
    sk_buf_init(&b, 2 * SK_PLUGIN_CONFIG_MAX);
    sk_plugin_config_write_file(&c, &b);
    *strrchr(dir, '/') = '\0';
    r = sk_fs_mkdirs(dir, 0755, em);
    if (r == 0)
        r = sk_kept_write(file, sk_buf_span(&b), 0644, em);
    sk_buf_finish(&b);
    sk_plugin_config_finish(&c);
    return r;
}

static int get_config(const struct sk_cli_peer *peer, const char *path, struct sk_buf *body, struct sk_errmsg *em)
{
    uint64_t deadline = sk_clock_mono_ms() + NOTICED_MS;
    for (;;) {
        sk_buf_clear(body);
        int r = sk_cli_get(peer, path, body, em);
        if (r != SK_ERR_NOTFOUND || sk_clock_mono_ms() >= deadline)
            return r;
        nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
    }
}

static int by_server(const struct sk_cli_peer *peer, const struct sk_package *p, bool on, struct sk_errmsg *em)
{
    char path[SK_PACKAGE_NAME_MAX + 60];
    struct sk_buf body;
    struct sk_plugin_config c;
    snprintf(path, sizeof path, "/skServer/plugins/%.214s/config", p->id);
    sk_buf_init(&body, ANSWER_MAX);
    int r = get_config(peer, path, &body, em);
    if (r == SK_ERR_NOTFOUND)
        r = sk_errmsg_set(em, r, "the server at %s has no plugin %s", peer->url, p->name);
    if (r == 0)
        r = switched(sk_buf_span(&body), on, &c, em);
    if (r == 0) {
        sk_buf_clear(&body);
        r = sk_cli_post(peer, path, c.data, &body, em);
        sk_plugin_config_finish(&c);
    }
    sk_buf_finish(&body);
    return r;
}

int sk_cli_switch_plugin(const struct sk_cli_switch *s, const struct sk_package *p, bool on, bool *ret_live, struct sk_errmsg *em)
{
    struct sk_cli_peer peer;
    int r = sk_cli_peer_find(&peer, s->config_dir, s->url, s->token, em);
    *ret_live = r == 0;
    if (r == 0)
        r = by_server(&peer, p, on, em);
    else if (r == SK_ERR_NOTFOUND)
        r = in_file(s->config_dir, p, on, em);
    sk_cli_peer_finish(&peer);
    return r;
}

bool sk_cli_is_enabled(const char *config_dir, const struct sk_package *p)
{
    SK_CLEANUP(sk_freep) char *file = sk_plugin_data_file(config_dir, p->id);
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n = 0;
    struct sk_plugin_config c;
    if (sk_fs_read(file, SK_PLUGIN_CONFIG_MAX, &text, &n, NULL) < 0 ||
        sk_plugin_config_parse(&c, (struct sk_span){ text, n }, NULL) < 0)
        return false;
    bool on = c.enabled;
    sk_plugin_config_finish(&c);
    return on;
}
