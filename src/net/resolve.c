/*
 * Names of hosts: looked up on a thread that lives while there is something to look up, one a set. A name server that does not
 * answer keeps only that plugin's names waiting.
 */
#include "base/clock.h"
#include "net/sockets_impl.h"
#include "sandbox/sandbox.h"

#include <netdb.h>
#include <stdlib.h>

#define WAITING_MAX 64u
#define WAITING_BYTES ((size_t)256 * 1024)
#define KNOWN_MS 60000u
#define UNKNOWN_MS 5000u

bool sk_resolve_known(struct sk_sockets *s, struct sk_span host, bool v6, struct sk_address *ret_address)
{
    uint64_t now = sk_clock_mono_ms();
    for (size_t i = 0; i < SK_COUNT(s->known); i++) {
        const struct sk_known_host *k = &s->known[i];
        if (k->until_ms > now && k->v6 == v6 && sk_span_eq(host, k->host)) {
            *ret_address = k->address;
            return true;
        }
    }
    return false;
}

static void remember(struct sk_sockets *s, const struct sk_lookup *l, const struct sk_address *address)
{
    struct sk_known_host *k = &s->known[s->next_known++ % SK_COUNT(s->known)];
    *k = (struct sk_known_host){ .v6 = l->v6, .until_ms = sk_clock_mono_ms() + (address != NULL ? KNOWN_MS : UNKNOWN_MS) };
    memcpy(k->host, l->host, sizeof k->host);
    if (address != NULL)
        k->address = *address;
}

static size_t ask(const struct sk_lookup *l, struct sk_address list[SK_TCP_ADDRESSES], const char **ret_why)
{
    struct addrinfo hints = { .ai_socktype = l->is_tcp ? SOCK_STREAM : SOCK_DGRAM }, *found = NULL;
    size_t n = 0;
    if (!l->is_tcp) {
        hints.ai_family = l->v6 ? AF_INET6 : AF_INET;
        hints.ai_flags = l->v6 ? AI_V4MAPPED : 0;
    }
    int r = getaddrinfo(l->host, NULL, &hints, &found);
    for (struct addrinfo *a = r == 0 ? found : NULL; a != NULL && n < SK_TCP_ADDRESSES; a = a->ai_next)
        if (sk_address_from(a->ai_addr, a->ai_addrlen, &list[n])) {
            sk_address_set_port(&list[n], l->port);
            n++;
        }
    if (r == 0)
        freeaddrinfo(found);
    *ret_why = r != 0 ? gai_strerror(r) : "no address";
    return n;
}

/* Under the lock. */
static void deliver(struct sk_sockets *s, const struct sk_lookup *l, struct sk_address *list, size_t n, const char *why)
{
    struct sk_socket *so = s->shut ? NULL : sk_sockets_find(s, l->is_tcp, l->id);
    if (n == 0 && !s->shut)
        sk_sockets_fail(s, SK_ERR_NOTFOUND, "host %.80s cannot be found: %s", l->host, why);
    if (!l->is_tcp)
        remember(s, l, n > 0 ? list : NULL);
    if (so == NULL)
        return;
    if (l->is_tcp)
        sk_tcp_resolved(so, list, n, why);
    else
        sk_udp_resolved(so, n > 0 ? list : NULL, l->port, (struct sk_span){ l->bytes, l->n });
}

/* Under the lock, released meanwhile. */
static void look_up(struct sk_sockets *s, const struct sk_lookup *l)
{
    struct sk_address list[SK_TCP_ADDRESSES] = { 0 };
    const char *why = "not found";
    size_t n = 0;
    if (l->is_tcp || !sk_resolve_known(s, sk_span_of(l->host), l->v6, &list[0])) {
        pthread_mutex_unlock(&s->lock);
        n = ask(l, list, &why);
        pthread_mutex_lock(&s->lock);
        deliver(s, l, list, n, why);
        return;
    }
    struct sk_socket *so = s->shut ? NULL : sk_sockets_find(s, false, l->id);
    if (so != NULL)
        sk_udp_resolved(so, list[0].size > 0 ? list : NULL, l->port, (struct sk_span){ l->bytes, l->n });
}

static void *run(void *arg)
{
    struct sk_sockets *s = arg;
    struct sk_lookup *l;
    pthread_setname_np(pthread_self(), "sk-names");
    sk_sandbox_enter(SK_THREAD_NAMES);
    pthread_mutex_lock(&s->lock);
    while ((l = s->lookups) != NULL) {
        s->lookups = l->next;
        if (s->lookups == NULL)
            s->lookups_end = &s->lookups;
        s->lookup_count--;
        s->lookup_bytes -= l->n;
        if (!s->shut)
            look_up(s, l);
        free(l);
    }
    s->looking_up = false;
    pthread_mutex_unlock(&s->lock);
    sk_sockets_unref(s);
    return NULL;
}

static int start(struct sk_sockets *s)
{
    pthread_t thread;
    pthread_attr_t a;
    if (s->looking_up)
        return 0;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, (size_t)256 * 1024);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    atomic_fetch_add(&s->refs, 1);
    s->looking_up = pthread_create(&thread, &a, run, s) == 0;
    pthread_attr_destroy(&a);
    if (s->looking_up)
        return 0;
    atomic_fetch_sub(&s->refs, 1);
    return SK_ERR_NOMEM;
}

static bool usable_name(struct sk_span host)
{
    return host.n > 0 && host.n <= SK_HOST_NAME_MAX && memchr(host.p, 0, host.n) == NULL;
}

int sk_resolve_later(struct sk_socket *so, struct sk_span host, bool v6, uint16_t port, struct sk_span bytes)
{
    struct sk_sockets *s = so->set;
    if (!usable_name(host))
        return sk_sockets_fail(s, SK_ERR_INVALID, "\"%.*s\" is no host", host.n > 80 ? 80 : (int)host.n,
                               host.n > 0 ? host.p : "");
    if (s->lookup_count >= WAITING_MAX || bytes.n > WAITING_BYTES - s->lookup_bytes)
        return sk_sockets_fail(s, SK_ERR_LIMIT, "too much waits for the address of a host");
    struct sk_lookup *l = malloc(sizeof *l + bytes.n);
    if (l == NULL)
        return sk_sockets_fail(s, SK_ERR_NOMEM, "out of memory");
    *l = (struct sk_lookup){ .id = so->id, .is_tcp = so->is_tcp, .v6 = v6, .port = port, .n = bytes.n };
    memcpy(l->host, host.p, host.n);
    if (bytes.n > 0)
        memcpy(l->bytes, bytes.p, bytes.n);
    *s->lookups_end = l;
    s->lookups_end = &l->next;
    s->lookup_count++;
    s->lookup_bytes += bytes.n;
    return start(s) < 0 ? sk_sockets_fail(s, SK_ERR_NOMEM, "no thread to look a host up") : 0;
}
