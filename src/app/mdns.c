#include "app/mdns.h"

#include "base/library.h"
#include "base/log.h"
#include "sandbox/sandbox.h"

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/thread-watch.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define NS "signalk-server:mdns"
#define CLIENT_LIBRARY "libavahi-client.so.3"
#define COMMON_LIBRARY "libavahi-common.so.3"
#define DAEMON_SOCKET "/run/avahi-daemon/socket"
#define LOOK_AGAIN_MS 60000

/* What of the libraries is used; each entry has the type of the function of that name. */
#define CLIENT_FUNCTIONS(X)                                                                                                      \
    X(avahi_client_new)                                                                                                          \
    X(avahi_client_free)                                                                                                         \
    X(avahi_client_errno)                                                                                                        \
    X(avahi_client_get_host_name)                                                                                                \
    X(avahi_entry_group_new)                                                                                                     \
    X(avahi_entry_group_reset)                                                                                                   \
    X(avahi_entry_group_commit)                                                                                                  \
    X(avahi_entry_group_add_service_strlst)
#define COMMON_FUNCTIONS(X)                                                                                                      \
    X(avahi_threaded_poll_new)                                                                                                   \
    X(avahi_threaded_poll_get)                                                                                                   \
    X(avahi_threaded_poll_start)                                                                                                 \
    X(avahi_threaded_poll_stop)                                                                                                  \
    X(avahi_threaded_poll_free)                                                                                                  \
    X(avahi_string_list_new_from_array)                                                                                          \
    X(avahi_string_list_free)                                                                                                    \
    X(avahi_alternative_service_name)                                                                                            \
    X(avahi_free)                                                                                                                \
    X(avahi_strerror)

struct functions {
#define AS_MEMBER(name) __typeof__(&name) name;
    CLIENT_FUNCTIONS(AS_MEMBER)
    COMMON_FUNCTIONS(AS_MEMBER)
#undef AS_MEMBER
};

struct sk_mdns {
    struct sk_mdns_options o;
    char *given_name, *host;
    uv_timer_t timer; /* looks for the daemon */
    uv_work_t work;
    bool working;
    /* From here on: the pool's job until it has ended, then avahi's thread until it was stopped. */
    struct functions f;
    AvahiThreadedPoll *poll;
    AvahiClient *client;
    AvahiEntryGroup *group;
    pthread_t starter; /* the pool's */
    bool confined;     /* avahi's thread is */
    char *name;        /* as it is announced: another one when somebody else has it */
};

/* ---- on avahi's thread -------------------------------------------------------------------------------------------------- */

static void announce(struct sk_mdns *m);

static void take_another_name(struct sk_mdns *m)
{
    char *other = m->f.avahi_alternative_service_name(m->name);
    free(m->name);
    m->name = sk_xstrdup(other);
    m->f.avahi_free(other);
}

static void on_group(AvahiEntryGroup *g, AvahiEntryGroupState state, void *arg)
{
    struct sk_mdns *m = arg;
    m->group = g;
    if (state == AVAHI_ENTRY_GROUP_ESTABLISHED) {
        sk_log_debug(NS, "announced as '%s'", m->name);
    } else if (state == AVAHI_ENTRY_GROUP_COLLISION) {
        take_another_name(m);
        announce(m);
    } else if (state == AVAHI_ENTRY_GROUP_FAILURE) {
        sk_log_warn("not announced on the network: %s", m->f.avahi_strerror(m->f.avahi_client_errno(m->client)));
    }
}

static int add_services(struct sk_mdns *m)
{
    const char *texts[SK_MDNS_TXT_MAX];
    for (size_t i = 0; i < m->o.txt_count; i++)
        texts[i] = m->o.txt[i];
    AvahiStringList *txt = m->f.avahi_string_list_new_from_array(texts, (int)m->o.txt_count);
    int r = 0;
    for (size_t i = 0; r == 0 && i < m->o.service_count; i++)
        r = m->f.avahi_entry_group_add_service_strlst(m->group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0, m->name,
                                                      m->o.services[i].type, NULL, m->host, (uint16_t)m->o.services[i].port, txt);
    m->f.avahi_string_list_free(txt);
    return r;
}

static void announce(struct sk_mdns *m)
{
    if (m->name == NULL)
        m->name = sk_xstrdup(m->given_name != NULL ? m->given_name : m->f.avahi_client_get_host_name(m->client));
    if (m->group == NULL)
        m->group = m->f.avahi_entry_group_new(m->client, on_group, m);
    int r = m->group != NULL ? m->f.avahi_entry_group_reset(m->group) : m->f.avahi_client_errno(m->client);
    for (int tries = 0; r == 0 && tries < 20; tries++) {
        r = add_services(m);
        if (r != AVAHI_ERR_COLLISION)
            break;
        m->f.avahi_entry_group_reset(m->group);
        take_another_name(m);
        r = 0;
    }
    if (r == 0)
        r = m->f.avahi_entry_group_commit(m->group);
    if (r < 0)
        sk_log_warn("not announced on the network: %s", m->f.avahi_strerror(r));
}

