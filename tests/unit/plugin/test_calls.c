/*
 * A million host calls with random and with nearly right arguments, through the whole host: no finding of the sanitizers, every
 * call returns, and the server side goes on. Every run makes the same calls; SKIFF_FUZZ_SEED makes others (0: each time new ones;
 * the seed is printed), SKIFF_FUZZ_CALLS changes their number.
 */
#include "base/clock.h"
#include "base/log.h"
#include "boat.h"
#include "every_import.h"
#include "signals.h"
#include "store/fs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLS_DEFAULT 1000000
#define CALLS_AT_ONCE 650u
#define REQUEST_LIMIT (EVERY_REQUEST_MAX - 16u)

/* ---- chance ---- */

static uint64_t seed, random_state;

static uint32_t chance(void) /* xorshift64* */
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 32);
}

static uint32_t below(uint32_t n)
{
    return chance() % n;
}

/* ---- what arguments point to ---- */

/* Texts that get far into the host. Addresses are such that no part of one is the address of another machine. */
static const char *const words[] = {
    "",
    "x",
    "vessels.self",
    "test.calls",
    "test.calls.value",
    "navigation.position",
    "uuid",
    "/sources",
    "notifications.test",
    "{\"updates\":[{\"values\":[{\"path\":\"test.calls\",\"value\":1}]}]}",
    "{\"updates\":[]}",
    "{\"updates\":[{\"meta\":[{}]}]}",
    "{\"updates\":[{\"$source\":\"s.1\",\"values\":[{\"path\":\"a.b\",\"value\":{\"x\":[1,null]}}]}]}",
    "{\"context\":\"vessels.urn:mrn:imo:mmsi:230099999\",\"updates\":[{\"values\":[{\"path\":\"\",\"value\":{\"name\":\"N\"}}]}]"
    "}",
    "{\"state\":\"alarm\",\"method\":[\"visual\"],\"message\":\"m\"}",
    "{\"state\":\"nominal\"}",
    "{\"a\":1}",
    "{",
    "null",
    "[[[[[[[[",
    "network",
    "rawSockets",
    "waypoints",
    "weather",
    "radars/x",
    "plugins/calls/x",
    "0.0.0.0",
    "::",
    "0.0.0.0:0",
    "\xff\xfe\xfd",
    "\xef\xbb\xbf",
    "\xc3\xa5\xe2\x9a\x93\xf0\x9f\x9a\xa4",
    "data",
    "data/f",
    "data/g",
    "data/d",
    "data/d/e",
    "data/l",
    "tmp/",
    "data/f/",
    ".",
    "..",
    "../..",
    "/",
    "/data",
    "data/../../x",
    "data/l/x",
    "//",
    "data/f/..",
    "config/c",
    "http://0.0.0.0:9/",
};

/* The head of a request: the number of its first byte of calls, the words, and structures that point to them. */
struct head {
    struct sk_buf bytes;
    uint32_t at[SK_COUNT(words)]; /* addresses in the guest */
    uint32_t vectors, subscriptions, strings[4], array;
};

static uint32_t here(const struct sk_buf *b)
{
    return EVERY_REQUEST + (uint32_t)b->n;
}

static void put32(struct sk_buf *b, uint32_t v)
{
    sk_buf_append(b, &v, sizeof v); /* wasm and the machines we know are little-endian */
}

static void put64(struct sk_buf *b, uint64_t v)
{
    sk_buf_append(b, &v, sizeof v);
}

static void align(struct sk_buf *b)
{
    while (b->n % 8 != 0)
        sk_buf_char(b, 0);
}

static void put_vectors(struct head *h)
{
    struct sk_buf *b = &h->bytes;
    h->vectors = here(b);
    for (unsigned i = 0; i < 6; i++) {
        uint32_t w = below(SK_COUNT(words));
        put32(b, i == 4 ? chance() : i == 5 ? 0x1000 : h->at[w]);
        put32(b, i == 4 ? chance() : i == 5 ? 0x4000 : (uint32_t)strlen(words[w]));
    }
}

