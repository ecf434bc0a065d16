/* skiff plugin run: one plugin alone, with all it says shown as it comes. */
#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "input/input.h"
#include "input/playback.h"
#include "solo/solo.h"
#include "store/fs.h"
#include "store/settings.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_MAX ((size_t)4 * 1024 * 1024)
#define TEXT_MAX ((size_t)32 * 1024 * 1024)
#define SPEED_MAX 1000
#define SECONDS_MAX 31536000.0

struct run {
    const struct sk_cli_args *a;
    struct sk_solo *solo;
    struct sk_simtime time;
    bool own_time, json, colour, stop;
    struct sk_settings *settings; /* of the replay */
    struct sk_inputs *inputs;
    uv_signal_t signals[2];
};

/* ---- what is shown ----------------------------------------------------------------------------------------------------------
 */

static void put_time(struct run *r, char out[SK_ISO_TIME_SIZE])
{
    sk_iso_time(out, sk_simtime_wall_ms(r->own_time ? &r->time : NULL));
}

/* A line for people: time, kind in colour, text. */
static void say(struct run *r, const char *kind, const char *colour, struct sk_span text)
{
    char when[SK_ISO_TIME_SIZE];
    put_time(r, when);
    printf("%.12s %s%-7s%s %.*s\n", when + 11, r->colour ? colour : "", kind, r->colour ? "\033[0m" : "", (int)text.n, text.p);
    fflush(stdout);
}

/* A line for programs: {"time","type",<key>:<JSON>…}. `more` are further members, with their commas. */
static void say_json(struct run *r, const char *type, const char *more, const char *key, struct sk_span json)
{
    char when[SK_ISO_TIME_SIZE];
    put_time(r, when);
    printf("{\"time\":\"%s\",\"type\":\"%s\"%s,\"%s\":%.*s}\n", when, type, more, key, (int)json.n, json.p);
    fflush(stdout);
}

static void say_text(struct run *r, const char *type, const char *colour, const char *more, struct sk_span text)
{
    struct sk_buf b;
    if (!r->json) {
        say(r, type, colour, text);
        return;
    }
    sk_buf_init(&b, TEXT_MAX);
    sk_json_write_str(&b, text);
    say_json(r, type, more, "text", sk_buf_span(&b));
    sk_buf_finish(&b);
}

static void on_delta(void *arg, struct sk_span json)
{
    struct run *r = arg;
    if (r->json)
        say_json(r, "delta", "", "delta", json);
    else
        say(r, "delta", "\033[32m", json);
}

static void on_status(void *arg, const char *text, bool error)
{
    if (text[0] != '\0')
        say_text(arg, error ? "error" : "status", error ? "\033[31m" : "\033[36m", "", sk_span_of(text));
}

static void on_state(void *arg, const char *state)
{
    struct run *r = arg;
    say_text(r, "state", "\033[1m", "", sk_span_of(state));
    if (strcmp(state, "crashed") == 0)
        say_text(r, "trap", "\033[31m", "", sk_span_of(sk_plugin_last_trap(sk_solo_plugin(r->solo))));
}

static void on_log(void *arg, struct sk_span line)
{
    say_text(arg, "debug", "\033[2m", "", line);
}

static const struct sk_solo_ops ops = { .delta = on_delta, .status = on_status, .state = on_state, .log = on_log };

/* ---- options ----------------------------------------------------------------------------------------------------------------
 */

/* JSON itself, or the name of a file that holds it; an object. The caller frees the document. */
static int read_object(const char *option, const char *value, yyjson_doc **ret_doc, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n = 0;
    int r = 0;
    if (value[strspn(value, " \t\n")] == '{')
        text = sk_xstrdup(value);
    else
        r = sk_fs_read(value, FILE_MAX, &text, &n, em);
    if (r == 0)
        r = sk_json_read(sk_span_of(text), ret_doc, em);
    if (r == 0 && !yyjson_is_obj(yyjson_doc_get_root(*ret_doc)))
        r = sk_errmsg_set(em, SK_ERR_INVALID, "not an object");
    return r < 0 ? sk_errmsg_wrap(em, r, "--%s", option) : 0;
}

static int read_number(const char *option, const char *value, double max, double *ret, struct sk_errmsg *em)
{
    size_t n = strlen(value);
    n -= n > 0 && strcmp(option, "speed") == 0 && value[n - 1] == 'x';
    if (sk_parse_double((struct sk_span){ value, n }, ret) && *ret > 0 && *ret <= max)
        return 0;
    return sk_errmsg_set(em, SK_ERR_INVALID, "--%s '%s' is not a number up to %g", option, value, max);
}

