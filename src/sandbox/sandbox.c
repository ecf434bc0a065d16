#include "sandbox/sandbox.h"

#include "base/log.h"
#include "sandbox/filters.h"
#include "sandbox/landlock.h"
#include "sandbox/violations.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "SKIFF_CONFINED" /* the process that confined itself, for the program that takes its place */

/* Written by the main thread before it starts others. */
static struct sk_sandbox_state state;

/* What every server reads, wherever its settings are: libraries that are loaded when first used, certificates, time zones, how
   names are looked up, what the kernel tells. Whole folders, because their files are replaced by renaming. */
static const char *const read_by_all[] = {
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/proc",
    "/sys",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf",
    "/run/connman",
    "/run/nscd",
    "/var/lib/ca-certificates",
};

/* ---- the lists ---- */

static void add(struct sk_sandbox_paths *p, const char *path, bool writable)
{
    if (path == NULL || path[0] == '\0')
        return;
    if (p->count == SK_COUNT(p->list)) {
        p->dropped++;
        return;
    }
    p->writable[p->count] = writable;
    p->list[p->count++] = path;
}

void sk_sandbox_read(struct sk_sandbox_paths *p, const char *path)
{
    add(p, path, false);
}

void sk_sandbox_write(struct sk_sandbox_paths *p, const char *path)
{
    add(p, path, true);
}

/* ---- files ---- */

struct rules {
    int fd, version;
    unsigned failed;
};

static void allow(struct rules *r, const char *path, enum sk_reach reach)
{
    r->failed += !sk_landlock_add(r->fd, r->version, path, reach);
}

static bool is_common(const char *path)
{
    for (size_t i = 0; i < SK_COUNT(read_by_all); i++) {
        size_t n = strlen(read_by_all[i]);
        if (strncmp(path, read_by_all[i], n) == 0 && (path[n] == '/' || path[n] == '\0'))
            return true;
    }
    return false;
}

/* A link of a common folder that climbs less than the folder is deep leads to what is common too: Debian's folders of packages
   have hundreds of those. */
static bool leads_to_common(int dir, const char *folder, const char *name)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof target - 1);
    size_t depth = 0, up = 0;
    if (n <= 0)
        return true;
    target[n] = '\0';
    if (target[0] == '/')
        return is_common(target);
    for (const char *c = folder; *c != '\0'; c++)
        depth += *c == '/' && c[1] != '/' && c[1] != '\0';
    while (strncmp(target + 3 * up, "../", 3) == 0)
        up++;
    return up < depth && is_common(folder);
}

static void allow_links(struct rules *r, const char *folder, enum sk_reach reach, unsigned depth);

/* Where a link leads: of a file the folder, because it may be replaced by renaming; of a folder also where its own links lead. */
static void allow_link(struct rules *r, const char *path, enum sk_reach reach, unsigned depth)
{
    char real[PATH_MAX];
    struct stat st;
    if (realpath(path, real) == NULL || stat(real, &st) < 0)
        return;
    char *slash = strrchr(real, '/');
    if (!S_ISDIR(st.st_mode) && slash != real)
        *slash = '\0';
    if (strcmp(real, "/") == 0)
        return;
    allow(r, real, reach);
    if (S_ISDIR(st.st_mode) && depth > 0)
        allow_links(r, real, reach, depth - 1);
}

/* A link in a folder of ours is the user's way of keeping something elsewhere: where it leads is meant as well. */
static void allow_links(struct rules *r, const char *folder, enum sk_reach reach, unsigned depth)
{
    char path[PATH_MAX];
    struct dirent *e;
    DIR *d = opendir(folder);
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
            continue;
        if (e->d_type == DT_LNK && !leads_to_common(dirfd(d), folder, e->d_name))
            allow_link(r, path, reach, depth);
        else if (e->d_type == DT_DIR && depth > 0 && (e->d_name[0] == '@' || strcmp(e->d_name, "node_modules") == 0))
            allow_links(r, path, reach, depth - 1);
    }
    if (d != NULL)
        closedir(d);
}

/* The folder of each library that is loaded: others beside it may be loaded later. */
static int allow_library(struct dl_phdr_info *info, size_t size, void *arg)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(info->dlpi_name, '/');
    (void)size;
    if (slash == NULL || slash == info->dlpi_name || info->dlpi_name[0] != '/' || strncmp(info->dlpi_name, "/usr/", 5) == 0 ||
        strncmp(info->dlpi_name, "/lib", 4) == 0)
        return 0;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - info->dlpi_name), info->dlpi_name);
    allow(arg, folder, SK_REACH_READ);
    return 0;
}

/* This program: its compiler is itself, and it starts itself anew. With it the loader that its header names. */
static int allow_self(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_INTERP)
            allow(arg, (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr), SK_REACH_RUN); /* NOLINT */
    allow(arg, "/proc/self/exe", SK_REACH_RUN);
    return 1; /* the first object is the program */
}

static void allow_common(struct rules *r)
{
    char real[PATH_MAX];
    for (size_t i = 0; i < SK_COUNT(read_by_all); i++)
        allow(r, read_by_all[i], SK_REACH_READ);
    if (realpath("/etc/resolv.conf", real) != NULL && strncmp(real, "/etc/", 5) != 0) {
        *strrchr(real, '/') = '\0';
        allow(r, real[0] != '\0' ? real : "/etc", SK_REACH_READ);
    }
    dl_iterate_phdr(allow_library, r);
}

