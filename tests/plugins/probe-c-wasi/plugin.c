/*
 * What a plugin sees of the system through wasi-libc: its own files, one variable, the clock, stdout. Publishes each
 * finding under test.wasi.
 */
#include "skiff/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

SKP_PLUGIN("probe-c-wasi", "C with wasi-libc", "{\"type\":\"object\",\"properties\":{}}")

static unsigned polls;

static void say(const char *name, const char *text)
{
    char buf[1024], path[64];
    struct skp_delta d;
    snprintf(path, sizeof(path), "test.wasi.%s", name);
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_text(&d, path, text);
    skp_delta_send(&d);
}

static void say_number(const char *name, double value)
{
    char buf[256], path[64];
    struct skp_delta d;
    snprintf(path, sizeof(path), "test.wasi.%s", name);
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, path, value);
    skp_delta_send(&d);
}

/* Each start adds one letter, so the length tells how many starts the file survived. */
static void try_file(const char *name, const char *path)
{
    char text[256] = "";
    FILE *f = fopen(path, "a+");
    if (f == NULL) {
        say(name, strerror(errno));
        return;
    }
    fputs("x", f);
    rewind(f);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    say(name, text);
}

/* The reason why the path does not open, or where it led: "inside" when the server cut it to the plugin's own root. */
static void try_escape(const char *name, const char *path, int flags)
{
    int fd = open(path, flags, 0666);
    if (fd < 0) {
        say(name, strerror(errno));
        return;
    }
    close(fd);
    say(name, unlink(strrchr(path, '/')) == 0 ? "inside" : "escaped");
}

static void try_symlink(void)
{
    unlink("/tmp/out");
    if (symlink("../../../..", "/tmp/out") != 0) {
        say("symlink", strerror(errno));
        return;
    }
    try_escape("symlink", "/tmp/out/settings.json", O_RDONLY);
}

SKP_ON_START(config)
{
    (void)config;
    const char *id = getenv("PLUGIN_ID");
    printf("probe-c-wasi says hello on stdout\n");
    fflush(stdout);
    fprintf(stderr, "probe-c-wasi says hello on stderr\n");
    say("pluginId", id != NULL ? id : "(unset)");
    say("home", getenv("HOME") != NULL ? "set" : "(unset)");
    try_file("data", "/data/x");
    try_file("config", "/config/x");
    try_file("tmp", "/tmp/x");
    try_escape("dotdot", "/../escape", O_WRONLY | O_CREAT);
    try_escape("dotdotData", "/data/../../escape2", O_WRONLY | O_CREAT);
    try_escape("dotdotSettings", "/../../../settings.json", O_RDONLY);
    try_escape("absolute", "/etc/passwd", O_RDONLY);
    try_symlink();

    void *block = malloc(100000), *other = skp_alloc(100000);
    say("heaps", block != NULL && other != NULL && block != other ? "both" : "failed");
    free(block);
    skp_free(other);
    return 0;
}

SKP_ON_STOP()
{
    printf("probe-c-wasi stopped\n");
    fflush(stdout);
    return 0;
}

SKP_ON_POLL()
{
    say_number("polls", ++polls);
    say_number("time", (double)time(NULL));
    return 0;
}
