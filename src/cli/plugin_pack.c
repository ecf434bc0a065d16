/* skiff plugin pack: the archive of a package, as npm pack makes it. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "npm/pack.h"
#include "npm/sri.h"
#include "store/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct packed {
    struct sk_packlist list;
    char *file;
    uint64_t size;
    char integrity[SK_SRI_SIZE];
};

static int digest(int fd, struct packed *p, struct sk_errmsg *em)
{
    char part[65536];
    ssize_t n;
    struct sk_digest d;
    int r = sk_digest_begin(SK_DIGEST_SHA512, &d, em);
    if (r < 0)
        return r;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return sk_errmsg_errno(em, errno, "%s", p->file);
    while ((n = read(fd, part, sizeof part)) > 0) {
        sk_digest_add(&d, (struct sk_span){ part, (size_t)n });
        p->size += (uint64_t)n;
    }
    sk_sri_write(&d, p->integrity);
    return n < 0 ? sk_errmsg_errno(em, errno, "%s", p->file) : 0;
}

/* Beside its place first: a pack that fails leaves no half archive, nor touches an old one. */
static int write_archive(const char *dir, struct packed *p, struct sk_errmsg *em)
{
    size_t size = strlen(p->file) + 24;
    SK_CLEANUP(sk_freep) char *temp = sk_xmalloc(size);
    snprintf(temp, size, "%s.%d.tmp", p->file, (int)getpid());
    int fd = open(temp, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return sk_errmsg_errno(em, errno, "cannot make %s", temp);
    int r = sk_pack_write(dir, &p->list, fd, em);
    if (r == 0)
        r = digest(fd, p, em);
    close(fd);
    if (r == 0)
        r = sk_fs_rename(temp, p->file, em);
    if (r < 0)
        unlink(temp);
    return r;
}

static int pack(const char *dir, const char *out, struct packed *p, struct sk_errmsg *em)
{
    int r = sk_packlist_read(dir, &p->list, em);
    if (r < 0)
        return r;
    if (p->list.module != NULL && !sk_packlist_has(&p->list, p->list.module))
        return sk_errmsg_set(em, SK_ERR_INVALID,
                             "the module %.200s would not be in the package: build it, and name it in \"files\" of package.json",
                             p->list.module);
    SK_CLEANUP(sk_freep) char *name = sk_pack_file_name(&p->list);
    if (out == NULL)
        p->file = sk_xstrdup(name);
    else
        p->file = sk_fs_is_dir(out) ? sk_fs_path(out, name) : sk_xstrdup(out);
    return write_archive(dir, p, em);
}

static void print_text(const struct packed *p)
{
    char size[24];
    for (size_t i = 0; i < p->list.count; i++)
        printf("%10s  %s\n", sk_size_text(p->list.list[i].size, size), p->list.list[i].name);
    printf("%s: %zu files, %s\n", p->file, p->list.count, sk_size_text(p->size, size));
}

static void print_json(const struct packed *p)
{
    struct sk_buf b;
    sk_buf_init(&b, (size_t)32 * 1024 * 1024);
    const char *const members[][2] = { { "{\"name\":", p->list.name },
                                       { ",\"version\":", p->list.version },
                                       { ",\"filename\":", p->file },
                                       { ",\"integrity\":", p->integrity } };
    for (size_t i = 0; i < SK_COUNT(members); i++) {
        sk_buf_text(&b, members[i][0]);
        sk_json_write_str(&b, sk_span_of(members[i][1]));
    }
    sk_buf_printf(&b, ",\"size\":%ju,\"unpackedSize\":%ju,\"files\":[", (uintmax_t)p->size, (uintmax_t)p->list.bytes);
    for (size_t i = 0; i < p->list.count; i++) {
        sk_buf_text(&b, i > 0 ? ",{\"path\":" : "{\"path\":");
        sk_json_write_str(&b, sk_span_of(p->list.list[i].name));
        sk_buf_printf(&b, ",\"size\":%ju}", (uintmax_t)p->list.list[i].size);
    }
    printf("%.*s]}\n", (int)b.n, b.p);
    sk_buf_finish(&b);
}

static int run(const struct sk_cli_args *a)
{
    struct packed p = { 0 };
    struct sk_errmsg em;
    const char *dir = sk_cli_word(a, 0);
    int r = pack(dir != NULL ? dir : ".", sk_cli_value(a, "output"), &p, &em);
    if (r < 0)
        fprintf(stderr, "skiff: %s\n", em.text);
    else if (sk_cli_has(a, "json"))
        print_json(&p);
    else
        print_text(&p);
    sk_packlist_finish(&p.list);
    free(p.file);
    return r < 0;
}

static const struct sk_cli_option options[] = {
    { "output", "FILE", "the archive, or a folder for it (default: here)", .letter = 'o' },
    { "json", NULL, "what is in it, as JSON" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_pack = {
    .group = "plugin",
    .name = "pack",
    .words = "[FOLDER]",
    .brief = "make the archive to install or publish",
    .text = "Makes NAME-VERSION.tgz of a package, with the files that npm would publish: those of \"files\" in package.json, "
            "else all that "
            ".npmignore or .gitignore leave. The same files always give the same archive.",
    .example = "skiff plugin pack . && skiff plugin install my-plugin-1.0.0.tgz",
    .options = options,
    .run = run,
};
