#include "cli/may.h"

static const char *const words[SK_CAP_COUNT] = {
    [SK_CAP_NETWORK] = "send HTTP requests to other machines",
    [SK_CAP_DATA_READ] = "read all data of the boat",
    [SK_CAP_DATA_WRITE] = "publish data, as an instrument does",
    [SK_CAP_SERIAL_PORTS] = "use serial ports (no server lets it so far)",
    [SK_CAP_PUT_HANDLERS] = "carry out commands (PUT), such as switching things",
    [SK_CAP_HTTP_ENDPOINTS] = "answer HTTP requests below /plugins/ID/",
    [SK_CAP_RESOURCE_PROVIDER] = "provide routes, waypoints, charts and the like",
    [SK_CAP_WEATHER_PROVIDER] = "provide weather",
    [SK_CAP_RADAR_PROVIDER] = "provide radar",
    [SK_CAP_RAW_SOCKETS] = "open UDP and TCP connections to other machines",
};

void sk_cli_print_may(FILE *to, const struct sk_package *p)
{
    fprintf(to, "%s may:\n", p->name);
    for (unsigned c = 0; c < SK_CAP_COUNT; c++)
        if (sk_package_can(p, (enum sk_capability)c))
            fprintf(to, "  - %s\n", words[c]);
    fprintf(to, p->no_storage ? "  - keep no files\n" : "  - keep files in a folder of its own\n");
}
