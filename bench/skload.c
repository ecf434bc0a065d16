/*
 * skload: gives a Signal K server deltas by one connection and reads them back by many, and prints what that took as one JSON
 * object. Every delta carries the value "#s:<number>:<ns>#", so loss, order and latency show whatever order the server writes
 * its keys in.
 *
 * Closed loop (--window N): at most N deltas are on their way; finds the cost of a delta when the server is always busy.
 * Open loop (--rate R --secs T --window 0): finds the latency at a rate.
 * With --pid the server's CPU time and memory are read from /proc.
 *
 * One thread, epoll, WebSocket framing of its own, so that it costs little beside the server under test.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OUT_MAX ((size_t)256 * 1024)
#define FEEDER UINT32_MAX
#define STALLED_NS 15000000000u

struct bytes {
    char *p;
    size_t n, cap;
};

struct link {
    int fd;
    bool websocket, dead;
    struct bytes in, out, message;
    uint64_t got, last, unordered, repeated;
};

static struct {
    const char *transport, *query;
    unsigned port, tcp_port, subs, values, contexts;
    int pid;
    uint64_t count, window;
    double rate, secs, idle, warm, max_secs;
} opt = { .transport = "ws",
          .query = "subscribe=all&sendCachedValues=false",
          .subs = 1,
          .values = 2,
          .count = 50000,
          .window = 200,
          .idle = 4,
          .warm = 1,
          .max_secs = 120 };

static struct link feeder, *subs;
static unsigned alive;
static uint64_t sent, got, messages, bytes_in, last_got_ns;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "skload: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- latency: a histogram of microseconds, 64 steps an octave ---- */

#define STEPS 64u
static uint64_t hist[64 * STEPS], hist_count, hist_max;

static void hist_add(uint64_t us)
{
    unsigned i = (unsigned)us;
    if (us >= STEPS) {
        unsigned e = 63 - (unsigned)__builtin_clzll(us);
        i = (e - 5) * STEPS + (unsigned)(us >> (e - 6) & (STEPS - 1));
    }
    hist[i]++;
    hist_count++;
    if (us > hist_max)
        hist_max = us;
}

static double hist_ms(double part)
{
    uint64_t want = (uint64_t)(part * (double)hist_count), sum = 0;
    for (unsigned i = 0; i < 64 * STEPS; i++) {
        sum += hist[i];
        if (sum > want) {
            unsigned e = i / STEPS + 5;
            double us = i < STEPS ? i : (double)((UINT64_C(1) << e) + ((uint64_t)(i % STEPS) << (e - 6)));
            return us / 1000;
        }
    }
    return (double)hist_max / 1000;
}

/* ---- the server's process ---- */

/* Nanoseconds on a processor, all threads; the scheduler's own count, which is finer than the clock ticks of /proc/PID/stat. */
static double cpu_of(int pid)
{
    struct timespec t;
    clockid_t clock = (clockid_t)(~(unsigned)pid << 3 | 2); /* as clock_getcpuclockid(3) makes it */
    return pid > 0 && clock_gettime(clock, &t) == 0 ? (double)t.tv_sec + (double)t.tv_nsec / 1e9 : 0;
}