/* Short waits only: one that is due, one of a microsecond, one for a file, one that is none. */
static void put_subscriptions(struct head *h)
{
    static const uint8_t tags[] = { 0, 0, 1, 7 };
    struct sk_buf *b = &h->bytes;
    h->subscriptions = here(b);
    for (unsigned i = 0; i < SK_COUNT(tags); i++) {
        put64(b, chance());       /* userdata */
        put64(b, tags[i]);        /* kind */
        put64(b, below(4));       /* clock or descriptor */
        put64(b, i * 1000u);      /* nanoseconds */
        put64(b, 0);              /* precision */
        put64(b, i == 0 ? 1 : 0); /* absolute */
    }
}

/* AssemblyScript objects: class and size stand in front. */
static uint32_t put_object(struct sk_buf *b, uint32_t class_id, uint32_t size, const char *text)
{
    align(b);
    put32(b, class_id);
    put32(b, size);
    uint32_t at = here(b);
    for (const char *c = text; *c != 0; c++) {
        sk_buf_char(b, *c);
        sk_buf_char(b, 0);
    }
    return at;
}

static void put_strings(struct head *h)
{
    struct sk_buf *b = &h->bytes;
    h->strings[0] = put_object(b, 2, 34, "http://0.0.0.0:9/");
    h->strings[1] = put_object(b, 2, 3, "abc");
    h->strings[2] = put_object(b, 2, 0x7fffffff, "long");
    h->strings[3] = put_object(b, 1, 8, "buff");
    uint32_t pair = put_object(b, 4, 8, "");
    put32(b, h->strings[1]);
    put32(b, h->strings[2]);
    h->array = put_object(b, 5, 16, "");
    const uint32_t fields[] = { pair, pair, 8, 2 }; /* buffer, data, bytes, elements */
    sk_buf_append(b, fields, sizeof fields);
}

static void make_head(struct head *h)
{
    struct sk_buf *b = &h->bytes;
    sk_buf_init(b, REQUEST_LIMIT);
    put32(b, 0);
    for (size_t i = 0; i < SK_COUNT(words); i++) {
        h->at[i] = here(b);
        sk_buf_text(b, words[i]);
        sk_buf_char(b, 0);
    }
    align(b);
    put_vectors(h);
    put_subscriptions(h);
    put_strings(h);
    align(b);
    uint32_t first = (uint32_t)b->n;
    memcpy(b->p, &first, sizeof first);
}

/* ---- arguments ---- */

static uint32_t wild(void)
{
    switch (below(7)) {
    case 0:
        return below(16);
    case 1:
        return UINT32_MAX - below(16);
    case 2:
        return EVERY_MEMORY - 8 + below(16);
    case 3:
        return 0x7ffffff8u + below(16);
    case 4:
        return below(0x18000);
    case 5:
        return UINT32_C(1) << below(32);
    default:
        return chance();
    }
}

static uint32_t argument(const struct head *h, char hint, uint32_t *word)
{
    switch (hint) {
    case 'p':
        *word = below(SK_COUNT(words));
        return h->at[*word];
    case 'l':
        return (uint32_t)strlen(words[*word]);
    case 'f':
        return 3 + below(8);
    case 'o':
        return 0x1000 + 8 * below(0x1000);
    case 'm':
        return below(2000);
    case 'v':
        return h->vectors + 8 * below(2);
    case 'n':
        return 1 + below(4);
    case 's':
        return h->subscriptions + 48 * below(2);
    case 'A':
        return below(3) == 0 ? h->array : h->strings[below(4)];
    case 'k':
        return below(16);
    case 't':
        return below(2);
    default:
        return below(20);
    }
}

