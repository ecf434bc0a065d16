/* Command line and environment of the server. Owner: main thread, before the loop runs. */
#ifndef SK_APP_OPTIONS_H
#define SK_APP_OPTIONS_H

#include "app/activation.h"
#include "cli/command.h"

struct sk_options {
    char *config_dir;    /* absolute or as given; exists when the server starts */
    char *settings_file; /* full path */
    const char *host;    /* NULL: all interfaces */
    const char *tcp_host;
    struct sk_activation passed;   /* doors that are open already: in place of host and port */
    int port, tcp_port, nmea_port; /* -1: not given */
    int ws_per_ip;
    int body_max;                                                     /* of a request, in bytes; 0: not given */
    int pressure_enter, pressure_exit, pressure_max, pressure_max_ms; /* of streams that are not read: bytes, milliseconds */
    const char *data; /* a recording to be played instead of the settings' connections; NULL: none */
    bool override_timestamps, sample_nmea0183, sample_nmea2000;
    bool ws_compression; /* WSCOMPRESSION=true */
    bool no_plugins, security, safe_mode, no_sandbox;
};

/* SK_ERR_INVALID names the option that was wrong. */
int sk_options_read(const struct sk_cli_args *args, struct sk_options *ret_options, struct sk_errmsg *em);
void sk_options_finish(struct sk_options *o);

#endif
