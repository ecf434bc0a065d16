/*
 * Slashes at the end and detours: they must neither leave the root nor hit another object than the one that is named
 * (RUSTSEC-2026-0269 was such a mistake). The raw functions are used, as wasi-libc tidies paths before it calls them.
 */
static void raw_open(const char *path, uint16_t oflags)
{
    __wasi_fd_t fd = 0;
    __wasi_errno_t e = __wasi_path_open(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path, oflags,
                                        __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR, 0, 0, &fd);
    char text[64] = "";
    size_t n = 0;
    __wasi_iovec_t v = { (uint8_t *)text, sizeof text - 1 };
    if (e == 0 && __wasi_fd_read(fd, &v, 1, &n) != 0)
        n = 0;
    if (e == 0)
        __wasi_fd_close(fd);
    if (e != 0)
        printf("open %s: refused\n", path);
    else if (n > 0)
        printf("open %s: [%.*s]\n", path, (int)n, text);
    else
        printf("open %s: a folder\n", path);
}

#define RAW(what, call) printf("%s: %s\n", what, (call) == 0 ? "ok" : "refused")

static void slashes(void)
{
    put("/data/file", "text", O_TRUNC);
    mkdir("/data/dir", 0755);
    mkdir("/data/other", 0755);
    put("/data/dir/inner", "inside", O_TRUNC);
    symlink("file", "/data/tofile");
    symlink("dir", "/data/todir");
    symlink("dir/", "/data/todirslash");
    symlink("../../../", "/data/up");
    symlink("../../../..", "/data/up2");
    symlink("..", "/data/root");

    static const char *const paths[] = { "data/file",
                                         "data/file/",
                                         "data/file//",
                                         "data/file/.",
                                         "data/dir",
                                         "data/dir/",
                                         "data/dir//",
                                         "data/dir/.",
                                         "data/tofile",
                                         "data/tofile/",
                                         "data/todir/",
                                         "data/todir/inner",
                                         "data/todirslash",
                                         "data/todirslash/",
                                         "data/todirslash/inner",
                                         "data/dir/../file",
                                         "data/dir/../file/",
                                         "data/./dir/./inner",
                                         "data//dir//inner",
                                         "data/dir/../dir/inner",
                                         "data/none/../file",
                                         "data/file/../file",
                                         "data/up",
                                         "data/up/",
                                         "data/up//",
                                         "data/up/.",
                                         "data/up2/",
                                         "data/up/etc/",
                                         "data/up/etc/passwd",
                                         "data/root/",
                                         "data/root/data/file",
                                         "data/root/../",
                                         "data/root/../../etc/passwd",
                                         "..",
                                         "../",
                                         "../..//",
                                         "/",
                                         "/etc/",
                                         "/data/file",
                                         "data/../..",
                                         "data/../../",
                                         "data/dir/../../../",
                                         "./",
                                         "",
                                         "data/dir/../../data/file" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        raw_open(paths[i], 0);
    raw_open("data/new/", __WASI_OFLAGS_CREAT);
    raw_open("data/up/escape", __WASI_OFLAGS_CREAT);
    raw_open("data/up2/escape/", __WASI_OFLAGS_CREAT);
    raw_open("data/file/", __WASI_OFLAGS_TRUNC);
    show("/data/file");

    RAW("mkdir made/", __wasi_path_create_directory(3, "data/made/"));
    RAW("mkdir data/up/escape/", __wasi_path_create_directory(3, "data/up/escape/"));
    RAW("mkdir ../escape/", __wasi_path_create_directory(3, "../escape/"));
    RAW("rmdir made/", __wasi_path_remove_directory(3, "data/made/"));
    RAW("rmdir todir/", __wasi_path_remove_directory(3, "data/todir/"));
    RAW("rmdir up/", __wasi_path_remove_directory(3, "data/up/"));
    RAW("unlink file/", __wasi_path_unlink_file(3, "data/file/"));
    RAW("unlink tofile/", __wasi_path_unlink_file(3, "data/tofile/"));
    RAW("unlink up/settings.json", __wasi_path_unlink_file(3, "data/up/settings.json"));
    RAW("unlink up/", __wasi_path_unlink_file(3, "data/up/"));
    RAW("rename file/ -> x", __wasi_path_rename(3, "data/file/", 3, "data/x"));
    RAW("rename file -> x/", __wasi_path_rename(3, "data/file", 3, "data/x/"));
    RAW("rename file -> up/x", __wasi_path_rename(3, "data/file", 3, "data/up/x"));
    RAW("rename up/settings.json -> x", __wasi_path_rename(3, "data/up/settings.json", 3, "data/x"));
    RAW("rename dir/ -> moved/", __wasi_path_rename(3, "data/dir/", 3, "data/moved/"));
    RAW("rename moved -> dir", __wasi_path_rename(3, "data/moved", 3, "data/dir"));
    RAW("link file -> hard/", __wasi_path_link(3, 0, "data/file", 3, "data/hard/"));
    RAW("link up/settings.json -> x", __wasi_path_link(3, 0, "data/up/settings.json", 3, "data/x"));
    RAW("symlink -> s/", __wasi_path_symlink("file", 3, "data/s/"));
    RAW("symlink -> up/s", __wasi_path_symlink("file", 3, "data/up/s"));
    __wasi_filestat_t st;
    RAW("stat file/", __wasi_path_filestat_get(3, 1, "data/file/", &st));
    RAW("stat up/", __wasi_path_filestat_get(3, 1, "data/up/", &st));
    RAW("stat up/etc/passwd", __wasi_path_filestat_get(3, 1, "data/up/etc/passwd", &st));
    RAW("stat todir/", __wasi_path_filestat_get(3, 1, "data/todir/", &st));
    list("/data");
    show("/data/file");
}
