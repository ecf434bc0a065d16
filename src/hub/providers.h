/*
 * Who provides what: resources of a type, weather, radars. The server's own store and plugins register here; the v2 APIs ask.
 * Owner: loop thread. Limits: SK_PROVIDERS_MAX registrations in all, names of SK_PROVIDER_NAME_MAX bytes; further ones are
 * refused. A registration ends with sk_providers_remove; calls under way are still answered, by whoever took them.
 */
#ifndef SK_HUB_PROVIDERS_H
#define SK_HUB_PROVIDERS_H

#include "base/base.h"
#include "base/err.h"

#define SK_PROVIDERS_MAX 1000u
#define SK_PROVIDER_NAME_MAX 128u

enum sk_provider_kind { SK_PROVIDES_RESOURCES, SK_PROVIDES_WEATHER, SK_PROVIDES_RADARS, SK_PROVIDER_KINDS };

/*
 * `result` 0: `text` is the answer, a JSON text that nobody has checked. SK_ERR_NOTFOUND: it has no such method. SK_ERR_TIMEOUT,
 * SK_ERR_CLOSED (not running, or busy), SK_ERR_LIMIT (no room), others: `text` is the reason. `text` lives during the call.
 */
typedef void (*sk_provider_done)(void *arg, int result, struct sk_span text);
/* `done` comes exactly once, in a later turn or before this returns. Methods are named as the exports of plugins
   (resources_list_resources, ...); `request` is compact JSON. */
typedef void (*sk_provider_call)(void *arg, const char *method, struct sk_span request, sk_provider_done done, void *done_arg);

struct sk_provider {
    struct sk_provider *next;
    enum sk_provider_kind kind;
    char *id;   /* package name of a plugin, or the server's own */
    char *name; /* resources: the type; else a name to show */
    sk_provider_call call;
    void *arg;
};

struct sk_providers;

struct sk_providers *sk_providers_create(void);
void sk_providers_destroy(struct sk_providers *p);

/* Replaces a registration of the same kind and id (and type, for resources). */
int sk_providers_add(struct sk_providers *p, enum sk_provider_kind kind, const char *id, struct sk_span name,
                     sk_provider_call call, void *arg, struct sk_errmsg *em);
void sk_providers_remove(struct sk_providers *p, const char *id);                           /* all of that id */
void sk_providers_remove_type(struct sk_providers *p, const char *id, struct sk_span type); /* of resources */

/*
 * In order of registration, but the default comes first. `type`: of resources; {NULL,0} for other kinds, and for all types.
 * Writes at most `max` and returns how many.
 */
size_t sk_providers_list(const struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type,
                         const struct sk_provider **ret, size_t max);
const struct sk_provider *sk_providers_find(const struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type,
                                            struct sk_span id);
/* The chosen one if it is there, else the first that registered; NULL: none. */
const struct sk_provider *sk_providers_default(const struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type);
/* Need not be registered yet: a choice from the settings waits for its plugin. */
void sk_providers_choose(struct sk_providers *p, enum sk_provider_kind kind, struct sk_span type, struct sk_span id);

#endif
