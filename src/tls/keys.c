#include "tls/keys.h"

#include "base/log.h"
#include "store/fs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- who we are ---- */

static size_t add(char *names[SK_CERT_NAMES_MAX], size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return n;
    if (n == SK_CERT_NAMES_MAX || !sk_cert_name_ok(name))
        return n;
    names[n] = sk_xstrdup(name);
    return n + 1;
}

static size_t add_addresses(char *names[SK_CERT_NAMES_MAX], size_t n)
{
    struct ifaddrs *all = NULL;
    char text[INET6_ADDRSTRLEN];
    if (getifaddrs(&all) < 0)
        return n;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
        const struct sockaddr *a = i->ifa_addr;
        const void *bytes = NULL;
        if (a != NULL && a->sa_family == AF_INET)
            bytes = &((const struct sockaddr_in *)(const void *)a)->sin_addr;
        else if (a != NULL && a->sa_family == AF_INET6)
            bytes = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
        if (bytes != NULL && inet_ntop(a->sa_family, bytes, text, sizeof text) != NULL)
            n = add(names, n, text);
    }
    freeifaddrs(all);
    return n;
}

size_t sk_keys_own_names(char *ret_names[SK_CERT_NAMES_MAX])
{
    char own[240] = "", local[256];
    size_t n = 0;
    (void)gethostname(own, sizeof own - 1);
    snprintf(local, sizeof local, "%s.local", own);
    n = add(ret_names, n, own[0] != '\0' ? own : "localhost");
    if (strchr(own, '.') == NULL)
        n = add(ret_names, n, local);
    n = add(ret_names, n, "localhost");
    n = add(ret_names, n, "127.0.0.1");
    n = add(ret_names, n, "::1");
    return add_addresses(ret_names, n);
}

static int make(struct sk_cert_pair *pair, struct sk_errmsg *em)
{
    char *own[SK_CERT_NAMES_MAX];
    struct sk_cert_names names = { .count = sk_keys_own_names(own) };
    for (size_t i = 0; i < names.count; i++)
        names.names[i] = own[i];
    int r = sk_cert_make_self_signed(&names, SK_KEYS_SELF_SIGNED_DAYS, pair, em);
    for (size_t i = 0; i < names.count; i++)
        free(own[i]);
    return r;
}

/* ---- files ---- */

static void close_to_others(const char *file)
{
    struct stat st;
    if (stat(file, &st) < 0 || (st.st_mode & 077) == 0)
        return;
    if (chmod(file, 0600) == 0)
        sk_log_warn("TLS: others could read %s; now only its owner can", file);
    else
        sk_log_error("TLS: others can read %s, and that could not be changed: %s", file, strerror(errno));
}

int sk_keys_read(const char *dir, const char *name, struct sk_buf *out, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(dir, name);
    char *text;
    size_t n;
    int r = sk_fs_read(file, SK_CERT_PEM_MAX, &text, &n, em);
    if (r < 0)
        return r;
    close_to_others(file);
    sk_buf_append(out, text, n);
    explicit_bzero(text, n);
    free(text);
    return sk_buf_ok(out) ? 0 : sk_errmsg_set(em, SK_ERR_LIMIT, "%s: larger than a certificate can be", file);
}

int sk_keys_write(const char *dir, const char *name, const struct sk_buf *text, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(dir, name);
    return sk_fs_write_atomic(file, sk_buf_span(text), 0600, em);
}

/* A folder that cannot be written is no reason to do without TLS. */
static int make_and_keep(const char *dir, struct sk_cert_pair *pair, struct sk_errmsg *em)
{
    sk_cert_wipe(pair);
    int r = make(pair, em);
    if (r < 0)
        return r;
    struct sk_errmsg why;
    if (sk_keys_write(dir, SK_KEYS_KEY, &pair->key, &why) < 0 ||
        sk_keys_write(dir, SK_KEYS_CERTIFICATE, &pair->certificate, &why) < 0)
        sk_log_error("TLS: the new certificate is used, but not kept: %s", why.text);
    else
        sk_log_info("TLS: made a certificate that signs itself, %s/%s; browsers will warn of it (see skiff tls new)", dir,
                    SK_KEYS_CERTIFICATE);
    return 0;
}

static void init(struct sk_keys *k)
{
    sk_buf_init(&k->pair.certificate, SK_CERT_PEM_MAX);
    sk_buf_init(&k->pair.key, SK_CERT_PEM_MAX);
    sk_buf_init(&k->chain, SK_CERT_PEM_MAX);
}

int sk_keys_load(const char *dir, struct sk_keys *ret_keys, struct sk_errmsg *em)
{
    struct sk_errmsg key_em;
    init(ret_keys);
    int certificate = sk_keys_read(dir, SK_KEYS_CERTIFICATE, &ret_keys->pair.certificate, em);
    int key = sk_keys_read(dir, SK_KEYS_KEY, &ret_keys->pair.key, &key_em);
    if (certificate == SK_ERR_NOTFOUND && key == SK_ERR_NOTFOUND)
        return make_and_keep(dir, &ret_keys->pair, em);
    if (certificate == 0 && key < 0)
        *em = key_em;
    if (certificate < 0 || key < 0)
        return certificate < 0 ? certificate : key;
    int chain = sk_keys_read(dir, SK_KEYS_CHAIN, &ret_keys->chain, em);
    return chain == SK_ERR_NOTFOUND ? 0 : chain;
}

int sk_keys_temporary(struct sk_keys *ret_keys, struct sk_errmsg *em)
{
    init(ret_keys);
    return make(&ret_keys->pair, em);
}

void sk_keys_wipe(struct sk_keys *keys)
{
    sk_cert_wipe(&keys->pair);
    sk_buf_finish(&keys->chain);
}
