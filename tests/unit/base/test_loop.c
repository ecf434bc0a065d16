#include "base/clock.h"
#include "base/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Everything that runs writes its letter here. */
static char trace[64];
static struct sk_loop *loop;

static void note(char c)
{
    size_t n = strlen(trace);
    if (n + 1 < sizeof trace)
        trace[n] = c;
}

struct noted {
    struct sk_loop_task task;
    char letter;
    struct sk_loop_hook *arm;
    bool stop;
};

static void run_noted(struct sk_loop_task *task)
{
    struct noted *t = SK_CONTAINER(task, struct noted, task);
    note(t->letter);
    if (t->arm != NULL)
        sk_loop_at_turn_end(loop, t->arm);
    if (t->stop)
        sk_loop_stop(loop);
}

static void hook_runs(struct sk_loop_hook *h)
{
    note('H');
    (void)h;
}

static void second_hook_runs(struct sk_loop_hook *h)
{
    note('K');
    (void)h;
}

static int set_up(void **state)
{
    memset(trace, 0, sizeof trace);
    loop = sk_loop_create();
    (void)state;
    return 0;
}

static int tear_down(void **state)
{
    sk_loop_destroy(loop);
    (void)state;
    return 0;
}

static bool trace_ends(void *letter)
{
    size_t n = strlen(trace);
    return n != 0 && trace[n - 1] == *(const char *)letter;
}

/* Runs the loop until `last` was noted. */
static bool run_up_to(char last)
{
    return sk_loop_run_until(loop, trace_ends, &last, sk_clock_mono_ms() + 5000);
}

static void tasks_run_in_the_order_of_posting(void **state)
{
    struct noted tasks[5] = { 0 };
    for (int i = 0; i < 5; i++) {
        tasks[i] = (struct noted){ .task.run = run_noted, .letter = (char)('a' + i) };
        sk_loop_post(loop, &tasks[i].task);
    }
    assert_string_equal(trace, "");
    assert_true(run_up_to('e'));
    assert_string_equal(trace, "abcde");
    (void)state;
}

static void a_hook_runs_once_after_all_tasks_of_the_turn(void **state)
{
    struct sk_loop_hook hook = { .run = hook_runs };
    struct noted a = { .task.run = run_noted, .letter = 'a', .arm = &hook };
    struct noted b = { .task.run = run_noted, .letter = 'b', .arm = &hook };
    sk_loop_post(loop, &a.task);
    sk_loop_post(loop, &b.task);
    assert_true(run_up_to('H'));
    assert_string_equal(trace, "abH");
    assert_false(hook.armed);
    (void)state;
}

static void a_disarmed_hook_does_not_run(void **state)
{
    struct sk_loop_hook h = { .run = hook_runs }, k = { .run = second_hook_runs };
    sk_loop_at_turn_end(loop, &h);
    sk_loop_at_turn_end(loop, &k);
    sk_loop_disarm(loop, &h);
    sk_loop_disarm(loop, &h);
    assert_true(run_up_to('K'));
    assert_string_equal(trace, "K");
    (void)state;
}

static void hook_arms_other(struct sk_loop_hook *h);
static struct sk_loop_hook armed_by_other = { .run = hook_runs };

static void hook_arms_other(struct sk_loop_hook *h)
{
    note('O');
    sk_loop_at_turn_end(loop, &armed_by_other);
    (void)h;
}

static void a_hook_armed_by_a_hook_runs_before_the_loop_waits(void **state)
{
    struct sk_loop_hook first = { .run = hook_arms_other };
    sk_loop_at_turn_end(loop, &first);
    assert_true(run_up_to('H'));
    assert_string_equal(trace, "OH");
    (void)state;
}

static void a_task_may_post_itself_again(void **state)
{
    struct noted a = { .task.run = run_noted, .letter = 'a' };
    sk_loop_post(loop, &a.task);
    assert_true(run_up_to('a'));
    struct noted z = { .task.run = run_noted, .letter = 'z' };
    sk_loop_post(loop, &a.task);
    sk_loop_post(loop, &z.task);
    assert_true(run_up_to('z'));
    assert_string_equal(trace, "aaz");
    (void)state;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void waiting_ends_at_the_deadline(void **state)
{
    uint64_t start = sk_clock_mono_ms();
    assert_false(sk_loop_run_until(loop, never, NULL, start + 30));
    uint64_t took = sk_clock_mono_ms() - start;
    assert_true(took >= 29 && took < 5000);
    assert_false(sk_loop_run_until(loop, never, NULL, start));
    (void)state;
}

static void stop_ends_run(void **state)
{
    struct noted s = { .task.run = run_noted, .letter = 's', .stop = true };
    sk_loop_post(loop, &s.task);
    sk_loop_run(loop);
    assert_string_equal(trace, "s");
    (void)state;
}

#define POSTERS 4
#define POSTS 20000

struct counted {
    struct sk_loop_task task;
    unsigned from, number;
};

static unsigned next_of[POSTERS], done_posts;
static struct counted posts[POSTERS][POSTS];

static void count_post(struct sk_loop_task *task)
{
    struct counted *c = SK_CONTAINER(task, struct counted, task);
    assert_int_equal(c->number, next_of[c->from]);
    next_of[c->from]++;
    done_posts++;
}

static void *poster(void *arg)
{
    struct counted *mine = arg;
    SK_ASSERT(!sk_loop_is_current(loop));
    for (unsigned i = 0; i < POSTS; i++)
        sk_loop_post(loop, &mine[i].task);
    return NULL;
}

static bool all_posts_ran(void *arg)
{
    (void)arg;
    return done_posts == POSTERS * POSTS;
}

static void posts_of_many_threads_keep_each_ones_order(void **state)
{
    pthread_t threads[POSTERS];
    assert_true(sk_loop_is_current(loop));
    for (unsigned t = 0; t < POSTERS; t++) {
        for (unsigned i = 0; i < POSTS; i++)
            posts[t][i] = (struct counted){ .task.run = count_post, .from = t, .number = i };
        assert_int_equal(pthread_create(&threads[t], NULL, poster, posts[t]), 0);
    }
    assert_true(sk_loop_run_until(loop, all_posts_ran, NULL, sk_clock_mono_ms() + 30000));
    for (unsigned t = 0; t < POSTERS; t++)
        pthread_join(threads[t], NULL);
    (void)state;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tasks_run_in_the_order_of_posting),
        TEST(a_hook_runs_once_after_all_tasks_of_the_turn),
        TEST(a_disarmed_hook_does_not_run),
        TEST(a_hook_armed_by_a_hook_runs_before_the_loop_waits),
        TEST(a_task_may_post_itself_again),
        TEST(waiting_ends_at_the_deadline),
        TEST(stop_ends_run),
        TEST(posts_of_many_threads_keep_each_ones_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
