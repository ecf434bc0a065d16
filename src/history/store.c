#include "history/store_private.h"

#include "base/clock.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION 1
#define APPLICATION_ID 1397441640 /* "SKhh": tells our files from other databases */
#define ARENA_MAX ((size_t)32 * 1024 * 1024)
#define RESTING_MAX 50000u /* rows in `recent` that a reader has to look through */
#define BUSY_MS 2000
#define ASIDE_MAX 9

#define AS_TEXT_(x) #x
#define AS_TEXT(x) AS_TEXT_(x)

static const char settings[] = "PRAGMA auto_vacuum=INCREMENTAL;" /* counts for a new file only */
                               "PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=NORMAL;"
                               "PRAGMA cache_spill=OFF;" /* nothing is written before the commit */
                               "PRAGMA cache_size=-2048;"
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA journal_size_limit=16777216;";

/* No types but for the keys: a value is kept as it is bound. */
static const char schema[] = "BEGIN;"
                             "CREATE TABLE series(id INTEGER PRIMARY KEY, context TEXT NOT NULL, path TEXT NOT NULL,"
                             " source TEXT NOT NULL, UNIQUE(context,path,source));"
                             "CREATE TABLE recent(id INTEGER PRIMARY KEY, series INTEGER NOT NULL, t INTEGER NOT NULL,"
                             " n INTEGER NOT NULL, v);"
                             "CREATE TABLE sample(series INTEGER NOT NULL, t INTEGER NOT NULL, n INTEGER NOT NULL, v,"
                             " PRIMARY KEY(series,t,n)) WITHOUT ROWID;"
                             "CREATE TABLE volume(b INTEGER PRIMARY KEY, n INTEGER NOT NULL);" /* rows of each ten minutes */
                             "PRAGMA application_id=" AS_TEXT(APPLICATION_ID) ";"
                                                                              "PRAGMA user_version=" AS_TEXT(VERSION) ";"
                                                                                                                      "COMMIT;";

/* ---- statements --------------------------------------------------------------------------------------------------------- */

int sk_hstore_fail(struct sk_hstore *s, struct sk_errmsg *em, const char *doing)
{
    int code = s->q->extended_errcode(s->db) & 0xff;
    int r = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? SK_ERR_PROTOCOL : code == SQLITE_NOMEM ? SK_ERR_NOMEM : SK_ERR_IO;
    return sk_errmsg_set(em, r, "%s: %s", doing, s->q->errmsg(s->db));
}

int sk_hstore_run(struct sk_hstore *s, sqlite3_stmt *statement, struct sk_errmsg *em)
{
    int r = s->q->step(statement);
    if (r != SQLITE_DONE && r != SQLITE_ROW)
        r = sk_hstore_fail(s, em, "cannot write");
    else
        r = 0;
    s->q->reset(statement);
    return r;
}

/* SK_ERR_NOTFOUND: no row, or NULL. */
int sk_hstore_number(struct sk_hstore *s, sqlite3_stmt *statement, int64_t *ret, struct sk_errmsg *em)
{
    int r = s->q->step(statement);
    if (r == SQLITE_ROW && s->q->column_type(statement, 0) == SQLITE_INTEGER) {
        *ret = s->q->column_int64(statement, 0);
        r = 0;
    } else {
        r = r == SQLITE_ROW || r == SQLITE_DONE ? SK_ERR_NOTFOUND : sk_hstore_fail(s, em, "cannot read");
    }
    s->q->reset(statement);
    return r;
}

static int pragma(struct sk_hstore *s, const char *text, int64_t *ret, struct sk_errmsg *em)
{
    sqlite3_stmt *statement = NULL;
    if (s->q->prepare_v3(s->db, text, -1, 0, &statement, NULL) != SQLITE_OK)
        return sk_hstore_fail(s, em, "cannot open");
    int r = sk_hstore_number(s, statement, ret, em);
    s->q->finalize(statement);
    return r;
}

static int prepare(struct sk_hstore *s, struct sk_errmsg *em)
{
    const struct {
        sqlite3_stmt **to;
        const char *text;
    } list[] = {
#define SK_AS_ROW(name, text) { &s->name, text },
        SK_HSTORE_STATEMENTS(SK_AS_ROW)
#undef SK_AS_ROW
    };
    for (size_t i = 0; i < SK_COUNT(list); i++)
        if (s->q->prepare_v3(s->db, list[i].text, -1, SQLITE_PREPARE_PERSISTENT, list[i].to, NULL) != SQLITE_OK)
            return sk_hstore_fail(s, em, "cannot open");
    return 0;
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

/* A new file gets its tables; a file that is not ours is taken for a damaged one. */
static int check_version(struct sk_hstore *s, struct sk_errmsg *em)
{
    int64_t application = 0, version = 0, pages = 0;
    int r = pragma(s, "PRAGMA application_id", &application, em);
    if (r == 0)
        r = pragma(s, "PRAGMA user_version", &version, em);
    if (r == 0)
        r = pragma(s, "SELECT count(*) FROM sqlite_master", &pages, em);
    if (r < 0)
        return r;
    if (application == 0 && pages == 0)
        return s->q->exec(s->db, schema, NULL, NULL, NULL) == SQLITE_OK ? 0 : sk_hstore_fail(s, em, "cannot make the tables");
    if (application != APPLICATION_ID)
        return sk_errmsg_set(em, SK_ERR_PROTOCOL, "it is no history");
    if (version > VERSION)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "it was made by a newer skiff (version %lld)", (long long)version);
    return 0;
}

