/* skiff tls new, show: the boat's own certificate authority, and certificates for this server. */
#include "tls/keys.h"

#include "base/json.h"
#include "cli/cli.h"
#include "store/config_dir.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>

#define AUTHORITY_DAYS 3650u
#define SERVER_DAYS 820u    /* phones refuse certificates for more than 825 days */
#define SERVER_DAYS_MAX 824 /* and the day before it begins */

static const struct sk_cli_option new_options[] = {
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { "name", "NAME", "a name or address the server is reached by; may be repeated", .repeats = true },
    { "days", "N", "how long the certificate is good for (default: 820)" },
    { NULL },
};

static const struct sk_cli_option show_options[] = {
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { NULL },
};

static int say(const struct sk_cli_args *a, const struct sk_errmsg *em)
{
    fprintf(stderr, "skiff tls %s: %s\n", a->command->name, em->text);
    return 1;
}

/* ---- new ---------------------------------------------------------------------------------------------------------------------
 */

/* What was bought or made elsewhere is not thrown away. */
static int keep_old(const char *dir, const char *name, struct sk_errmsg *em)
{
    char old[64];
    snprintf(old, sizeof old, "%s.old", name);
    SK_CLEANUP(sk_freep) char *from = sk_fs_path(dir, name);
    SK_CLEANUP(sk_freep) char *to = sk_fs_path(dir, old);
    return sk_fs_is_file(from) ? sk_fs_rename(from, to, em) : 0;
}

/* The one that is there, else a new one: what phones have installed once goes on to be good. */
static int authority(const char *dir, const char *common_name, struct sk_cert_pair *ret, bool *ret_made, struct sk_errmsg *em)
{
    sk_buf_init(&ret->certificate, SK_CERT_PEM_MAX);
    sk_buf_init(&ret->key, SK_CERT_PEM_MAX);
    int r = sk_keys_read(dir, SK_KEYS_AUTHORITY, &ret->certificate, em);
    if (r == 0)
        r = sk_keys_read(dir, SK_KEYS_AUTHORITY_KEY, &ret->key, em);
    *ret_made = r == SK_ERR_NOTFOUND && ret->certificate.n == 0;
    if (!*ret_made)
        return r;
    r = sk_cert_make_authority(common_name, AUTHORITY_DAYS, ret, em);
    if (r == 0)
        r = sk_keys_write(dir, SK_KEYS_AUTHORITY_KEY, &ret->key, em);
    return r < 0 ? r : sk_keys_write(dir, SK_KEYS_AUTHORITY, &ret->certificate, em);
}

static int put_in_place(const char *dir, const struct sk_cert_pair *pair, struct sk_errmsg *em)
{
    static const char *const replaced[] = { SK_KEYS_CHAIN, SK_KEYS_CERTIFICATE, SK_KEYS_KEY };
    int r = 0;
    for (size_t i = 0; r == 0 && i < SK_COUNT(replaced); i++)
        r = keep_old(dir, replaced[i], em);
    if (r == 0)
        r = sk_keys_write(dir, SK_KEYS_KEY, &pair->key, em);
    return r < 0 ? r : sk_keys_write(dir, SK_KEYS_CERTIFICATE, &pair->certificate, em);
}

static void report(const char *dir, const struct sk_cert_names *names, bool made)
{
    printf("%s/%s: good for", dir, SK_KEYS_CERTIFICATE);
    for (size_t i = 0; i < names->count; i++)
        printf(" %s", names->names[i]);
    printf("\nsigned by the %s authority %s/%s\n\n", made ? "new" : "boat's", dir, SK_KEYS_AUTHORITY);
    printf("A running server uses it at once. To switch HTTPS on: \"ssl\": true in settings.json, then restart.\n"
           "To trust it on a phone: open http://%s:3000/skiff/ca there.\n",
           names->names[0]);
}

static int make(const char *dir, const struct sk_cert_names *names, unsigned days, struct sk_errmsg *em)
{
    struct sk_cert_pair ca, own = { 0 };
    char common_name[64];
    bool made;
    snprintf(common_name, sizeof common_name, "Boat of %.50s", names->names[0]);
    int r = sk_fs_mkdirs(dir, 0755, em);
    if (r < 0)
        return r;
    r = authority(dir, common_name, &ca, &made, em);
    if (r == 0)
        r = sk_cert_issue(&ca, names, days, &own, em);
    if (r == 0)
        r = put_in_place(dir, &own, em);
    if (r == 0)
        report(dir, names, made);
    sk_cert_wipe(&ca);
    sk_cert_wipe(&own);
    return r;
}

