/* Making, reading, renaming, removing folders. */
static void folders(void)
{
    struct stat st;
    list("/");
    tell("mkdir", mkdir("/data/d", 0755));
    tell("mkdir again", mkdir("/data/d", 0755));
    tell("mkdir without a parent", mkdir("/data/x/y", 0755));
    tell("mkdir below a file", (put("/data/file", "1", O_TRUNC), mkdir("/data/file/x", 0755)));
    for (char name[] = "/data/d/0"; name[8] <= '9'; name[8]++)
        put(name, name + 8, 0);
    mkdir("/data/d/sub", 0755);
    list("/data/d");
    printf("a folder: %d\n", stat("/data/d", &st) == 0 && S_ISDIR(st.st_mode));
    tell("rmdir of a full one", rmdir("/data/d"));
    tell("rmdir of a file", rmdir("/data/file"));
    tell_refused("unlink of a folder", unlink("/data/d/sub"));
    tell_refused("open a folder for writing", open("/data/d", O_WRONLY));
    tell("open a file as a folder", open("/data/file", O_RDONLY | O_DIRECTORY));

    tell("rename a folder", rename("/data/d", "/data/e"));
    list("/data");
    show("/data/e/7");
    tell("rename a file over another", rename("/data/e/1", "/data/e/2"));
    show("/data/e/2");
    tell("rename across folders", rename("/data/e/3", "/tmp/three"));
    list("/tmp");
    tell("rename what is not there", rename("/data/none", "/data/e/none"));
    tell_refused("rename a folder into itself", rename("/data/e", "/data/e/sub/e"));
    tell("rename a file over a folder", rename("/data/file", "/data/e/sub"));

    /* many entries: reading takes several calls */
    int seen = 0;
    mkdir("/tmp/many", 0755);
    for (int i = 0; i < 500; i++) {
        char name[32];
        snprintf(name, sizeof name, "/tmp/many/entry-number-%d", i);
        put(name, "", 0);
    }
    DIR *d = opendir("/tmp/many");
    while (readdir(d) != NULL)
        seen++;
    rewinddir(d);
    struct dirent *first = readdir(d);
    closedir(d);
    printf("entries with . and ..: %d, again from the start: %d\n", seen, first != NULL);
    for (int i = 0; i < 500; i++) {
        char name[32];
        snprintf(name, sizeof name, "/tmp/many/entry-number-%d", i);
        unlink(name);
    }
    tell("rmdir", rmdir("/tmp/many"));
    tell("chdir", chdir("/data/e"));
    show("7");
    chdir("/");
}