/* Wasmtime's own WASI ends an instance that gives it a wrong pointer or a flag which does not exist: rarely is enough. */
static bool trapping(const struct every_import *e, char hint)
{
    return e->hint != NULL && strcmp(e->name, "poll_oneoff") != 0 && hint != 'f' && below(5000) != 0;
}

static uint64_t argument64(bool wasi)
{
    switch (below(wasi ? 2 : 4)) {
    case 0:
        return below(100);
    case 1:
        return 0x1fffffff; /* all rights of WASI */
    case 2:
        return UINT64_MAX;
    default:
        return (uint64_t)chance() << 32 | chance();
    }
}

static double argument_double(void)
{
    static const double some[] = { 0, -1, 1e308, -1e308, 0.5 };
    uint64_t bits = (uint64_t)chance() << 32 | chance();
    double d;
    memcpy(&d, &bits, sizeof d);
    return below(2) ? some[below(SK_COUNT(some))] : d; /* NaN and infinity among them */
}

/* Ours take texts, answer buffers, and numbers, in this order more often than not. */
static char guess(const struct every_import *e, unsigned i)
{
    bool as = strcmp(e->module, "as-fetch") == 0 || strcmp(e->name, "abort") == 0 || strcmp(e->name, "trace") == 0 ||
              strncmp(e->name, "console", 7) == 0;
    if (as)
        return 'A';
    bool answers = strstr(e->name, "_get_") != NULL || strstr(e->name, "recv") != NULL || strstr(e->name, "read_config") != NULL;
    if (strncmp(e->name, "sk_udp", 6) == 0 || strncmp(e->name, "sk_tcp", 6) == 0)
        return i == 0 ? 't' : answers ? (i == 2 ? 'm' : 'o') : i % 2 ? 'p' : 'l';
    if (answers && (i >= 2 || e->type[2] == '>'))
        return i % 2 ? 'm' : 'o';
    return i == 4 ? 't' : i % 2 ? 'l' : 'p';
}

static void append_call(struct head *h, uint32_t number)
{
    const struct every_import *e = every_import(number);
    unsigned how_wild = below(4); /* of four arguments, about so many are */
    uint32_t word = 0;
    uint8_t record[EVERY_STRIDE] = { 0 };
    memcpy(record, &number, sizeof number);
    for (unsigned i = 0; e->type[i] != '>'; i++) {
        char hint = e->hint != NULL ? e->hint[i] : guess(e, i);
        uint64_t v = 0;
        double d;
        if (e->type[i] == 'd') {
            d = argument_double();
            memcpy(&v, &d, sizeof d);
        } else if (e->type[i] == 'I')
            v = argument64(trapping(e, 0));
        else
            v = below(4) < how_wild && !trapping(e, hint) ? wild() : argument(h, hint, &word);
        memcpy(record + 8 + 8 * (size_t)i, &v, sizeof v);
    }
    sk_buf_append(&h->bytes, record, sizeof record);
}

static bool is_named(uint32_t number, const char *name)
{
    return strcmp(every_import(number)->name, name) == 0;
}

/* These end the instance: they are called one by one. */
static bool ends_it(uint32_t number)
{
    return is_named(number, "proc_exit") || is_named(number, "process.exit");
}

/* These wait for the disk: now and then is enough. */
static bool slow(uint32_t number)
{
    return is_named(number, "sk_save_config") || is_named(number, "fd_sync") || is_named(number, "fd_datasync");
}

static uint32_t pick(void)
{
    for (;;) {
        uint32_t number = below((uint32_t)every_import_count());
        if (!ends_it(number) && (!slow(number) || below(100) == 0))
            return number;
    }
}

/* ---- the boat ---- */

