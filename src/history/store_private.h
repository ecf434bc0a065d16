/* Inside of the store; for store*.c only. Owner: the writer thread. */
#ifndef SK_HISTORY_STORE_PRIVATE_H
#define SK_HISTORY_STORE_PRIVATE_H

#include "base/map.h"
#include "history/store.h"

#include <sys/types.h>

#define SK_HSTORE_STATEMENTS(X)                                                                                                  \
    X(begin, "BEGIN")                                                                                                            \
    X(commit, "COMMIT")                                                                                                          \
    X(find_series, "SELECT id FROM series WHERE context=?1 AND path=?2 AND source=?3")                                           \
    X(new_series, "INSERT INTO series(context,path,source) VALUES(?1,?2,?3)")                                                    \
    X(add, "INSERT INTO recent(series,t,n,v) VALUES(?1,?2,?3,?4)")                                                               \
    X(move, "INSERT OR REPLACE INTO sample(series,t,n,v) SELECT series,t,n,v FROM recent ORDER BY series,t,n")                   \
    X(clear, "DELETE FROM recent")                                                                                               \
    X(pages, "SELECT (SELECT page_count FROM pragma_page_count)-(SELECT freelist_count FROM pragma_freelist_count)")             \
    X(count,                                                                                                                     \
      "INSERT INTO volume(b,n) SELECT t/600000,count(*) FROM recent GROUP BY 1 ON CONFLICT(b) DO UPDATE SET n=n+excluded.n")     \
    X(newest, "SELECT (max(b)+1)*600000 FROM volume")                                                                            \
    X(by_volume, "SELECT (b+1)*600000 FROM (SELECT b,sum(n) OVER (ORDER BY b) AS s FROM volume) "                                \
                 "WHERE s>=?1*(SELECT sum(n) FROM volume) ORDER BY b LIMIT 1")                                                   \
    X(uncount, "DELETE FROM volume WHERE b<?1/600000")                                                                           \
    X(next_series, "SELECT min(id) FROM series WHERE id>?1")                                                                     \
    X(purge, "DELETE FROM sample WHERE series=?1 AND t<?2")                                                                      \
    X(drop_series, "DELETE FROM series WHERE id=?1 AND NOT EXISTS(SELECT 1 FROM sample WHERE series=?1) AND NOT EXISTS(SELECT "  \
                   "1 FROM recent WHERE series=?1)")

struct sk_hstore {
    const struct sk_hstore_options *o;
    const struct sk_sqlite *q;
    sqlite3 *db;
#define SK_AS_MEMBER(name, text) sqlite3_stmt *name;
    SK_HSTORE_STATEMENTS(SK_AS_MEMBER)
#undef SK_AS_MEMBER
    struct sk_map series; /* what was used lately */
    struct sk_arena arena;
    struct sk_buf key, scratch, value;
    bool open; /* a batch */
    char *file;
    ino_t inode; /* of the file that was opened */
    size_t pending, resting;
    int64_t moved_ms;               /* wall time; 0: not yet */
    int64_t purge_before, purge_at; /* the purge under way: which rows, and which series is done; purge_before 0: none */
    struct sk_hstore_figures *figures;
};

/* store_series.c */
struct sk_hseries {
    struct sk_span key;
    int64_t id; /* 0: the user does not want it */
    int64_t last_t, last_n;
    char text[];
};
int sk_hstore_series(struct sk_hstore *s, struct sk_span context, struct sk_span path, struct sk_span source,
                     struct sk_hseries **ret, struct sk_errmsg *em);
void sk_hstore_forget_series(struct sk_hstore *s);

/* store.c: runs a statement that gives no rows, or one number */
int sk_hstore_run(struct sk_hstore *s, sqlite3_stmt *statement, struct sk_errmsg *em);
int sk_hstore_number(struct sk_hstore *s, sqlite3_stmt *statement, int64_t *ret, struct sk_errmsg *em);
int sk_hstore_fail(struct sk_hstore *s, struct sk_errmsg *em, const char *doing);

/* store_purge.c: within a batch; goes on with the next commit when it takes long */
int sk_hstore_purge(struct sk_hstore *s, int64_t now_ms, struct sk_errmsg *em);

#endif