/* The names that were given, and this computer's own. */
static int choose_names(const struct sk_cli_args *a, struct sk_cert_names *ret, char *own[SK_CERT_NAMES_MAX], size_t *ret_own,
                        struct sk_errmsg *em)
{
    const char *name;
    *ret_own = 0;
    for (size_t i = 0; (name = sk_cli_nth(a, "name", i)) != NULL; i++) {
        if (!sk_cert_name_ok(name))
            return sk_errmsg_set(em, SK_ERR_INVALID, "--name: '%.100s' is neither a host name nor an address", name);
        if (ret->count == SK_CERT_NAMES_MAX)
            return sk_errmsg_set(em, SK_ERR_LIMIT, "--name: at most %u", SK_CERT_NAMES_MAX);
        ret->names[ret->count++] = name;
    }
    *ret_own = sk_keys_own_names(own);
    for (size_t i = 0; i < *ret_own && ret->count < SK_CERT_NAMES_MAX; i++)
        ret->names[ret->count++] = own[i];
    return 0;
}

static int run_new(const struct sk_cli_args *a)
{
    struct sk_errmsg em;
    SK_CLEANUP(sk_freep) char *dir = NULL;
    struct sk_cert_names names = { .count = 0 };
    char *own[SK_CERT_NAMES_MAX];
    size_t own_count;
    int64_t days = SERVER_DAYS;
    if (sk_cli_has(a, "days") && !sk_parse_int(sk_span_of(sk_cli_value(a, "days")), 1, SERVER_DAYS_MAX, &days))
        return sk_cli_complain(a->command, "--days: a number from 1 to %d", SERVER_DAYS_MAX);
    int r = choose_names(a, &names, own, &own_count, &em);
    if (r == 0)
        r = sk_config_dir_find(sk_cli_value(a, "config"), &dir, &em);
    if (r == 0)
        r = make(dir, &names, (unsigned)days, &em);
    for (size_t i = 0; i < own_count; i++)
        free(own[i]);
    return r < 0 ? say(a, &em) : 0;
}

const struct sk_cli_command sk_cli_tls_new = {
    .group = "tls",
    .name = "new",
    .brief = "make a certificate that phones can trust",
    .text = "Makes the boat's certificate authority, when there is none, and a certificate\nfor this server signed by it, for "
            "its names "
            "and addresses. What was there is kept\nwith .old behind its name.",
    .example = "skiff tls new --name plover.local --name 10.10.10.1",
    .options = new_options,
    .run = run_new,
};

/* ---- show --------------------------------------------------------------------------------------------------------------------
 */

static int show(const char *dir, const char *name, struct sk_errmsg *em)
{
    struct sk_buf text;
    struct sk_cert_info info;
    sk_buf_init(&text, SK_CERT_PEM_MAX);
    int r = sk_keys_read(dir, name, &text, em);
    if (r == 0 && (r = sk_cert_read(sk_buf_span(&text), &info, em)) < 0)
        sk_errmsg_wrap(em, r, "%s/%s", dir, name);
    if (r == 0)
        printf("%s/%s\n  good until   %s\n  fingerprint  %s\n", dir, name, info.until, info.fingerprint);
    if (r == 0 && info.names[0] != '\0')
        printf("  for          %s\n", info.names);
    sk_buf_finish(&text);
    return r;
}

static int run_show(const struct sk_cli_args *a)
{
    struct sk_errmsg em;
    SK_CLEANUP(sk_freep) char *dir = NULL;
    int r = sk_config_dir_find(sk_cli_value(a, "config"), &dir, &em);
    if (r == 0)
        r = show(dir, SK_KEYS_CERTIFICATE, &em);
    if (r == 0 && (r = show(dir, SK_KEYS_AUTHORITY, &em)) == SK_ERR_NOTFOUND)
        r = 0;
    return r < 0 ? say(a, &em) : 0;
}

const struct sk_cli_command sk_cli_tls_show = {
    .group = "tls",
    .name = "show",
    .brief = "names, end and fingerprint of the certificates",
    .text = "Shows the server's certificate and the boat's authority. Compare the\nfingerprint with what a phone shows before it "
            "trusts them.",
    .example = "skiff tls show",
    .options = show_options,
    .run = run_show,
};