static void install_every(struct boat *b)
{
    struct sk_buf module;
    char path[400];
    sk_buf_init(&module, 1 << 20);
    every_import_module(&module);
    snprintf(path, sizeof path, "%s/calls/package.json", b->root);
    write_file(path,
               "{\"name\":\"calls\",\"version\":\"1.0.0\",\"keywords\":[\"signalk-wasm-plugin\"],\"wasmManifest\":\"p.wasm\","
               "\"wasmCapabilities\":{\"network\":true,\"putHandlers\":true,\"resourceProvider\":true,"
               "\"weatherProvider\":true,\"radarProvider\":true,\"rawSockets\":true,\"httpEndpoints\":true}}");
    snprintf(path, sizeof path, "%s/calls/p.wasm", b->root);
    assert_int_equal(sk_fs_write_atomic(path, sk_buf_span(&module), 0644, NULL), 0);
    sk_buf_finish(&module);
}

static struct boat *boat_with_every_import(void)
{
    struct boat *b = boat();
    install_every(b);
    configure(b, "calls", "{\"enabled\":true,\"configuration\":{}}");
    b->limits.request_ms = 1000;
    b->limits.restart.restarts = 1000;
    b->limits.restart.first_delay_ms = 1;
    sail(b);
    wait_state(b, "calls", "running");
    return b;
}

static struct answer ask(struct boat *b, const struct sk_buf *request)
{
    struct answer a = { 0 };
    assert_true(sk_buf_ok(request));
    sk_plugin_call(plugin(b, "calls"), SK_CALL_REQUEST, "http_calls", sk_buf_span(request), 8, on_answer, &a);
    assert_true(sk_loop_run_until(b->loop, is_answered, &a, sk_clock_mono_ms() + 90000));
    return a;
}

static void quiet_log(void *arg, enum sk_log_level level, const char *line, size_t n)
{
    (void)arg, (void)level, (void)line, (void)n;
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- tests ---- */

static void a_million_calls_harm_nobody(void **state)
{
    struct boat *b = boat_with_every_import();
    uint64_t wanted = number_from("SKIFF_FUZZ_CALLS", CALLS_DEFAULT), done = 0, deaths = 0;
    while (done < wanted) {
        struct head h;
        make_head(&h);
        for (unsigned i = 0; i < CALLS_AT_ONCE; i++)
            append_call(&h, pick());
        struct answer a = ask(b, &h.bytes);
        sk_buf_finish(&h.bytes);
        if (a.result == SK_CALL_OK) {
            done += CALLS_AT_ONCE;
            continue;
        }
        deaths++;
        if (deaths > 1000 || getenv("SKIFF_FUZZ_TELL") != NULL)
            print_message("%s\n", a.text);
        assert_true(deaths <= 1000);
        save(b, "calls", "{\"enabled\":true}", ""); /* starts it at once */
    }
    save(b, "calls", "{\"enabled\":false}", ""); /* the server has descriptors, threads and memory left */
    print_message("%llu calls, the instance ended %llu times\n", (unsigned long long)done, (unsigned long long)deaths);
    moor(b);
    (void)state;
}

static void calls_that_end_the_instance_end_only_that(void **state)
{
    struct boat *b = boat_with_every_import();
    for (uint32_t number = 0; number < every_import_count(); number++) {
        if (!ends_it(number))
            continue;
        struct head h;
        make_head(&h);
        append_call(&h, number);
        struct answer a = ask(b, &h.bytes);
        sk_buf_finish(&h.bytes);
        assert_int_equal(a.result, SK_CALL_FAILED);
        assert_true(strlen(a.text) > 0);
        wait_state(b, "calls", "running");
    }
    moor(b);
    (void)state;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_calls_harm_nobody),
        cmocka_unit_test(calls_that_end_the_instance_end_only_that),
    };
    modules = argc > 1 ? argv[1] : ".";
    seed = number_from("SKIFF_FUZZ_SEED", 1);
    if (seed == 0)
        seed = sk_clock_mono_ns();
    random_state = seed | 1;
    print_message("SKIFF_FUZZ_SEED=%llu\n", (unsigned long long)seed);
    sk_log_set_sink(quiet_log, NULL);
    keep_engine_signals();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
