/* The command line and the environment of the server itself. What the values mean is decided in app/options.c. */
#include "cli/cli.h"

static const struct sk_cli_option options[] = {
    { "config", "FOLDER", "the configuration (default: ~/.signalk)", .letter = 'c' },
    { "settings", "FILE", "in that folder (default: settings.json)", .letter = 's' },
    { "host", "ADDRESS", "listen on this address only (default: on all)" },
    { "port", "N", "HTTP port (default: $PORT, settings, 3000)" },
    { "no-plugins", NULL, "start without plugins" },
    { "safe-mode", NULL, "list plugins, but run none" },
    { "securityenabled", NULL, "users must log in, whatever the settings say" },
    { "data", "FILE", "play a raw log instead of opening connections" },
    { "override-timestamps", NULL, "values of --data carry the time of the playing", .rare = true },
    { "sample-nmea0183-data", NULL, "add a recording of a sail as a connection" },
    { "sample-n2k-data", NULL, "the same from an NMEA 2000 bus" },
    { "version", NULL, "print the version" },
    { NULL },
};

const struct sk_cli_command sk_cli_server = {
    .brief = "a Signal K server for boats, whose plugins are sandboxed WebAssembly",
    .text = "A Signal K server for boats; its plugins are sandboxed WebAssembly modules.",
    .example = "skiff --port 3000 --sample-nmea0183-data",
    .ends =
        "When it is ready it prints \"signalk-server running at ADDRESS:PORT\" on standard output; its log goes to standard "
        "error. SIGTERM and SIGINT end it, with status 0. It ends with 1 when it cannot start, with 2 when the command line is "
        "wrong.",
    .options = options,
};

const struct sk_cli_variable sk_cli_variables[] = {
    { "SIGNALK_NODE_CONFIG_DIR", "configuration folder, when --config is not given" },
    { "SIGNALK_NODE_SETTINGS", "full path of the settings file; wins over --settings" },
    { "PORT", "HTTP port, when --port is not given; commands look for the server there too" },
    { "SSLPORT", "HTTPS port; set: the server speaks HTTPS" },
    { "LISTEN_FDS", "set by systemd: so many sockets that it opened stand in for the ports" },
    { "LISTEN_PID", "set by systemd: the process that these sockets are meant for" },
    { "TRUST_PROXY", "which proxies may name the client" },
    { "TCPSTREAMPORT", "port of the TCP stream of deltas (default 8375)" },
    { "TCPSTREAMADDRESS", "address of the TCP stream (default: as --host)" },
    { "NMEA0183PORT", "port of NMEA 0183 sentences (default 10110)" },
    { "PRESERIALCOMMAND", "run with a serial device's name behind it before that is opened" },
    { "MAX_WS_CONNECTIONS_PER_IP", "WebSocket connections from one address (default 30)" },
    { "BACKPRESSURE_ENTER", "unsent bytes at which a stream client gets no more news (default 524288)" },
    { "BACKPRESSURE_EXIT", "unsent bytes at which it is sent what it missed (default 1024)" },
    { "FILEUPLOADSIZELIMIT", "largest body of a request, as 500kb or 20mb (default 10 MB)" },
    { "MAXSENDBUFFERSIZE", "unsent bytes above which it is disconnected (default 2097152; 0: never)" },
    { "MAXSENDBUFFERCHECKTIME", "after so many milliseconds above that (default 30000)" },
    { "WSCOMPRESSION", "true: compress WebSocket messages for clients that offer it" },
    { "EXTERNALHOST", "announced instead of this machine's name" },
    { "EXTERNALPORT", "announced instead of the port" },
    { "EXTERNALSSL", "true: announce HTTPS" },
    { "SECURITYSTRATEGY", "like the setting security.strategy: users must log in" },
    { "ADMINUSER", "NAME:PASSWORD of the only user; nothing can be changed while it is set" },
    { "SECRETKEY", "signs tokens when security.json has no key" },
    { "ALLOW_DEVICE_ACCESS_REQUESTS", "true or not: devices may ask for access" },
    { "ALLOW_NEW_USER_REGISTRATION", "true or not: people may ask for a user" },
    { "DISABLE_SECURITY_ACTIVATION", "true: security cannot be switched on over the network" },
    { "HTTP_RATE_LIMITS", "login=100,loginStatus=1000,api=1000,windowMs=600000; 0: no limit" },
    { "DISABLEPLUGINS", "set to anything but false: no plugin runs" },
    { "DEFAULTENABLEDPLUGINS", "comma list of plugin ids that run although nobody configured them" },
    { "NPM_CONFIG_REGISTRY", "npm registry to install from, when the setting npmRegistry names none" },
    { "NPM_CONFIG_PREFIX", "where npm install -g puts packages; searched for plugins" },
    { "XDG_CACHE_HOME", "where compiled plugins are kept (default ~/.cache)" },
    { "DEBUG", "comma list of log names to switch on, with *; a leading - switches off" },
    { "DBUS_SYSTEM_BUS_ADDRESS", "where the avahi daemon is asked for" },
    { "SIGNALK_TOKEN", "token for commands that ask a running server" },
    { "NO_COLOR", "set: no colours on the terminal" },
    { NULL, NULL },
};
