/*
 * The table of commands: reading the command line, --help, shell completion and the manual page all come from it.
 *
 * How to add a command:
 *   1. In a file of its own (plugin_pack.c) fill in a `const struct sk_cli_command sk_cli_plugin_pack`, its options beside it.
 *   2. Declare it in cli.h, list it in commands.c where help shall show it. A new first word also gets a row in `sk_cli_groups`.
 * Nothing else: the words and options reach `run` checked against the row, `--help` and `-h` are answered before. Texts are plain
 * ASCII; help has to fit 24 lines of 80 columns (tests/scenario/test_cli_help.py looks at every command).
 *
 * Placeholders of words and values say what may stand there, and completion follows: one with FILE in it completes files, with
 * FOLDER folders, lower-case words with bars between them (`bash|zsh`) are offered, and of an option's value nothing else is
 * accepted. `[WORD]` may be left out, `WORD...` may be repeated.
 *
 * Owner: main thread. All of the table is constant and static.
 */
#ifndef SK_CLI_COMMAND_H
#define SK_CLI_COMMAND_H

#include "base/buf.h"
#include "base/err.h"

#define SK_CLI_GIVEN_MAX 64
#define SK_CLI_OPTIONS_MAX 40
#define SK_CLI_BAD_USAGE 2 /* exit status of every command that was not understood */

struct sk_cli_args;

struct sk_cli_option {
    const char *name;  /* "json": --json */
    const char *value; /* placeholder of its value; NULL: it has none */
    const char *text;  /* what it does, one line */
    char letter;       /* 'j': -j as well; 0: none */
    bool repeats;      /* each one given counts (sk_cli_nth), otherwise the last */
    bool rare;         /* in the manual, not in --help */
};

struct sk_cli_command {
    const char *group, *name; /* "plugin", "check"; a command of one word has no group; the server itself has neither */
    const char *words;        /* "FOLDER|FILE.wasm"; NULL: none */
    const char *brief;        /* in lists; no full stop */
    const char *text;         /* a few sentences */
    const char *example;      /* one or two command lines */
    const char *ends;         /* "Ends with 0 when ..."; NULL: 0 or 1 as usual */
    const struct sk_cli_option *options;     /* ends with a row without name; NULL: none but --help */
    int (*run)(const struct sk_cli_args *a); /* exit status; NULL: the server, which main() runs */
};

/* Of that group; NULL: a command of one word, which the server is not. */
bool sk_cli_is_in(const struct sk_cli_command *c, const char *group);

struct sk_cli_group {
    const char *name, *brief;
};

struct sk_cli_variable { /* of the environment */
    const char *name, *text;
};

extern const struct sk_cli_command *const sk_cli_commands[]; /* the server first; ends with NULL */
extern const struct sk_cli_group sk_cli_groups[];            /* ends with a row without name */
extern const struct sk_cli_variable sk_cli_variables[];      /* the same */

/* ---- what was typed (args.c) ------------------------------------------------------------------------------------------------
 */
struct sk_cli_args {
    const struct sk_cli_command *command;
    char **words;
    size_t word_count, given_count;
    bool help;
    struct sk_cli_given {
        const struct sk_cli_option *option;
        const char *value;
    } given[SK_CLI_GIVEN_MAX];
};

/* argv[0] is the word before the first argument. Reorders argv, and keeps pointers into it. SK_ERR_INVALID says which word is
   wrong, and which was meant. */
int sk_cli_parse(const struct sk_cli_command *c, int argc, char **argv, struct sk_cli_args *ret_args, struct sk_errmsg *em);

bool sk_cli_takes(const struct sk_cli_command *c, const char *option); /* it is one of the command's */
/* The option has to be one of the command's. */
bool sk_cli_has(const struct sk_cli_args *a, const char *option);
const char *sk_cli_value(const struct sk_cli_args *a, const char *option);         /* the last one given; NULL: none */
const char *sk_cli_nth(const struct sk_cli_args *a, const char *option, size_t n); /* NULL: there are no more */
const char *sk_cli_word(const struct sk_cli_args *a, size_t n);                    /* NULL: there are no more */

/* "skiff plugin check: ..." and where help is, on standard error; returns SK_CLI_BAD_USAGE. */
int sk_cli_complain(const struct sk_cli_command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- words of a row ---------------------------------------------------------------------------------------------------------
 */
enum sk_cli_kind { SK_CLI_ANYTHING, SK_CLI_FILES, SK_CLI_FOLDERS, SK_CLI_CHOICE };
struct sk_cli_place {    /* one word of `words`, or the value of an option */
    struct sk_span text; /* without brackets and dots */
    enum sk_cli_kind kind;
    bool optional, repeats;
};
/* Takes the next one from *rest; false: that was all. */
bool sk_cli_next_place(struct sk_span *rest, struct sk_cli_place *ret);
struct sk_cli_place sk_cli_value_place(const struct sk_cli_option *o); /* of an option that takes a value */
bool sk_cli_next_choice(struct sk_span *rest, struct sk_span *ret);    /* "bash|zsh", one at a time */

/* ---- what is made from the table --------------------------------------------------------------------------------------------
 */
void sk_cli_write_title(struct sk_buf *out, const struct sk_cli_command *c); /* "skiff plugin check" */
void sk_cli_write_help(struct sk_buf *out, const struct sk_cli_command *c);
void sk_cli_write_group_help(struct sk_buf *out, const struct sk_cli_group *g);

#endif
