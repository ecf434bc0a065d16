#include "cli/cli.h"

#include "base/nearest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX ((size_t)256 * 1024)
#define NAMES_MAX 64

static int print(FILE *to, struct sk_buf *text)
{
    SK_ASSERT(sk_buf_ok(text));
    fwrite(text->p, 1, text->n, to);
    sk_buf_finish(text);
    return 0;
}

int sk_cli_complain(const struct sk_cli_command *c, const char *fmt, ...)
{
    struct sk_buf title;
    char what[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    sk_buf_init(&title, 200);
    sk_cli_write_title(&title, c);
    const char *name = sk_buf_cstr(&title);
    fprintf(stderr, "%s: %s (see %s --help)\n", name, what, name);
    sk_buf_finish(&title);
    return SK_CLI_BAD_USAGE;
}

static int print_help(const struct sk_cli_command *c)
{
    struct sk_buf text;
    sk_buf_init(&text, TEXT_MAX);
    sk_cli_write_help(&text, c);
    return print(stdout, &text);
}

static int print_group_help(const struct sk_cli_group *g, FILE *to)
{
    struct sk_buf text;
    sk_buf_init(&text, TEXT_MAX);
    sk_cli_write_group_help(&text, g);
    return print(to, &text);
}

/* ---- finding a command ------------------------------------------------------------------------------------------------------
 */

static const struct sk_cli_group *find_group(const char *name)
{
    for (const struct sk_cli_group *g = sk_cli_groups; g->name != NULL; g++)
        if (strcmp(g->name, name) == 0)
            return g;
    return NULL;
}

bool sk_cli_is_in(const struct sk_cli_command *c, const char *group)
{
    return c->name != NULL && (group != NULL ? c->group != NULL && strcmp(c->group, group) == 0 : c->group == NULL);
}

/* `group` NULL: a command of one word. */
static const struct sk_cli_command *find_command(const char *group, const char *name)
{
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++)
        if (sk_cli_is_in(sk_cli_commands[i], group) && strcmp(sk_cli_commands[i]->name, name) == 0)
            return sk_cli_commands[i];
    return NULL;
}

static int refuse_command(const char *group, const char *name)
{
    const char *names[NAMES_MAX + 1];
    size_t n = 0;
    for (const struct sk_cli_group *g = sk_cli_groups; group == NULL && g->name != NULL && n < NAMES_MAX; g++)
        names[n++] = g->name;
    for (size_t i = 0; sk_cli_commands[i] != NULL && n < NAMES_MAX; i++)
        if (sk_cli_is_in(sk_cli_commands[i], group))
            names[n++] = sk_cli_commands[i]->name;
    names[n] = NULL;
    const char *near = sk_nearest_name(name, strlen(name), names), *between = group != NULL ? " " : "";
    group = group != NULL ? group : "";
    if (near != NULL)
        fprintf(stderr, "skiff: unknown command '%s%s%s'; did you mean skiff %s%s%s?\n", group, between, name, group, between,
                near);
    else
        fprintf(stderr, "skiff: unknown command '%s%s%s' (see skiff%s%s --help)\n", group, between, name, between, group);
    return SK_CLI_BAD_USAGE;
}

/* ---- running it -------------------------------------------------------------------------------------------------------------
 */

/* argv[0] is the command's own last word. */
static int run_command(const struct sk_cli_command *c, int argc, char **argv)
{
    struct sk_cli_args a;
    struct sk_errmsg em;
    if (sk_cli_parse(c, argc, argv, &a, &em) < 0)
        return sk_cli_complain(c, "%s", em.text);
    return a.help ? print_help(c) : c->run(&a);
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run_group(const struct sk_cli_group *g, int argc, char **argv)
{
    if (argc < 2) {
        print_group_help(g, stderr);
        return SK_CLI_BAD_USAGE;
    }
    if (asks_for_help(argv[1]))
        return print_group_help(g, stdout);
    const struct sk_cli_command *c = find_command(g->name, argv[1]);
    return c != NULL ? run_command(c, argc - 1, argv + 1) : refuse_command(g->name, argv[1]);
}

static bool run_server(int argc, char **argv, struct sk_cli_args *ret_server, int *ret_status)
{
    struct sk_errmsg em;
    if (sk_cli_parse(&sk_cli_server, argc, argv, ret_server, &em) < 0)
        *ret_status = sk_cli_complain(&sk_cli_server, "%s", em.text);
    else if (ret_server->help)
        *ret_status = print_help(&sk_cli_server);
    else
        return false;
    return true;
}

bool sk_cli_run(int argc, char **argv, struct sk_cli_args *ret_server, int *ret_status)
{
    if (argc < 2 || argv[1][0] == '-')
        return run_server(argc, argv, ret_server, ret_status);
    const struct sk_cli_group *g = find_group(argv[1]);
    const struct sk_cli_command *c = find_command(NULL, argv[1]);
    if (g != NULL)
        *ret_status = run_group(g, argc - 1, argv + 1);
    else if (c != NULL)
        *ret_status = run_command(c, argc - 1, argv + 1);
    else
        *ret_status = refuse_command(NULL, argv[1]);
    return true;
}

/* ---- skiff help -------------------------------------------------------------------------------------------------------------
 */

static int help(const struct sk_cli_args *a)
{
    const char *first = sk_cli_word(a, 0), *second = sk_cli_word(a, 1);
    const struct sk_cli_group *g = first != NULL ? find_group(first) : NULL;
    const struct sk_cli_command *c =
        first == NULL ? &sk_cli_server : find_command(g != NULL ? first : NULL, g != NULL ? second != NULL ? second : "" : first);
    if (g != NULL && second == NULL)
        return print_group_help(g, stdout);
    return c != NULL ? print_help(c) : refuse_command(g != NULL ? first : NULL, g != NULL ? second : first);
}

const struct sk_cli_command sk_cli_help = {
    .name = "help",
    .words = "[COMMAND...]",
    .brief = "what a command does and takes",
    .text = "Prints what a command does and takes; without a word, what the program does.",
    .example = "skiff help plugin check",
    .run = help,
};
