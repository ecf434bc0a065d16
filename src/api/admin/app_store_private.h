/* Private to src/api/app_store*.c. */
#ifndef SK_API_APP_STORE_PRIVATE_H
#define SK_API_APP_STORE_PRIVATE_H

#include "api/admin/app_catalog.h"
#include "api/admin/app_store.h"
#include "base/clock.h"

#define SK_APP_OPS_MAX 64 /* waiting, under way, and ended ones whose log can be read */

enum sk_app_op_kind { SK_APP_INSTALL, SK_APP_REMOVE, SK_APP_REFRESH };
enum sk_app_op_state { SK_APP_WAITING, SK_APP_RUNNING, SK_APP_FAILED, SK_APP_DONE };

struct sk_app_op {
    struct sk_app_op *next;
    enum sk_app_op_kind kind;
    enum sk_app_op_state state;
    char *name, *version;
    bool delete_data;
    char *log; /* of one that ended */
};

struct sk_app_store {
    struct sk_api *api;
    struct sk_app_op *ops; /* oldest first; refreshes are not kept */
    struct sk_catalog *catalog;
    bool asked, refresh_wanted; /* the registry was asked; it is to be asked again once the thread is free */
    uint64_t asked_ms;
    char offline[300];        /* why there is no catalog; "" */
    bool telling, tell_again; /* an event is being made: one at a time, so that the last one told is the last state */
    bool stopping;
    /* the thread: it works on `work` alone, and reads nothing else of the store */
    struct sk_app_work *work; /* NULL: none */
};

/* ---- app_store_work.c: one operation on a thread of its own. `done` comes on the loop; the op belongs to the loop. ---- */
struct sk_app_work {
    struct sk_app_store *store;
    struct sk_app_op *op;
    const char *config_dir;
    char *registry; /* setting npmRegistry, or NULL */
    uv_thread_t thread;
    bool has_thread;
    atomic_bool cancelled;
    struct sk_loop_task ended, told;
    atomic_bool telling; /* `told` is on its way */
    atomic_uint step;
    atomic_uint_fast64_t bytes, total;
    uint64_t next_tell_ms;
    /* results */
    int code;
    struct sk_buf log;
    struct sk_catalog *catalog;
};

/* Takes the op. */
void sk_app_work_start(struct sk_app_store *s, struct sk_app_op *op);
/* On the loop, when it ended: takes the results and frees the work. */
void sk_app_store_ended(struct sk_app_store *s, struct sk_app_work *w);
void sk_app_store_told(struct sk_app_store *s, const struct sk_app_work *w);

/* ---- app_store_view.c: the object of GET .../available, written on the thread pool. ---- */
void sk_app_store_view(struct sk_app_store *s, struct sk_http_req *r); /* r NULL: as an event */

/* ---- app_store.c ---- */
/* Package name of the route's parameters, in the request's arena; NULL: it is none, and the request is answered. */
const char *sk_app_store_name(struct sk_http_req *r);

/* ---- app_store_look.c; `arg` is the store. ---- */
void sk_app_store_data_size(struct sk_http_req *r, void *arg);
void sk_app_store_detail(struct sk_http_req *r, void *arg);

#endif
