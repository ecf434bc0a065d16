/* skiff: from the command line into the part that was asked for. */
#include "app/activation.h"
#include "app/options.h"
#include "app/server.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "input/launcher.h"
#include "plugin/host.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_WANTED ((rlim_t)65536)
#define STARTED_BY_OTHERS 75 /* an exit status that both Restart=always and Restart=on-failure answer with a start */

/* Clients and plugins share the descriptors; the customary 1,024 are few, and more cost nothing. */
static void raise_descriptor_limit(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < DESCRIPTORS_WANTED) {
        l.rlim_cur = l.rlim_max < DESCRIPTORS_WANTED ? l.rlim_max : DESCRIPTORS_WANTED;
        setrlimit(RLIMIT_NOFILE, &l);
    }
}

/* Did systemd start this very process? */
static bool is_service(void)
{
    const char *text = getenv("SYSTEMD_EXEC_PID");
    int64_t pid;
    return text != NULL && sk_parse_int(sk_span_of(text), 1, INT32_MAX, &pid) && pid == getpid();
}

/* Confinement is for good: a service that confined itself ends, so that the next one reaches what its settings ask for now.
   Otherwise the same program with the same arguments takes the place of this one, and remains as confined; a file that was
   replaced meanwhile is the new version, but a confined server may run only what it is itself. */
static int begin_anew(const char *program, char **argv)
{
    sigset_t none;
    if (sk_sandbox_state().on && is_service()) {
        sk_log_info("ending, so that systemd starts the server anew");
        return STARTED_BY_OTHERS;
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* the end of a run blocks signals, and that would be inherited */
    sk_activation_pass_on();
    sk_sandbox_pass_on();
    execv(program, argv);
    if (errno == EACCES && sk_sandbox_state().on)
        sk_log_warn(
            "the program was replaced by another version, which a confined server may not start: stop it and start it again");
    execv("/proc/self/exe", argv);
    sk_log_error("cannot start anew: %s", strerror(errno));
    return 1;
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
        return begin_anew(program, argv);
    return r < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], SK_COMPILE_FLAG) == 0)
        return sk_compile_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], SK_LAUNCHER_FLAG) == 0)
        return sk_launcher_main();
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
