#include "tls/relay.h"

#include "base/listen.h"
#include "base/log.h"
#include "sandbox/sandbox.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define SWEEP_MS 1000u
#define BURST_MAX 16u        /* clients taken in a row; then those who are here already have their turn */
#define RELOAD_AFTER_MS 300u /* two or three files are written one after the other */

static bool is_ours(const char *name)
{
    return name == NULL || strcmp(name, SK_KEYS_CERTIFICATE) == 0 || strcmp(name, SK_KEYS_KEY) == 0 ||
           strcmp(name, SK_KEYS_CHAIN) == 0;
}

/* ---- keys ---- */

static int context_of(const char *dir, SSL_CTX **ret_ctx, struct sk_errmsg *em)
{
    struct sk_keys keys;
    int r = sk_keys_load(dir, &keys, em);
    if (r == 0)
        r = sk_ssl_context(&keys, ret_ctx, em);
    sk_keys_wipe(&keys);
    return r;
}

/* A broken file must not leave the boat without its server. */
static int first_context(struct sk_tls_front *f, struct sk_errmsg *em)
{
    int r = context_of(f->keys_dir, &f->ctx, em);
    if (r == 0)
        return 0;
    sk_log_error("TLS: %s; until that is mended a certificate of this run is used, of which browsers warn", em->text);
    struct sk_keys keys;
    r = sk_keys_temporary(&keys, em);
    if (r == 0)
        r = sk_ssl_context(&keys, &f->ctx, em);
    sk_keys_wipe(&keys);
    return r;
}

static void on_reload(uv_timer_t *t)
{
    struct sk_tls_front *f = t->data;
    SSL_CTX *ctx;
    struct sk_errmsg em;
    if (context_of(f->keys_dir, &ctx, &em) < 0) {
        sk_log_error("TLS: the changed files are not used, the certificate stays: %s", em.text);
        return;
    }
    sk_libssl.SSL_CTX_free(f->ctx); /* connections hold references of their own */
    f->ctx = ctx;
    sk_log_info("TLS: new certificate for new connections");
}

static void on_change(uv_fs_event_t *watch, const char *name, int events, int status)
{
    struct sk_tls_front *f = watch->data;
    (void)events;
    if (status == 0 && is_ours(name))
        uv_timer_start(&f->reload, on_reload, RELOAD_AFTER_MS, 0);
}

/* ---- the thread ---- */

static void on_connection(uv_stream_t *listener, int status)
{
    struct sk_tls_front *f = listener->data;
    if (status < 0) {
        sk_listen_complain("TLS", status);
    } else if (++f->burst > BURST_MAX) { /* libuv brings no further client before this one is taken */
        f->client_waits = true;
        sk_front_work(f);
    } else {
        sk_relay_accept(f);
    }
}

/* Once a turn, so what the sockets bring of everybody comes in between. */
static void on_work(uv_idle_t *h)
{
    struct sk_tls_front *f = h->data;
    bool more = sk_relay_shake_some(f);
    f->burst = 0;
    if (f->client_waits && f->listening) {
        f->client_waits = false;
        sk_relay_accept(f);
    }
    if (!more && !f->client_waits)
        uv_idle_stop(h);
}

void sk_front_work(struct sk_tls_front *f)
{
    if (!f->stopping)
        uv_idle_start(&f->work, on_work); /* nothing when it is active */
}

static void on_sweep(uv_timer_t *t)
{
    struct sk_tls_front *f = t->data;
    if (!sk_relay_sweep(f, uv_now(&f->uv)))
        uv_timer_stop(t);
}