static int set_time(struct run *r, struct sk_errmsg *em)
{
    const char *speed = sk_cli_value(r->a, "speed");
    double factor = 1;
    if (speed == NULL)
        return 0;
    if (read_number("speed", speed, SPEED_MAX, &factor, em) < 0)
        return em->code;
    if (factor < 1 || factor != floor(factor))
        return sk_errmsg_set(em, SK_ERR_INVALID, "--speed '%s' is not a whole number from 1 to %d", speed, SPEED_MAX);
    sk_simtime_init(&r->time, (unsigned)factor, sk_clock_wall_ms());
    r->own_time = true;
    return 0;
}

/* ---- the replay -------------------------------------------------------------------------------------------------------------
 */

/* By its first byte: deltas as JSON, sentences, or a raw log of a server. */
static int kind_of_recording(const char *file, const char **ret_type, struct sk_errmsg *em)
{
    FILE *f = fopen(file, "re");
    int c = f != NULL ? fgetc(f) : EOF;
    if (f != NULL)
        fclose(f);
    if (c == EOF)
        return sk_errmsg_set(em, SK_ERR_NOTFOUND, "--replay %s: it cannot be read, or is empty", file);
    *ret_type = c == '{' ? "SignalK" : c == '$' || c == '!' ? "NMEA0183" : "Multiplexed";
    return 0;
}

static int start_replay(struct run *r, struct sk_errmsg *em)
{
    const char *file = sk_cli_value(r->a, "replay"), *type = NULL;
    if (file == NULL)
        return 0;
    int e = kind_of_recording(file, &type, em);
    if (e < 0)
        return e;
    SK_CLEANUP(sk_freep) char *full = realpath(file, NULL), *name = sk_fs_path(sk_solo_folder(r->solo), "settings.json");
    struct sk_buf entries;
    yyjson_doc *doc = NULL;
    sk_buf_init(&entries, FILE_MAX);
    SK_BUF_LIT(&entries, "[");
    sk_playback_write(&entries, "replay", type, full != NULL ? full : file, true);
    SK_BUF_LIT(&entries, "]");
    e = sk_json_read(sk_buf_span(&entries), &doc, em);
    if (e == 0) {
        r->settings = sk_settings_load(name);
        struct sk_inputs_options o = { .hub = sk_solo_hub(r->solo),
                                       .settings = r->settings,
                                       .config_dir = sk_solo_folder(r->solo),
                                       .more = yyjson_doc_get_root(doc),
                                       .only_more = true };
        r->inputs = sk_inputs_create(&o);
    }
    yyjson_doc_free(doc);
    sk_buf_finish(&entries);
    return e;
}

/* ---- requests ---------------------------------------------------------------------------------------------------------------
 */

static void tell_answer(struct run *r, const char *type, struct sk_span what, int e, const struct sk_buf *answer,
                        const struct sk_errmsg *em)
{
    struct sk_buf b;
    sk_buf_init(&b, TEXT_MAX);
    if (r->json) {
        SK_BUF_LIT(&b, ",\"path\":");
        sk_json_write_str(&b, what);
        const char *more = sk_buf_cstr(&b);
        struct sk_buf text;
        sk_buf_init(&text, TEXT_MAX);
        if (e < 0)
            sk_json_write_str(&text, sk_span_of(em->text));
        else
            sk_buf_span_append(&text, (struct sk_span){ answer->p, answer->n });
        say_json(r, type, more, e < 0 ? "error" : "answer", sk_buf_span(&text));
        sk_buf_finish(&text);
    } else {
        sk_buf_printf(&b, "%.*s: ", (int)what.n, what.p);
        if (e < 0)
            sk_buf_text(&b, em->text);
        else
            sk_buf_append(&b, answer->p, answer->n);
        say(r, type, e < 0 ? "\033[31m" : "\033[33m", sk_buf_span(&b));
    }
    sk_buf_finish(&b);
}

