/*
 * Loaded before a server (LD_PRELOAD): a name server and a network of our own (tests/scenario/test_security_outbound.py).
 *
 * FAULT_NAMES: "name=address,address;name=first|second": what a name means; behind each '|' what it means when it is asked for
 * again. FAULT_NETWORK: the beginning of addresses, e.g. "192.168.77.": a connection there is made to 127.0.0.1, the same port.
 * Threads: any.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NAMES_MAX 32u
#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (f == NULL)
        abort();
    return f;
}

/* The text behind "name=", up to the next ';', in `out`; and which of our names it is. */
static int meaning_of(const char *name, char *out, size_t max)
{
    const char *at = getenv("FAULT_NAMES");
    size_t n = strlen(name);
    for (int i = 0; at != NULL && *at != 0; i++) {
        size_t entry = strcspn(at, ";");
        if (entry > n && strncmp(at, name, n) == 0 && at[n] == '=') {
            snprintf(out, max, "%.*s", (int)(entry - n - 1), at + n + 1);
            return i;
        }
        at += entry + (at[entry] != 0);
    }
    return -1;
}

/* The `nth` of those that '|' divides, or the last. */
static char *turn_of(char *text, unsigned nth)
{
    for (char *bar; nth > 0 && (bar = strchr(text, '|')) != NULL; nth--)
        text = bar + 1;
    text[strcspn(text, "|")] = 0;
    return text;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static unsigned asked[NAMES_MAX];
    char text[512], *save = NULL;
    int which = node != NULL ? meaning_of(node, text, sizeof text) : -1;
    struct addrinfo **last = ret;
    if (which < 0 || (unsigned)which >= NAMES_MAX)
        return REAL(getaddrinfo)(node, service, hints, ret);
    pthread_mutex_lock(&lock);
    unsigned nth = asked[which]++;
    pthread_mutex_unlock(&lock);
    *ret = NULL;
    for (char *a = strtok_r(turn_of(text, nth), ",", &save); a != NULL; a = strtok_r(NULL, ",", &save)) {
        struct addrinfo any = { .ai_socktype = hints != NULL ? hints->ai_socktype : 0, .ai_flags = AI_NUMERICHOST };
        if (REAL(getaddrinfo)(a, service, &any, last) == 0)
            while (*last != NULL)
                last = &(*last)->ai_next;
    }
    return *ret != NULL ? 0 : EAI_NONAME;
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    const char *network = getenv("FAULT_NETWORK");
    char text[INET_ADDRSTRLEN] = "";
    struct sockaddr_in here;
    if (network == NULL || to->sa_family != AF_INET || size < sizeof here)
        return REAL(connect)(fd, to, size);
    memcpy(&here, to, sizeof here);
    inet_ntop(AF_INET, &here.sin_addr, text, sizeof text);
    if (strncmp(text, network, strlen(network)) != 0)
        return REAL(connect)(fd, to, size);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return REAL(connect)(fd, (const struct sockaddr *)&here, sizeof here);
}
