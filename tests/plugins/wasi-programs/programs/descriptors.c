/* Positions, several buffers at once, flags, renumbering, polling, what sockets answer. */
static void descriptors(void)
{
    char a[4] = "", b[16] = "";
    struct iovec parts[2] = { { a, 3 }, { b, 10 } };
    int fd = open("/data/p", O_RDWR | O_CREAT | O_TRUNC, 0644);
    tell("pwrite", (int)pwrite(fd, "0123456789", 10, 0));
    printf("position %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
    tell("pwrite behind the end", (int)pwrite(fd, "ab", 2, 12));
    printf("pread %d\n", (int)pread(fd, b, 4, 3));
    printf("[%.4s]\n", b);
    /* fewer than asked for is no error: whoever needs all asks again */
    printf("readv %d [%.3s]\n", readv(fd, parts, 2) >= 3, a);
    struct iovec out[3] = { { "", 0 }, { "xyz", 3 }, { "", 0 } };
    lseek(fd, 0, SEEK_SET);
    printf("writev %d\n", (int)writev(fd, out, 3));
    tell("fsync", fsync(fd));
    tell("fdatasync", fdatasync(fd));
    tell_refused("fallocate, which few systems have", posix_fallocate(fd, 0, 100) == 0 ? 0 : -1);
    struct stat st;
    fstat(fd, &st);
    printf("size %lld\n", (long long)st.st_size);
    close(fd);
    show("/data/p");

    fd = open("/data/p", O_WRONLY | O_APPEND);
    printf("append flag %d\n", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
    tell("clear it", fcntl(fd, F_SETFL, 0));
    printf("append flag %d\n", (fcntl(fd, F_GETFL) & O_APPEND) != 0);
    tell("read from a file opened for writing", (int)read(fd, b, 1));
    close(fd);
    fd = open("/data/p", O_RDONLY);
    tell_refused("write to a file opened for reading", (int)write(fd, "x", 1));
    int other = open("/data/p", O_RDONLY);
    lseek(other, 2, SEEK_SET);
    printf("renumber %d\n", __wasi_fd_renumber(other, fd));
    printf("the old number: %s\n", read(other, b, 1) < 0 ? "closed" : "OPEN");
    read(fd, b, 1);
    printf("the new one reads %c\n", b[0]);
    close(fd);

    fd = open("/data/p", O_RDONLY);
    struct pollfd p[2] = { { .fd = fd, .events = POLLRDNORM }, { .fd = 1, .events = POLLWRNORM } };
    printf("poll %d: %d %d\n", poll(p, 2, 1000), p[0].revents == POLLRDNORM, p[1].revents == POLLWRNORM);
    printf("poll of nothing %d\n", poll(NULL, 0, 20));
    close(fd);
    char c;
    size_t n = 0;
    __wasi_iovec_t in = { (uint8_t *)&c, 1 };
    __wasi_errno_t e = __wasi_fd_read(0, &in, 1, &n);
    printf("standard input is empty: %d\n", e != 0 || n == 0);
    printf("sock_shutdown: %s\n", __wasi_sock_shutdown(3, 1) != 0 ? "refused" : "WORKED");
    tell("close what is not open", close(77));
}