/* PATH=VALUE; a value that is no JSON is a text. */
static void put(struct run *r, const char *typed)
{
    const char *eq = strchr(typed, '=');
    struct sk_span path = { typed, (size_t)(eq - typed) }, value = sk_span_of(eq + 1);
    struct sk_errmsg em = { 0 };
    struct sk_buf answer, quoted;
    yyjson_doc *doc = NULL;
    sk_buf_init(&answer, TEXT_MAX);
    sk_buf_init(&quoted, TEXT_MAX);
    if (sk_json_read(value, &doc, NULL) < 0) {
        sk_json_write_str(&quoted, value);
        value = sk_buf_span(&quoted);
    }
    yyjson_doc_free(doc);
    int e = sk_solo_put(r->solo, SK_SPAN(SK_SOLO_CONTEXT), path, value, &answer, &em);
    tell_answer(r, "put", path, e, &answer, &em);
    sk_buf_finish(&answer);
    sk_buf_finish(&quoted);
}

static void get(struct run *r, const char *path)
{
    struct sk_solo_request q = { .method = SK_SPAN("GET"), .path = sk_span_of(path) };
    struct sk_errmsg em = { 0 };
    struct sk_buf answer;
    sk_buf_init(&answer, TEXT_MAX);
    int e = sk_solo_http(r->solo, &q, &answer, &em);
    tell_answer(r, "get", q.path, e, &answer, &em);
    sk_buf_finish(&answer);
}

static int check_requests(const struct sk_cli_args *a, struct sk_errmsg *em)
{
    const char *typed;
    for (size_t i = 0; (typed = sk_cli_nth(a, "put", i)) != NULL; i++)
        if (strchr(typed, '=') == NULL || typed[0] == '=')
            return sk_errmsg_set(em, SK_ERR_INVALID, "--put '%s' is not PATH=VALUE", typed);
    for (size_t i = 0; (typed = sk_cli_nth(a, "get", i)) != NULL; i++)
        if (typed[0] != '/')
            return sk_errmsg_set(em, SK_ERR_INVALID, "--get '%s' does not begin with /", typed);
    return 0;
}

static void send_requests(struct run *r)
{
    const char *typed;
    for (size_t i = 0; (typed = sk_cli_nth(r->a, "put", i)) != NULL; i++)
        put(r, typed);
    for (size_t i = 0; (typed = sk_cli_nth(r->a, "get", i)) != NULL; i++)
        get(r, typed);
}

/* ---- its course -------------------------------------------------------------------------------------------------------------
 */

static void on_signal(uv_signal_t *s, int number)
{
    ((struct run *)s->data)->stop = true;
}

static void listen_signals(struct run *r)
{
    static const int numbers[] = { SIGINT, SIGTERM };
    for (size_t i = 0; i < SK_COUNT(numbers); i++) {
        uv_signal_init(sk_loop_uv(sk_solo_loop(r->solo)), &r->signals[i]);
        r->signals[i].data = r;
        uv_signal_start(&r->signals[i], on_signal, numbers[i]);
    }
}

static bool stopped(void *arg)
{
    return ((struct run *)arg)->stop;
}

static void tell_figures(struct run *r, struct sk_span figures)
{
    yyjson_doc *doc = NULL;
    if (r->json) {
        say_json(r, "figures", "", "figures", figures);
    } else if (sk_json_read(figures, &doc, NULL) == 0) {
        const yyjson_val *f = yyjson_doc_get_root(doc);
        sk_cli_print_exports(sk_json_get(f, "exports"));
        printf("\n%.0f deltas published, %.0f received; %.1f MiB of memory, %.1f ms of processor time\n",
               sk_json_get_number(f, "deltasOut", 0), sk_json_get_number(f, "deltasIn", 0),
               sk_json_get_number(f, "memoryBytes", 0) / 1048576, sk_json_get_number(f, "cpuMicroseconds", 0) / 1000);
    }
    yyjson_doc_free(doc);
}

/* Stops it, and tells what it cost while it ran. True: it still did. */
static bool end(struct run *r)
{
    struct sk_buf figures;
    bool alive = strcmp(sk_plugin_state(sk_solo_plugin(r->solo)), "running") == 0;
    sk_buf_init(&figures, TEXT_MAX);
    sk_plugin_write_stats(sk_solo_plugin(r->solo), &figures);
    alive = sk_solo_stop(r->solo) && alive;
    tell_figures(r, sk_buf_span(&figures));
    sk_buf_finish(&figures);
    return alive;
}

