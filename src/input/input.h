/*
 * Data connections: where bytes come from. A connection is a transport (serial, TCP, UDP, file, ...), which moves bytes, and a
 * codec, which knows what they mean; deltas go to the hub under the connection's id. Which pair serves an entry of the settings
 * stands in kinds.c. Owner: loop thread. A connection that cannot work shows an error status and leaves the others alone.
 */
#ifndef SK_INPUT_INPUT_H
#define SK_INPUT_INPUT_H

#include "base/json.h"
#include "codec/codec.h"
#include "hub/hub.h"
#include "input/bus.h"
#include "store/settings.h"

struct sk_input;
struct sk_inputs;

/*
 * A transport opens by itself and again after each loss, with a growing pause. It tells what happens through sk_input_opened,
 * _bytes, _packet, _record, _lost and _failed.
 */
struct sk_transport_ops {
    const char *kind;
    /* `options` (subOptions of the settings) live until this returns. Only what can never work fails here. */
    int (*open)(struct sk_input *in, const yyjson_val *options, struct sk_errmsg *em);
    /* NULL: takes nothing. SK_ERR_CLOSED while not connected, SK_ERR_LIMIT when its queue is full: the bytes are dropped. */
    int (*write)(struct sk_input *in, struct sk_span bytes);
    void (*close)(struct sk_input *in); /* frees its own state, perhaps in a later turn */
};

struct sk_input_stats {
    uint64_t opened, lost; /* how often */
    uint64_t deltas, refused;
    uint64_t written, write_dropped; /* messages */
};

struct sk_input {
    struct sk_input *next;
    const struct sk_transport_ops *transport; /* NULL: cannot work */
    struct sk_codec *codec;
    struct sk_inputs *list;
    struct sk_hub *hub;
    const char *config_dir;
    char *id;
    char *entry;           /* of the settings, as text; NULL: too large to be compared */
    bool fixed, wanted;    /* fixed: of the command line; wanted: mark while the list is compared with the settings */
    char *provider;        /* `$source` of values that come without; NULL: the id */
    int64_t baud_rate;     /* for a serial line without one in the settings */
    void *state;           /* of the transport */
    char **events;         /* names under which its lines are handed on; NULL at the end */
    char **outputs;        /* names of which it takes the lines (toStdout) */
    const void *sender;    /* whom the lines under way come from; NULL: the connection itself */
    struct sk_bus_tap tap; /* takes them */
    bool logging;
    struct sk_input_stats stats;
    struct sk_quality {
        struct sk_codec_stats before; /* when the window began */
        unsigned ticks;
        bool bad;
    } quality;
    uint64_t counted;       /* deltas when the last period of statistics began, */
    uint64_t last_interval; /* and how many came in it */
    uint64_t written_before, last_written;
    char status[256]; /* the last status while it worked */
};

