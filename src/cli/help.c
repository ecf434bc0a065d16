/* --help, from the table: at most 24 lines of 80 columns. */
#include "cli/command.h"

#include <string.h>

#define WIDTH 79
#define OPTION_MAX 36 /* the text of a longer one begins on a line of its own */

/* The columns that are left behind the text so far. */
static size_t column_of(const struct sk_buf *out)
{
    const char *line = out->n > 0 ? memrchr(out->p, '\n', out->n) : NULL;
    return line != NULL ? out->n - (size_t)(line + 1 - out->p) : out->n;
}

/* Goes on at the present column; further lines begin at `indent`. A line end in the text stays one. */
static void write_wrapped(struct sk_buf *out, const char *text, size_t indent)
{
    bool begun = false;
    while (*text != '\0') {
        size_t n = strcspn(text, " \n"), column = column_of(out);
        if (begun && column + 1 + n > WIDTH) {
            sk_buf_printf(out, "\n%*s", (int)indent, "");
            begun = false;
        }
        if (begun)
            sk_buf_char(out, ' ');
        sk_buf_append(out, text, n);
        begun = true;
        text += n;
        if (*text == '\n') {
            sk_buf_printf(out, "\n%*s", (int)indent, "");
            begun = false;
        }
        text += *text != '\0';
    }
    sk_buf_char(out, '\n');
}

void sk_cli_write_title(struct sk_buf *out, const struct sk_cli_command *c)
{
    SK_BUF_LIT(out, "skiff");
    if (c->group != NULL)
        sk_buf_printf(out, " %s", c->group);
    if (c->name != NULL)
        sk_buf_printf(out, " %s", c->name);
}

/* "-s, --settings FILE" */
static size_t write_option(struct sk_buf *out, const struct sk_cli_option *o)
{
    size_t before = out->n;
    if (o->letter != 0)
        sk_buf_printf(out, "-%c, ", o->letter);
    else
        SK_BUF_LIT(out, "    ");
    sk_buf_printf(out, "--%s", o->name);
    if (o->value != NULL)
        sk_buf_printf(out, " %s", o->value);
    return out->n - before;
}

static const struct sk_cli_option help_row = { "help", NULL, "print this text", .letter = 'h' };

static const struct sk_cli_option *next_row(const struct sk_cli_command *c, const struct sk_cli_option *before)
{
    const struct sk_cli_option *o = before == NULL ? c->options : before + 1;
    if (before == &help_row)
        return NULL;
    while (o != NULL && o->name != NULL && o->rare)
        o++;
    return o == NULL || o->name == NULL ? &help_row : o;
}

static void write_options(struct sk_buf *out, const struct sk_cli_command *c)
{
    struct sk_buf scratch;
    size_t widest = 0;
    sk_buf_init(&scratch, 4096);
    for (const struct sk_cli_option *o = next_row(c, NULL); o != NULL; o = next_row(c, o)) {
        size_t n = write_option(&scratch, o);
        widest = n > widest && n <= OPTION_MAX ? n : widest;
    }
    sk_buf_finish(&scratch);
    for (const struct sk_cli_option *o = next_row(c, NULL); o != NULL; o = next_row(c, o)) {
        SK_BUF_LIT(out, "  ");
        size_t n = write_option(out, o);
        if (n > widest)
            sk_buf_printf(out, "\n%*s", (int)widest + 4, "");
        else
            sk_buf_printf(out, "%*s", (int)(widest - n + 2), "");
        write_wrapped(out, o->text, widest + 4);
    }
}

/* The first words that can follow the program's name. */
static void write_commands(struct sk_buf *out)
{
    struct sk_buf line;
    sk_buf_init(&line, 4096);
    for (const struct sk_cli_group *g = sk_cli_groups; g->name != NULL; g++)
        sk_buf_printf(&line, "%s ..., ", g->name);
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++)
        if (sk_cli_is_in(sk_cli_commands[i], NULL))
            sk_buf_printf(&line, "%s, ", sk_cli_commands[i]->name);
    line.n -= 2;
    SK_BUF_LIT(out, "\nCommands: ");
    write_wrapped(out, sk_buf_cstr(&line), 2);
    sk_buf_finish(&line);
    SK_BUF_LIT(out, "Each has --help. All of it, and the environment: skiff man | man -l -\n");
}

void sk_cli_write_help(struct sk_buf *out, const struct sk_cli_command *c)
{
    bool server = c->name == NULL;
    SK_BUF_LIT(out, "Usage: ");
    sk_cli_write_title(out, c);
    if (c->words != NULL)
        sk_buf_printf(out, " %s", c->words);
    if (c->options != NULL)
        SK_BUF_LIT(out, " [OPTIONS]");
    sk_buf_text(out, server ? "\n       skiff COMMAND ...\n\n" : "\n\n");
    write_wrapped(out, c->text, 0);
    sk_buf_char(out, '\n');
    write_options(out, c);
    if (server)
        write_commands(out);
    SK_BUF_LIT(out, "\nExample: ");
    write_wrapped(out, c->example, sizeof "Example: " - 1);
    if (c->ends != NULL && !server)
        write_wrapped(out, c->ends, 0);
}

void sk_cli_write_group_help(struct sk_buf *out, const struct sk_cli_group *g)
{
    const struct sk_cli_command *first = NULL;
    size_t widest = 0;
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++)
        if (sk_cli_is_in(sk_cli_commands[i], g->name)) {
            size_t n = strlen(sk_cli_commands[i]->name);
            first = first != NULL ? first : sk_cli_commands[i];
            widest = n > widest ? n : widest;
        }
    sk_buf_printf(out, "Usage: skiff %s COMMAND ...\n\nCommands to %s:\n\n", g->name, g->brief);
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++)
        if (sk_cli_is_in(sk_cli_commands[i], g->name)) {
            sk_buf_printf(out, "  %-*s  ", (int)widest, sk_cli_commands[i]->name);
            write_wrapped(out, sk_cli_commands[i]->brief, widest + 4);
        }
    sk_buf_printf(out, "\nskiff %s COMMAND --help says more of one.\n", g->name);
    if (first != NULL)
        sk_buf_printf(out, "\nExample: %.*s\n", (int)strcspn(first->example, "\n"), first->example);
}
