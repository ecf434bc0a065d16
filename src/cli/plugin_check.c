/* skiff plugin check: what an author should mend before others find it. */
#include "base/json.h"
#include "cli/cli.h"
#include "plugin/check.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REPORT_MAX ((size_t)16 * 1024 * 1024)

struct report {
    bool json, colour;
    unsigned counts[SK_FINDING_NOTE + 1];
    struct sk_buf out; /* JSON */
};

static const char *const level_names[] = { "error", "warning", "note" };

static void usage(FILE *to)
{
    fputs("Usage: skiff plugin check FOLDER|FILE.wasm [--portable] [--json]\n"
          "\n"
          "Looks at a plugin without running it: package.json, what the module was built for, its imports and exports and their\n"
          "types, the capabilities it uses and those it declares, its size. Each finding comes with its cure.\n"
          "\n"
          "  --portable   also refuse what other Signal K servers do not offer\n"
          "  --json       {\"findings\":[{\"level\",\"where\",\"what\",\"cure\"}],\"errors\":N,\"warnings\":N}\n"
          "\n"
          "Example: skiff plugin check .\n"
          "Ends with 0 when there are no errors, 1 when there are, 2 when there is nothing to check.\n",
          to);
}

static void add_json(struct report *r, const struct sk_finding *f)
{
    sk_buf_append(&r->out, ",", r->out.n > 0);
    sk_buf_printf(&r->out, "{\"level\":\"%s\",\"where\":", level_names[f->level]);
    sk_json_write_str(&r->out, sk_span_of(f->where));
    SK_BUF_LIT(&r->out, ",\"what\":");
    sk_json_write_str(&r->out, sk_span_of(f->what));
    SK_BUF_LIT(&r->out, ",\"cure\":");
    sk_json_write_str(&r->out, sk_span_of(f->cure));
    sk_buf_char(&r->out, '}');
}

static void found(void *arg, const struct sk_finding *f)
{
    static const char *const colours[] = { "\033[31m", "\033[33m", "\033[36m" };
    struct report *r = arg;
    r->counts[f->level]++;
    if (r->json) {
        add_json(r, f);
        return;
    }
    printf("%s%s%s: %s: %s", r->colour ? colours[f->level] : "", level_names[f->level], r->colour ? "\033[0m" : "", f->where,
           f->what);
    printf(f->cure[0] != '\0' ? " %s\n" : "%s\n", f->cure);
}

static void print_end(struct report *r, const char *path)
{
    if (r->json)
        printf("{\"findings\":[%.*s],\"errors\":%u,\"warnings\":%u}\n", (int)r->out.n, r->out.n > 0 ? r->out.p : "",
               r->counts[SK_FINDING_ERROR], r->counts[SK_FINDING_WARNING]);
    else if (r->counts[SK_FINDING_ERROR] + r->counts[SK_FINDING_WARNING] == 0)
        printf("%s: nothing to mend\n", path);
    else
        printf("%s: %u errors, %u warnings\n", path, r->counts[SK_FINDING_ERROR], r->counts[SK_FINDING_WARNING]);
}

static int check(const char *path, const struct sk_check_options *o, bool json)
{
    struct report r = { .json = json, .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL };
    struct sk_errmsg em;
    sk_buf_init(&r.out, REPORT_MAX);
    int e = sk_plugin_check(path, o, found, &r, &em);
    if (e < 0)
        fprintf(stderr, "skiff: %s\n", em.text);
    else
        print_end(&r, path);
    sk_buf_finish(&r.out);
    return e < 0 ? 2 : r.counts[SK_FINDING_ERROR] > 0;
}

int sk_cli_plugin_check(int argc, char **argv)
{
    static const struct option options[] = { { "portable", no_argument, NULL, 'p' },
                                             { "json", no_argument, NULL, 'j' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    struct sk_check_options o = { 0 };
    bool json = false;
    optind = 0;
    opterr = 0;
    argc++; /* getopt takes the word before for the program's name */
    argv--;
    for (int opt; (opt = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (opt == 'h') {
            usage(stdout);
            return 0;
        }
        if (opt == '?') {
            fprintf(stderr, "skiff: unknown option %s\n", argv[optind - 1]);
            usage(stderr);
            return 2;
        }
        o.portable |= opt == 'p';
        json |= opt == 'j';
    }
    if (optind != argc - 1) {
        usage(stderr);
        return 2;
    }
    return check(argv[optind], &o, json);
}
