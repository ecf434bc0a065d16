/* A command line, read by the row of its command. */
#include "base/nearest.h"
#include "cli/command.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define LONG 256 /* getopt's values of long options begin here; below are letters */

/* ---- words of a row ---------------------------------------------------------------------------------------------------------
 */

static enum sk_cli_kind kind_of(struct sk_span text)
{
    bool lower = false, bar = memchr(text.p, '|', text.n) != NULL;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= 'A' && text.p[i] <= 'Z')
            return sk_span_holds(text, "FILE") || sk_span_holds(text, "TARBALL") ? SK_CLI_FILES
                   : sk_span_holds(text, "FOLDER")                               ? SK_CLI_FOLDERS
                                                                                 : SK_CLI_ANYTHING;
        lower = true;
    }
    return lower && bar ? SK_CLI_CHOICE : SK_CLI_ANYTHING;
}

bool sk_cli_next_place(struct sk_span *rest, struct sk_cli_place *ret)
{
    while (rest->n > 0 && *rest->p == ' ') {
        rest->p++;
        rest->n--;
    }
    if (rest->n == 0)
        return false;
    const char *blank = memchr(rest->p, ' ', rest->n);
    struct sk_span word = { rest->p, blank != NULL ? (size_t)(blank - rest->p) : rest->n };
    rest->p += word.n;
    rest->n -= word.n;
    *ret = (struct sk_cli_place){ 0 };
    ret->optional = *word.p == '[';
    if (ret->optional)
        word = (struct sk_span){ word.p + 1, word.n - 2 };
    ret->repeats = word.n > 3 && memcmp(word.p + word.n - 3, "...", 3) == 0;
    if (ret->repeats)
        word.n -= 3;
    ret->text = word;
    ret->kind = kind_of(word);
    return true;
}

struct sk_cli_place sk_cli_value_place(const struct sk_cli_option *o)
{
    struct sk_span text = sk_span_of(o->value);
    return (struct sk_cli_place){ .text = text, .kind = kind_of(text) };
}

bool sk_cli_next_choice(struct sk_span *rest, struct sk_span *ret)
{
    if (rest->n == 0)
        return false;
    const char *bar = memchr(rest->p, '|', rest->n);
    size_t n = bar != NULL ? (size_t)(bar - rest->p) : rest->n, skip = bar != NULL ? n + 1 : n;
    *ret = (struct sk_span){ rest->p, n };
    rest->p += skip;
    rest->n -= skip;
    return true;
}

static int check_choice(const char *what, struct sk_cli_place place, const char *value, struct sk_errmsg *em)
{
    struct sk_span rest = place.text, one;
    if (place.kind != SK_CLI_CHOICE)
        return 0;
    while (sk_cli_next_choice(&rest, &one))
        if (sk_span_eq(one, value))
            return 0;
    return sk_errmsg_set(em, SK_ERR_INVALID, "%s '%s' is none of %.*s", what, value, (int)place.text.n, place.text.p);
}

/* ---- options ----------------------------------------------------------------------------------------------------------------
 */

static size_t count_options(const struct sk_cli_command *c)
{
    size_t n = 0;
    while (c->options != NULL && c->options[n].name != NULL)
        n++;
    SK_ASSERT(n < SK_CLI_OPTIONS_MAX);
    return n;
}

struct getopt_words {
    struct option longs[SK_CLI_OPTIONS_MAX + 2];
    char letters[2 * SK_CLI_OPTIONS_MAX + 4];
    size_t help; /* its index behind the command's own */
};

static void describe(const struct sk_cli_command *c, struct getopt_words *w)
{
    size_t n = count_options(c), at = 0;
    w->letters[at++] = ':';
    for (size_t i = 0; i < n; i++) {
        const struct sk_cli_option *o = &c->options[i];
        int takes = o->value != NULL ? required_argument : no_argument;
        w->longs[i] = (struct option){ o->name, takes, NULL, LONG + (int)i };
        if (o->letter == 0)
            continue;
        w->letters[at++] = o->letter;
        if (o->value != NULL)
            w->letters[at++] = ':';
    }
    w->help = n;
    w->longs[n] = (struct option){ "help", no_argument, NULL, LONG + (int)n };
    w->longs[n + 1] = (struct option){ 0 };
    w->letters[at++] = 'h';
    w->letters[at] = '\0';
}

