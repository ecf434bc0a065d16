/*
 * /skiff: how the server does. A page for people without the admin UI, its figures as JSON, and the same for Prometheus
 * (text format 0.0.4). The page holds nothing but words: what it shows comes from /skiff/status, and anew with each server event.
 */
#include "api/admin/server_log.h"
#include "api/api.h"
#include "api/stream/events.h"
#include "base/json.h"
#include "http/server.h"
#include "hub/status.h"
#include "plugin/host.h"
#include "sandbox/sandbox.h"
#include "store/run_record.h"
#include "tls/front.h"

#include "status_page_html.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define STATUS_MAX ((size_t)16 * 1024 * 1024)
#define TROUBLE_MAX 20u

/* ---- the figures ---- */

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Memory that is really there; 0 where the kernel does not say. */
static double resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL || fscanf(f, "%*s %lu", &pages) != 1)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void write_tls(const struct sk_api *api, struct sk_buf *out)
{
    struct sk_tls_figures tls;
    if (api->tls == NULL)
        return;
    sk_tls_front_figures(api->tls, &tls);
    sk_buf_printf(out, ",\"tls\":{\"open\":%llu,\"handshakes\":%llu,\"failed\":%llu,\"evicted\":%llu}",
                  (unsigned long long)tls.open, (unsigned long long)tls.handshakes, (unsigned long long)tls.failed,
                  (unsigned long long)tls.evicted);
}

static void write_sandbox(struct sk_buf *out)
{
    struct sk_sandbox_state s = sk_sandbox_state();
    sk_buf_printf(out, ",\"sandbox\":{\"on\":%s,\"landlock\":%d,\"seccomp\":%s,\"refused\":%llu}", s.on ? "true" : "false",
                  s.landlock, s.seccomp ? "true" : "false", (unsigned long long)s.refused);
}

static void write_process(const struct sk_api *api, struct sk_buf *out)
{
    struct rusage u;
    struct sk_http_stats http;
    getrusage(RUSAGE_SELF, &u);
    sk_http_server_stats(api->http, &http);
    SK_BUF_LIT(out, ",\"process\":{\"memoryBytes\":");
    sk_json_write_double(out, resident_bytes());
    SK_BUF_LIT(out, ",\"cpuSeconds\":");
    sk_json_write_double(out, seconds(u.ru_utime) + seconds(u.ru_stime));
    sk_buf_printf(out,
                  "},\"http\":{\"connections\":%zu,\"websockets\":%zu,\"requests\":%llu,\"badRequests\":%llu,\"bytesIn\":%llu,"
                  "\"bytesOut\":%llu,\"evicted\":%llu}",
                  http.connections, http.websockets, (unsigned long long)http.requests, (unsigned long long)http.bad_requests,
                  (unsigned long long)http.bytes_in, (unsigned long long)http.bytes_out, (unsigned long long)http.evicted);
    write_tls(api, out);
    write_sandbox(out);
}

static void write_numbers(struct sk_api *api, struct sk_buf *out)
{
    struct sk_hub_stats hub;
    sk_hub_stats(api->hub, &hub);
    SK_BUF_LIT(out, "{\"version\":\"" SK_VERSION "\",\"server\":");
    sk_events_write_statistics(api, out);
    sk_buf_printf(out, ",\"hub\":{\"deltas\":%llu,\"values\":%llu}", (unsigned long long)hub.deltas,
                  (unsigned long long)hub.values);
    write_process(api, out);
    SK_BUF_LIT(out, ",\"plugins\":");
    if (api->plugins != NULL)
        sk_host_write_stats(api->plugins, out);
    else
        SK_BUF_LIT(out, "[]");
}

