/* With "filesMiB":1, "files":20, "openFiles":8: what is refused there, and that room that is made counts at once. */
static char block[65536];

static int fill(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), blocks = 0;
    while (blocks < 100 && write(fd, block, sizeof block) == (ssize_t)sizeof block)
        blocks++;
    printf("%s: %d blocks, then %s\n", path, blocks, strerror(errno));
    close(fd);
    return blocks;
}

static void limits(void)
{
    struct stat st;
    fill("/data/big");
    int fd = open("/data/big", O_RDWR);
    tell("another block at the end", (lseek(fd, 0, SEEK_END), (int)write(fd, block, 4096)));
    tell("a block over an old one", (lseek(fd, 0, SEEK_SET), (int)write(fd, block, 4096)));
    tell("the same with pwrite", (int)pwrite(fd, block, 4096, 8192));
    tell("pwrite at the end", (int)pwrite(fd, block, 4096, 1048576));
    tell("pwrite far away", (int)pwrite(fd, "x", 1, 1LL << 40));
    tell("truncate upwards", ftruncate(fd, 1 << 30));
    tell("allocate", (errno = posix_fallocate(fd, 0, 1 << 30), errno == 0 ? 0 : -1));
    int more = open("/data/big", O_WRONLY | O_APPEND);
    tell("append", (int)write(more, block, 4096));
    close(more);
    fstat(fd, &st);
    printf("size %lld\n", (long long)st.st_size);
    tell("cut to half", ftruncate(fd, 524288));
    tell("half a block behind it", (lseek(fd, 0, SEEK_END), (int)write(fd, block, 32768)));
    close(fd);
    unlink("/data/big");
    printf("all of it again: %d\n", fill("/data/big2") == 16);
    unlink("/data/big2");

    /* hidden behind the number of standard output */
    int out = open("/data/out", O_WRONLY | O_CREAT, 0644), blocks = 0;
    printf("renumber %d\n", __wasi_fd_renumber(out, 2));
    while (blocks < 100 && write(2, block, sizeof block) == (ssize_t)sizeof block)
        blocks++;
    close(2);
    printf("as standard error: %d blocks\n", blocks);
    unlink("/data/out");

    int made = 0;
    for (char name[] = "/tmp/a"; name[5] <= 'z'; name[5]++) {
        int f = open(name, O_WRONLY | O_CREAT, 0644);
        if (f < 0)
            break;
        close(f);
        made++;
    }
    printf("%d files, then %s\n", made, strerror(errno));
    tell("a folder", mkdir("/tmp/dir", 0755));
    tell("a link", symlink("a", "/tmp/link"));
    tell("a hard link", link("/tmp/a", "/tmp/hard"));
    tell("an old file", (fd = open("/tmp/a", O_WRONLY)));
    close(fd);
    unlink("/tmp/a");
    tell("a file for a file", (fd = open("/tmp/new", O_WRONLY | O_CREAT, 0644)));
    close(fd);

    int open_files = 0;
    while (open_files < 100 && open("/tmp/new", O_RDONLY) >= 0)
        open_files++;
    printf("open: %s, then %s\n", open_files >= 7 && open_files <= 9 ? "8 or so" : "other", strerror(errno));
}
