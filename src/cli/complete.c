/* Completion for bash and zsh, from the table. Each script stands alone: it asks nothing of the program. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX ((size_t)256 * 1024)

/* "plugin check"; the server: "" */
static void write_key(struct sk_buf *out, const struct sk_cli_command *c)
{
    if (c->group != NULL)
        sk_buf_printf(out, "%s ", c->group);
    if (c->name != NULL)
        sk_buf_text(out, c->name);
}

/* Names of a group's commands; NULL: the commands of one word. */
static void write_words(struct sk_buf *out, const char *group)
{
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++)
        if (sk_cli_is_in(sk_cli_commands[i], group))
            sk_buf_printf(out, "%s ", sk_cli_commands[i]->name);
}

static void write_first_words(struct sk_buf *out)
{
    for (const struct sk_cli_group *g = sk_cli_groups; g->name != NULL; g++)
        sk_buf_printf(out, "%s ", g->name);
    write_words(out, NULL);
}

static void write_choices(struct sk_buf *out, struct sk_span rest, char between)
{
    struct sk_span one;
    for (bool first = true; sk_cli_next_choice(&rest, &one); first = false)
        sk_buf_printf(out, "%.*s%.*s", !first, &between, (int)one.n, one.p);
}

/* ---- bash -------------------------------------------------------------------------------------------------------------------
 */

static void bash_offer(struct sk_buf *out, struct sk_cli_place place)
{
    if (place.kind == SK_CLI_CHOICE) {
        SK_BUF_LIT(out, "words=\"");
        write_choices(out, place.text, ' ');
        SK_BUF_LIT(out, "\"");
    } else {
        sk_buf_text(out, place.kind == SK_CLI_FILES ? "files=-f" : place.kind == SK_CLI_FOLDERS ? "files=-d" : ":");
    }
}

/* What may follow an option: case rows "COMMAND:--option)". */
static void bash_values(struct sk_buf *out, const struct sk_cli_command *c)
{
    for (const struct sk_cli_option *o = c->options; o != NULL && o->name != NULL; o++) {
        if (o->value == NULL)
            continue;
        SK_BUF_LIT(out, "    \"");
        write_key(out, c);
        sk_buf_printf(out, ":--%s\"", o->name);
        if (o->letter != 0) {
            SK_BUF_LIT(out, " | \"");
            write_key(out, c);
            sk_buf_printf(out, ":-%c\"", o->letter);
        }
        SK_BUF_LIT(out, ") ");
        bash_offer(out, sk_cli_value_place(o));
        SK_BUF_LIT(out, " ;;\n");
    }
}

/* What a command takes: case rows "COMMAND)". All places are offered at once; the shell cannot know which one is meant. */
static void bash_command(struct sk_buf *out, const struct sk_cli_command *c)
{
    struct sk_span rest = sk_span_of(c->words);
    struct sk_cli_place place;
    SK_BUF_LIT(out, "        \"");
    write_key(out, c);
    SK_BUF_LIT(out, "\")\n            options=\"");
    for (const struct sk_cli_option *o = c->options; o != NULL && o->name != NULL; o++)
        sk_buf_printf(out, "--%s ", o->name);
    SK_BUF_LIT(out, "--help\"\n");
    while (sk_cli_next_place(&rest, &place)) {
        if (place.kind == SK_CLI_ANYTHING)
            continue;
        SK_BUF_LIT(out, "            ");
        bash_offer(out, place);
        SK_BUF_LIT(out, "\n");
    }
    if (c->name == NULL) {
        SK_BUF_LIT(out, "            words=\"");
        write_first_words(out);
        SK_BUF_LIT(out, "\"\n");
    }
    SK_BUF_LIT(out, "            ;;\n");
}