static void get_status(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_buf b;
    sk_buf_init(&b, STATUS_MAX);
    write_numbers(api, &b);
    SK_BUF_LIT(&b, ",\"safeMode\":");
    if (api->run->reason[0] != '\0')
        sk_json_write_str(&b, sk_span_of(api->run->reason));
    else
        SK_BUF_LIT(&b, "null");
    SK_BUF_LIT(&b, ",\"board\":");
    sk_status_write(sk_hub_status(api->hub), &b);
    SK_BUF_LIT(&b, ",\"clients\":");
    sk_streams_write(api, &b);
    SK_BUF_LIT(&b, ",\"trouble\":");
    sk_server_log_write_trouble(api->server_log, TROUBLE_MAX, &b);
    sk_buf_char(&b, '}');
    sk_http_set_header(r, "Cache-Control", SK_SPAN("no-store"));
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* ---- the same for Prometheus ---- */

struct metric {
    const char *keys; /* in the figures: "process.memoryBytes"; of an input or plugin: its member */
    const char *name, *type, *help;
    double scale;
};

static const struct metric of_server[] = {
    { "server.uptime", "skiff_uptime_seconds", "gauge", "Time since the start.", 1 },
    { "process.memoryBytes", "process_resident_memory_bytes", "gauge", "Resident memory.", 1 },
    { "process.cpuSeconds", "process_cpu_seconds_total", "counter", "Processor time, user and system.", 1 },
    { "hub.deltas", "skiff_deltas_total", "counter", "Deltas taken in.", 1 },
    { "hub.values", "skiff_values_total", "counter", "Values stored.", 1 },
    { "server.deltaRate", "skiff_deltas_per_second", "gauge", "Deltas a second, over the last period.", 1 },
    { "server.model.deltasRefused", "skiff_deltas_refused_total", "counter", "Deltas of which nothing was usable.", 1 },
    { "server.model.contexts", "skiff_contexts", "gauge", "Vessels and other contexts in the model.", 1 },
    { "server.model.paths", "skiff_paths", "gauge", "Paths known.", 1 },
    { "server.model.sources", "skiff_sources", "gauge", "Sources known.", 1 },
    { "server.model.notifications", "skiff_notifications", "gauge", "Notifications managed.", 1 },
    { "server.wsClients", "skiff_stream_clients", "gauge", "Clients of the WebSocket stream.", 1 },
    { "server.backpressure.behind", "skiff_stream_clients_behind", "gauge", "Clients that do not keep up.", 1 },
    { "server.backpressure.cut", "skiff_stream_clients_cut_total", "counter", "Clients disconnected for not reading.", 1 },
    { "http.connections", "skiff_http_connections", "gauge", "Open HTTP connections.", 1 },
    { "http.websockets", "skiff_http_websockets", "gauge", "Open WebSockets.", 1 },
    { "http.requests", "skiff_http_requests_total", "counter", "HTTP requests.", 1 },
    { "http.badRequests", "skiff_http_bad_requests_total", "counter", "HTTP requests that were malformed.", 1 },
    { "http.bytesIn", "skiff_http_received_bytes_total", "counter", "Bytes received by HTTP and WebSocket.", 1 },
    { "http.bytesOut", "skiff_http_sent_bytes_total", "counter", "Bytes sent by HTTP and WebSocket.", 1 },
    { "http.evicted", "skiff_http_evicted_total", "counter", "Silent connections that gave way to new ones.", 1 },
    { "sandbox.refused", "skiff_refused_system_calls_total", "counter", "System calls that the server's own filters refused.",
      1 },
    { "tls.open", "skiff_tls_connections", "gauge", "Open TLS connections.", 1 },
    { "tls.handshakes", "skiff_tls_handshakes_total", "counter", "TLS handshakes that were completed.", 1 },
    { "tls.failed", "skiff_tls_failed_total", "counter", "TLS handshakes that failed.", 1 },
    { "tls.evicted", "skiff_tls_evicted_total", "counter", "TLS handshakes that gave way to new ones.", 1 },
};

static const struct metric of_input[] = {
    { "deltaCount", "skiff_input_deltas_total", "counter", "Deltas of a connection.", 1 },
    { "deltaRate", "skiff_input_deltas_per_second", "gauge", "Deltas a second of a connection, over the last period.", 1 },
    { "received", "skiff_input_messages_total", "counter", "Messages (sentences, frames) of a connection.", 1 },
    { "badChecksums", "skiff_input_bad_checksums_total", "counter", "Messages whose checksum was wrong.", 1 },
    { "garbage", "skiff_input_garbage_total", "counter", "What was no message at all.", 1 },
    { "writeCount", "skiff_input_written_total", "counter", "Messages written to a connection.", 1 },
    { "opened", "skiff_input_opened_total", "counter", "Times that a connection was made.", 1 },
    { "lost", "skiff_input_lost_total", "counter", "Times that a connection broke.", 1 },
};

static const struct metric of_plugin[] = {
    { "cpuMicroseconds", "skiff_plugin_cpu_seconds_total", "counter", "Processor time of a plugin.", 1e-6 },
    { "memoryBytes", "skiff_plugin_memory_bytes", "gauge", "Memory of a plugin's instance.", 1 },
    { "limits.memoryMiB", "skiff_plugin_memory_limit_bytes", "gauge", "What a plugin may use at most.", 1048576 },
    { "calls", "skiff_plugin_calls_total", "counter", "Calls into a plugin.", 1 },
    { "starts", "skiff_plugin_starts_total", "counter", "Starts of a plugin.", 1 },
    { "restarts", "skiff_plugin_restarts_total", "counter", "Restarts after a crash.", 1 },
    { "crashes", "skiff_plugin_crashes_total", "counter", "Crashes of a plugin.", 1 },
    { "deadlineMisses", "skiff_plugin_deadline_misses_total", "counter", "Calls that took too long.", 1 },
    { "deltasIn", "skiff_plugin_deltas_received_total", "counter", "Deltas that a plugin got.", 1 },
    { "deltasDropped", "skiff_plugin_deltas_dropped_total", "counter", "Deltas that a plugin was too slow for.", 1 },
    { "deltasOut", "skiff_plugin_deltas_published_total", "counter", "Deltas that a plugin published.", 1 },
    { "deltasRefused", "skiff_plugin_deltas_refused_total", "counter", "Deltas published faster than allowed.", 1 },
};

static bool number_at(const yyjson_val *v, const char *keys, double *ret)
{
    char name[64];
    for (const char *dot; v != NULL && (dot = strchr(keys, '.')) != NULL; keys = dot + 1) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - keys), keys);
        v = sk_json_get(v, name);
    }
    return v != NULL && sk_json_number(sk_json_get(v, keys), ret);
}

