/* skiff token: a token for a user, as signalk-generate-token of the Node server makes it. */
#include "auth/token.h"

#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "store/config_dir.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)4 * 1024 * 1024)

static const struct sk_cli_option options[] = {
    { "user", "NAME", "whose token it is", .letter = 'u' },
    { "expiration", "TIME", "how long it is good for: NEVER, 60s, 10m, 1h, 1d, 1y", .letter = 'e' },
    { "security-file", "FILE", "security.json, which holds the key (default: the server's)", .letter = 's' },
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { NULL },
};

static bool has_user(const yyjson_val *security, const char *name)
{
    size_t i, n;
    yyjson_val *user;
    yyjson_arr_foreach(sk_json_get(security, "users"), i, n, user) {
        if (sk_span_eq(sk_json_str(sk_json_get(user, "username")), name))
            return true;
    }
    return false;
}

/* The file's key, else that of the environment, as the server has it. */
static struct sk_span key_of(const yyjson_val *security)
{
    struct sk_span kept = sk_json_str(sk_json_get(security, "secretKey"));
    const char *given = getenv("SECRETKEY");
    return kept.n > 0 || given == NULL ? kept : sk_span_of(given);
}

static int print(const char *file, const yyjson_val *security, const struct sk_claims *claims, struct sk_errmsg *em)
{
    struct sk_span key = key_of(security);
    struct sk_buf token;
    if (key.n == 0)
        return sk_errmsg_set(em, SK_ERR_INVALID, "%s holds no secretKey: it is made with the first user", file);
    if (!has_user(security, claims->subject))
        fprintf(stderr, "skiff token: %s has no user '%s' yet: until then the token opens nothing\n", file, claims->subject);
    sk_buf_init(&token, SK_TOKEN_MAX);
    int r = sk_token_issue(key, claims, &token, em);
    if (r == 0)
        printf("%.*s\n", (int)token.n, token.p);
    sk_buf_finish(&token);
    return r;
}

static int make(const char *file, const struct sk_claims *claims, struct sk_errmsg *em)
{
    char *text = NULL;
    size_t n = 0;
    yyjson_doc *doc = NULL;
    int r = sk_fs_read(file, FILE_MAX, &text, &n, em);
    if (r < 0)
        return r;
    r = sk_json_read((struct sk_span){ text, n }, &doc, em);
    if (r < 0)
        sk_errmsg_wrap(em, r, "%s", file);
    else
        r = print(file, yyjson_doc_get_root(doc), claims, em);
    yyjson_doc_free(doc);
    explicit_bzero(text, n);
    free(text);
    return r;
}

static int find_file(const struct sk_cli_args *a, char **ret_file, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *dir = NULL;
    const char *given = sk_cli_value(a, "security-file");
    int r = given == NULL ? sk_config_dir_find(sk_cli_value(a, "config"), &dir, em) : 0;
    if (r == 0)
        *ret_file = given != NULL ? sk_xstrdup(given) : sk_fs_path(dir, "security.json");
    return r;
}

static int run(const struct sk_cli_args *a)
{
    struct sk_errmsg em;
    struct sk_claims claims = { .iat_s = sk_clock_wall_ms() / 1000 };
    SK_CLEANUP(sk_freep) char *file = NULL;
    const char *name = sk_cli_value(a, "user"), *time = sk_cli_value(a, "expiration");
    int64_t life = 0;
    if (name == NULL || name[0] == '\0' || strlen(name) > SK_SUBJECT_MAX)
        return sk_cli_complain(a->command, "--user: a name of 1 to %u bytes", SK_SUBJECT_MAX);
    if (time == NULL)
        return sk_cli_complain(a->command, "--expiration: how long shall it be good for?");
    if (sk_timespan_parse(sk_span_of(time), &life, &em) < 0)
        return sk_cli_complain(a->command, "--expiration: %s", em.text);
    memcpy(claims.subject, name, strlen(name));
    claims.exp_s = life != 0 ? claims.iat_s + life : 0;
    int r = find_file(a, &file, &em);
    if (r == 0)
        r = make(file, &claims, &em);
    if (r < 0)
        fprintf(stderr, "skiff token: %s\n", em.text);
    return r < 0;
}

const struct sk_cli_command sk_cli_token = {
    .name = "token",
    .brief = "make a token for a user",
    .text =
        "Prints a token that says who its bearer is, for programs that cannot log in. What the user may do is looked up at each "
        "request; without the user it opens nothing.",
    .example = "skiff token -u logbook -e 1y",
    .options = options,
    .run = run,
};
