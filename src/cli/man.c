/* The manual page, from the table: skiff(1). */
#include "cli/cli.h"

#include <stdio.h>

#define TEXT_MAX ((size_t)256 * 1024)

/* Text of ours for troff: hyphens that are typed stay such, a line does not begin a request. */
static void put(struct sk_buf *out, const char *text)
{
    for (bool start = true; *text != '\0'; text++) {
        if (start && (*text == '.' || *text == '\''))
            SK_BUF_LIT(out, "\\&");
        if (*text == '\\')
            SK_BUF_LIT(out, "\\e");
        else if (*text == '-')
            SK_BUF_LIT(out, "\\-");
        else
            sk_buf_char(out, *text);
        start = *text == '\n';
    }
}

static void put_example(struct sk_buf *out, const char *text)
{
    SK_BUF_LIT(out, ".PP\nExample:\n.PP\n.in +4n\n.nf\n");
    put(out, text);
    SK_BUF_LIT(out, "\n.fi\n.in\n");
}

static void put_option(struct sk_buf *out, const struct sk_cli_option *o)
{
    SK_BUF_LIT(out, ".TP\n");
    if (o->letter != 0)
        sk_buf_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    SK_BUF_LIT(out, "\\fB\\-\\-");
    put(out, o->name);
    SK_BUF_LIT(out, "\\fR");
    if (o->value != NULL)
        sk_buf_printf(out, " \\fI%s\\fR", o->value);
    SK_BUF_LIT(out, "\n");
    put(out, o->text);
    SK_BUF_LIT(out, "\n");
}

static void put_options(struct sk_buf *out, const struct sk_cli_command *c)
{
    for (const struct sk_cli_option *o = c->options; o != NULL && o->name != NULL; o++)
        put_option(out, o);
}

static void put_command(struct sk_buf *out, const struct sk_cli_command *c)
{
    SK_BUF_LIT(out, ".SS ");
    sk_cli_write_title(out, c);
    if (c->words != NULL)
        sk_buf_printf(out, " %s", c->words);
    SK_BUF_LIT(out, "\n");
    put(out, c->text);
    SK_BUF_LIT(out, "\n");
    put_options(out, c);
    if (c->ends != NULL) {
        SK_BUF_LIT(out, ".PP\n");
        put(out, c->ends);
        SK_BUF_LIT(out, "\n");
    }
    put_example(out, c->example);
}

static void put_files(struct sk_buf *out)
{
    static const struct sk_cli_variable files[] = {
        { "~/.signalk/settings.json", "settings of the server" },
        { "~/.signalk/node_modules/", "plugins and web apps" },
        { "~/.signalk/plugin-config-data/", "configurations and files of plugins" },
        { "~/.cache/skiff/", "compiled plugins; may be deleted at any time" },
    };
    SK_BUF_LIT(out, ".SH FILES\n");
    for (size_t i = 0; i < SK_COUNT(files); i++)
        sk_buf_printf(out, ".TP\n\\fI%s\\fR\n%s\n", files[i].name, files[i].text);
}

/* troff, section 1 */
static void write_man(struct sk_buf *out, const char *version)
{
    sk_buf_printf(out, ".TH SKIFF 1 \"\" \"skiff %s\" \"User Commands\"\n.nh\n.ad l\n.SH NAME\nskiff \\- ", version);
    put(out, sk_cli_server.brief);
    SK_BUF_LIT(out, "\n.SH SYNOPSIS\n.B skiff\n[\\fIOPTIONS\\fR]\n");
    for (size_t i = 1; sk_cli_commands[i] != NULL; i++) {
        SK_BUF_LIT(out, ".br\n\\fB");
        sk_cli_write_title(out, sk_cli_commands[i]);
        SK_BUF_LIT(out, "\\fR");
        if (sk_cli_commands[i]->words != NULL)
            sk_buf_printf(out, " %s", sk_cli_commands[i]->words);
        sk_buf_text(out, sk_cli_commands[i]->options != NULL ? " [\\fIOPTIONS\\fR]\n" : "\n");
    }
    SK_BUF_LIT(out, ".SH DESCRIPTION\n");
    put(out, sk_cli_server.text);
    SK_BUF_LIT(out, "\n.PP\n");
    put(out, sk_cli_server.ends);
    SK_BUF_LIT(out, "\n.PP\nA command line that is not understood ends with status 2.\n");
    put_example(out, sk_cli_server.example);
    SK_BUF_LIT(out, ".SH OPTIONS\n");
    put_options(out, &sk_cli_server);
    SK_BUF_LIT(out, ".SH COMMANDS\nEach has \\fB\\-\\-help\\fR.\n");
    for (size_t i = 1; sk_cli_commands[i] != NULL; i++)
        put_command(out, sk_cli_commands[i]);
    SK_BUF_LIT(out, ".SH ENVIRONMENT\n");
    for (const struct sk_cli_variable *v = sk_cli_variables; v->name != NULL; v++) {
        sk_buf_printf(out, ".TP\n.B %s\n", v->name);
        put(out, v->text);
        SK_BUF_LIT(out, "\n");
    }
    put_files(out);
}

static int run(const struct sk_cli_args *a)
{
    struct sk_buf text;
    sk_buf_init(&text, TEXT_MAX);
    write_man(&text, SK_VERSION);
    SK_ASSERT(sk_buf_ok(&text));
    fwrite(text.p, 1, text.n, stdout);
    sk_buf_finish(&text);
    return 0;
}

const struct sk_cli_command sk_cli_man = {
    .name = "man",
    .brief = "the manual page",
    .text = "Prints the manual page as man reads it.",
    .example = "skiff man | man -l -",
    .run = run,
};
