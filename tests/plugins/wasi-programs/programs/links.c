/* Links, and that none of them leads out. */
static void links(void)
{
    char text[128];
    struct stat st;
    put("/data/target", "aim", O_TRUNC);
    mkdir("/data/dir", 0755);
    put("/data/dir/inner", "inside", O_TRUNC);
    tell("symlink", symlink("target", "/data/link"));
    show("/data/link");
    ssize_t n = readlink("/data/link", text, sizeof text);
    printf("readlink [%.*s]\n", (int)n, text);
    printf("lstat: a link %d, stat: a file %d\n", lstat("/data/link", &st) == 0 && S_ISLNK(st.st_mode),
           stat("/data/link", &st) == 0 && S_ISREG(st.st_mode));
    tell("through a link to a folder", (symlink("../data/dir", "/data/way"), open("/data/way/inner", O_RDONLY)));
    tell("open without following", open("/data/link", O_RDONLY | O_NOFOLLOW));
    tell("hard link", link("/data/target", "/data/hard"));
    show("/data/hard");
    stat("/data/hard", &st);
    printf("links %d\n", (int)st.st_nlink);
    tell("unlink a link", unlink("/data/link"));
    show("/data/target");
    tell("a link to nothing", (symlink("nowhere", "/data/lost"), open("/data/lost", O_RDONLY)));
    tell_refused("links in a circle", (symlink("b", "/data/a"), symlink("a", "/data/b"), open("/data/a", O_RDONLY)));

    static const char *const ways[] = { "/etc", "/etc/passwd",  "../../../..", "../../../../etc/passwd",
                                        "..",   "dir/../../..", "/",           "/../.." };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        unlink("/data/out");
        symlink(ways[i], "/data/out"); /* may be refused as well */
        int direct = open("/data/out", O_RDONLY), below = open("/data/out/etc/passwd", O_RDONLY);
        int made = open("/data/out/escape", O_WRONLY | O_CREAT, 0644);
        /* "..": up to its own root, which is its own */
        printf("%s: direct %s, below %s, made %s\n", ways[i], direct < 0 || strcmp(ways[i], "..") == 0 ? "refused" : "WORKED",
               below < 0 ? "refused" : "WORKED", made < 0 || strcmp(ways[i], "..") == 0 ? "refused" : "WORKED");
        close(direct);
        close(below);
        close(made);
    }
    unlink("/escape");
    unlink("/data/out");
}
