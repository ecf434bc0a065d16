/* Clocks, sleep, file times. */
static void clocks(void)
{
    struct timespec a, b, r;
    struct stat st;
    printf("wall clock plausible: %d\n", time(NULL) > 1700000000 && time(NULL) < 4000000000);
    printf("resolution known: %d %d\n", clock_getres(CLOCK_REALTIME, &r) == 0, clock_getres(CLOCK_MONOTONIC, &r) == 0);
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 1000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &b);
        if (b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec))
            printf("the clock went back\n");
        a = b;
    }
    struct timespec nap = { 0, 50000000 };
    tell("nanosleep", nanosleep(&nap, NULL));
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("slept at least 50 ms: %d\n", (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec >= 50000000);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &a);
    until = a;
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    printf("sleep until: %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("not before then: %d\n", (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec >= 30000000);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec -= 10;
    printf("sleep until the past: %d\n", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
    tell("yield", sched_yield());

    put("/tmp/timed", "x", O_TRUNC);
    struct timespec times[2] = { { 1000000000, 123000000 }, { 1234567890, 987000000 } };
    tell("set times", utimensat(AT_FDCWD, "/tmp/timed", times, 0));
    stat("/tmp/timed", &st);
    printf("times %lld.%09ld %lld.%09ld\n", (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec, (long long)st.st_mtim.tv_sec,
           st.st_mtim.tv_nsec);
    int fd = open("/tmp/timed", O_RDWR);
    times[1].tv_sec = 5;
    tell("set times of an open file", futimens(fd, times));
    fstat(fd, &st);
    printf("modified %lld\n", (long long)st.st_mtim.tv_sec);
    close(fd);
}
