/* skiff: from the command line into the part that was asked for. */
#include "app/options.h"
#include "app/server.h"
#include "base/log.h"
#include "cli/cli.h"
#include "plugin/host.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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

static int serve(const struct sk_cli_args *args)
{
    struct sk_options o;
    struct sk_errmsg em;
    mallopt(M_ARENA_MAX, 2); /* an arena for each plugin thread would cost more than the plugins */
    raise_descriptor_limit();
    sk_log_set_debug(getenv("DEBUG"));
    int r = sk_options_read(args, &o, &em);
    if (r == 0)
        r = sk_server_run(&o, &em);
    if (r < 0)
        fprintf(stderr, "skiff: %s\n", em.text);
    sk_options_finish(&o);
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
    return serve(&args);
}