static double rss_mb(int pid)
{
    char name[64];
    unsigned long pages = 0, size = 0;
    snprintf(name, sizeof name, "/proc/%d/statm", pid);
    FILE *f = pid > 0 ? fopen(name, "r") : NULL;
    if (f != NULL && fscanf(f, "%lu %lu", &size, &pages) != 2)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* ---- connections ---- */

static void room(struct bytes *b, size_t n)
{
    if (b->n + n <= b->cap)
        return;
    b->cap = (b->n + n) * 2;
    b->p = realloc(b->p, b->cap);
    if (b->p == NULL)
        die("memory");
}

static void put(struct bytes *b, const void *p, size_t n)
{
    room(b, n);
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void take(struct bytes *b, size_t n)
{
    b->n -= n;
    memmove(b->p, b->p + n, b->n);
}

static void flush_link(struct link *l)
{
    size_t done = 0;
    while (done < l->out.n) {
        ssize_t n = send(l->fd, l->out.p + done, l->out.n - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            l->dead = true;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (done > 0)
        take(&l->out, done);
}

/* The mask is all zeroes: allowed, and free of charge here. */
static void put_frame(struct link *l, unsigned opcode, const void *p, size_t n)
{
    unsigned char h[8] = { (unsigned char)(0x80 | opcode), 0x80 };
    size_t size = 2;
    if (n < 126) {
        h[1] |= (unsigned char)n;
    } else {
        h[1] |= 126;
        h[2] = (unsigned char)(n >> 8);
        h[3] = (unsigned char)n;
        size = 4;
    }
    put(&l->out, h, size + 4);
    put(&l->out, p, n);
}

static void dial(struct link *l, unsigned port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1;
    l->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&a, sizeof a) < 0)
        die("connect");
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void open_websocket(struct link *l, const char *query)
{
    char text[512];
    dial(l, opt.port);
    l->websocket = true;
    int n = snprintf(text, sizeof text,
                     "GET /signalk/v1/stream?%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: c2tpZmYtbWVhc3VyZW1lbg==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                     query, opt.port);
    if (send(l->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
        die("send");
    char *end = NULL;
    while (end == NULL) {
        struct pollfd p = { .fd = l->fd, .events = POLLIN };
        room(&l->in, 4096);
        ssize_t k = poll(&p, 1, 15000) == 1 ? recv(l->fd, l->in.p + l->in.n, 4096, 0) : -1;
        if (k <= 0)
            die("WebSocket handshake");
        l->in.n += (size_t)k;
        end = memmem(l->in.p, l->in.n, "\r\n\r\n", 4);
    }
    if (memcmp(l->in.p, "HTTP/1.1 101", 12) != 0) {
        fprintf(stderr, "skload: %.*s\n", (int)(end - l->in.p), l->in.p);
        exit(2);
    }
    take(&l->in, (size_t)(end + 4 - l->in.p));
}

static void watch(int ep, const struct link *l, uint32_t id, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.u32 = id };
    fcntl(l->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(ep, EPOLL_CTL_ADD, l->fd, &e) < 0)
        die("epoll");
}

static void open_all(int ep)
{
    for (unsigned i = 0; i < opt.subs; i++) {
        open_websocket(&subs[i], opt.query);
        watch(ep, &subs[i], i, EPOLLIN);
    }
    if (strcmp(opt.transport, "tcp") == 0)
        dial(&feeder, opt.tcp_port);
    else
        open_websocket(&feeder, "subscribe=none&sendCachedValues=false");
    watch(ep, &feeder, FEEDER, EPOLLIN | EPOLLOUT | EPOLLET);
    alive = opt.subs;
}

/* ---- what comes in ---- */

static void on_message(struct link *l, const char *p, size_t n)
{
    const char *end = p + n;
    uint64_t now = 0;
    messages++;
    bytes_in += n;
    while ((p = memmem(p, (size_t)(end - p), "#s:", 3)) != NULL) {
        char *q;
        uint64_t number = strtoull(p + 3, &q, 10);
        uint64_t at = *q == ':' ? strtoull(q + 1, &q, 10) : 0;
        p += 3;
        if (at == 0 || *q != '#')
            continue;
        if (now == 0)
            now = now_ns();
        hist_add((now - at) / 1000);
        l->repeated += number == l->last;
        l->unordered += number != l->last && number != l->last + 1;
        l->last = number > l->last ? number : l->last;
        l->got++;
        got++;
    }
    if (now != 0)
        last_got_ns = now;
}

static void on_frame(struct link *l, unsigned head, const char *p, size_t n)
{
    unsigned opcode = head & 15;
    if (opcode == 8)
        l->dead = true;
    else if (opcode == 9)
        put_frame(l, 10, p, n);
    else if (opcode <= 2 && (head & 0x80) != 0 && opcode != 0)
        on_message(l, p, n);
    else if (opcode <= 2) {
        put(&l->message, p, n);
        if ((head & 0x80) != 0) {
            on_message(l, l->message.p, l->message.n);
            l->message.n = 0;
        }
    }
}

static void parse_frames(struct link *l)
{
    size_t at = 0;
    while (l->in.n - at >= 2 && !l->dead) {
        const unsigned char *b = (const unsigned char *)l->in.p + at;
        uint64_t n = b[1] & 127;
        size_t head = n == 126 ? 4 : n == 127 ? 10 : 2;
        if (l->in.n - at < head)
            break;
        if (n >= 126) {
            n = 0;
            for (size_t i = 2; i < head; i++)
                n = n << 8 | b[i];
        }
        if (l->in.n - at - head < n)
            break;
        on_frame(l, b[0], l->in.p + at + head, n);
        at += head + n;
    }
    take(&l->in, at);
}

static void read_link(struct link *l)
{
    for (int i = 0; i < 16 && !l->dead; i++) {
        room(&l->in, 32768);
        ssize_t n = recv(l->fd, l->in.p + l->in.n, l->in.cap - l->in.n, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            l->dead = true;
            return;
        }
        l->in.n += (size_t)n;
        if (l->websocket)
            parse_frames(l);
        else
            l->in.n = 0;
    }
}

static void wait_for(int ep, int ms)
{
    struct epoll_event ev[256];
    int n = epoll_wait(ep, ev, 256, ms);
    for (int i = 0; i < n; i++) {
        struct link *l = ev[i].data.u32 == FEEDER ? &feeder : &subs[ev[i].data.u32];
        if (l->dead)
            continue;
        read_link(l);
        if (l != &feeder && l->out.n > 0)
            flush_link(l);
        if (l != &feeder && l->dead) {
            alive--;
            epoll_ctl(ep, EPOLL_CTL_DEL, l->fd, NULL);
        }
    }
}

/* ---- what goes out ---- */

static const char *const paths[] = {
    "navigation.speedOverGround",     "navigation.courseOverGroundTrue",    "environment.wind.angleApparent",
    "environment.wind.speedApparent", "navigation.headingMagnetic",         "environment.water.temperature",
    "navigation.speedThroughWater",   "electrical.batteries.house.voltage", "propulsion.port.revolutions",
    "tanks.fuel.0.currentLevel",
};
#define PATHS (sizeof paths / sizeof *paths)

static size_t write_delta(char *b, size_t size, uint64_t number)
{
    static char second[40];
    static time_t of;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (t.tv_sec != of) {
        struct tm g;
        gmtime_r(&t.tv_sec, &g);
        strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &g);
        of = t.tv_sec;
    }
    char context[60] = "vessels.self";
    if (opt.contexts > 0)
        snprintf(context, sizeof context, "vessels.urn:mrn:imo:mmsi:%u", 200000000u + (unsigned)(number % opt.contexts));
    size_t n = (size_t)snprintf(b, size,
                                "{\"context\":\"%s\",\"updates\":[{\"source\":{\"label\":\"skload\",\"type\":\"bench\","
                                "\"src\":\"1\"},\"timestamp\":\"%s.%03ldZ\",\"values\":[",
                                context, second, t.tv_nsec / 1000000);
    for (unsigned i = 0; i < opt.values; i++)
        n += (size_t)snprintf(b + n, size - n, "{\"path\":\"%s\",\"value\":%.4f},", paths[(number + i) % PATHS],
                              1.0 + (double)(number % 9973) / 5000.0);
    return n + (size_t)snprintf(b + n, size - n, "{\"path\":\"bench.marker\",\"value\":\"#s:%llu:%llu#\"}]}]}",
                                (unsigned long long)number, (unsigned long long)now_ns());
}

static uint64_t got_by_all(void)
{
    return alive > 0 ? got / alive : sent;
}

/* False: nothing more may go out for now. */
static bool may_send(uint64_t due)
{
    return sent < due && feeder.out.n < OUT_MAX && !feeder.dead && (opt.window == 0 || sent < got_by_all() + opt.window);
}

static void produce(uint64_t due)
{
    char text[8192];
    for (int burst = 0; burst < 512 && may_send(due); burst++) {
        size_t n = write_delta(text, sizeof text - 2, ++sent);
        if (feeder.websocket) {
            put_frame(&feeder, 1, text, n);
        } else {
            memcpy(text + n, "\r\n", 2);
            put(&feeder.out, text, n + 2);
        }
        if (opt.rate > 0)
            flush_link(&feeder);
    }
    flush_link(&feeder);
}

/* NULL: all went through, or what was missing did not come any more; otherwise why it was given up. */
static const char *run(int ep, uint64_t start)
{
    uint64_t seen = 0, changed = start;
    for (;;) {
        uint64_t now = now_ns(), due = opt.count;
        if (opt.rate > 0) {
            uint64_t by_now = (uint64_t)((double)(now - start) / 1e9 * opt.rate) + 1;
            due = by_now < due ? by_now : due;
        }
        if ((double)(now - start) > opt.max_secs * 1e9)
            return "time is up";
        produce(due);
        wait_for(ep, may_send(due) ? 0 : 1);
        if (feeder.dead)
            return "the feeder's connection was closed";
        if (opt.subs > 0 && alive == 0)
            return "all subscribers were closed";
        now = now_ns();
        if (got != seen) {
            seen = got;
            changed = now;
        }
        if (sent >= opt.count && feeder.out.n == 0 && (got >= opt.count * opt.subs || (double)(now - changed) > opt.idle * 1e9))
            return NULL;
        if (opt.window > 0 && sent < opt.count && now - changed > STALLED_NS)
            return "nothing came for 15 s";
    }
}

/* ---- the command ---- */

static void read_options(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *k = argv[i], *v = argv[i + 1];
        double d = strtod(v, NULL);
        if (strcmp(k, "--port") == 0)
            opt.port = (unsigned)d;
        else if (strcmp(k, "--tcp-port") == 0)
            opt.tcp_port = (unsigned)d;
        else if (strcmp(k, "--transport") == 0)
            opt.transport = v;
        else if (strcmp(k, "--query") == 0)
            opt.query = v;
        else if (strcmp(k, "--subs") == 0)
            opt.subs = (unsigned)d;
        else if (strcmp(k, "--contexts") == 0)
            opt.contexts = (unsigned)d;
        else if (strcmp(k, "--values") == 0)
            opt.values = (unsigned)d;
        else if (strcmp(k, "--pid") == 0)
            opt.pid = (int)d;
        else if (strcmp(k, "--count") == 0)
            opt.count = (uint64_t)d;
        else if (strcmp(k, "--window") == 0)
            opt.window = (uint64_t)d;
        else if (strcmp(k, "--rate") == 0)
            opt.rate = d;
        else if (strcmp(k, "--secs") == 0)
            opt.secs = d;
        else if (strcmp(k, "--idle") == 0)
            opt.idle = d;
        else if (strcmp(k, "--warm") == 0)
            opt.warm = d;
        else if (strcmp(k, "--max-secs") == 0)
            opt.max_secs = d;
        else
            opt.port = 0, i = argc;
    }
    if (opt.port == 0 || argc % 2 == 0 || opt.values > 50) {
        fprintf(stderr, "usage: skload --port N [--transport ws|tcp --tcp-port N] [--subs N] [--count N | --rate R --secs T]\n"
                        "              [--window N] [--values N] [--contexts N] [--query Q] [--pid SERVER] [--warm s] [--idle s] "
                        "[--max-secs s]\n");
        exit(2);
    }
    if (opt.rate > 0 && opt.secs > 0)
        opt.count = (uint64_t)(opt.rate * opt.secs);
}

static void report(const char *gave_up, uint64_t start, double server_cpu, double client_cpu)
{
    uint64_t unordered = 0, repeated = 0, least = UINT64_MAX, expected = sent * opt.subs;
    for (unsigned i = 0; i < opt.subs; i++) {
        unordered += subs[i].unordered;
        repeated += subs[i].repeated;
        least = subs[i].got < least ? subs[i].got : least;
    }
    double took = (double)((last_got_ns > start ? last_got_ns : now_ns()) - start) / 1e9;
    printf("{\"gave_up\":%s%s%s,\"subs\":%u,\"sent\":%llu,\"received\":%llu,\"lost\":%lld,\"unordered\":%llu,\"repeated\":%llu,"
           "\"messages\":%llu,\"bytes\":%llu,\"elapsed_s\":%.3f,\"in_per_s\":%.0f,\"delivered_per_s\":%.0f,\"lat_ms_p50\":%.3f,"
           "\"lat_ms_p99\":%.3f,\"lat_ms_max\":%.3f,\"server_cpu_s\":%.4f,\"cpu_s_per_100k_in\":%.4f,\"cpu_us_per_delivery\":%."
           "3f,"
           "\"server_rss_mb\":%.1f,\"client_cpu_s\":%.3f}\n",
           gave_up != NULL ? "\"" : "", gave_up != NULL ? gave_up : "null", gave_up != NULL ? "\"" : "", opt.subs,
           (unsigned long long)sent, (unsigned long long)got, (long long)(expected - got), (unsigned long long)unordered,
           (unsigned long long)repeated, (unsigned long long)messages, (unsigned long long)bytes_in, took, (double)sent / took,
           (double)got / took, hist_ms(.5), hist_ms(.99), (double)hist_max / 1000, server_cpu,
           sent > 0 ? server_cpu / (double)sent * 1e5 : 0, got > 0 ? server_cpu / (double)got * 1e6 : 0, rss_mb(opt.pid),
           client_cpu);
    exit(gave_up != NULL || least < sent ? 1 : 0);
}

int main(int argc, char **argv)
{
    struct rlimit files = { 65536, 65536 };
    read_options(argc, argv);
    setrlimit(RLIMIT_NOFILE, &files);
    subs = calloc(opt.subs + 1, sizeof *subs);
    int ep = epoll_create1(0);
    if (subs == NULL || ep < 0)
        die("start");
    open_all(ep);
    for (uint64_t end = now_ns() + (uint64_t)(opt.warm * 1e9); now_ns() < end;) /* hello messages */
        wait_for(ep, 20);
    messages = bytes_in = 0;
    double server = cpu_of(opt.pid), client = cpu_of(getpid());
    uint64_t start = now_ns();
    const char *gave_up = run(ep, start);
    report(gave_up, start, cpu_of(opt.pid) - server, cpu_of(getpid()) - client);
}
