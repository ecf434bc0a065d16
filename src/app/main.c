/* skiff: from the command line into the part that was asked for. */
#include "app/activation.h"
#include "app/options.h"
#include "app/server.h"
#include "base/log.h"
#include "cli/cli.h"
#include "plugin/host.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_WANTED ((rlim_t)65536)

/* Clients and plugins share the descriptors; the customary 1,024 are few, and more cost nothing. */
static void raise_descriptor_limit(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < DESCRIPTORS_WANTED) {
        l.rlim_cur = l.rlim_max < DESCRIPTORS_WANTED ? l.rlim_max : DESCRIPTORS_WANTED;
        setrlimit(RLIMIT_NOFILE, &l);
    }
}

/* The same program with the same arguments in place of this one: a file that was replaced meanwhile is the new version. When that
   cannot be had the process ends, and whoever watches over it starts it. */
static void begin_anew(const char *program, char **argv)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* the end of a run blocks signals, and that would be inherited */
    sk_activation_pass_on();
    execv(program, argv);
    execv("/proc/self/exe", argv);
    sk_log_error("cannot start anew: %s", strerror(errno));
}

static int serve(const struct sk_cli_args *args, char **argv)
{
    struct sk_options o;
    struct sk_errmsg em;
    bool again = false;
    char program[4096] = "/proc/self/exe";
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n > 0)
        program[n] = '\0';
    mallopt(M_ARENA_MAX, 2); /* an arena for each plugin thread would cost more than the plugins */
    raise_descriptor_limit();
    sk_log_set_debug(getenv("DEBUG"));
    int r = sk_options_read(args, &o, &em);
    if (r == 0)
        r = sk_server_run(&o, &again, &em);
    if (r < 0)
        fprintf(stderr, "skiff: %s\n", em.text);
    sk_options_finish(&o);
    if (again)
        begin_anew(program, argv);
    return r < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], SK_COMPILE_FLAG) == 0)
        return sk_compile_main(argc, argv);
    struct sk_cli_args args;
    int status;
    if (sk_cli_run(argc, argv, &args, &status))
        return status;
    if (sk_cli_has(&args, "version")) {
        puts("skiff " SK_VERSION);
        return 0;
    }
    return serve(&args, argv);
}
