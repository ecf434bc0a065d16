/*
 * What WASI preview 1 offers, used through wasi-libc: the configuration {"program":"files"} says which of the programs runs at
 * the start. Each prints lines on stdout; what they must be is beside it in programs/NAME.expected.
 */
#include "skiff/plugin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

SKP_PLUGIN("wasi-programs", "WASI programs", "{\"type\":\"object\",\"properties\":{\"program\":{\"type\":\"string\"}}}")

/* "what: ok", or the reason. */
static int tell(const char *what, int result)
{
    printf("%s: %s\n", what, result >= 0 ? "ok" : strerror(errno));
    return result;
}

/* The same, where only whether it works matters: which of several errors it is differs between systems. */
static int tell_refused(const char *what, int result)
{
    printf("%s: %s\n", what, result >= 0 ? "WORKED" : "refused");
    return result;
}

static void put(const char *path, const char *text, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        printf("%s: not written: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void show(const char *path)
{
    char text[256];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (n < 0)
        printf("%s: %s\n", path, strerror(errno));
    else
        printf("%s: [%.*s]\n", path, (int)n, text);
    if (fd >= 0)
        close(fd);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
    char *names[64];
    size_t n = 0;
    DIR *d = opendir(path);
    struct dirent *e;
    if (d == NULL) {
        printf("%s/ %s\n", path, strerror(errno));
        return;
    }
    while ((e = readdir(d)) != NULL && n < 64)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            names[n] = malloc(strlen(e->d_name) + 3);
            sprintf(names[n++], "%s%s", e->d_name, e->d_type == DT_DIR ? "/" : e->d_type == DT_LNK ? "@" : "");
        }
    closedir(d);
    qsort(names, n, sizeof names[0], by_text);
    printf("%s/", path);
    for (size_t i = 0; i < n; i++) {
        printf(" %s", names[i]);
        free(names[i]);
    }
    printf("\n");
}

#include "programs/clocks.c"
#include "programs/descriptors.c"
#include "programs/environment.c"
#include "programs/files.c"
#include "programs/folders.c"
#include "programs/limits.c"
#include "programs/links.c"
#include "programs/slashes.c"

static const struct {
    const char *name;
    void (*run)(void);
} programs[] = {
    { "clocks", clocks }, { "descriptors", descriptors }, { "environment", environment },
    { "files", files },   { "folders", folders },         { "limits", limits },
    { "links", links },   { "slashes", slashes },
};

SKP_ON_START(config)
{
    char name[64];
    if (!skp_json_text(config, "program", name, sizeof name))
        return 0;
    setvbuf(stdout, NULL, _IONBF, 0); /* lines in pieces: the server puts them together */
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(name, programs[i].name) == 0) {
            printf("== %s begins\n", name);
            programs[i].run();
            printf("== %s ends\n", name);
            return 0;
        }
    if (strcmp(name, "exit") == 0) {
        printf("about to leave");
        exit(42);
    }
    return 1;
}

SKP_ON_STOP()
{
    return 0;
}
