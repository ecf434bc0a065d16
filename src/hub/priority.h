/*
 * Source priority: which of several sources of the same path speaks for it. The rules are what the user configured (groups of
 * sources, rankings of single paths); an engine keeps who has spoken last for each path and decides value by value.
 * Spec: Signal K "Source Priority"; times are reception times in milliseconds. Owner: loop thread.
 * Limits: SK_PRIORITY_ROWS_MAX rows in a list, SK_PRIORITY_LISTS_MAX groups and as many path rankings.
 */
#ifndef SK_HUB_PRIORITY_H
#define SK_HUB_PRIORITY_H

#include "model/path.h"
#include "model/source.h"

#define SK_PRIORITY_ROWS_MAX 200u
#define SK_PRIORITY_LISTS_MAX 2000u
#define SK_PRIORITY_FALLBACK_MS 15000.0

struct sk_priority_rules;
struct sk_priority_engine;

/*
 * `groups`: [{"id","sources":[ref],"inactive"?}], `overrides`: {path: [{"sourceRef","timeout"}]}, `defaults`: {"fallbackMs"?};
 * each may be NULL. The shape must have been checked (sk_priority_check): what does not fit is passed over. NULL when nothing is
 * ranked at all.
 */
struct sk_priority_rules *sk_priority_rules_create(const struct sk_sources *sources, const yyjson_val *groups,
                                                   const yyjson_val *overrides, const yyjson_val *defaults);
void sk_priority_rules_destroy(struct sk_priority_rules *r); /* NULL is fine; its engines must be gone */

/* What is wrong with one of the three, as the place within it ("/0/sources") in `em`; 0: nothing. */
enum sk_priority_part { SK_PRIORITY_GROUPS, SK_PRIORITY_OVERRIDES, SK_PRIORITY_DEFAULTS };
int sk_priority_check(enum sk_priority_part part, const yyjson_val *v, struct sk_errmsg *em);

/* The rules must outlive the engine. */
struct sk_priority_engine *sk_priority_engine_create(struct sk_priority_rules *r);
void sk_priority_engine_destroy(struct sk_priority_engine *e);
/* True: the value passes, and its source speaks for the path from now on. */
bool sk_priority_decide(struct sk_priority_engine *e, const struct sk_path *p, struct sk_source *s, uint64_t now_ms);
/* True when the path is not ranked, or `s` speaks for it: a source that fell silent blanks the path only then. */
bool sk_priority_speaks(struct sk_priority_engine *e, const struct sk_path *p, struct sk_source *s);
/* A ranking applies to the path; its values come from one source at a time. */
bool sk_priority_governs(struct sk_priority_engine *e, const struct sk_path *p);
/* NULL: nobody yet. */
struct sk_source *sk_priority_winner(const struct sk_priority_engine *e, const struct sk_path *p);
/* The longest time that the ranking of the path waits for a source; 0 when it is not ranked. */
double sk_priority_failover_ms(struct sk_priority_engine *e, const struct sk_path *p);

#endif
