#include "store/restore.h"

#include "base/json.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/tree.h"

#include <dirent.h>
#include <stdlib.h>

#define STAGE ".skiff-restore"
#define BEFORE ".skiff-before-restore"
#define ITEMS_MAX ((size_t)1024 * 1024)

static char *stage_path(const char *config_dir, const char *name)
{
    SK_CLEANUP(sk_freep) char *stage = sk_fs_path(config_dir, STAGE);
    return sk_fs_path(stage, name);
}

char *sk_restore_folder(const char *config_dir)
{
    return stage_path(config_dir, "files");
}

int sk_restore_clear(const char *config_dir, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *stage = sk_fs_path(config_dir, STAGE);
    return sk_tree_remove(stage, em);
}

int sk_restore_ask(const char *config_dir, struct sk_span items, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *before = sk_fs_path(config_dir, BEFORE);
    SK_CLEANUP(sk_freep) char *list = stage_path(config_dir, "items.json");
    int r = sk_tree_remove(before, em);
    return r < 0 ? r : sk_fs_write_atomic(list, items, 0644, em);
}

static bool list_names(const char *folder, struct sk_buf *out)
{
    DIR *d = opendir(folder);
    sk_buf_char(out, '[');
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        sk_buf_append(out, ",", out->p[out->n - 1] != '[');
        sk_json_write_str(out, sk_span_of(e->d_name));
    }
    sk_buf_char(out, ']');
    if (d != NULL)
        closedir(d);
    return d != NULL && out->n > 2 && sk_buf_ok(out);
}

int sk_restore_ask_undo(const char *config_dir, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *before = sk_fs_path(config_dir, BEFORE);
    SK_CLEANUP(sk_freep) char *stage = sk_fs_path(config_dir, STAGE);
    SK_CLEANUP(sk_freep) char *files = sk_restore_folder(config_dir);
    struct sk_buf items;
    sk_buf_init(&items, ITEMS_MAX);
    int r = list_names(before, &items) ? 0 : sk_errmsg_set(em, SK_ERR_NOTFOUND, "no restore was done that could be undone");
    if (r == 0)
        r = sk_restore_clear(config_dir, em);
    if (r == 0)
        r = sk_fs_mkdirs(stage, 0700, em);
    if (r == 0)
        r = sk_fs_rename(before, files, em);
    if (r == 0)
        r = sk_restore_ask(config_dir, sk_buf_span(&items), em);
    sk_buf_finish(&items);
    return r;
}

/* The old one aside, the new one into its place. What an earlier try did is not done again. */
static int move_item(const char *config_dir, struct sk_span item, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *files = sk_restore_folder(config_dir);
    SK_CLEANUP(sk_freep) char *aside = sk_fs_path(config_dir, BEFORE);
    char *from = NULL, *to = NULL, *old = NULL;
    while (item.n > 0 && item.p[item.n - 1] == '/')
        item.n--;
    int r = sk_fs_join(files, item, &from, em);
    if (r == 0)
        r = sk_fs_join(config_dir, item, &to, em);
    if (r == 0)
        r = sk_fs_join(aside, item, &old, em);
    if (r == 0 && sk_fs_exists(from)) {
        if (sk_fs_exists(to) && !sk_fs_exists(old))
            r = sk_fs_rename(to, old, em);
        if (r == 0)
            r = sk_fs_rename(from, to, em);
    }
    free(from);
    free(to);
    free(old);
    return r;
}

static int move_all(const char *config_dir, yyjson_val *items, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *aside = sk_fs_path(config_dir, BEFORE);
    size_t i, n;
    yyjson_val *item;
    int r = sk_fs_mkdirs(aside, 0700, em);
    yyjson_arr_foreach(items, i, n, item)
        if (r == 0 && yyjson_is_str(item))
            r = move_item(config_dir, sk_json_str(item), em);
    return r;
}

bool sk_restore_finish(const char *config_dir)
{
    SK_CLEANUP(sk_freep) char *list = stage_path(config_dir, "items.json");
    SK_CLEANUP(sk_freep) char *text = NULL;
    SK_CLEANUP(sk_freep) char *backups = sk_fs_path(config_dir, SK_BACKUP_FOLDER);
    struct sk_errmsg em;
    yyjson_doc *doc = NULL;
    size_t n;
    (void)sk_tree_remove(backups, NULL);
    int r = sk_fs_read(list, ITEMS_MAX, &text, &n, &em);
    if (r == SK_ERR_NOTFOUND) {
        (void)sk_restore_clear(config_dir, NULL); /* a backup that was looked at, and no more */
        return false;
    }
    if (r == 0)
        r = sk_json_read((struct sk_span){ text, n }, &doc, &em);
    if (r == 0)
        r = move_all(config_dir, yyjson_doc_get_root(doc), &em);
    if (r == 0)
        r = sk_restore_clear(config_dir, &em);
    yyjson_doc_free(doc);
    if (r < 0)
        sk_log_error("the backup is not restored, the next start tries again: %s", em.text);
    else
        sk_log_info("the backup is restored; what it replaced is kept in " BEFORE);
    return r == 0;
}
