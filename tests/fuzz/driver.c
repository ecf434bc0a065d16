/*
 * Stands in for libFuzzer where only known inputs are to be run: each argument is a file, or a folder whose files (one level)
 * are run; a missing folder is an empty one. The last input's name is printed when the target dies on it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static char current[4096];
static unsigned runs;

static void name_it(void)
{
    static const char text[] = "died on input: ";
    if (current[0] == '\0')
        return;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0 || write(STDERR_FILENO, current, strlen(current)) < 0)
        return;
    (void)!write(STDERR_FILENO, "\n", 1);
}

static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (f == NULL || fstat(fileno(f), &st) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    size_t n = (size_t)st.st_size;
    uint8_t *data = malloc(n != 0 ? n : 1); /* exactly n bytes: a sanitizer sees a read past the end */
    if (data == NULL || fread(data, 1, n, f) != n)
        exit(1);
    fclose(f);
    snprintf(current, sizeof current, "%s", path);
    LLVMFuzzerTestOneInput(data, n);
    current[0] = '\0';
    free(data);
    runs++;
}

static void run_folder(const char *path)
{
    struct dirent **list;
    int n = scandir(path, &list, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, list[i]->d_name);
        if (list[i]->d_name[0] != '.')
            run_file(file);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

int main(int argc, char **argv)
{
    struct stat st;
    atexit(name_it);
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    static const uint8_t nothing[1] = { 0 };
    LLVMFuzzerTestOneInput(nothing, 0);
    for (int i = 1; i < argc; i++) {
        if (stat(argv[i], &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode))
            run_folder(argv[i]);
        else
            run_file(argv[i]);
    }
    printf("%u inputs\n", runs);
    return 0;
}