static void write_bash(struct sk_buf *out)
{
    SK_BUF_LIT(out, "# bash completion for skiff, made by: skiff completion bash\n"
                    "_skiff() {\n"
                    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= words= options= files=\n"
                    "    [ \"$prev\" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
                    "    [ \"$cur\" = = ] && prev=${COMP_WORDS[COMP_CWORD-1]} && cur=\n"
                    "    if [ \"$COMP_CWORD\" -gt 1 ] && [[ ${COMP_WORDS[1]} != -* ]]; then\n"
                    "        command=${COMP_WORDS[1]}\n"
                    "        case $command in\n        ");
    for (const struct sk_cli_group *g = sk_cli_groups; g->name != NULL; g++)
        sk_buf_printf(out, "%s%s", g == sk_cli_groups ? "" : " | ", g->name);
    SK_BUF_LIT(out, ")\n"
                    "            [ \"$COMP_CWORD\" -gt 2 ] && command=\"$command ${COMP_WORDS[2]}\" ;;\n"
                    "        esac\n"
                    "    fi\n"
                    "    case \"$command:$prev\" in\n");
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++)
        bash_values(out, sk_cli_commands[i]);
    SK_BUF_LIT(out, "    *)\n        case $command in\n");
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++)
        bash_command(out, sk_cli_commands[i]);
    for (const struct sk_cli_group *g = sk_cli_groups; g->name != NULL; g++) {
        sk_buf_printf(out, "        \"%s\")\n            options=--help\n            words=\"", g->name);
        write_words(out, g->name);
        SK_BUF_LIT(out, "\"\n            ;;\n");
    }
    SK_BUF_LIT(out, "        esac\n"
                    "        ;;\n"
                    "    esac\n"
                    "    [[ $cur == -* ]] && words=$options files=\n"
                    "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; [ -z \"$files\" ] || compgen \"$files\" -- "
                    "\"$cur\")\n"
                    "    [ -z \"$files\" ] || compopt -o filenames 2>/dev/null\n"
                    "}\n"
                    "complete -F _skiff skiff\n");
}

/* ---- zsh --------------------------------------------------------------------------------------------------------------------
 */

/* Inside '...' and between colons and brackets of a specification. */
static void zsh_escaped(struct sk_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            SK_BUF_LIT(out, "'\\'");
        else if (strchr("[]:\\", *text) != NULL)
            sk_buf_char(out, '\\');
        sk_buf_char(out, *text);
    }
}

/* ":NAME:what to do" */
static void zsh_offer(struct sk_buf *out, struct sk_cli_place place)
{
    sk_buf_char(out, ':');
    if (place.kind == SK_CLI_CHOICE) {
        SK_BUF_LIT(out, "one of:(");
        write_choices(out, place.text, ' ');
        SK_BUF_LIT(out, ")");
        return;
    }
    sk_buf_span_append(out, place.text);
    sk_buf_text(out, place.kind == SK_CLI_FILES ? ":_files" : place.kind == SK_CLI_FOLDERS ? ":_files -/" : ": ");
}

static void zsh_option(struct sk_buf *out, const struct sk_cli_option *o)
{
    SK_BUF_LIT(out, " \\\n            ");
    if (o->repeats)
        sk_buf_printf(out, "'*--%s", o->name);
    else if (o->letter != 0)
        sk_buf_printf(out, "'(-%c --%s)'{-%c,--%s}'", o->letter, o->name, o->letter, o->name);
    else
        sk_buf_printf(out, "'--%s", o->name);
    SK_BUF_LIT(out, "[");
    zsh_escaped(out, o->text);
    SK_BUF_LIT(out, "]");
    if (o->value != NULL)
        zsh_offer(out, sk_cli_value_place(o));
    SK_BUF_LIT(out, "'");
}

static void zsh_arguments(struct sk_buf *out, const struct sk_cli_command *c)
{
    struct sk_span rest = sk_span_of(c->words);
    struct sk_cli_place place;
    SK_BUF_LIT(out, "        _arguments -s");
    for (const struct sk_cli_option *o = c->options; o != NULL && o->name != NULL; o++)
        zsh_option(out, o);
    SK_BUF_LIT(out, " \\\n            '(-h --help)'{-h,--help}'[print help]'");
    while (sk_cli_next_place(&rest, &place)) {
        sk_buf_printf(out, " \\\n            '%s%s", place.repeats ? "*" : "", place.optional && !place.repeats ? ":" : "");
        zsh_offer(out, place);
        SK_BUF_LIT(out, "'");
    }
    SK_BUF_LIT(out, "\n");
}

