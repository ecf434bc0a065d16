#include "plugin/supervisor.h"

#include "base/base.h"

/* Moves that exist; any other is a mistake of ours. */
static const uint32_t allowed[SK_SUPER_STATE_COUNT] = {
    [SK_SUPER_STOPPED] = 1u << SK_SUPER_STARTING,
    [SK_SUPER_STARTING] = 1u << SK_SUPER_RUNNING | 1u << SK_SUPER_ERROR | 1u << SK_SUPER_CRASHED | 1u << SK_SUPER_STOPPING,
    [SK_SUPER_RUNNING] = 1u << SK_SUPER_STOPPING | 1u << SK_SUPER_CRASHED | 1u << SK_SUPER_ERROR,
    [SK_SUPER_STOPPING] = 1u << SK_SUPER_STOPPED | 1u << SK_SUPER_STARTING,
    [SK_SUPER_CRASHED] = 1u << SK_SUPER_STARTING | 1u << SK_SUPER_STOPPED,
    [SK_SUPER_ERROR] = 1u << SK_SUPER_STARTING | 1u << SK_SUPER_STOPPED,
};

static void move(struct sk_super *s, enum sk_super_state to)
{
    SK_ASSERT(allowed[s->state] & 1u << to);
    s->state = to;
}

void sk_super_init(struct sk_super *s, struct sk_super_limits limits)
{
    *s = (struct sk_super){ .limits = limits, .state = SK_SUPER_STOPPED };
}

static struct sk_super_action act(enum sk_super_do what)
{
    return (struct sk_super_action){ .what = what };
}

static struct sk_super_action start(struct sk_super *s)
{
    move(s, SK_SUPER_STARTING);
    return act(SK_SUPER_DO_START);
}

static void forget_crashes(struct sk_super *s)
{
    s->crashes = 0;
    s->quick = 0;
}

static struct sk_super_action wanted(struct sk_super *s)
{
    s->wanted = true;
    forget_crashes(s);
    switch (s->state) {
    case SK_SUPER_STARTING:
    case SK_SUPER_RUNNING: /* with a new configuration: stop first, ENDED starts it */
        move(s, SK_SUPER_STOPPING);
        return act(SK_SUPER_DO_STOP);
    case SK_SUPER_STOPPING:
        return act(SK_SUPER_DO_NOTHING);
    default:
        return start(s);
    }
}

static struct sk_super_action unwanted(struct sk_super *s)
{
    s->wanted = false;
    forget_crashes(s);
    switch (s->state) {
    case SK_SUPER_STARTING:
    case SK_SUPER_RUNNING:
        move(s, SK_SUPER_STOPPING);
        return act(SK_SUPER_DO_STOP);
    case SK_SUPER_CRASHED:
    case SK_SUPER_ERROR:
        move(s, SK_SUPER_STOPPED);
        return act(SK_SUPER_DO_NOTHING);
    default:
        return act(SK_SUPER_DO_NOTHING);
    }
}

static struct sk_super_action give_up(struct sk_super *s)
{
    move(s, SK_SUPER_ERROR);
    s->wanted = false;
    return act(SK_SUPER_DO_NOTHING);
}

static uint64_t delay_ms(const struct sk_super *s)
{
    uint64_t delay = (uint64_t)s->limits.first_delay_ms << (s->crashes < 20 ? s->crashes : 20);
    return delay < s->limits.max_delay_ms ? delay : s->limits.max_delay_ms;
}

static struct sk_super_action crashed(struct sk_super *s, uint64_t now_ms)
{
    uint64_t ran_ms = s->state == SK_SUPER_RUNNING ? now_ms - s->running_since_ms : 0;
    if (ran_ms >= s->limits.healthy_ms)
        forget_crashes(s);
    if (ran_ms >= s->limits.quick_ms)
        s->quick = 0;
    if (s->quick >= s->limits.restarts)
        return give_up(s);
    move(s, SK_SUPER_CRASHED);
    s->restart_at_ms = now_ms + delay_ms(s);
    s->crashes++;
    s->quick++;
    return act(SK_SUPER_DO_NOTHING);
}

static struct sk_super_action ended(struct sk_super *s)
{
    if (s->state != SK_SUPER_STOPPING)
        return act(SK_SUPER_DO_NOTHING); /* the end of a life whose crash is known already */
    if (s->wanted)
        return start(s);
    move(s, SK_SUPER_STOPPED);
    return act(SK_SUPER_DO_NOTHING);
}

static struct sk_super_action step(struct sk_super *s, enum sk_super_event ev, uint64_t now_ms)
{
    switch (ev) {
    case SK_SUPER_EV_WANTED:
        return wanted(s);
    case SK_SUPER_EV_UNWANTED:
        return unwanted(s);
    case SK_SUPER_EV_STARTED:
        if (s->state != SK_SUPER_STARTING)
            return act(SK_SUPER_DO_NOTHING);
        move(s, SK_SUPER_RUNNING);
        s->running_since_ms = now_ms;
        return act(SK_SUPER_DO_NOTHING);
    case SK_SUPER_EV_START_FAILED:
        if (s->state == SK_SUPER_STARTING)
            move(s, SK_SUPER_ERROR);
        return act(SK_SUPER_DO_NOTHING);
    case SK_SUPER_EV_CRASHED:
        if (s->state != SK_SUPER_STARTING && s->state != SK_SUPER_RUNNING)
            return act(SK_SUPER_DO_NOTHING); /* while stopping: ENDED follows */
        return crashed(s, now_ms);
    case SK_SUPER_EV_LOST:
        return s->state == SK_SUPER_STARTING || s->state == SK_SUPER_RUNNING ? give_up(s) : act(SK_SUPER_DO_NOTHING);
    case SK_SUPER_EV_ENDED:
        return ended(s);
    case SK_SUPER_EV_TIME:
        return s->state == SK_SUPER_CRASHED && now_ms >= s->restart_at_ms ? start(s) : act(SK_SUPER_DO_NOTHING);
    }
    return act(SK_SUPER_DO_NOTHING);
}

struct sk_super_action sk_super_step(struct sk_super *s, enum sk_super_event ev, uint64_t now_ms)
{
    struct sk_super_action a = step(s, ev, now_ms);
    a.wake_at_ms = s->state == SK_SUPER_CRASHED ? s->restart_at_ms : 0; /* whatever the event was */
    return a;
}

const char *sk_super_state_text(enum sk_super_state state)
{
    static const char *const texts[] = {
#define SK_AS_TEXT(id, text) [SK_SUPER_##id] = text,
        SK_SUPER_STATES(SK_AS_TEXT)
#undef SK_AS_TEXT
    };
    return texts[state];
}
