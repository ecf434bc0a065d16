/* Private to the files server*.c: the server and all that belongs to it. Owner: loop thread. */
#ifndef SK_APP_SERVER_PRIVATE_H
#define SK_APP_SERVER_PRIVATE_H

#include "api/api.h"
#include "app/announce.h"
#include "app/https.h"
#include "app/notify.h"
#include "app/options.h"
#include "store/run_record.h"
#include "store/settings.h"

struct sk_server {
    const struct sk_options *options;
    struct sk_settings *settings;
    yyjson_doc *more; /* connections of the command line */
    struct sk_loop *loop;
    struct sk_api api;
    struct sk_tcp_server *tcp;
    struct sk_mdns *mdns;
    struct sk_https *https; /* NULL: plain HTTP */
    struct sk_run_record run;
    uv_signal_t sigterm, sigint;
    struct sk_notify notify;
    uv_timer_t trim_timer;
    unsigned trim_waits;
    int launcher;                              /* the way to the process that starts commands; 0: none */
    size_t told;                               /* of sk_kept_note */
    bool again;                                /* it stops in order to start anew */
    bool http_closed, plugins_down, abandoned; /* abandoned: something did not end in time, its memory is left to the system */
};

/* server.c: npm's folders, and those that the setting pluginPaths names; for sk_host_free_roots. */
char **sk_server_plugin_roots(const struct sk_server *s);
/* confine.c: from here on the process can do what this server needs, and nothing else. Settings are loaded, no thread runs. */
void sk_confine(struct sk_server *s);
/* server_web.c: the doors for browsers and programs. */
int sk_server_web_start(struct sk_server *s, struct sk_errmsg *em);
/* server_stop.c: everything down again, also after a start that failed half way. */
void sk_server_stop(struct sk_server *s);

#endif