/* Until the time is over, or the user ends it. What crashed may start again, so it is waited for. */
static int sail(struct run *r, double seconds)
{
    struct sk_errmsg em = { 0 };
    uint64_t real_ms = sk_simtime_real_ms(r->own_time ? &r->time : NULL, (uint64_t)(seconds * 1000));
    listen_signals(r);
    int e = sk_solo_start(r->solo, &em);
    if (e < 0 && !sk_cli_has(r->a, "watch")) {
        fprintf(stderr, "skiff: %s\n", em.text);
    } else {
        if (e == 0 && sk_solo_settle(r->solo, &em) == 0)
            send_requests(r);
        sk_loop_run_until(sk_solo_loop(r->solo), stopped, r, seconds > 0 ? sk_clock_mono_ms() + real_ms : UINT64_MAX);
    }
    bool alive = end(r);
    for (size_t i = 0; i < SK_COUNT(r->signals); i++)
        uv_close((uv_handle_t *)&r->signals[i], NULL);
    return alive ? 0 : 1;
}

static int open_and_sail(struct run *r, const char *config, const char *limits, double seconds, struct sk_errmsg *em)
{
    yyjson_doc *config_doc = NULL, *limits_doc = NULL;
    struct sk_buf text;
    sk_buf_init(&text, TEXT_MAX);
    int e = config != NULL ? read_object("config", config, &config_doc, em) : 0;
    if (e == 0 && limits != NULL)
        e = read_object("limits", limits, &limits_doc, em);
    if (config_doc != NULL)
        sk_json_write(&text, yyjson_doc_get_root(config_doc));
    struct sk_solo_options o = { .dir = sk_cli_word(r->a, 0),
                                 .config = sk_buf_span(&text),
                                 .limits = yyjson_doc_get_root(limits_doc),
                                 .time = r->own_time ? &r->time : NULL,
                                 .watch = sk_cli_has(r->a, "watch"),
                                 .ops = &ops,
                                 .arg = r };
    if (e == 0)
        e = sk_solo_create(&o, &r->solo, em);
    if (e == 0 && (e = start_replay(r, em)) == 0)
        e = sail(r, seconds);
    sk_inputs_destroy(r->inputs, false);
    sk_settings_destroy(r->settings);
    sk_solo_destroy(r->solo);
    yyjson_doc_free(config_doc);
    yyjson_doc_free(limits_doc);
    sk_buf_finish(&text);
    return e;
}

static int run(const struct sk_cli_args *a)
{
    struct run r = { .a = a, .json = sk_cli_has(a, "json") };
    const char *seconds_text = sk_cli_value(a, "for");
    struct sk_errmsg em = { 0 };
    double seconds = 0;
    r.colour = !r.json && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    int e = seconds_text != NULL ? read_number("for", seconds_text, SECONDS_MAX, &seconds, &em) : 0;
    if (e == 0)
        e = set_time(&r, &em);
    if (e == 0)
        e = check_requests(a, &em);
    if (e < 0)
        return sk_cli_complain(a->command, "%s", em.text);
    e = open_and_sail(&r, sk_cli_value(a, "config"), sk_cli_value(a, "limits"), seconds, &em);
    if (e < 0)
        fprintf(stderr, "skiff: %s\n", em.text);
    return e < 0 ? 2 : e;
}

static const struct sk_cli_option options[] = {
    { "config", "JSON|FILE", "its configuration (default: {})" },
    { "for", "SECONDS", "of its time; else until Ctrl-C" },
    { "speed", "N", "its time passes N times as fast: polls, clocks, sleep" },
    { "replay", "FILE", "play a raw log, NMEA 0183 sentences or deltas to it" },
    { "put", "PATH=VALUE", "send a PUT request once it runs; may be repeated", .repeats = true },
    { "get", "ENDPOINT", "ask one of its endpoints; may be repeated", .repeats = true },
    { "watch", NULL, "take over a new version when its files change" },
    { "limits", "JSON|FILE", "as the setting pluginLimits" },
    { "json", NULL, "a line of JSON for each event, for programs" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_run = {
    .group = "plugin",
    .name = "run",
    .words = "FOLDER",
    .brief = "run a plugin alone and show what it does",
    .text =
        "Runs the plugin in FOLDER without a server, and shows its status, log and deltas as they come, then its calls and their "
        "times. Its files go into a temporary folder.",
    .example = "skiff plugin run . --config '{\"maxRadius\":50}' --speed 60 --for 600",
    .ends = "Ends with 0 when it still runs at the end, 1 when it does not.",
    .options = options,
    .run = run,
};
