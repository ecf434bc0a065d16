#include "cli/peer.h"

#include "base/tls.h"
#include "store/fs.h"
#include "tls/keys.h"

#include <stdio.h>
#include <stdlib.h>

/* The boat's own authority, and a certificate that signs itself, are known to nobody else. */
static int trust_own(const char *config_dir, struct sk_errmsg *em)
{
    static const char *const names[] = { SK_KEYS_AUTHORITY, SK_KEYS_CERTIFICATE };
    int r = 0;
    for (size_t i = 0; r == 0 && i < SK_COUNT(names); i++) {
        SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, names[i]);
        r = sk_fs_is_file(file) ? sk_tls_also_trust(file, em) : 0;
    }
    return r;
}

static int of_folder(struct sk_cli_peer *ret, const char *config_dir, struct sk_errmsg *em)
{
    struct sk_run_address a;
    size_t n = 0;
    int r = sk_run_address_read(config_dir, &a, em);
    if (r < 0)
        return r;
    snprintf(ret->url, sizeof ret->url, "%s", a.url);
    if (a.certificate[0] == '\0')
        return 0;
    r = sk_fs_read(a.certificate, SK_CERT_PEM_MAX, &ret->owned, &n, em);
    if (r < 0)
        return sk_errmsg_wrap(em, SK_ERR_IO, "the certificate of the server at %s", a.url);
    ret->certificate = (struct sk_span){ ret->owned, n };
    return 0;
}

int sk_cli_peer_find(struct sk_cli_peer *ret, const char *config_dir, const char *url, const char *token, struct sk_errmsg *em)
{
    *ret = (struct sk_cli_peer){ .token = token != NULL ? token : getenv("SIGNALK_TOKEN") };
    if (url == NULL)
        return of_folder(ret, config_dir, em);
    if (strlen(url) >= sizeof ret->url)
        return sk_errmsg_set(em, SK_ERR_LIMIT, "that address is too long");
    snprintf(ret->url, sizeof ret->url, "%s", url);
    return strncmp(url, "https://", 8) == 0 ? trust_own(config_dir, em) : 0;
}

void sk_cli_peer_finish(struct sk_cli_peer *p)
{
    free(p->owned);
    *p = (struct sk_cli_peer){ .owned = NULL };
}
