#include "store/run_address.h"

#include "base/json.h"
#include "store/fs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_NAME "skiff-address.json"
#define FILE_MAX ((size_t)3 * PATH_MAX)

int sk_run_address_write(const char *config_dir, const char *host, unsigned port, const char *certificate, struct sk_errmsg *em)
{
    struct sk_buf b;
    char url[SK_RUN_ADDRESS_MAX];
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, FILE_NAME);
    if (host == NULL || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
        host = "127.0.0.1";
    bool six = strchr(host, ':') != NULL;
    snprintf(url, sizeof url, "%s://%s%.250s%s:%u", certificate != NULL ? "https" : "http", six ? "[" : "", host, six ? "]" : "",
             port);
    sk_buf_init(&b, FILE_MAX);
    sk_buf_printf(&b, "{\"pid\":%ld,\"url\":", (long)getpid());
    sk_json_write_str(&b, sk_span_of(url));
    SK_CLEANUP(sk_freep) char *path = certificate != NULL ? realpath(certificate, NULL) : NULL; /* commands run elsewhere */
    if (certificate != NULL) {
        SK_BUF_LIT(&b, ",\"certificate\":");
        sk_json_write_str(&b, sk_span_of(path != NULL ? path : certificate));
    }
    SK_BUF_LIT(&b, "}\n");
    int r = sk_fs_write_unsynced(file, sk_buf_span(&b), 0644, em);
    sk_buf_finish(&b);
    return r;
}

static bool runs(double pid)
{
    return pid >= 1 && pid <= 4194304 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

int sk_run_address_read(const char *config_dir, struct sk_run_address *ret_address, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, FILE_NAME);
    SK_CLEANUP(sk_freep) char *text = NULL;
    size_t n = 0;
    yyjson_doc *doc = NULL;
    int r = sk_fs_read(file, FILE_MAX, &text, &n, em);
    if (r == 0)
        r = sk_json_read((struct sk_span){ text, n }, &doc, em);
    const yyjson_val *root = yyjson_doc_get_root(doc);
    const char *url = sk_json_get_str(root, "url"), *certificate = sk_json_get_str(root, "certificate");
    if (r == 0 && (url == NULL || strlen(url) >= SK_RUN_ADDRESS_MAX || (certificate != NULL && strlen(certificate) >= PATH_MAX) ||
                   !runs(sk_json_get_number(root, "pid", 0))))
        r = SK_ERR_NOTFOUND;
    if (r == 0) {
        snprintf(ret_address->url, sizeof ret_address->url, "%s", url);
        snprintf(ret_address->certificate, sizeof ret_address->certificate, "%s", certificate != NULL ? certificate : "");
    }
    yyjson_doc_free(doc);
    return r < 0 ? sk_errmsg_set(em, SK_ERR_NOTFOUND, "no server runs on %s", config_dir) : 0;
}

void sk_run_address_remove(const char *config_dir)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, FILE_NAME);
    unlink(file);
}