static bool confine_files(const struct sk_sandbox_paths *paths)
{
    struct rules r = { .version = sk_landlock_version() };
    if (r.version == 0)
        return false;
    r.fd = sk_landlock_create(r.version);
    if (r.fd < 0) {
        sk_log_warn("confinement: Landlock does not work here: %s", strerror(-r.fd));
        return false;
    }
    allow_common(&r);
    dl_iterate_phdr(allow_self, &r);
    /* libuv keeps a descriptor of "/" for the day when there is none left for a client, and has to open it again after each such
       client; without it, its loop would try to accept for ever */
    allow(&r, "/", SK_REACH_LIST);
    allow(&r, "/dev", SK_REACH_DEVICE); /* ports that are plugged in later have names that nobody knows yet */
    for (size_t i = 0; i < paths->count; i++) {
        enum sk_reach reach = paths->writable[i] ? SK_REACH_WRITE : SK_REACH_READ;
        if (paths->writable[i] || !is_common(paths->list[i]))
            allow(&r, paths->list[i], reach);
        allow_links(&r, paths->list[i], reach, 2);
    }
    if (r.failed > 0)
        sk_log_warn("confinement: %u folders that were to be reached cannot be added", r.failed);
    int e = sk_landlock_enforce(r.fd);
    if (e < 0)
        sk_log_warn("confinement: Landlock refuses: %s", strerror(-e));
    state.landlock = e < 0 ? 0 : r.version;
    return e == 0;
}

/* ---- the process ---- */

static void tell(void)
{
    if (state.landlock == 0)
        sk_log_warn(
            "confinement: this kernel has no Landlock (Linux 5.13 and later, among the boot parameter lsm=): system calls are "
            "filtered, but the server can reach every file that its user can");
    else if (!state.seccomp)
        sk_log_warn("confinement: this kernel filters no system calls; only the files that the server reaches are limited");
    else
        sk_log_info("confined to its folders and to the system calls it needs%s (Landlock %d, seccomp; docs/security.md)",
                    state.inherited ? ", as since the start from outside" : "", state.landlock);
}

static bool inherited_from_self(void)
{
    const char *mark = getenv(MARK);
    char self[16];
    snprintf(self, sizeof self, "%d", (int)getpid());
    return mark != NULL && strncmp(mark, self, strlen(self)) == 0 && mark[strlen(self)] == ':' &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

bool sk_sandbox_inherited(void)
{
    static bool asked;
    if (!asked && inherited_from_self()) {
        const char *mark = strchr(getenv(MARK), ':') + 1;
        state.inherited = true;
        state.landlock = mark[0] >= '0' && mark[0] <= '9' ? mark[0] - '0' : 0;
        state.seccomp = prctl(PR_GET_SECCOMP) == 2;
    }
    asked = true;
    unsetenv(MARK);
    return state.inherited;
}

void sk_sandbox_pass_on(void)
{
    char mark[40];
    snprintf(mark, sizeof mark, "%d:%d", (int)getpid(), state.landlock < 9 ? state.landlock : 9);
    if (state.on)
        setenv(MARK, mark, 1);
}

void sk_sandbox_confine(const struct sk_sandbox_paths *paths)
{
    bool inherited = sk_sandbox_inherited();
    sk_violations_catch();
    if (!inherited && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        sk_log_warn("confinement: not available here (%s); the server runs without", strerror(errno));
        return;
    }
    if (paths->dropped > 0)
        sk_log_warn("confinement: %zu folders too many; they cannot be reached", paths->dropped);
    if (!inherited)
        (void)confine_files(paths);
    if (!inherited)
        state.seccomp = sk_filters_there() && sk_filters_process();
    state.on = state.landlock > 0 || state.seccomp;
    if (state.on)
        tell();
    else
        sk_log_warn("confinement: this kernel has neither Landlock nor seccomp; the server runs without");
}

void sk_sandbox_adopt(void)
{
    state.seccomp = state.on = prctl(PR_GET_SECCOMP) == 2 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    if (state.on)
        sk_violations_catch();
}

struct sk_sandbox_state sk_sandbox_state(void)
{
    struct sk_sandbox_state s = state;
    s.refused = sk_violations_count();
    return s;
}

/* ---- the threads ---- */

/* Where SIGSYS is blocked the kernel kills instead of telling. */
static void hear_refusals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Being told to stop is the loop's affair: elsewhere a second signal, come when the loop has closed its handlers, would kill. */
static void leave_stopping_to_the_loop(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void sk_sandbox_enter(enum sk_thread_role role)
{
    if (role != SK_THREAD_LOOP && role != SK_THREAD_COMPILER)
        leave_stopping_to_the_loop();
    if (!state.on)
        return;
    hear_refusals();
    if (state.seccomp && !sk_filters_role(role))
        sk_log_warn("confinement: a thread keeps what its role could give up: %s", strerror(errno));
}

void sk_sandbox_enter_plugin(bool network, const char *folder)
{
    if (state.on && state.landlock > 0) {
        struct rules r = { .version = state.landlock };
        r.fd = sk_landlock_create(r.version);
        if (r.fd >= 0) {
            allow_common(&r);
            allow(&r, "/dev/null", SK_REACH_DEVICE);
            allow(&r, folder, SK_REACH_WRITE);
            allow_links(&r, folder, SK_REACH_WRITE, 0);
            r.failed += sk_landlock_enforce(r.fd) < 0;
        }
        if (r.fd < 0 || r.failed > 0)
            sk_log_warn("confinement: a plugin's thread reaches what the server reaches");
    }
    sk_sandbox_enter(network ? SK_THREAD_PLUGIN_NETWORK : SK_THREAD_PLUGIN);
}

void sk_sandbox_watch(struct sk_loop *loop)
{
    if (state.on)
        sk_violations_watch(loop);
}

void sk_sandbox_unwatch(void)
{
    sk_violations_unwatch();
}
