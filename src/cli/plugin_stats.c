/* skiff plugin stats: what plugins cost, as tables for people or as the server's JSON. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/peer.h"
#include "store/config_dir.h"

#include <stdio.h>
#include <stdlib.h>

#define BODY_MAX ((size_t)64 * 1024 * 1024)

struct wish {
    const char *config, *url, *token, *id;
    bool json;
};

static double number(const yyjson_val *v, const char *key)
{
    return sk_json_get_number(v, key, 0);
}

static const char *text(const yyjson_val *v, const char *key)
{
    const char *s = sk_json_get_str(v, key);
    return s != NULL ? s : "";
}

/* "850 us", "1.3 ms", "2.5 s" */
static const char *time_text(double us, char out[24])
{
    if (us < 1000)
        snprintf(out, 24, "%.*f us", us < 10 ? 1 : 0, us);
    else if (us < 1000000)
        snprintf(out, 24, "%.1f ms", us / 1000);
    else
        snprintf(out, 24, "%.1f s", us / 1000000);
    return out;
}

static double lost(const yyjson_val *v)
{
    static const char *const keys[] = { "deltasDropped",        "deltasRefused", "deltasOutDropped", "logLinesDropped",
                                        "registrationsRefused", "callsRefused",  "fileWritesRefused" };
    double sum = 0;
    for (size_t i = 0; i < SK_COUNT(keys); i++)
        sum += number(v, keys[i]);
    return sum;
}

static void print_all(yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    char cpu[24];
    int width = 6;
    yyjson_arr_foreach(list, i, n, v)
        width = (int)strlen(text(v, "id")) > width ? (int)strlen(text(v, "id")) : width;
    printf("%-*s  %-8s %10s %9s %10s %8s %9s %7s %8s\n", width, "PLUGIN", "STATE", "CPU", "MEMORY", "CALLS", "CRASHES",
           "RESTARTS", "MISSED", "LOST");
    yyjson_arr_foreach(list, i, n, v)
        printf("%-*s  %-8s %10s %5.1f MiB %10.0f %8.0f %9.0f %7.0f %8.0f\n", width, text(v, "id"), text(v, "state"),
               time_text(number(v, "cpuMicroseconds"), cpu), number(v, "memoryBytes") / 1048576, number(v, "calls"),
               number(v, "crashes"), number(v, "restarts"), number(v, "deadlineMisses"), lost(v));
}

void sk_cli_print_exports(yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    char a[24], b[24], c[24], d[24];
    printf("\n%-36s %10s %10s %10s %10s %10s\n", "EXPORT", "CALLS", "P50", "P99", "MAX", "TOTAL");
    yyjson_arr_foreach(list, i, n, v)
        printf("%-36s %10.0f %10s %10s %10s %10s\n", text(v, "name"), number(v, "calls"),
               time_text(number(v, "p50Microseconds"), a), time_text(number(v, "p99Microseconds"), b),
               time_text(number(v, "maxMicroseconds"), c), time_text(number(v, "totalMicroseconds"), d));
}

static void print_one(yyjson_val *plugin)
{
    size_t i, n;
    yyjson_val *k, *v, *traps = sk_json_get(plugin, "traps");
    printf("%s %s, %s", text(plugin, "packageName"), text(plugin, "version"), text(plugin, "state"));
    printf(text(plugin, "statusMessage")[0] != 0 ? ": %s\n\n" : "%s\n\n", text(plugin, "statusMessage"));
    yyjson_obj_foreach(plugin, i, n, k, v) {
        double d;
        if (sk_json_number(v, &d))
            printf("%-24s %14.0f\n", yyjson_get_str(k), d);
    }
    sk_cli_print_exports(sk_json_get(plugin, "exports"));
    yyjson_arr_foreach(traps, i, n, v)
        printf("\n%s %s\n", text(v, "time"), text(v, "text"));
}

/* The one that was named, the one of the folder, or one at the usual port, whose folder is another. */
static int find(struct sk_cli_peer *ret, const struct wish *w, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *dir = NULL;
    char url[64];
    const char *port = getenv("PORT");
    int r = sk_config_dir_find(w->config, &dir, em);
    if (r < 0)
        return r;
    r = sk_cli_peer_find(ret, dir, w->url, w->token, em);
    if (r != SK_ERR_NOTFOUND || w->config != NULL)
        return r;
    snprintf(url, sizeof url, "http://127.0.0.1:%.5s", port != NULL && port[0] != 0 ? port : "3000");
    return sk_cli_peer_find(ret, dir, url, w->token, em);
}

static int ask(const struct wish *w, const char *path, struct sk_buf *ret_body, struct sk_errmsg *em)
{
    struct sk_cli_peer peer = { .token = NULL };
    int r = find(&peer, w, em);
    if (r == 0)
        r = sk_cli_get(&peer, path, ret_body, em);
    sk_cli_peer_finish(&peer);
    return r;
}

static int show(const struct wish *w, struct sk_errmsg *em)
{
    char path[600] = "/skServer/plugins/_stats";
    yyjson_doc *doc = NULL;
    struct sk_buf body;
    if (w->id != NULL)
        snprintf(path, sizeof path, "/skServer/plugins/%.500s/_stats", w->id);
    sk_buf_init(&body, BODY_MAX);
    int r = ask(w, path, &body, em);
    if (r == SK_ERR_NOTFOUND && w->id != NULL)
        r = sk_errmsg_set(em, r, "there is no plugin '%s' (its id, as in: skiff plugin stats)", w->id);
    if (r == 0)
        r = sk_json_read(sk_buf_span(&body), &doc, em);
    if (r == 0 && w->json)
        printf("%.*s\n", (int)body.n, body.p);
    else if (r == 0 && w->id != NULL)
        print_one(yyjson_doc_get_root(doc));
    else if (r == 0)
        print_all(yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    sk_buf_finish(&body);
    return r;
}

static int run(const struct sk_cli_args *a)
{
    struct wish w = { .config = sk_cli_value(a, "config"),
                      .url = sk_cli_value(a, "url"),
                      .token = sk_cli_value(a, "token"),
                      .id = sk_cli_word(a, 0),
                      .json = sk_cli_has(a, "json") };
    struct sk_errmsg em = { 0 };
    if (show(&w, &em) == 0)
        return 0;
    fprintf(stderr, "skiff: %s\n", em.text);
    return 1;
}

static const struct sk_cli_option options[] = {
    { "config", "FOLDER", "of the server (default: as the server)", .letter = 'c' },
    { "url", "URL", "of the server (default: the one of the folder, else http://127.0.0.1:3000, or $PORT)" },
    { "token", "TOKEN", "of an administrator (default: $SIGNALK_TOKEN)" },
    { "json", NULL, "print what the server answered, for programs" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_stats = {
    .group = "plugin",
    .name = "stats",
    .words = "[ID]",
    .brief = "what the plugins of a running server cost",
    .text = "What the plugins of a running server cost, or one of them in detail: processor time, memory, calls by export with "
            "median and 99th percentile, crashes, restarts, missed deadlines, and what was dropped or refused at a limit.",
    .example = "skiff plugin stats my-plugin --url http://boat:3000",
    .options = options,
    .run = run,
};
