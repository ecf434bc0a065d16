/*
 * A scenario file of `skiff plugin test`: what is done to a plugin, and what it must do. Checked completely when it is read, so
 * that playing it cannot meet a mistake of its author. The format is described in docs/plugins/testing.md.
 * Owner: one thread at a time. Everything in it lives as long as the scenario.
 */
#ifndef SK_SOLO_SCENARIO_H
#define SK_SOLO_SCENARIO_H

#include "base/buf.h"
#include "base/err.h"

#include <yyjson.h>

#define SK_SCENARIO_MAX ((size_t)4 * 1024 * 1024) /* bytes of a file */
#define SK_SCENARIO_STEPS_MAX 10000u
#define SK_SCENARIO_ADVANCE_MAX 86400.0 /* seconds a step */

enum sk_step_kind {
    SK_STEP_NOTHING, /* only expects */
    SK_STEP_DELTA,
    SK_STEP_ADVANCE,
    SK_STEP_PUT,
    SK_STEP_GET,
    SK_STEP_REQUEST,
    SK_STEP_CALL,
    SK_STEP_CONFIGURE,
};

struct sk_step {
    enum sk_step_kind kind;
    unsigned line;            /* where it begins: its first member */
    const yyjson_val *what;   /* value of the member that says what is done */
    const yyjson_val *expect; /* object, or NULL */
    const char *note;         /* or NULL */
};

struct sk_scenario {
    const char *name;
    const yyjson_val *config, *limits, *http; /* NULL: not given */
    int64_t wall_ms;
    size_t step_count;
    struct sk_step *steps;
    /* inside */
    char *in_situ;
    yyjson_doc *doc;
};

/* `file` is only named in errors: "anchor.json:12:7: unknown member 'expct'; did you mean expect?" */
int sk_scenario_parse(const char *file, struct sk_span text, struct sk_scenario **ret_scenario, struct sk_errmsg *em);
int sk_scenario_load(const char *file, struct sk_scenario **ret_scenario, struct sk_errmsg *em);
void sk_scenario_destroy(struct sk_scenario *s);

#endif
