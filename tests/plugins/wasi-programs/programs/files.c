/* Writing, reading, appending, seeking, cutting, looking at files. */
static void files(void)
{
    struct stat st;
    char text[64];
    put("/data/f", "hello", O_TRUNC);
    show("/data/f");
    put("/data/f", " world", O_APPEND);
    show("/data/f");
    put("/data/f", "J", 0);
    show("/data/f");
    tell("exclusive on an existing file", open("/data/f", O_WRONLY | O_CREAT | O_EXCL, 0644));
    tell("a file that is not there", open("/data/none", O_RDONLY));

    int fd = open("/data/f", O_RDWR);
    printf("seek to %lld, then %lld\n", (long long)lseek(fd, 6, SEEK_SET), (long long)lseek(fd, -2, SEEK_END));
    printf("tell %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
    ssize_t n = read(fd, text, sizeof text);
    printf("read %d [%.*s], then %d\n", (int)n, (int)n, text, (int)read(fd, text, sizeof text));
    tell("seek before the start", (int)lseek(fd, -1, SEEK_SET));
    tell("truncate", ftruncate(fd, 3));
    show("/data/f");
    tell("extend", ftruncate(fd, 6));
    fstat(fd, &st);
    printf("size %lld, a file: %d, links %d\n", (long long)st.st_size, S_ISREG(st.st_mode), (int)st.st_nlink);
    lseek(fd, 10, SEEK_SET);
    write(fd, "x", 1);
    fstat(fd, &st);
    printf("size after a hole %lld\n", (long long)st.st_size);
    close(fd);
    tell("read from a closed file", (int)read(fd, text, 1));

    FILE *f = fopen("/tmp/lines", "w+");
    for (int i = 0; i < 1000; i++)
        fprintf(f, "line %d\n", i);
    rewind(f);
    int lines = 0;
    while (fgets(text, sizeof text, f) != NULL)
        lines++;
    fclose(f);
    printf("%d lines, the last: %s", lines, text);
    stat("/tmp/lines", &st);
    printf("size %lld\n", (long long)st.st_size);
    tell("unlink", unlink("/tmp/lines"));
    tell("stat after unlink", stat("/tmp/lines", &st));
    tell("unlink again", unlink("/tmp/lines"));

    fd = open("/config/held", O_RDWR | O_CREAT, 0644);
    unlink("/config/held");
    tell("write to an unlinked file", (int)write(fd, "still here", 10));
    lseek(fd, 0, SEEK_SET);
    n = read(fd, text, sizeof text);
    printf("read from it [%.*s]\n", (int)n, text);
    close(fd);
    list("/config");
}
