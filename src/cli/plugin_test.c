/* skiff plugin test: plays the scenarios of a plugin and shows what was different. */
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "solo/play.h"
#include "store/fs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES_MAX 1000
#define REPORT_MAX ((size_t)16 * 1024 * 1024)

struct run {
    const char *dir;
    bool json, colour;
    unsigned passed, failed;
    struct sk_buf report; /* JSON */
};

/* ---- which files ------------------------------------------------------------------------------------------------------------
 */

static int is_scenario(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".json") == 0;
}

/* The package's scenarios by name. Negative: an error. */
static int list_files(const char *dir, char **ret_files, size_t *ret_count, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *folder = sk_fs_path(dir, "scenarios");
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_scenario, alphasort), r = 0;
    if (n < 0)
        return sk_errmsg_errno(em, errno, "%s", folder);
    if (n == 0)
        r = sk_errmsg_set(em, SK_ERR_NOTFOUND, "%s: there is no scenario (*.json)", folder);
    else if (n > FILES_MAX)
        r = sk_errmsg_set(em, SK_ERR_LIMIT, "%s: more than %d scenarios", folder, FILES_MAX);
    for (int i = 0; i < n; i++) {
        if (r == 0)
            ret_files[i] = sk_fs_path(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    *ret_count = r == 0 ? (size_t)n : 0;
    return r;
}

/* ---- what is told -----------------------------------------------------------------------------------------------------------
 */

static const char *colour(const struct run *r, const char *code)
{
    return r->colour ? code : "";
}

static void indent(const char *text, const char *with)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        printf("%s%.*s\n", with, (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void print_failure(const struct run *r, const char *file, struct sk_failure *f)
{
    if (f->line > 0)
        printf("      %s:%u: step %zu", file, f->line, f->step);
    else
        printf("      %s", file);
    printf(f->note != NULL ? " (%s)\n" : "\n", f->note);
    indent(f->message, "      ");
    if (f->has_difference) {
        const char *at = f->difference.path[0] != '\0' ? f->difference.path : "it";
        printf("      %s is\n        %s- %s%s\n      instead of\n        %s+ %s%s\n", at, colour(r, "\033[31m"),
               f->difference.actual, colour(r, "\033[0m"), colour(r, "\033[32m"), f->difference.expected, colour(r, "\033[0m"));
    }
    if (f->seen.n > 0) {
        printf("      what came:\n");
        indent(sk_buf_cstr(&f->seen), "        ");
    }
}

static void json_member(struct sk_buf *b, const char *key, const char *value)
{
    sk_buf_printf(b, ",\"%s\":", key);
    sk_json_write_str(b, sk_span_of(value));
}

static void add_json(struct run *r, const char *file, const char *name, uint64_t ms, struct sk_failure *f)
{
    struct sk_buf *b = &r->report;
    sk_buf_append(b, ",", b->n > 0);
    SK_BUF_LIT(b, "{\"file\":");
    sk_json_write_str(b, sk_span_of(file));
    json_member(b, "name", name);
    sk_buf_printf(b, ",\"passed\":%s,\"milliseconds\":%llu", f == NULL ? "true" : "false", (unsigned long long)ms);
    if (f != NULL) {
        sk_buf_printf(b, ",\"failure\":{\"step\":%zu,\"line\":%u", f->step, f->line);
        json_member(b, "message", f->message);
        if (f->note != NULL)
            json_member(b, "note", f->note);
        if (f->has_difference) {
            json_member(b, "path", f->difference.path);
            json_member(b, "expected", f->difference.expected);
            json_member(b, "actual", f->difference.actual);
        }
        SK_BUF_LIT(b, "}");
    }
    SK_BUF_LIT(b, "}");
}

static void report(struct run *r, const char *file, const char *name, uint64_t ms, struct sk_failure *f)
{
    r->passed += f == NULL;
    r->failed += f != NULL;
    if (r->json) {
        add_json(r, file, name, ms, f);
        return;
    }
    printf("%s%s%s  %s", colour(r, f == NULL ? "\033[32m" : "\033[31m"), f == NULL ? "ok  " : "FAIL", colour(r, "\033[0m"), name);
    printf(f == NULL ? " (%llu ms)\n" : "\n", (unsigned long long)ms);
    if (f != NULL)
        print_failure(r, file, f);
    fflush(stdout);
}

/* ---- running ----------------------------------------------------------------------------------------------------------------
 */

static void run_file(struct run *r, const char *file)
{
    struct sk_scenario *s = NULL;
    struct sk_failure f = { 0 };
    struct sk_errmsg em;
    const char *slash = strrchr(file, '/'), *base = slash != NULL ? slash + 1 : file;
    uint64_t began = sk_clock_mono_ms();
    if (sk_scenario_load(file, &s, &em) < 0) {
        snprintf(f.message, sizeof f.message, "%s", em.text);
        report(r, file, base, 0, &f);
        return;
    }
    bool passed = sk_play(r->dir, s, &f);
    report(r, file, s->name != NULL ? s->name : base, sk_clock_mono_ms() - began, passed ? NULL : &f);
    sk_failure_finish(&f);
    sk_scenario_destroy(s);
}

static int run(const struct sk_cli_args *a)
{
    struct run r = { .dir = sk_cli_word(a, 0), .json = sk_cli_has(a, "json") };
    char *listed[FILES_MAX];
    size_t listed_count = 0;
    struct sk_errmsg em;
    r.colour = !r.json && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    sk_log_set_quiet(!sk_cli_has(a, "log"));
    if (a->word_count < 2 && list_files(r.dir, listed, &listed_count, &em) < 0) {
        fprintf(stderr, "skiff: %s\n", em.text);
        return SK_CLI_BAD_USAGE;
    }
    sk_buf_init(&r.report, REPORT_MAX);
    for (size_t i = 0; i < listed_count; i++) {
        run_file(&r, listed[i]);
        free(listed[i]);
    }
    for (size_t i = 1; i < a->word_count; i++)
        run_file(&r, sk_cli_word(a, i));
    if (r.json)
        printf("{\"scenarios\":[%.*s],\"passed\":%u,\"failed\":%u}\n", (int)r.report.n, r.report.n > 0 ? r.report.p : "",
               r.passed, r.failed);
    else
        printf("%s: %u passed, %u failed\n", r.dir, r.passed, r.failed);
    sk_buf_finish(&r.report);
    return r.failed > 0;
}

static const struct sk_cli_option options[] = {
    { "log", NULL, "show the server's log as well" },
    { "json", NULL, "print the results as JSON, for programs" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_test = {
    .group = "plugin",
    .name = "test",
    .words = "FOLDER [FILE...]",
    .brief = "play scenarios against a plugin",
    .text =
        "Plays the scenarios FOLDER/scenarios/*.json, or the files named, against the plugin in FOLDER: what is done to it, in a "
        "time of its own, and what it must publish and answer. Shows what was different. docs/plugins/testing.md describes the "
        "files.",
    .example = "skiff plugin test .",
    .ends = "Ends with 0 when all passed, 1 when one failed, 2 when there is none.",
    .options = options,
    .run = run,
};