static void zsh_names(struct sk_buf *out, const struct sk_cli_group *g)
{
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++) {
        const struct sk_cli_command *c = sk_cli_commands[i];
        if (!sk_cli_is_in(c, g != NULL ? g->name : NULL))
            continue;
        sk_buf_printf(out, " '%s:", c->name);
        zsh_escaped(out, c->brief);
        SK_BUF_LIT(out, "'");
    }
}

static void zsh_group(struct sk_buf *out, const struct sk_cli_group *g)
{
    sk_buf_printf(out, "    %s)\n        if (( CURRENT == 3 )); then\n            local -a names=(", g->name);
    zsh_names(out, g);
    SK_BUF_LIT(out, ")\n            _describe command names\n            return\n        fi\n        ;;\n");
}

static void write_zsh(struct sk_buf *out)
{
    SK_BUF_LIT(out, "#compdef skiff\n"
                    "# zsh completion for skiff, made by: skiff completion zsh\n"
                    "_skiff() {\n"
                    "    local command=\n"
                    "    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
                    "        local -a names=(");
    for (const struct sk_cli_group *g = sk_cli_groups; g->name != NULL; g++) {
        sk_buf_printf(out, " '%s:", g->name);
        zsh_escaped(out, g->brief);
        SK_BUF_LIT(out, "'");
    }
    zsh_names(out, NULL);
    SK_BUF_LIT(out, ")\n"
                    "        _describe command names\n"
                    "        return\n"
                    "    fi\n"
                    "    [[ $words[2] != -* ]] && command=$words[2]\n"
                    "    case $command in\n");
    for (const struct sk_cli_group *g = sk_cli_groups; g->name != NULL; g++)
        zsh_group(out, g);
    SK_BUF_LIT(out, "    esac\n    local -i skip=0\n    case $command in\n    ");
    for (const struct sk_cli_group *g = sk_cli_groups; g->name != NULL; g++)
        sk_buf_printf(out, "%s%s", g == sk_cli_groups ? "" : " | ", g->name);
    SK_BUF_LIT(out, ") command=\"$command $words[3]\" skip=2 ;;\n"
                    "    ?*) skip=1 ;;\n"
                    "    esac\n"
                    "    words=(\"${(@)words[1+skip,-1]}\")\n"
                    "    (( CURRENT -= skip ))\n"
                    "    case $command in\n");
    for (size_t i = 0; sk_cli_commands[i] != NULL; i++) {
        SK_BUF_LIT(out, "    '");
        write_key(out, sk_cli_commands[i]);
        SK_BUF_LIT(out, "')\n");
        zsh_arguments(out, sk_cli_commands[i]);
        SK_BUF_LIT(out, "        ;;\n");
    }
    SK_BUF_LIT(out, "    esac\n}\n"
                    "if [[ $funcstack[1] == _skiff ]]; then\n"
                    "    _skiff \"$@\"\n"
                    "else\n"
                    "    compdef _skiff skiff\n"
                    "fi\n");
}

/* ---- skiff completion -------------------------------------------------------------------------------------------------------
 */

static int run(const struct sk_cli_args *a)
{
    struct sk_buf text;
    sk_buf_init(&text, TEXT_MAX);
    if (strcmp(sk_cli_word(a, 0), "bash") == 0)
        write_bash(&text);
    else
        write_zsh(&text);
    SK_ASSERT(sk_buf_ok(&text));
    fwrite(text.p, 1, text.n, stdout);
    sk_buf_finish(&text);
    return 0;
}

const struct sk_cli_command sk_cli_completion = {
    .name = "completion",
    .words = "bash|zsh",
    .brief = "completion of commands and options for a shell",
    .text = "Prints a script that completes skiff's commands and options, also the names of files and folders where they are "
            "wanted. For good: bash in ~/.bashrc, zsh as the file _skiff in a folder of $fpath.",
    .example = "source <(skiff completion bash)",
    .run = run,
};
