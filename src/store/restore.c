#include "store/restore.h"

#include "base/json.h"
#include "base/log.h"
#include "store/fs.h"
#include "store/kept.h"
#include "store/tree.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STAGE ".skiff-restore"
#define BEFORE ".skiff-before-restore"
#define ITEMS_MAX ((size_t)1024 * 1024)
#define ABSENT ".absent" /* in a folder of what was replaced: an empty file for each name that was not there before */

static char *stage_path(const char *config_dir, const char *name)
{
    SK_CLEANUP(sk_freep) char *stage = sk_fs_path(config_dir, STAGE);
    return sk_fs_path(stage, name);
}

char *sk_restore_folder(const char *config_dir)
{
    return stage_path(config_dir, "files");
}

/* What the restore before had replaced gives way to a new one at the last moment, and comes back when that does not happen. */
static int put_earlier_back(const char *config_dir, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *before = sk_fs_path(config_dir, BEFORE);
    SK_CLEANUP(sk_freep) char *earlier = stage_path(config_dir, "earlier");
    return sk_fs_exists(earlier) && !sk_fs_exists(before) ? sk_fs_rename(earlier, before, em) : 0;
}

/* The list goes first: without it nothing is restored, however much of the rest a cut leaves. */
int sk_restore_clear(const char *config_dir, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *stage = sk_fs_path(config_dir, STAGE);
    SK_CLEANUP(sk_freep) char *list = stage_path(config_dir, "items.json");
    int r = sk_fs_remove(list, em);
    if (r == 0 || r == SK_ERR_NOTFOUND)
        r = put_earlier_back(config_dir, em);
    return r < 0 ? r : sk_tree_remove(stage, em);
}

static int write_list(const char *config_dir, struct sk_span items, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *list = stage_path(config_dir, "items.json");
    return sk_fs_write_atomic(list, items, 0644, em);
}

int sk_restore_ask(const char *config_dir, struct sk_span items, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *before = sk_fs_path(config_dir, BEFORE);
    SK_CLEANUP(sk_freep) char *earlier = stage_path(config_dir, "earlier");
    int r = sk_fs_exists(before) ? sk_fs_rename(before, earlier, em) : 0;
    if (r == 0 && (r = write_list(config_dir, items, em)) < 0)
        (void)sk_restore_clear(config_dir,
                               NULL); /* the list may be there although it may not last: what was refused is not done */
    return r;
}

static void list_folder(const char *folder, struct sk_buf *out)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        sk_buf_append(out, ",", !sk_buf_ends(out, '['));
        sk_json_write_str(out, sk_span_of(e->d_name));
    }
    if (d != NULL)
        closedir(d);
}

/* What was replaced, and what was not there. */
static bool list_names(const char *folder, struct sk_buf *out)
{
    SK_CLEANUP(sk_freep) char *absent = sk_fs_path(folder, ABSENT);
    sk_buf_char(out, '[');
    list_folder(folder, out);
    list_folder(absent, out);
    sk_buf_char(out, ']');
    return out->n > 2 && sk_buf_ok(out);
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
        r = write_list(config_dir, sk_buf_span(&items), em);
    if (r == 0 && (r = sk_fs_rename(before, files, em)) < 0) /* the moment: until then nothing lies where the list looks */
        (void)sk_restore_clear(config_dir, NULL);
    sk_buf_finish(&items);
    return r;
}

/* ---- moving ------------------------------------------------------------------------------------------------------------- */

struct places { /* of one item; owned */
    char *from, *to, *old;
    char *absent_from, *absent_old; /* the marks that it is not there, in either folder */
};

static void places_finish(struct places *p)
{
    free(p->from);
    free(p->to);
    free(p->old);
    free(p->absent_from);
    free(p->absent_old);
}