static void write_head(const struct metric *m, struct sk_buf *out)
{
    sk_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
}

/* Label values: backslash, quote and line feed are escaped. */
static void write_label(const char *label, struct sk_span value, struct sk_buf *out)
{
    sk_buf_printf(out, "{%s=\"", label);
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '\n')
            SK_BUF_LIT(out, "\\n");
        else
            sk_buf_printf(out, value.p[i] == '"' || value.p[i] == '\\' ? "\\%c" : "%c", value.p[i]);
    }
    SK_BUF_LIT(out, "\"}");
}

static void write_sample(const struct metric *m, const char *label, struct sk_span who, const yyjson_val *figures,
                         struct sk_buf *out)
{
    double d;
    if (!number_at(figures, m->keys, &d))
        return;
    sk_buf_text(out, m->name);
    if (label != NULL)
        write_label(label, who, out);
    sk_buf_char(out, ' ');
    sk_json_write_double(out, d * m->scale);
    sk_buf_char(out, '\n');
}

static void write_inputs(yyjson_val *inputs, struct sk_buf *out)
{
    yyjson_val *key, *v;
    size_t i, n;
    for (size_t k = 0; k < SK_COUNT(of_input); k++) {
        write_head(&of_input[k], out);
        yyjson_obj_foreach(inputs, i, n, key, v)
            write_sample(&of_input[k], "connection", sk_json_str(key), v, out);
    }
}

static void write_plugins(yyjson_val *plugins, struct sk_buf *out)
{
    static const struct metric up = { "", "skiff_plugin_up", "gauge", "1: the plugin runs.", 1 };
    yyjson_val *v;
    size_t i, n;
    write_head(&up, out);
    yyjson_arr_foreach(plugins, i, n, v) {
        sk_buf_text(out, up.name);
        write_label("plugin", sk_json_str(sk_json_get(v, "id")), out);
        sk_buf_text(out, sk_span_eq(sk_json_str(sk_json_get(v, "state")), "running") ? " 1\n" : " 0\n");
    }
    for (size_t k = 0; k < SK_COUNT(of_plugin); k++) {
        write_head(&of_plugin[k], out);
        yyjson_arr_foreach(plugins, i, n, v)
            write_sample(&of_plugin[k], "plugin", sk_json_str(sk_json_get(v, "id")), v, out);
    }
}

static void get_metrics(struct sk_http_req *r, void *arg)
{
    struct sk_buf b, out;
    yyjson_doc *doc = NULL;
    sk_buf_init(&b, STATUS_MAX);
    sk_buf_init(&out, STATUS_MAX);
    write_numbers(arg, &b);
    sk_buf_char(&b, '}');
    if (!sk_buf_ok(&b) || sk_json_read(sk_buf_span(&b), &doc, NULL) < 0) {
        sk_http_reply_text(r, 500, "The figures are too many for one answer.");
    } else {
        yyjson_val *root = yyjson_doc_get_root(doc);
        SK_BUF_LIT(&out,
                   "# HELP skiff_info Which skiff this is.\n# TYPE skiff_info gauge\nskiff_info{version=\"" SK_VERSION "\"} 1\n");
        for (size_t k = 0; k < SK_COUNT(of_server); k++) {
            write_head(&of_server[k], &out);
            write_sample(&of_server[k], NULL, (struct sk_span){ 0 }, root, &out);
        }
        write_inputs(sk_json_get(sk_json_get(root, "server"), "providerStatistics"), &out);
        write_plugins(sk_json_get(root, "plugins"), &out);
        sk_http_reply_buf(r, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
    }
    yyjson_doc_free(doc);
    sk_buf_finish(&b);
    sk_buf_finish(&out);
}

/* ---- the page ---- */

static void get_page(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_set_header(r, "Content-Security-Policy",
                       SK_SPAN("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
                               "img-src data:; base-uri 'none'; form-action 'none'"));
    sk_http_reply(r, 200, SK_HTTP_HTML, (struct sk_span){ (const char *)status_page_html, sizeof status_page_html });
}

void sk_status_page_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skiff", SK_ACCESS_OPEN, get_page, api },
        { "GET", "/skiff/status", SK_ACCESS_ADMIN, get_status, api },
        { "GET", "/skiff/metrics", SK_ACCESS_READ, get_metrics, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
