/* Writes each value of test.count that it is told into /data/seen, a line each; stopping takes 300 ms. */
#include "skiff/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

SKP_PLUGIN("recorder", "Recorder", "{\"type\":\"object\",\"properties\":{}}")

SKP_ON_START(config)
{
    (void)config;
    return 0;
}

SKP_ON_STOP()
{
    struct timespec nap = { 0, 300000000 };
    nanosleep(&nap, NULL);
    return 0;
}

SKP_ON_DELTA(json, len)
{
    static const char mark[] = "\"path\":\"test.count\",\"value\":";
    char text[2048];
    snprintf(text, sizeof text, "%.*s", (int)len, json);
    const char *at = strstr(text, mark);
    if (at == NULL)
        return;
    FILE *f = fopen("/data/seen", "a");
    if (f == NULL)
        return;
    fprintf(f, "%d\n", atoi(at + sizeof mark - 1));
    fclose(f);
}