/* avahi's thread has no other place where it could be asked. The first call may come before there is one, on the pool. */
static void confine_own_thread(struct sk_mdns *m)
{
    char name[16] = "";
    pthread_getname_np(pthread_self(), name, sizeof name);
    if (m->confined || pthread_equal(pthread_self(), m->starter))
        return;
    m->confined = true;
    pthread_setname_np(pthread_self(), "avahi");
    sk_sandbox_enter(SK_THREAD_ANNOUNCE);
}

static void on_client(AvahiClient *c, AvahiClientState state, void *arg)
{
    struct sk_mdns *m = arg;
    int error;
    m->client = c;
    confine_own_thread(m);
    switch (state) {
    case AVAHI_CLIENT_S_RUNNING:
        announce(m);
        break;
    case AVAHI_CLIENT_S_COLLISION: /* the machine looks for a name of its own: we say ours again when it has one */
    case AVAHI_CLIENT_S_REGISTERING:
        if (m->group != NULL)
            m->f.avahi_entry_group_reset(m->group);
        break;
    case AVAHI_CLIENT_FAILURE:
        if (m->f.avahi_client_errno(c) != AVAHI_ERR_DISCONNECTED) {
            sk_log_warn("not announced on the network: %s", m->f.avahi_strerror(m->f.avahi_client_errno(c)));
            break;
        }
        m->f.avahi_client_free(c); /* the daemon went away; a new client waits for the next one */
        m->group = NULL;
        m->client = m->f.avahi_client_new(m->f.avahi_threaded_poll_get(m->poll), AVAHI_CLIENT_NO_FAIL, on_client, m, &error);
        break;
    case AVAHI_CLIENT_CONNECTING:
        break;
    }
}

/* ---- on the pool -------------------------------------------------------------------------------------------------------- */

static bool load(struct functions *f)
{
    void *common = sk_library_open(COMMON_LIBRARY), *client = sk_library_open(CLIENT_LIBRARY);
    bool all = true;
#define FIND_CLIENT(name) all = all && sk_library_find(client, #name, &f->name);
#define FIND_COMMON(name) all = all && sk_library_find(common, #name, &f->name);
    CLIENT_FUNCTIONS(FIND_CLIENT)
    COMMON_FUNCTIONS(FIND_COMMON)
#undef FIND_CLIENT
#undef FIND_COMMON
    return all;
}

static void start_client(uv_work_t *w)
{
    struct sk_mdns *m = SK_CONTAINER(w, struct sk_mdns, work);
    int error = 0;
    if (!load(&m->f)) {
        sk_log_info("not announced on the network: %s is not installed (Debian package libavahi-client3)", CLIENT_LIBRARY);
        return;
    }
    m->starter = pthread_self();
    m->poll = m->f.avahi_threaded_poll_new();
    if (m->poll == NULL)
        return;
    m->client = m->f.avahi_client_new(m->f.avahi_threaded_poll_get(m->poll), AVAHI_CLIENT_NO_FAIL, on_client, m, &error);
    if (m->client == NULL)
        sk_log_warn("not announced on the network: %s", m->f.avahi_strerror(error));
    else if (m->f.avahi_threaded_poll_start(m->poll) < 0)
        sk_log_warn("not announced on the network: no thread for it");
}

/* ---- on the loop -------------------------------------------------------------------------------------------------------- */

static void client_started(uv_work_t *w, int status)
{
    (void)status;
    SK_CONTAINER(w, struct sk_mdns, work)->working = false;
}

/* The daemon's door, or a bus that the environment names. */
static bool daemon_is_there(void)
{
    const char *bus = getenv("DBUS_SYSTEM_BUS_ADDRESS");
    return (bus != NULL && bus[0] != '\0') || access(DAEMON_SOCKET, F_OK) == 0;
}

static void look(uv_timer_t *t)
{
    struct sk_mdns *m = t->data;
    if (!daemon_is_there())
        return;
    uv_timer_stop(t);
    m->working = true;
    SK_ASSERT(uv_queue_work(sk_loop_uv(m->o.loop), &m->work, start_client, client_started) == 0);
}

struct sk_mdns *sk_mdns_start(const struct sk_mdns_options *o)
{
    struct sk_mdns *m = sk_xcalloc(1, sizeof *m);
    m->o = *o;
    m->given_name = o->name != NULL ? sk_xstrdup(o->name) : NULL;
    m->host = o->host != NULL ? sk_xstrdup(o->host) : NULL;
    uv_timer_init(sk_loop_uv(o->loop), &m->timer);
    uv_unref((uv_handle_t *)&m->timer);
    m->timer.data = m;
    uv_timer_start(&m->timer, look, 0, LOOK_AGAIN_MS);
    return m;
}

bool sk_mdns_idle(const struct sk_mdns *m)
{
    return m == NULL || !m->working;
}

static void timer_closed(uv_handle_t *t)
{
    free(t->data);
}

void sk_mdns_stop(struct sk_mdns *m)
{
    if (m == NULL)
        return;
    SK_ASSERT(!m->working);
    if (m->poll != NULL)
        m->f.avahi_threaded_poll_stop(m->poll);
    if (m->client != NULL)
        m->f.avahi_client_free(m->client); /* its services go with it */
    if (m->poll != NULL)
        m->f.avahi_threaded_poll_free(m->poll);
    free(m->name);
    free(m->given_name);
    free(m->host);
    uv_close((uv_handle_t *)&m->timer, timer_closed);
}