/* For transports. Texts are printf formats; a failure is logged when it differs from the last one. */
void sk_input_opened(struct sk_input *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sk_input_status(struct sk_input *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sk_input_failed(struct sk_input *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What was connected is not any more; an unfinished message is dropped. */
void sk_input_lost(struct sk_input *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sk_input_bytes(struct sk_input *in, struct sk_span bytes);                  /* a piece of a stream */
void sk_input_packet(struct sk_input *in, struct sk_span bytes);                 /* a datagram: nothing is carried over */
void sk_input_record(struct sk_input *in, struct sk_span line, int64_t time_ms); /* a line of a recording, with its own time */

/* Values that come without a source get "<id>.<host>:<port>". */
void sk_input_set_provider(struct sk_input *in, const char *host, unsigned port);

/* Options may be written as numbers or as text ("port":"10110"). SK_ERR_INVALID names the member. */
int sk_input_option_int(const yyjson_val *options, const char *name, int64_t min, int64_t max, int64_t otherwise,
                        int64_t *ret_value, struct sk_errmsg *em);
/* The text without white space around it, as a copy; SK_ERR_INVALID when absent or empty and there is no `otherwise`. */
int sk_input_option_text(const yyjson_val *options, const char *name, const char *otherwise, char **ret_text,
                         struct sk_errmsg *em);

extern const struct sk_transport_ops sk_transport_can;
extern const struct sk_transport_ops sk_transport_exec;
extern const struct sk_transport_ops sk_transport_file;
extern const struct sk_transport_ops sk_transport_gpsd;
extern const struct sk_transport_ops sk_transport_serial;
extern const struct sk_transport_ops sk_transport_signalk_ws;
extern const struct sk_transport_ops sk_transport_signalk_wss;
extern const struct sk_transport_ops sk_transport_tcp;
extern const struct sk_transport_ops sk_transport_tcpserver; /* what clients of the NMEA 0183 port send */
extern const struct sk_transport_ops sk_transport_udp;

/* What an entry of pipedProviders asks for. */
struct sk_input_kind {
    const char *type, *sub; /* options.type, and subOptions.type (of FileStream and Execute: subOptions.dataType) */
    const struct sk_transport_ops *transport;
    const struct sk_codec_ops *codec;
    int64_t baud_rate;                         /* of a serial line that the settings give none for; 0: as it is */
    bool logging;                              /* options.logging */
    const yyjson_val *options, *codec_options; /* of the transport and of the codec: of a simple connection the same */
};
/* SK_ERR_UNSUPPORTED says what is not understood. */
int sk_input_kind_of(const yyjson_val *entry, struct sk_input_kind *ret_kind, struct sk_errmsg *em);
/* The same for free-form pipelines of the usual sort: the words that a simple connection would have, and both options of `kind`.
 */
int sk_input_legacy_kind(const yyjson_val *entry, const char **ret_type, const char **ret_sub, struct sk_input_kind *kind,
                         struct sk_errmsg *em);

/*
 * Is what arrives any good? Asked once a second; judges windows of some seconds. SK_QUALITY_BAD: `em` says what is wrong and what
 * may help, in a sailor's words. SK_QUALITY_RECOVERED: it was bad and is not any more.
 */
enum sk_quality_verdict { SK_QUALITY_SAME, SK_QUALITY_BAD, SK_QUALITY_RECOVERED };
enum sk_quality_verdict sk_quality_check(struct sk_quality *q, const struct sk_codec_stats *now, struct sk_errmsg *em);

struct sk_inputs_options {
    struct sk_hub *hub;
    const struct sk_settings *settings;
    const char *config_dir;
    const char *address; /* where the NMEA 0183 port listens; NULL: it does not */
    unsigned port;
    const yyjson_val *more; /* further connections, an array as pipedProviders; NULL: none. Not kept */
    bool only_more;         /* those of the settings stay closed */
    int launcher;           /* the way to the process that starts commands (launcher.h), which is taken; 0: none so far */
};

/* Opens every enabled connection of the settings (pipedProviders), and the NMEA 0183 port. The settings outlive the list. */
struct sk_inputs *sk_inputs_create(const struct sk_inputs_options *o);
/* The settings changed: opens and closes what differs. `again`: this one is opened anew even if nothing changed; or NULL. Must
   not be called from within a connection's callback. */
void sk_inputs_reconcile(struct sk_inputs *list, const char *again);
/* Is that a connection of the command line, which the settings know nothing of? */
bool sk_inputs_is_fixed(const struct sk_inputs *list, const char *id);
/* Their entries as JSON text, `i` from 0 on; NULL: there are no more. */
const char *sk_inputs_fixed_entry(const struct sk_inputs *list, size_t i);
/* Is there a bus that takes messages now? */
bool sk_inputs_n2k_writable(const struct sk_inputs *list);
/* Puts a message on every such bus: canboat's JSON (event nmea2000JsonOut), or a line of text (nmea2000out). `message` is
 * checked. */
void sk_inputs_n2k_send(struct sk_inputs *list, struct sk_span message);
/* `again`: this program is about to take its own place; the process that starts commands stays for it. */
void sk_inputs_destroy(struct sk_inputs *list, bool again);

/* Samples lie beside the program: the i-th folder where they may be, free() it; NULL: there are no more. Thread: any. */
char *sk_input_sample_folder(size_t i);

/* What connections need of the system beside sockets and serial lines; asked before the server confines itself. */
struct sk_inputs_needs {
    bool commands;         /* one of them runs a command */
    const char *files[64]; /* absolute names of recordings; they live as long as the entries */
    size_t file_count;
};
/* `entries`: as pipedProviders; NULL: none. Adds to *needs. */
void sk_inputs_add_needs(const yyjson_val *entries, struct sk_inputs_needs *needs);
/* {"<id>":{"deltaRate",...},...}: what server events tell of each connection, and of all others who deliver deltas. */
void sk_inputs_write_statistics(const struct sk_inputs *list, struct sk_buf *out);
/* {"echoes","notLogged"}: lines that were not handed on a second time (bus.h), and those that a raw log had no room for. */
void sk_inputs_write_lines(const struct sk_inputs *list, struct sk_buf *out);

#endif
