/*
 * One connected client of the Signal K stream, WebSocket or TCP: what both understand of the messages. The transport gives the
 * way out; it owns the struct. Owner: loop thread.
 */
#ifndef SK_API_STREAM_H
#define SK_API_STREAM_H

#include "api/api.h"
#include "api/stream/publishers.h"
#include "hub/feed.h"

struct sk_stream_ops {
    int (*frame)(void *arg, struct sk_frame *frame, bool live); /* as in sk_feed_ops */
    int (*text)(void *arg, struct sk_span text);
    size_t (*unsent)(void *arg);
    uint64_t (*written)(void *arg);
    void (*cut)(void *arg, const char *why); /* says so if the client can be told, and closes */
};

/* Requests of this client whose answers are still to come. */
#define SK_STREAM_REQUESTS_MAX 1000u

struct sk_stream {
    struct sk_stream *next, *prev; /* in api->streams */
    struct sk_api *api;
    const struct sk_stream_ops *ops;
    void *arg;
    const char *provider; /* of the deltas it sends: "ws", "ws.<user>", "tcp" */
    char provider_name[SK_SUBJECT_MAX + 4];
    struct sk_principal who; /* role NONE: nobody yet; only asked while security is on */
    enum sk_feed_mode mode;  /* what its address asked for */
    bool cached;             /* with the values there are */
    struct sk_stream_job *job;
    bool access_pending;
    char *access_id; /* the client's own id of its access request */
    bool events;     /* gets server events */
    bool log;        /* asked for the log */
    bool requests;   /* understands put, delete and requestId queries (WebSocket) */
    bool remarks;    /* subscription remarks are sent to it (WebSocket), else logged */
    struct sk_feed *feed;
    struct sk_publisher *publisher;
    struct sk_request **open;
    uint32_t open_count, open_cap;
    uint64_t over_since_ms;              /* unsent bytes are above the maximum; 0: no */
    uint64_t written_before, written_ms; /* progress, as last seen */
    bool cut;
    bool secret; /* the message under way holds one */
    char remote_ip[64];
};

void sk_stream_init(struct sk_stream *s, struct sk_api *api, const struct sk_stream_ops *ops, void *arg);
void sk_stream_finish(struct sk_stream *s);
/* One JSON message. Unparsable text is ignored, as clients expect; DEBUG says so. */
void sk_stream_message(struct sk_stream *s, struct sk_span text);

/* pressure.c */
void sk_pressure_write(const struct sk_api *api, struct sk_buf *b); /* its figures, a JSON object */
/* stream_auth.c */
bool sk_stream_may(const struct sk_stream *s, enum sk_access needed);
void sk_stream_identify(struct sk_stream *s, const struct sk_principal *p);
void sk_stream_login(struct sk_stream *s, const yyjson_val *message);
void sk_stream_ask_access(struct sk_stream *s, const yyjson_val *message);
void sk_stream_forget_job(struct sk_stream *s);
/* Closes the streams of those who may no longer read. */
void sk_streams_recheck(struct sk_api *api);

/* events.c: the first events of a stream */
void sk_events_greet(struct sk_stream *s);

/* stream_put.c */
void sk_stream_put(struct sk_stream *s, const yyjson_val *message, bool is_delete);
void sk_stream_query(struct sk_stream *s, const yyjson_val *message);
void sk_stream_forget_requests(struct sk_stream *s);

#endif
