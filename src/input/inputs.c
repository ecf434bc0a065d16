#include "input/inputs.h"

#include "base/clock.h"
#include "base/log.h"
#include "input/launcher.h"
#include "input/output.h"
#include "input/rawlog.h"
#include "sandbox/sandbox.h"
#include "store/fs.h"

#include <stdlib.h>

/* ---- once a second ------------------------------------------------------------------------------------------------------ */

static void judge(struct sk_input *in)
{
    struct sk_errmsg em;
    switch (sk_quality_check(&in->quality, &in->codec->stats, &em)) {
    case SK_QUALITY_BAD:
        sk_input_show_failure(in, em.text);
        break;
    case SK_QUALITY_RECOVERED:
        sk_input_show_status(in);
        break;
    default:
        break;
    }
}

static void tick(uv_timer_t *t)
{
    struct sk_inputs *list = t->data;
    int64_t now = sk_clock_wall_ms();
    bool period_over = ++list->ticks % SK_INPUTS_STATISTICS_TICKS == 0;
    for (struct sk_input *in = list->first; in != NULL; in = in->next) {
        if (in->transport == NULL)
            continue;
        if (in->codec->ops->tick != NULL)
            in->codec->ops->tick(in->codec, now);
        judge(in);
        if (!period_over)
            continue;
        in->last_interval = in->stats.deltas - in->counted;
        in->counted = in->stats.deltas;
        in->last_written = in->stats.written - in->written_before;
        in->written_before = in->stats.written;
    }
}

/* ---- what they share ---------------------------------------------------------------------------------------------------- */

/* A line of a client of the NMEA 0183 port. */
static void on_client_line(void *arg, const void *client, struct sk_span line)
{
    struct sk_inputs *list = arg;
    for (struct sk_input *in = list->first; in != NULL; in = in->next) {
        if (in->transport != &sk_transport_tcpserver)
            continue;
        in->sender = client;
        sk_input_packet(in, line);
        in->sender = NULL;
    }
}

/* A help beside the main door: without it the boat still runs. */
static void open_output(struct sk_inputs *list, const struct sk_inputs_options *o)
{
    struct sk_errmsg em;
    if (o->address != NULL &&
        sk_output_create(sk_hub_loop(o->hub), list->bus, o->address, o->port, on_client_line, list, &list->output, &em) < 0)
        sk_log_error("%s", em.text);
}

/* loggingDirectory, keepMostRecentLogsOnly and logCountToKeep are the Node server's; logMegabytesToKeep and compressLogs ours. */
void sk_inputs_open_log(struct sk_inputs *list)
{
    const yyjson_val *root = sk_settings_root(list->settings);
    const char *directory = sk_json_get_str(root, "loggingDirectory");
    double count = sk_json_get_number(root, "logCountToKeep", 0),
           megabytes = sk_json_get_number(root, "logMegabytesToKeep", 1024);
    bool absolute = directory != NULL && directory[0] == '/', given = directory != NULL && directory[0] != '\0';
    SK_CLEANUP(sk_freep) char *full = given && !absolute ? sk_fs_path(list->config_dir, directory) : NULL;
    struct sk_rawlog_options log = { .loop = sk_hub_loop(list->hub), .compress = sk_json_get_bool(root, "compressLogs", true) };
    log.directory = full != NULL ? full : given ? directory : list->config_dir;
    if (sk_json_get_bool(root, "keepMostRecentLogsOnly", true) && count >= 1 && count <= 1e6)
        log.keep_files = (unsigned)count;
    log.keep_bytes = megabytes > 0 && megabytes < 1e9 ? (uint64_t)(megabytes * 1e6) : 0;
    list->log = sk_rawlog_create(&log);
}

/* ---- which are open ----------------------------------------------------------------------------------------------------- */

static struct sk_input *add(struct sk_inputs *list, const yyjson_val *entry)
{
    struct sk_input *in = sk_input_create(list, entry);
    *list->last_next = in;
    list->last_next = &in->next;
    if (!uv_is_active((uv_handle_t *)&list->timer))
        uv_timer_start(&list->timer, tick, SK_INPUTS_TICK_MS, SK_INPUTS_TICK_MS);
    return in;
}

static struct sk_input *find(const struct sk_inputs *list, const char *id)
{
    for (struct sk_input *in = list->first; in != NULL; in = in->next)
        if (strcmp(in->id, id) == 0)
            return in;
    return NULL;
}

static bool is_wanted(const yyjson_val *entry)
{
    const char *id = sk_json_get_str(entry, "id");
    return id != NULL && id[0] != '\0' && sk_json_get_bool(entry, "enabled", true);
}

/* Those of the settings that are open already stay so; `again`: this one does not. */
static void mark_wanted(struct sk_inputs *list, yyjson_val *entries, const char *again)
{
    size_t i, n;
    yyjson_val *entry;
    for (struct sk_input *in = list->first; in != NULL; in = in->next)
        in->wanted = in->fixed;
    yyjson_arr_foreach(entries, i, n, entry) {
        struct sk_input *in = is_wanted(entry) ? find(list, sk_json_get_str(entry, "id")) : NULL;
        if (in == NULL || in->wanted || (again != NULL && strcmp(in->id, again) == 0))
            continue;
        SK_CLEANUP(sk_freep) char *text = sk_input_entry_text(entry);
        in->wanted = text != NULL && in->entry != NULL && strcmp(text, in->entry) == 0;
    }
}