static ino_t inode_of(const char *file)
{
    struct stat st;
    return stat(file, &st) == 0 ? st.st_ino : 0;
}

static int open_file(struct sk_hstore *s, struct sk_errmsg *em)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (s->q->open_v2(s->file, &s->db, flags, NULL) != SQLITE_OK)
        return sk_hstore_fail(s, em, "cannot open");
    s->q->busy_timeout(s->db, BUSY_MS);
    if (s->q->exec(s->db, settings, NULL, NULL, NULL) != SQLITE_OK)
        return sk_hstore_fail(s, em, "cannot open");
    int r = check_version(s, em);
    if (r == 0)
        r = prepare(s, em);
    int64_t resting = 0;
    if (r == 0)
        r = pragma(s, "SELECT count(*) FROM recent", &resting, em);
    s->resting = (size_t)resting;
    s->inode = inode_of(s->file);
    return r;
}

int sk_hstore_open(const struct sk_hstore_options *o, struct sk_hstore_figures *figures, struct sk_hstore **ret_store,
                   struct sk_errmsg *em)
{
    const struct sk_sqlite *q = sk_sqlite_load(em);
    if (q == NULL)
        return SK_ERR_UNSUPPORTED;
    int r = sk_fs_mkdirs(o->folder, 0755, em);
    if (r < 0)
        return r;
    SK_CLEANUP(sk_freep) char *real = realpath(o->folder, NULL); /* NOFOLLOW is about the file; folders may be links */
    struct sk_hstore *s = sk_xcalloc(1, sizeof *s);
    s->o = o;
    s->figures = figures;
    s->q = q;
    sk_arena_init(&s->arena, ARENA_MAX);
    sk_buf_init(&s->key, 2048);
    sk_buf_init(&s->scratch, 64);
    sk_buf_init(&s->value, SK_HSTORE_VALUE_MAX);
    s->file = sk_fs_path(real != NULL ? real : o->folder, SK_HSTORE_NAME);
    r = open_file(s, em);
    if (r < 0) {
        (void)sk_errmsg_wrap(em, r, "%s", s->file);
        sk_hstore_close(s);
        return r;
    }
    *ret_store = s;
    return 0;
}

void sk_hstore_close(struct sk_hstore *s)
{
    if (s == NULL)
        return;
#define SK_FINALIZE(name, text) s->q->finalize(s->name);
    SK_HSTORE_STATEMENTS(SK_FINALIZE)
#undef SK_FINALIZE
    s->q->close_v2(s->db);
    sk_hstore_forget_series(s);
    sk_arena_finish(&s->arena);
    free(s->file);
    sk_buf_finish(&s->key);
    sk_buf_finish(&s->scratch);
    sk_buf_finish(&s->value);
    free(s);
}

int sk_hstore_set_aside(const char *folder, char *ret_name, struct sk_errmsg *em)
{
    static const char *const ends[] = { "-wal", "-shm" };
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(folder, SK_HSTORE_NAME);
    char from[4096], to[4096];
    for (int i = 1; i <= ASIDE_MAX; i++) {
        snprintf(to, sizeof to, "%s.broken-%d", file, i);
        if (access(to, F_OK) != 0)
            break;
    }
    snprintf(ret_name, 256, SK_HSTORE_NAME "%s", to + strlen(file));
    int r = sk_fs_rename(file, to, em);
    for (size_t i = 0; i < SK_COUNT(ends); i++) { /* what is in them belongs to the damaged file */
        snprintf(from, sizeof from, "%s%s", file, ends[i]);
        (void)unlink(from);
    }
    return r;
}

/* ---- rows --------------------------------------------------------------------------------------------------------------- */

static int begin(struct sk_hstore *s, struct sk_errmsg *em)
{
    int r = s->open ? 0 : sk_hstore_run(s, s->begin, em);
    s->open = r == 0;
    return r;
}

/* Values of one series at the same millisecond are told apart by n; the same file played twice gives the same rows. */
static int add_row(struct sk_hstore *s, struct sk_hseries *e, int64_t t, struct sk_span json, struct sk_errmsg *em)
{
    int64_t n = t == e->last_t ? e->last_n + 1 : 0;
    s->q->bind_int64(s->add, 1, e->id);
    s->q->bind_int64(s->add, 2, t);
    s->q->bind_int64(s->add, 3, n);
    if (sk_hvalue_bind(s->q, s->add, 4, json, &s->scratch) != SQLITE_OK)
        return sk_hstore_fail(s, em, "cannot write");
    int r = sk_hstore_run(s, s->add, em);
    if (r < 0)
        return r;
    e->last_t = t;
    e->last_n = n;
    s->pending++;
    s->figures->values++;
    return 0;
}