void sk_front_sweep(struct sk_tls_front *f)
{
    if (!uv_is_active((uv_handle_t *)&f->sweep))
        uv_timer_start(&f->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void close_listener(struct sk_tls_front *f)
{
    if (f->listening)
        uv_close((uv_handle_t *)&f->listener, NULL);
    f->listening = false;
}

static void close_rest(struct sk_tls_front *f)
{
    uv_handle_t *rest[] = { (uv_handle_t *)&f->wake, (uv_handle_t *)&f->watch, (uv_handle_t *)&f->sweep,
                            (uv_handle_t *)&f->reload, (uv_handle_t *)&f->work };
    for (size_t i = 0; i < SK_COUNT(rest); i++)
        if (!uv_is_closing(rest[i]))
            uv_close(rest[i], NULL);
}

static void on_grace_over(uv_timer_t *t)
{
    struct sk_tls_front *f = t->data;
    while (f->open_list.first != NULL)
        sk_relay_close(f->open_list.first);
}

/* Those who shake hands are sent away at once; what the loop has said to the others still goes out. */
static void begin_stop(struct sk_tls_front *f)
{
    f->stopping = true;
    close_listener(f);
    sk_relay_close_shaking(f);
    uv_idle_stop(&f->work);
    uv_fs_event_stop(&f->watch);
    uv_timer_start(&f->reload, on_grace_over, f->grace_ms, 0);
    if (f->relays == 0)
        close_rest(f);
}

void sk_front_relay_gone(struct sk_tls_front *f)
{
    if (--f->relays == 0 && f->stopping)
        close_rest(f);
}

static void on_wake(uv_async_t *h)
{
    struct sk_tls_front *f = h->data;
    if (atomic_load(&f->stop_wanted) && !f->stopping)
        begin_stop(f);
}

static void *run(void *arg)
{
    struct sk_tls_front *f = arg;
    pthread_setname_np(pthread_self(), "tls");
    sk_sandbox_enter(SK_THREAD_TLS);
    uv_run(&f->uv, UV_RUN_DEFAULT);
    return NULL;
}

/* ---- up and down ---- */

static int listen_at(struct sk_tls_front *f, struct sk_errmsg *em)
{
    int r = f->o.fd != 0 ? sk_listen_take(&f->listener, f->o.fd, on_connection, &f->port)
                         : sk_listen_start(&f->listener, f->address, f->o.port, on_connection, &f->port);
    if (r == 0)
        return 0;
    if (f->o.fd != 0)
        return sk_errmsg_set(em, SK_ERR_IO, "HTTPS cannot listen on the socket that was passed: %s", uv_strerror(r));
    return sk_errmsg_set(em, sk_listen_code(r), "HTTPS cannot listen on %s port %u: %s", f->address, f->o.port, uv_strerror(r));
}

static void init_handles(struct sk_tls_front *f)
{
    uv_loop_init(&f->uv);
    uv_tcp_init(&f->uv, &f->listener);
    uv_async_init(&f->uv, &f->wake, on_wake);
    uv_fs_event_init(&f->uv, &f->watch);
    uv_timer_init(&f->uv, &f->sweep);
    uv_timer_init(&f->uv, &f->reload);
    uv_idle_init(&f->uv, &f->work);
    f->work.data = f->listener.data = f->wake.data = f->watch.data = f->sweep.data = f->reload.data = f;
    f->listening = true;
}

static void free_front(struct sk_tls_front *f)
{
    uv_loop_close(&f->uv);
    if (f->ctx != NULL)
        sk_libssl.SSL_CTX_free(f->ctx);
    free(f->address);
    free(f->keys_dir);
    free(f);
}

/* The thread takes no signals: they are the loop's. */
static int start_thread(struct sk_tls_front *f)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&f->thread, NULL, run, f);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

int sk_tls_front_create(const struct sk_tls_front_options *o, struct sk_tls_front **ret_front, struct sk_errmsg *em)
{
    int r = sk_libssl_load(em);
    if (r < 0)
        return r;
    struct sk_tls_front *f = sk_xcalloc(1, sizeof *f);
    f->o = *o;
    f->address = sk_xstrdup(o->address);
    f->keys_dir = sk_xstrdup(o->keys_dir);
    init_handles(f);
    r = first_context(f, em);
    if (r == 0)
        r = listen_at(f, em);
    if (r == 0) {
        if (uv_fs_event_start(&f->watch, on_change, f->keys_dir, 0) < 0)
            sk_log_warn("TLS: changes of %s are not noticed; restart after changing a certificate", f->keys_dir);
        if (start_thread(f) != 0)
            r = sk_errmsg_set(em, SK_ERR_NOMEM, "HTTPS: no thread for it");
    }
    if (r < 0) {
        begin_stop(f);
        uv_run(&f->uv, UV_RUN_DEFAULT);
        free_front(f);
        return r;
    }
    *ret_front = f;
    return 0;
}

unsigned sk_tls_front_port(const struct sk_tls_front *f)
{
    return f->port;
}

void sk_tls_front_destroy(struct sk_tls_front *f, unsigned grace_ms)
{
    if (f == NULL)
        return;
    f->grace_ms = grace_ms; /* read behind stop_wanted */
    atomic_store(&f->stop_wanted, true);
    uv_async_send(&f->wake);
    pthread_join(f->thread, NULL);
    free_front(f);
}

void sk_tls_front_figures(const struct sk_tls_front *f, struct sk_tls_figures *ret_figures)
{
    *ret_figures = (struct sk_tls_figures){ .handshakes = atomic_load(&f->handshakes),
                                            .failed = atomic_load(&f->failed),
                                            .evicted = atomic_load(&f->evicted),
                                            .open = atomic_load(&f->open) };
}