static int find_places(const char *config_dir, struct sk_span item, struct places *p, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *files = sk_restore_folder(config_dir);
    SK_CLEANUP(sk_freep) char *aside = sk_fs_path(config_dir, BEFORE);
    SK_CLEANUP(sk_freep) char *files_absent = sk_fs_path(files, ABSENT);
    SK_CLEANUP(sk_freep) char *aside_absent = sk_fs_path(aside, ABSENT);
    const struct {
        const char *folder;
        char **ret;
    } all[] = { { files, &p->from },
                { config_dir, &p->to },
                { aside, &p->old },
                { files_absent, &p->absent_from },
                { aside_absent, &p->absent_old } };
    int r = 0;
    while (item.n > 0 && item.p[item.n - 1] == '/')
        item.n--;
    for (size_t i = 0; r == 0 && i < SK_COUNT(all); i++)
        r = sk_fs_join(all[i].folder, item, all[i].ret, em);
    return r;
}

static int mark_absent(const char *config_dir, const char *mark, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *aside = sk_fs_path(config_dir, BEFORE);
    SK_CLEANUP(sk_freep) char *folder = sk_fs_path(aside, ABSENT);
    int r = sk_fs_mkdirs(folder, 0700, em);
    return r < 0 ? r : sk_fs_write_atomic(mark, SK_SPAN(""), 0600, em);
}

/* The old one aside, the new one into its place; or only aside, when the state to come back to is that it was not there. What an
   earlier try did is not done again. */
static int move_item(const char *config_dir, const struct places *p, struct sk_errmsg *em)
{
    bool comes = sk_fs_exists(p->from), goes = !comes && sk_fs_exists(p->absent_from);
    int r = 0;
    if ((comes || goes) && !sk_fs_exists(p->old)) {
        if (sk_fs_exists(p->to))
            r = sk_fs_rename(p->to, p->old, em);
        else if (comes)
            r = mark_absent(config_dir, p->absent_old, em);
    }
    return r == 0 && comes ? sk_fs_rename(p->from, p->to, em) : r;
}

/* As it was: a boat with half of a backup would be worse off than one with none of it. */
static int move_item_back(const char *config_dir, const struct places *p, struct sk_errmsg *em)
{
    bool was_there = sk_fs_exists(p->old), came = !sk_fs_exists(p->from) && sk_fs_exists(p->to);
    int r = 0;
    (void)config_dir;
    if (came && (was_there || sk_fs_exists(p->absent_old)))
        r = sk_fs_rename(p->to, p->from, em);
    if (r == 0 && was_there)
        r = sk_fs_rename(p->old, p->to, em);
    if (r == 0 && !was_there)
        unlink(p->absent_old);
    return r;
}

static int for_each_item(const char *config_dir, yyjson_val *items,
                         int (*each)(const char *config_dir, const struct places *p, struct sk_errmsg *em), struct sk_errmsg *em)
{
    size_t i, n;
    yyjson_val *item;
    int r = 0;
    yyjson_arr_foreach(items, i, n, item) {
        struct places p = { 0 };
        if (r == 0 && yyjson_is_str(item))
            r = find_places(config_dir, sk_json_str(item), &p, em);
        if (r == 0 && p.from != NULL)
            r = each(config_dir, &p, em);
        places_finish(&p);
    }
    return r;
}

static int move_all(const char *config_dir, yyjson_val *items, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *aside = sk_fs_path(config_dir, BEFORE);
    struct sk_errmsg why;
    int r = sk_fs_mkdirs(aside, 0700, em);
    if (r == 0)
        r = for_each_item(config_dir, items, move_item, em);
    if (r < 0 && for_each_item(config_dir, items, move_item_back, &why) < 0)
        sk_log_error("what was already restored cannot be taken back: %s", why.text);
    return r;
}

static void tell_failure(const char *why)
{
    char words[800];
    snprintf(words, sizeof words, "the backup is not restored, all is as it was; the next start tries again: %s", why);
    sk_log_error("%s", words);
    sk_kept_add_note(words);
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
        tell_failure(em.text);
    else
        sk_log_info("the backup is restored; what it replaced is kept in " BEFORE);
    return r == 0;
}
