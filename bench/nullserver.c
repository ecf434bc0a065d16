/*
 * nullserver: passes every WebSocket text frame of one client to all the others, and does nothing else: no JSON, no model, no
 * subscriptions. What it takes is the price of the sockets alone, on this machine at this moment.
 *
 * nullserver PORT        listens on 127.0.0.1, ends by itself after ten minutes
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 4096u
#define LISTENER CLIENTS_MAX
#define READ_SIZE ((size_t)256 * 1024)
#define LIFETIME_S 600

struct client {
    int fd; /* 0: free */
    bool upgraded;
    size_t in_n, out_from, out_n, out_cap;
    char *in, *out;
};

static struct client clients[CLIENTS_MAX];
static unsigned used;

static void put(struct client *c, const void *p, size_t n)
{
    if (c->out_from + c->out_n + n > c->out_cap) {
        if (c->out_from > 0)
            memmove(c->out, c->out + c->out_from, c->out_n);
        c->out_from = 0;
        if (c->out_n + n > c->out_cap)
            c->out = realloc(c->out, c->out_cap = (c->out_n + n) * 2);
        if (c->out == NULL)
            abort();
    }
    memcpy(c->out + c->out_from + c->out_n, p, n);
    c->out_n += n;
}

static void flush_client(struct client *c)
{
    while (c->out_n > 0) {
        ssize_t n = send(c->fd, c->out + c->out_from, c->out_n, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        c->out_from += (size_t)n;
        c->out_n -= (size_t)n;
    }
    c->out_from = 0;
}

static void pass_on(const struct client *from, const char *text, size_t n)
{
    unsigned char head[4] = { 0x81, (unsigned char)n };
    size_t size = 2;
    if (n >= 126) {
        head[1] = 126;
        head[2] = (unsigned char)(n >> 8);
        head[3] = (unsigned char)n;
        size = 4;
    }
    for (unsigned i = 0; i < used; i++) {
        struct client *c = &clients[i];
        if (c->fd == 0 || !c->upgraded || c == from)
            continue;
        put(c, head, size);
        put(c, text, n);
    }
}

static size_t upgrade(struct client *c)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    const char *end = memmem(c->in, c->in_n, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    c->upgraded = true;
    put(c, answer, sizeof answer - 1);
    return (size_t)(end + 4 - c->in);
}

/* skload masks with zeroes, so the text can be passed on as it is. Returns the bytes that were used. */
static size_t frames(const struct client *c, size_t at)
{
    while (c->in_n - at >= 8) {
        const unsigned char *b = (const unsigned char *)c->in + at;
        size_t n = b[1] & 127, head = n == 126 ? 8 : 6;
        if (n == 126)
            n = (size_t)b[2] << 8 | b[3];
        if (c->in_n - at < head + n)
            break;
        if ((b[0] & 15) == 1)
            pass_on(c, c->in + at + head, n);
        at += head + n;
    }
    return at;
}

static void drop(struct client *c)
{
    close(c->fd);
    free(c->in);
    free(c->out);
    *c = (struct client){ 0 };
}

static void serve(struct client *c)
{
    for (;;) {
        ssize_t n = recv(c->fd, c->in + c->in_n, READ_SIZE - c->in_n, 0);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            drop(c);
            return;
        }
        c->in_n += (size_t)n;
        size_t taken = c->upgraded ? 0 : upgrade(c);
        if (c->upgraded)
            taken = frames(c, taken);
        c->in_n -= taken;
        memmove(c->in, c->in + taken, c->in_n);
    }
}

static void accept_client(int ep, int listener)
{
    int on = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    unsigned i = 0;
    while (i < used && clients[i].fd != 0)
        i++;
    if (fd < 0 || i == CLIENTS_MAX) {
        close(fd);
        return;
    }
    used = i == used ? used + 1 : used;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    clients[i] = (struct client){ .fd = fd, .in = malloc(READ_SIZE) };
    if (clients[i].in == NULL)
        abort();
    struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = i };
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static int listen_on(unsigned port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 1024) < 0) {
        perror("nullserver");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event ev[256], e = { .events = EPOLLIN, .data.u32 = LISTENER };
    int listener = listen_on(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 4999), ep = epoll_create1(0);
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
    for (time_t end = time(NULL) + LIFETIME_S; time(NULL) < end;) {
        int n = epoll_wait(ep, ev, 256, 100);
        for (int i = 0; i < n; i++) {
            uint32_t id = ev[i].data.u32;
            if (id == LISTENER)
                accept_client(ep, listener);
            else if (clients[id].fd != 0)
                serve(&clients[id]);
        }
        for (unsigned i = 0; i < used; i++)
            if (clients[i].fd != 0 && clients[i].out_n > 0)
                flush_client(&clients[i]);
    }
    return 0;
}