static const struct sk_cli_option *by_letter(const struct sk_cli_command *c, int letter)
{
    for (const struct sk_cli_option *o = c->options; o != NULL && o->name != NULL; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

/* `typed` begins with "--". */
static int refuse_long(const struct getopt_words *w, const char *typed, struct sk_errmsg *em)
{
    const char *names[SK_CLI_OPTIONS_MAX + 2], *begins = NULL;
    size_t n = strcspn(typed + 2, "="), count = 0, same = 0;
    for (; w->longs[count].name != NULL; count++) {
        names[count] = w->longs[count].name;
        if (strncmp(names[count], typed + 2, n) == 0) {
            begins = names[count];
            same++;
        }
    }
    names[count] = NULL;
    const char *near = same == 1 ? begins : sk_nearest_name(typed + 2, n, names);
    if (same > 1)
        return sk_errmsg_set(em, SK_ERR_INVALID, "option %s can mean several; write all of --%s", typed, begins);
    if (near != NULL)
        return sk_errmsg_set(em, SK_ERR_INVALID, "unknown option %.*s; did you mean --%s?", (int)n + 2, typed, near);
    return sk_errmsg_set(em, SK_ERR_INVALID, "unknown option %.*s", (int)n + 2, typed);
}

static int refuse(const struct getopt_words *w, int what, const char *typed, struct sk_errmsg *em)
{
    if (what == ':')
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s needs a value", typed);
    if (optopt >= LONG)
        return sk_errmsg_set(em, SK_ERR_INVALID, "--%s takes no value", w->longs[optopt - LONG].name);
    if (optopt != 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "unknown option -%c", optopt);
    return refuse_long(w, typed, em);
}

static int take(struct sk_cli_args *a, const struct sk_cli_option *o, const char *value, struct sk_errmsg *em)
{
    char name[64];
    if (a->given_count == SK_CLI_GIVEN_MAX)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "more than %d options", SK_CLI_GIVEN_MAX);
    a->given[a->given_count++] = (struct sk_cli_given){ o, value };
    snprintf(name, sizeof name, "--%s", o->name);
    return value != NULL ? check_choice(name, sk_cli_value_place(o), value, em) : 0;
}

/* ---- words ------------------------------------------------------------------------------------------------------------------
 */

static int check_words(const struct sk_cli_args *a, struct sk_errmsg *em)
{
    struct sk_span rest = sk_span_of(a->command->words);
    struct sk_cli_place place;
    size_t at = 0;
    while (sk_cli_next_place(&rest, &place)) {
        if (at == a->word_count && !place.optional)
            return sk_errmsg_set(em, SK_ERR_INVALID, "%.*s is missing", (int)place.text.n, place.text.p);
        for (bool more = at < a->word_count; more; more = place.repeats && at < a->word_count) {
            int r = check_choice("the word", place, a->words[at++], em);
            if (r < 0)
                return r;
        }
    }
    if (at < a->word_count)
        return sk_errmsg_set(em, SK_ERR_INVALID, "unknown word '%s'", a->words[at]);
    return 0;
}

int sk_cli_parse(const struct sk_cli_command *c, int argc, char **argv, struct sk_cli_args *ret_args, struct sk_errmsg *em)
{
    struct sk_cli_args a = { .command = c };
    struct getopt_words w;
    int r = 0;
    describe(c, &w);
    optind = 0; /* from the start, and glibc forgets what it knew of another command line */
    opterr = 0;
    for (int opt; r == 0 && (opt = getopt_long(argc, argv, w.letters, w.longs, NULL)) != -1;) {
        if (opt == '?' || opt == ':')
            r = refuse(&w, opt, argv[optind - 1], em);
        else if (opt == 'h' || (size_t)opt == LONG + w.help)
            a.help = true;
        else
            r = take(&a, opt >= LONG ? &c->options[opt - LONG] : by_letter(c, opt), optarg, em);
    }
    a.words = argv + optind;
    a.word_count = (size_t)(argc - optind);
    if (r == 0 && !a.help)
        r = check_words(&a, em);
    if (r == 0)
        *ret_args = a;
    return r;
}

/* ---- what was typed ---------------------------------------------------------------------------------------------------------
 */

bool sk_cli_takes(const struct sk_cli_command *c, const char *option)
{
    for (const struct sk_cli_option *o = c->options; o != NULL && o->name != NULL; o++)
        if (strcmp(o->name, option) == 0)
            return true;
    return false;
}

const char *sk_cli_nth(const struct sk_cli_args *a, const char *option, size_t n)
{
    SK_ASSERT(sk_cli_takes(a->command, option));
    for (size_t i = 0; i < a->given_count; i++)
        if (strcmp(a->given[i].option->name, option) == 0 && n-- == 0)
            return a->given[i].value;
    return NULL;
}

bool sk_cli_has(const struct sk_cli_args *a, const char *option)
{
    SK_ASSERT(sk_cli_takes(a->command, option));
    for (size_t i = 0; i < a->given_count; i++)
        if (strcmp(a->given[i].option->name, option) == 0)
            return true;
    return false;
}

const char *sk_cli_value(const struct sk_cli_args *a, const char *option)
{
    const char *value = NULL;
    SK_ASSERT(sk_cli_takes(a->command, option));
    for (size_t i = 0; i < a->given_count; i++)
        if (strcmp(a->given[i].option->name, option) == 0)
            value = a->given[i].value;
    return value;
}

const char *sk_cli_word(const struct sk_cli_args *a, size_t n)
{
    return n < a->word_count ? a->words[n] : NULL;
}
