/* What plugins provide: registered when plugin_start has returned 0, gone with the life that registered it. */
#include "plugin/plugin.h"

#include "base/log.h"

#include <stdlib.h>

#define OUT_PROMISED 65536u                 /* what plugins are promised for an answer */
#define OUT_LARGE ((size_t)4 * 1024 * 1024) /* for a second try, when an answer filled that */

struct sk_provision {
    struct sk_provision *next;
    enum sk_provider_kind kind;
    size_t n;
    char name[];
};

struct asking {
    struct sk_plugin *plugin;
    sk_provider_done done;
    void *arg;
    bool again; /* may be asked a second time: it has no effects, and this is the first */
    size_t n;
    const char *request;
    char method[]; /* and the request behind it */
};

static int code_of(enum sk_call_result result)
{
    switch (result) {
    case SK_CALL_OK:
        return 0;
    case SK_CALL_MISSING:
        return SK_ERR_NOTFOUND;
    case SK_CALL_TIMEOUT:
        return SK_ERR_TIMEOUT;
    case SK_CALL_DOWN:
        return SK_ERR_CLOSED;
    case SK_CALL_FAILED:
        break;
    }
    return SK_ERR_TRAP;
}

static void answered(void *arg, enum sk_call_result result, struct sk_span text);

static void ask(struct asking *a, size_t out_max)
{
    bool bare = strcmp(a->method, "radar_get_radars") == 0; /* the one that takes no request */
    sk_plugin_call(a->plugin, bare ? SK_CALL_ANSWER : SK_CALL_REQUEST, a->method, (struct sk_span){ a->request, a->n }, out_max,
                   answered, a);
}

/* Plugins cut what does not fit, so a full buffer means "perhaps more". */
static void answered(void *arg, enum sk_call_result result, struct sk_span text)
{
    struct asking *a = arg;
    if (result == SK_CALL_OK && a->again && text.n == OUT_PROMISED) {
        a->again = false;
        ask(a, OUT_LARGE);
        return;
    }
    if (result == SK_CALL_OK && text.n > OUT_LARGE) { /* it will be parsed on the loop */
        a->done(a->arg, SK_ERR_LIMIT, SK_SPAN("The provider's answer is too large."));
        free(a);
        return;
    }
    if (result == SK_CALL_FAILED)
        sk_log_debug("signalk:wasm:provider", "[%s] %s: %.*s", a->plugin->package->name, a->method, (int)text.n,
                     text.n > 0 ? text.p : "");
    a->done(a->arg, code_of(result), text);
    free(a);
}

static void call(void *arg, const char *method, struct sk_span request, sk_provider_done done, void *done_arg)
{
    size_t n = strlen(method);
    struct asking *a = sk_xmalloc(sizeof *a + n + 1 + request.n);
    *a = (struct asking){ .plugin = arg, .done = done, .arg = done_arg, .n = request.n, .request = a->method + n + 1 };
    memcpy(a->method, method, n + 1);
    if (request.n > 0)
        memcpy(a->method + n + 1, request.p, request.n);
    a->again = strstr(method, "_get_") != NULL || strstr(method, "_list_") != NULL;
    ask(a, OUT_PROMISED);
}

static void add(struct sk_plugin *p, const struct sk_provision *v)
{
    struct sk_errmsg em = { 0 };
    if (p->host->o.providers != NULL &&
        sk_providers_add(p->host->o.providers, v->kind, p->package->name, (struct sk_span){ v->name, v->n }, call, p, &em) < 0)
        sk_log_warn("[%s] cannot provide %s: %s", p->package->name, v->name, em.text);
}

void sk_plugin_provide(struct sk_plugin *p, enum sk_provider_kind kind, struct sk_span name)
{
    if (p->super.state != SK_SUPER_STARTING && p->super.state != SK_SUPER_RUNNING)
        return;
    struct sk_provision *v = sk_xcalloc(1, sizeof *v + name.n + 1), **last = &p->provisions;
    v->kind = kind;
    v->n = name.n;
    memcpy(v->name, name.p, name.n);
    while (*last != NULL) /* they are few: the worker counts them */
        last = &(*last)->next;
    *last = v;
    if (p->super.state == SK_SUPER_RUNNING)
        add(p, v);
}

void sk_plugin_providers_live(struct sk_plugin *p)
{
    for (const struct sk_provision *v = p->provisions; v != NULL; v = v->next)
        add(p, v);
}

void sk_plugin_providers_gone(struct sk_plugin *p)
{
    if (p->host->o.providers != NULL)
        sk_providers_remove(p->host->o.providers, p->package->name);
    while (p->provisions != NULL) {
        struct sk_provision *v = p->provisions;
        p->provisions = v->next;
        free(v);
    }
}