static void close_unwanted(struct sk_inputs *list)
{
    struct sk_input **at = &list->first;
    while (*at != NULL) {
        struct sk_input *in = *at;
        if (in->wanted) {
            at = &in->next;
            continue;
        }
        *at = in->next;
        sk_log_info("connection '%s': closed", in->id);
        sk_status_remove(sk_hub_status(list->hub), in->id);
        sk_input_destroy(in);
    }
    list->last_next = at;
}

void sk_inputs_reconcile(struct sk_inputs *list, const char *again)
{
    size_t i, n;
    yyjson_val *entry, *entries = list->only_fixed ? NULL : sk_json_get(sk_settings_root(list->settings), "pipedProviders");
    mark_wanted(list, entries, again);
    close_unwanted(list); /* first: what opens may need the same port or device */
    for (struct sk_input *in = list->first; in != NULL; in = in->next)
        in->wanted = false;
    yyjson_arr_foreach(entries, i, n, entry) {
        struct sk_input *in = is_wanted(entry) ? find(list, sk_json_get_str(entry, "id")) : NULL;
        if (in != NULL && (in->wanted || in->fixed))
            sk_log_warn("connection '%s': there are two of that name, only the first is used", in->id);
        else if (in == NULL && is_wanted(entry))
            in = add(list, entry);
        if (in != NULL)
            in->wanted = true;
    }
}

struct sk_inputs *sk_inputs_create(const struct sk_inputs_options *o)
{
    struct sk_inputs *list = sk_xcalloc(1, sizeof *list);
    size_t i, n;
    yyjson_val *entry, *more = (yyjson_val *)(uintptr_t)o->more;
    list->hub = o->hub;
    list->settings = o->settings;
    list->config_dir = o->config_dir;
    list->only_fixed = o->only_more;
    list->bus = sk_bus_create();
    list->last_next = &list->first;
    if (o->launcher != 0)
        list->launcher = sk_launcher_create(sk_hub_loop(o->hub), o->launcher);
    uv_timer_init(sk_loop_uv(sk_hub_loop(o->hub)), &list->timer);
    list->timer.data = list;
    open_output(list, o);
    sk_inputs_reconcile(list, NULL);
    yyjson_arr_foreach(more, i, n, entry)
        if (is_wanted(entry))
            add(list, entry)->fixed = true;
    return list;
}

bool sk_inputs_is_fixed(const struct sk_inputs *list, const char *id)
{
    const struct sk_input *in = list != NULL ? find(list, id) : NULL;
    return in != NULL && in->fixed;
}

const char *sk_inputs_fixed_entry(const struct sk_inputs *list, size_t i)
{
    for (const struct sk_input *in = list != NULL ? list->first : NULL; in != NULL; in = in->next)
        if (in->fixed && i-- == 0)
            return in->entry;
    return NULL;
}

static void timer_closed(uv_handle_t *h)
{
    free(h->data);
}

struct sk_launcher *sk_inputs_launcher(struct sk_inputs *list, struct sk_errmsg *em)
{
    int fd;
    if (list->launcher != NULL)
        return list->launcher;
    if (sk_sandbox_state().on) {
        (void)sk_errmsg_set(em, SK_ERR_DENIED,
                            "the server was started without a connection that runs a command, and gave up the right to start "
                            "programs; "
                            "stop it and start it again (systemctl restart skiff; the button Restart is not enough)");
        return NULL;
    }
    if (sk_launcher_spawn(&fd, em) == 0)
        list->launcher = sk_launcher_create(sk_hub_loop(list->hub), fd);
    return list->launcher;
}

void sk_inputs_add_needs(const yyjson_val *entries, struct sk_inputs_needs *needs)
{
    size_t i, n;
    yyjson_val *entry;
    struct sk_errmsg em;
    yyjson_arr_foreach((yyjson_val *)(uintptr_t)entries, i, n, entry) {
        struct sk_input_kind kind;
        if (!is_wanted(entry) || sk_input_kind_of(entry, &kind, &em) < 0)
            continue;
        needs->commands |= kind.transport == &sk_transport_exec;
        const char *file = kind.transport == &sk_transport_file ? sk_json_get_str(kind.options, "filename") : NULL;
        if (file != NULL && file[0] == '/' && needs->file_count < SK_COUNT(needs->files))
            needs->files[needs->file_count++] = file;
    }
}

void sk_inputs_destroy(struct sk_inputs *list, bool again)
{
    if (list == NULL)
        return;
    while (list->first != NULL) {
        struct sk_input *in = list->first;
        list->first = in->next;
        sk_input_destroy(in);
    }
    sk_launcher_destroy(list->launcher, again);
    sk_output_destroy(list->output);
    sk_rawlog_destroy(list->log);
    sk_bus_destroy(list->bus);
    uv_close((uv_handle_t *)&list->timer, timer_closed);
}
