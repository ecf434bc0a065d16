/* Arguments, variables, random numbers. */
extern char **environ;

static void environment(void)
{
    size_t count = 9, size = 9;
    unsigned char a[32] = { 0 }, b[32] = { 0 };
    printf("args_sizes_get: %d, %d arguments of %d bytes\n", __wasi_args_sizes_get(&count, &size), (int)count, (int)size);
    printf("environ_sizes_get: %d, %d variables of %d bytes\n", __wasi_environ_sizes_get(&count, &size), (int)count, (int)size);
    for (char **e = environ; *e != NULL; e++)
        printf("variable %s\n", *e);
    printf("PATH %s\n", getenv("PATH") != NULL ? "set" : "not set");
    tell("random", getentropy(a, sizeof a));
    getentropy(b, sizeof b);
    int zeros = 0;
    for (size_t i = 0; i < sizeof a; i++)
        zeros += a[i] == 0;
    printf("random bytes differ: %d, and are not zero: %d\n", memcmp(a, b, sizeof a) != 0, zeros < 16);
    __wasi_prestat_t pre;
    char name[16] = "";
    printf("fd_prestat_get(3): %d, name of %d byte\n", __wasi_fd_prestat_get(3, &pre), (int)pre.u.dir.pr_name_len);
    __wasi_fd_prestat_dir_name(3, (uint8_t *)name, 1);
    printf("its name: %.1s\n", name);
    printf("a second one: %s\n", __wasi_fd_prestat_get(4, &pre) == __WASI_ERRNO_BADF ? "none" : "THERE");
}
