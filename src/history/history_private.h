/* Inside of history; for history.c, writer.c and reader.c only. */
#ifndef SK_HISTORY_PRIVATE_H
#define SK_HISTORY_PRIVATE_H

#include "history/history.h"
#include "history/store.h"

#include <pthread.h>

/* Frames of that many bytes are turned into rows, which are much smaller, before the batch is due. */
#define SK_HISTORY_DRAIN_BYTES ((size_t)1024 * 1024)

enum sk_history_state { SK_HISTORY_STARTING, SK_HISTORY_RECORDING, SK_HISTORY_FAILING, SK_HISTORY_OFF };

struct sk_frames {
    struct sk_frame **list;
    size_t count, cap, bytes;
};

struct sk_history {
    /* fixed before the threads start */
    struct sk_loop *loop;
    struct sk_hub *hub;
    struct sk_hstore_options o;
    char *folder;
    unsigned write_ms;

    /* loop */
    struct sk_hub_tap tap;
    struct sk_loop_hook hook;
    struct sk_loop_task news;  /* posted by the threads: the state has changed, or a thread has ended */
    struct sk_frames gathered; /* in this turn */
    bool tapped, reading;      /* the reader thread was started */
    bool told;                 /* the status board shows trouble */
    uint64_t frames;

    pthread_t writer, reader;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t write_soon, read_soon;
    struct sk_frames queue;
    bool stop, news_posted, writer_ended, reader_ended;
    bool suspect;        /* the reader found the file damaged */
    unsigned generation; /* of the file; 0: there is none yet */
    uint64_t dropped;    /* deltas, for want of room */
    uint64_t lost;       /* values, in batches that failed */
    uint64_t commits;
    int64_t committed_ms; /* wall time of the last one */
    uint64_t set_aside;   /* damaged files */
    enum sk_history_state state;
    char trouble[300];
    struct sk_hstore_figures figures;
    struct sk_history_job *jobs, **jobs_end;
    unsigned job_count;
};

void *sk_history_writer(void *history);
void *sk_history_reader(void *history);
/* With the lock held: tells the loop. */
void sk_history_tell(struct sk_history *h);
void sk_history_unref_frames(struct sk_frames *f);
/* options.c */
void sk_history_read_options(struct sk_history *h, const yyjson_val *setting, const char *config_dir);
void sk_history_free_options(struct sk_history *h);

#endif