static bool too_soon(const struct sk_hstore *s, const struct sk_hseries *e, int64_t t, const yyjson_val *v)
{
    double d;
    return s->o->min_period_ms > 0 && t >= e->last_t && e->last_t != INT64_MIN && t - e->last_t < s->o->min_period_ms &&
           sk_json_number(v, &d);
}

static int add_value(struct sk_hstore *s, struct sk_span context, struct sk_span source, int64_t t, const yyjson_val *entry,
                     struct sk_errmsg *em)
{
    const yyjson_val *v = sk_json_get(entry, "value");
    struct sk_hseries *e;
    if (v == NULL)
        return 0;
    int r = sk_hstore_series(s, context, sk_json_str(sk_json_get(entry, "path")), source, &e, em);
    if (r < 0)
        return r == SK_ERR_INVALID ? 0 : r;
    if (e->id == 0)
        return 0;
    if (too_soon(s, e, t, v)) {
        s->figures->left_out++;
        return 0;
    }
    sk_buf_clear(&s->value);
    sk_json_write(&s->value, v);
    if (sk_buf_ok(&s->value))
        return add_row(s, e, t, sk_buf_span(&s->value), em);
    s->figures->too_large++;
    return 0;
}

static int add_update(struct sk_hstore *s, struct sk_span context, const yyjson_val *update, struct sk_errmsg *em)
{
    struct sk_span time = sk_json_str(sk_json_get(update, "timestamp")), source = sk_json_str(sk_json_get(update, "$source"));
    yyjson_val *values = sk_json_get(update, "values"), *entry;
    size_t i, count;
    int64_t t;
    if (!yyjson_is_arr(values))
        return 0;
    if (!sk_iso_parse(time.p, time.n, &t)) {
        s->figures->unusable += yyjson_arr_size(values);
        return 0;
    }
    yyjson_arr_foreach(values, i, count, entry) {
        int r = add_value(s, context, source, t, entry, em);
        if (r < 0)
            return r;
    }
    return 0;
}

static void give_up(struct sk_hstore *s)
{
    if (!s->q->get_autocommit(s->db))
        s->q->exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->open = false;
    s->figures->values -= s->figures->values < s->pending ? s->figures->values : s->pending;
    s->pending = 0;
    sk_hstore_forget_series(s); /* those that were made in the batch do not exist */
}

int sk_hstore_add(struct sk_hstore *s, struct sk_span delta, struct sk_errmsg *em)
{
    yyjson_doc *doc;
    size_t i, count;
    yyjson_val *update;
    int r = begin(s, em);
    if (r == 0 && sk_json_read_raw(&s->arena, delta, &doc, NULL) == 0) {
        const yyjson_val *root = yyjson_doc_get_root(doc);
        struct sk_span context = sk_json_str(sk_json_get(root, "context"));
        yyjson_val *updates = sk_json_get(root, "updates");
        yyjson_arr_foreach(updates, i, count, update) {
            r = add_update(s, context, update, em);
            if (r < 0)
                break;
        }
    }
    sk_arena_reset(&s->arena);
    if (r < 0)
        give_up(s);
    return r;
}

size_t sk_hstore_pending(const struct sk_hstore *s)
{
    return s->pending;
}

static int move(struct sk_hstore *s, int64_t now_ms, struct sk_errmsg *em)
{
    int r = sk_hstore_run(s, s->count, em);
    if (r == 0)
        r = sk_hstore_run(s, s->move, em);
    if (r == 0)
        r = sk_hstore_run(s, s->clear, em);
    if (r == 0) {
        s->resting = 0;
        s->moved_ms = now_ms;
    }
    return r;
}

int sk_hstore_commit(struct sk_hstore *s, int64_t now_ms, struct sk_errmsg *em)
{
    size_t pending = s->pending;
    int r = 0;
    if (s->moved_ms == 0 || now_ms < s->moved_ms) /* the first time, or the clock was set back */
        s->moved_ms = now_ms;
    bool due = s->resting + pending > RESTING_MAX || now_ms - s->moved_ms >= s->o->rest_ms;
    if (!s->open && !due && s->purge_before == 0)
        return 0;
    r = begin(s, em);
    if (r == 0 && pending > 0 && inode_of(s->file) != s->inode)
        r = sk_errmsg_set(em, SK_ERR_NOTFOUND, "%s was taken away; a new one begins", s->file);
    s->resting += pending;
    if (r == 0 && due)
        r = move(s, now_ms, em);
    if (r == 0 && (due || s->purge_before != 0))
        r = sk_hstore_purge(s, now_ms, em);
    if (r == 0)
        r = sk_hstore_run(s, s->commit, em);
    if (r < 0) {
        give_up(s);
        s->resting -= s->resting < pending ? s->resting : pending;
        return r;
    }
    s->open = false;
    s->pending = 0;
    return 0;
}
